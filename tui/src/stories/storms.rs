use watchfire_shared::incident::{Incident, Priority, Status};

use super::client::Client;
use super::list::{asks_list, list_load, many, page_with_more};
use super::world::*;
use crate::effect::Load;
use crate::event::Outcome;

#[test]
fn a_slow_daemon_is_asked_once_and_then_once_more() {
    let mut client = Client::live();
    client.take();
    let mut incident = incidents()[1].clone();
    let mut asked = Vec::new();
    for round in 0..100 {
        let to = if round % 2 == 0 { Priority::Low } else { Priority::High };
        incident = next(&incident, |incident| incident.priority = to);
        client.stream(updated_event(&incident));
        client.wait(100);
        asked.extend(client.loads());
    }
    client.press("ctrl-r ctrl-r");
    asked.extend(client.loads());
    let kinds: Vec<Load> = asked.iter().map(|(_, load)| load.clone()).collect();
    assert_eq!(kinds.len(), 2, "the list and the counts, each once: {kinds:?}");
    for (request, load) in asked {
        client.done(request, usual(&load).expect("an answer"));
    }
    client.wait(1_000);
    let again: Vec<Load> = client.loads().into_iter().map(|(_, load)| load).collect();
    assert_eq!(again.len(), 2, "{again:?}");
    assert!(again.contains(&Load::Counts));
}

#[test]
fn rows_that_could_not_be_read_again_say_so_and_are_tried_again() {
    let mut client = Client::live();
    client.resize(120, 30);
    client.press("ctrl-r");
    client.answer_all(|_| Some(Outcome::Failed(offline())));
    let screen = client.screen();
    assert!(screen.contains("not read again: watchfired does not answer"), "{screen}");
    assert!(screen.lines().next().expect("a head").contains("not read again"), "{screen}");
    client.resize(80, 24);
    assert!(client.screen().contains("not read again"), "{}", client.screen());
    client.wait(5_100);
    let loads: Vec<Load> = client.loads().into_iter().map(|(_, load)| load).collect();
    assert!(loads.contains(&Load::Counts), "{loads:?}");
    assert!(loads.iter().any(|load| matches!(load, Load::Incidents { .. })), "{loads:?}");
    client.press("ctrl-r");
    client.model.list.asked = None;
    client.model.counts.asked = None;
    client.press("ctrl-r");
    client.answer_all(usual);
    assert!(!client.screen().contains("not read again"));
}

#[test]
fn what_an_answer_tells_counts_as_much_as_an_event() {
    let mut client = Client::opened();
    client.wait(1_000);
    client.take();
    client.press("ctrl-r");
    let loads = client.loads();
    let (request, _) =
        loads.into_iter().find(|(_, load)| *load == Load::Incident(id(204))).expect("asked");
    client.model.list.asked = None;
    client.model.counts.asked = None;
    let changed = next(&incidents()[0], |incident| incident.status = Status::Resolved);
    client.done(request, Outcome::Incident(Box::new(changed)));
    client.wait(1_000);
    let loads: Vec<Load> = client.loads().into_iter().map(|(_, load)| load).collect();
    assert!(loads.contains(&Load::Counts), "{loads:?}");
    assert!(loads.iter().any(|load| matches!(load, Load::Incidents { .. })), "{loads:?}");
}

#[test]
fn a_page_that_tells_of_a_change_asks_for_the_counts_again() {
    let mut client = Client::live();
    client.wait(1_000);
    client.press("ctrl-r");
    let (request, ..) = list_load(&mut client);
    client.model.counts.asked = None;
    let mut changed = incidents();
    changed[0] = next(&changed[0], |incident| incident.status = Status::Resolved);
    client.done(request, page(changed));
    client.wait(1_000);
    assert!(client.loads().iter().any(|(_, load)| *load == Load::Counts));
}

/// Loaded to the end, `rows` of them.
fn long(rows: i64) -> Client {
    let mut client = Client::new();
    let (request, ..) = list_load(&mut client);
    client.done(request, page(many(0, rows)));
    client
}

#[test]
fn a_storm_does_not_make_the_list_grow_for_ever() {
    let mut client = long(1_990);
    for number in 0..50 {
        let priority = Priority::Critical;
        client.stream(created_event(Incident { priority, ..incident(9_000 + number, "Storm") }));
    }
    assert_eq!(client.model.list.rows.len(), 2_000);
    assert_eq!(client.model.list.total, Some((2_040, true)));
    // The rest is to be had: the reload brings the cursor.
    client.loads();
    client.wait(3_000);
    assert!(asks_list(&mut client));
}

#[test]
fn what_nobody_looks_at_is_forgotten_though_no_page_comes() {
    let mut client = Client::live();
    for number in 0..21_000 {
        let closed = Incident { status: Status::Closed, ..incident(10_000 + number, "Over") };
        client.stream(created_event(closed));
    }
    assert!(client.model.known.get(id(10_000)).is_some());
    client.wait(15_500);
    assert!(client.model.known.get(id(10_000)).is_none());
    assert!(client.model.known.get(id(204)).is_some());
}

#[test]
fn a_row_further_down_than_a_reload_reads_is_no_ghost() {
    let mut client = Client::new();
    let (request, ..) = list_load(&mut client);
    client.done(request, page_with_more(many(0, 2_000), "p"));
    client.press(&["pgdn"; 120].join(" "));
    let (request, ..) = list_load(&mut client);
    client.done(request, page_with_more(many(2_000, 2_200), "q"));
    client.press(&["pgdn"; 15].join(" "));
    client.loads();
    let selected = client.selected();
    client.model.list.asked = None;
    client.press("ctrl-r");
    let (request, ..) = list_load(&mut client);
    client.done(request, page_with_more(many(0, 2_000), "p"));
    assert_eq!(client.selected(), selected);
    assert!(!client.screen().contains("no longer matches"), "{}", client.screen());
    // The next page has it at its place.
    let (request, _, cursor, _) = list_load(&mut client);
    assert_eq!(cursor.as_deref(), Some("p"));
    client.done(request, page_with_more(many(2_000, 2_200), "q"));
    let list = &client.model.list;
    assert_eq!((list.rows.len(), list.selected_index()), (2_200, Some(2_199)));
    // One that would stand among the rows read and does not is one.
    client.press("g");
    client.loads();
    client.model.list.asked = None;
    client.press("ctrl-r");
    let (request, ..) = list_load(&mut client);
    client.done(request, page_with_more(many(1, 2_001), "p"));
    assert!(client.screen().contains("no longer matches"), "{}", client.screen());
}

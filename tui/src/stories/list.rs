use std::collections::BTreeMap;

use watchfire_shared::event::{Fact, Hello};
use watchfire_shared::ids::JournalId;
use watchfire_shared::incident::{Incident, Priority, Status};
use watchfire_shared::log::Level;
use watchfire_shared::page::IncidentPage;
use watchfire_shared::problem::{Code, FieldError, Problem};

use super::client::Client;
use super::world::*;
use crate::effect::{Effect, Load};
use crate::event::{Event, Failure, FailureKind, Outcome, StreamEvent};

pub(super) fn list_load(
    client: &mut Client,
) -> (crate::effect::RequestId, String, Option<String>, u32) {
    let mut loads = client.loads().into_iter().filter_map(|(request, load)| match load {
        Load::Incidents { filter, cursor, limit, .. } => Some((request, filter, cursor, limit)),
        _ => None,
    });
    let first = loads.next().expect("the list is asked for");
    assert_eq!(loads.next(), None, "once");
    first
}

pub(super) fn asks_list(client: &mut Client) -> bool {
    client.loads().iter().any(|(_, load)| matches!(load, Load::Incidents { .. }))
}

#[test]
fn the_list_is_asked_for_at_the_start_and_again_when_the_stream_is_up() {
    let mut client = Client::new();
    assert!(asks_list(&mut client));
    client.stream(StreamEvent::Connecting);
    assert!(!asks_list(&mut client));
    client.stream(hello());
    assert!(asks_list(&mut client));
}

#[test]
fn the_first_row_is_selected_when_nothing_was() {
    let client = Client::live();
    assert_eq!(client.selected(), "INC-204");
}

#[test]
fn moving_keys_move_and_stop_at_the_ends() {
    let mut client = Client::live();
    for (keys, selected) in [
        ("j", "INC-203"),
        ("down", "INC-199"),
        ("k", "INC-203"),
        ("G", "INC-150"),
        ("j", "INC-150"),
        ("g", "INC-204"),
        ("up", "INC-204"),
        ("ctrl-d", "INC-150"),
        ("ctrl-u", "INC-204"),
        ("end", "INC-150"),
        ("home", "INC-204"),
        ("pgdn", "INC-150"),
        ("pgup", "INC-204"),
    ] {
        client.press(keys);
        assert_eq!(client.selected(), selected, "after {keys}");
    }
}

#[test]
fn a_new_incident_comes_in_by_itself_and_the_cursor_stays_on_its_incident() {
    let mut client = Client::live();
    let new = Incident {
        priority: Priority::Critical,
        created_at: ago(1),
        ..incident(205, "Everything is down")
    };
    client.stream(created_event(new));
    assert_eq!(client.titles()[..2], ["INC-205", "INC-204"]);
    assert_eq!(client.selected(), "INC-204");
    assert!(client.model.take_dirty());
    client.press("a");
    let (_, command) = client.command();
    assert!(matches!(command, crate::effect::Command::Patch { id: acted, .. } if acted == id(204)));
}

#[test]
fn a_new_reference_is_accented_for_three_seconds() {
    let mut client = Client::live();
    client.stream(created_event(incident(205, "New")));
    assert!(client.model.list.is_fresh(id(205), client.now));
    client.wait(2_900);
    assert!(client.model.list.is_fresh(id(205), client.now));
    client.model.take_dirty();
    client.wait(200);
    assert!(!client.model.list.is_fresh(id(205), client.now));
    assert!(client.model.take_dirty());
}

#[test]
fn what_the_query_excludes_does_not_come_in() {
    let mut client = Client::live();
    client.stream(created_event(Incident { status: Status::Closed, ..incident(205, "Over") }));
    assert_eq!(client.titles().len(), 5);
}

#[test]
fn events_update_rows_in_place_and_one_reload_follows_a_burst() {
    let mut client = Client::live();
    client.take();
    let mut incident = incidents()[2].clone();
    for priority in [Priority::Low, Priority::Medium, Priority::Low] {
        incident = next(&incident, |incident| incident.priority = priority);
        let fact =
            Fact::IncidentUpdated { incident: incident.clone(), changes: BTreeMap::default() };
        client.stream(StreamEvent::Event(Box::new(told(fact, actor("robin"), 0))));
        client.wait(100);
    }
    assert_eq!(client.titles()[2], "INC-199", "it has not moved yet");
    let known = client.model.known.get(id(199)).expect("known");
    assert_eq!(known.priority, Priority::Low);
    assert!(!asks_list(&mut client));
    client.wait(1_000);
    let (request, ..) = list_load(&mut client);
    let mut sorted = incidents();
    let moved = sorted.remove(2);
    sorted.push(Incident { priority: Priority::Low, version: 4, ..moved });
    client.done(request, page(sorted));
    assert_eq!(client.titles()[4], "INC-199");
    client.wait(5_000);
    assert!(!asks_list(&mut client));
}

#[test]
fn a_burst_without_end_does_not_put_the_reload_off_for_ever() {
    let mut client = Client::live();
    client.take();
    let mut incident = incidents()[1].clone();
    let mut asked = false;
    for round in 0..40 {
        let to = if round % 2 == 0 { Priority::Low } else { Priority::High };
        incident = next(&incident, |incident| incident.priority = to);
        let fact =
            Fact::IncidentUpdated { incident: incident.clone(), changes: BTreeMap::default() };
        client.stream(StreamEvent::Event(Box::new(told(fact, actor("robin"), 0))));
        client.wait(100);
        asked |= asks_list(&mut client);
    }
    assert!(asked);
}

#[test]
fn an_older_version_never_replaces_a_newer_one() {
    let mut client = Client::live();
    let seen = incidents()[0].clone();
    client.stream(status_event(&seen, Status::Investigating));
    // A page that was read before the change arrives after it.
    client.press("ctrl-r");
    client.answer_all(usual);
    let known = client.model.known.get(seen.id).expect("known");
    assert_eq!((known.version, known.status), (2, Status::Investigating));
    // A repeated event changes nothing.
    client.model.take_dirty();
    client.stream(status_event(&seen, Status::Investigating));
    assert!(!client.model.take_dirty());
}

#[test]
fn an_incident_that_comes_while_a_page_is_on_its_way_is_not_lost() {
    let mut client = Client::live();
    client.press("ctrl-r");
    let (request, ..) = list_load(&mut client);
    client.stream(created_event(incident(205, "New")));
    client.done(request, page(incidents()));
    assert!(client.titles().contains(&"INC-205".to_owned()));
}

#[test]
fn a_late_answer_to_an_older_query_is_dropped() {
    let mut client = Client::live();
    client.press("/");
    client.type_text("one");
    client.press("enter");
    let (old, ..) = list_load(&mut client);
    client.press("/");
    client.type_text("two");
    client.press("enter");
    let (new, filter, ..) = list_load(&mut client);
    assert_eq!(filter, "-status:closed one two");
    client.done(new, page(vec![incidents()[2].clone()]));
    client.done(old, page(vec![incidents()[1].clone()]));
    assert_eq!(client.titles(), ["INC-199"]);
    assert_eq!(client.selected(), "INC-199");
}

#[test]
fn what_no_longer_matches_stays_under_the_cursor_until_it_moves() {
    let mut client = Client::live();
    client.press("j");
    client.press("ctrl-r");
    let (request, ..) = list_load(&mut client);
    let mut rest = incidents();
    rest.remove(1);
    client.done(request, page(rest));
    assert_eq!(client.selected(), "INC-203");
    assert_eq!(client.titles()[1], "INC-203");
    client.press("j");
    assert_eq!(client.selected(), "INC-199");
    assert!(!client.titles().contains(&"INC-203".to_owned()));
}

#[test]
fn a_deleted_incident_leaves_and_no_late_answer_brings_it_back() {
    let mut client = Client::live();
    client.press("j ctrl-r");
    let (request, ..) = list_load(&mut client);
    client.stream(deleted_event(&incidents()[0]));
    assert_eq!(client.selected(), "INC-203");
    assert!(!client.titles().contains(&"INC-204".to_owned()));
    client.done(request, page(incidents()));
    assert!(!client.titles().contains(&"INC-204".to_owned()));
}

#[test]
fn a_deletion_by_somebody_else_does_not_move_the_cursor_onto_the_neighbour() {
    let mut client = Client::live();
    client.press("ctrl-r");
    let (request, ..) = list_load(&mut client);
    client.stream(deleted_event(&incidents()[0]));
    for key in ["a", "m", "p", "n", "M", "enter"] {
        client.press(key);
        assert_eq!(client.selected(), "INC-204", "{key}");
        assert!(client.model.overlay.is_none(), "{key}");
        assert!(client.flash().contains("was deleted"), "{key}: {}", client.flash());
    }
    assert!(client.sends_nothing());
    assert!(client.screen().contains("was deleted; it leaves with the cursor"));
    client.done(request, page(incidents()));
    assert_eq!(client.selected(), "INC-204");
    client.press("j");
    assert_eq!(client.selected(), "INC-203");
    assert!(!client.titles().contains(&"INC-204".to_owned()));
}

#[test]
fn a_deleted_last_row_is_left_with_any_move() {
    let only = incident(1, "Only one");
    let mut client = Client::new().connected(std::slice::from_ref(&only));
    client.stream(deleted_event(&only));
    assert_eq!(client.selected(), "INC-1");
    client.press("j");
    assert!(client.titles().is_empty());
    assert_eq!(client.model.list.selected, None);
}

#[test]
fn a_key_after_a_new_query_does_not_hit_a_row_of_the_old_or_the_next_list() {
    let mut client = Client::live();
    client.press("/");
    client.type_text("disk");
    client.press("enter");
    let (request, ..) = list_load(&mut client);
    for key in ["a", "m", "p", "n", "M"] {
        client.press(key);
        assert!(client.model.overlay.is_none(), "{key}");
        assert!(client.flash().contains("not loaded yet"), "{key}: {}", client.flash());
    }
    assert!(client.sends_nothing());
    client.done(request, page(vec![incidents()[2].clone()]));
    client.press("a");
    client.command();
}

/// Which incident the cursor is on, and on which line of the screen.
fn place(client: &Client) -> (String, usize) {
    let list = &client.model.list;
    let at = list.selected_index().expect("selected");
    (client.selected(), at - list.offset)
}

pub(super) fn many(from: i64, to: i64) -> Vec<Incident> {
    (from..to)
        .map(|number| Incident {
            created_at: ago(number * 10),
            ..incident(1000 + number, "One of many")
        })
        .collect()
}

pub(super) fn page_with_more(items: Vec<Incident>, cursor: &str) -> Outcome {
    Outcome::Incidents(Box::new(IncidentPage {
        items,
        next_cursor: Some(cursor.to_owned()),
        total: 1_000,
        total_exact: false,
    }))
}

#[test]
fn the_next_page_is_asked_for_near_the_end_and_once() {
    let mut client = Client::new();
    let (request, _, cursor, limit) = list_load(&mut client);
    assert_eq!((cursor, limit), (None, 50));
    client.done(request, page_with_more(many(0, 50), "p2"));
    assert!(!asks_list(&mut client));
    client.press("ctrl-d ctrl-d");
    assert!(!asks_list(&mut client));
    client.press("pgdn pgdn");
    let (request, _, cursor, _) = list_load(&mut client);
    assert_eq!(cursor.as_deref(), Some("p2"));
    client.press("k j");
    assert!(!asks_list(&mut client));
    client.done(request, page(many(50, 70)));
    assert_eq!(client.model.list.rows.len(), 70);
    assert_eq!(client.selected(), "INC-1049");
    client.press("G");
    assert!(!asks_list(&mut client));
}

#[test]
fn a_reload_reads_as_many_pages_as_were_loaded_and_keeps_the_line() {
    let mut client = Client::new();
    let (request, ..) = list_load(&mut client);
    client.done(request, page_with_more(many(0, 50), "p2"));
    client.press("pgdn pgdn pgdn");
    let (request, ..) = list_load(&mut client);
    client.done(request, page_with_more(many(50, 250), "p3"));
    client.press(&["pgdn"; 15].join(" "));
    client.press("k k k");
    client.loads();
    let before = place(&client);
    client.press("ctrl-r");
    let (request, _, cursor, limit) = list_load(&mut client);
    assert_eq!((cursor, limit), (None, 200));
    client.done(request, page_with_more(many(0, 200), "again"));
    assert_eq!(client.model.list.rows.len(), 250, "nothing moves in between");
    let (request, _, cursor, _) = list_load(&mut client);
    assert_eq!(cursor.as_deref(), Some("again"));
    client.done(request, page_with_more(many(200, 300), "p4"));
    assert_eq!(place(&client), before);
}

#[test]
fn rows_do_not_move_under_a_scrolled_cursor_when_others_come_in_above() {
    let mut client = Client::new();
    let (request, ..) = list_load(&mut client);
    client.done(request, page(many(0, 50)));
    client.press("ctrl-d ctrl-d ctrl-d k");
    let line = |client: &Client| {
        let list = &client.model.list;
        list.selected_index().expect("selected") - list.offset
    };
    let before = line(&client);
    client.stream(created_event(Incident { priority: Priority::Critical, ..incident(205, "New") }));
    assert_eq!(line(&client), before);
}

#[test]
fn a_mistake_in_the_query_is_shown_where_it_is_and_nothing_is_sent() {
    let mut client = Client::live();
    client.take();
    client.press("/");
    client.type_text("status:opne");
    let mistake = client.model.list.query.mistake.clone().expect("a mistake");
    let text: Vec<char> = client.model.list.query.field.text().chars().collect();
    let wrong: String = text[mistake.start..mistake.end].iter().collect();
    assert!(wrong.contains("opne"), "{wrong}");
    client.press("enter");
    assert!(client.take().is_empty());
    assert!(client.model.list.query.editing);
    client.press("esc");
    assert_eq!(client.model.list.query.field.text(), "-status:closed");
}

#[test]
fn tab_finishes_a_word_of_the_query() {
    let mut client = Client::live();
    client.press("/");
    client.type_text("priority:>=hi");
    client.press("tab");
    assert_eq!(client.model.list.query.field.text(), "-status:closed priority:>=high ");
}

#[test]
fn esc_goes_back_to_the_usual_query() {
    let mut client = Client::live();
    client.press("/");
    client.type_text("service:search");
    client.press("enter");
    client.answer_all(usual);
    client.press("esc");
    let (_, filter, ..) = list_load(&mut client);
    assert_eq!(filter, "-status:closed");
}

#[test]
fn a_query_the_daemon_refuses_says_why() {
    let mut client = Client::live();
    client.press("/");
    client.type_text("assignee:nobody-knows");
    client.press("enter");
    let (request, ..) = list_load(&mut client);
    let mut problem = Problem::new(Code::Validation, "The filter has a mistake.", "r");
    let error = FieldError::new("filter", "at character 16: nobody is called nobody-knows");
    problem.errors.push(error);
    client.done(
        request,
        Outcome::Failed(Failure {
            problem: Some(Box::new(problem)),
            ..Failure::new(FailureKind::Refused, "The filter has a mistake")
        }),
    );
    assert!(client.screen().contains("nobody is called nobody-knows"));
}

#[test]
fn after_a_resync_everything_is_loaded_again_and_said() {
    let mut client = Client::live();
    client.take();
    client.stream(StreamEvent::Resync(Hello {
        log_id: JournalId(uuid::Uuid::from_u128(78)),
        position: 3,
    }));
    assert!(client.flash().contains("loaded again"));
    // After a restore versions start lower, and count all the same.
    client.answer_all(|load| match load {
        Load::Incidents { .. } => Some(page(vec![Incident {
            title: "After the restore".to_owned(),
            version: 1,
            ..incidents()[0].clone()
        }])),
        other => usual(other),
    });
    let known = client.model.known.get(id(204)).expect("known");
    assert_eq!(known.title, "After the restore");
}

#[test]
fn an_answer_of_the_log_before_does_not_hold_off_the_new_one() {
    let mut client = Client::live();
    client.press("enter");
    let loads = client.loads();
    let (request, _) =
        loads.into_iter().find(|(_, load)| *load == Load::Incident(id(204))).expect("asked");
    client.stream(StreamEvent::Resync(Hello {
        log_id: JournalId(uuid::Uuid::from_u128(78)),
        position: 3,
    }));
    let old = Incident { version: 500, ..incidents()[0].clone() };
    client.done(request, Outcome::Incident(Box::new(old)));
    client.answer_all(usual);
    client.stream(status_event(&incidents()[0], Status::Investigating));
    let known = client.model.known.get(id(204)).expect("known");
    assert_eq!((known.version, known.status), (2, Status::Investigating));
}

#[test]
fn the_list_is_read_again_from_time_to_time_and_draws_only_when_it_differs() {
    let mut client = Client::live();
    client.wait(1_000);
    client.take();
    client.wait(14_500);
    let (request, ..) = list_load(&mut client);
    client.model.take_dirty();
    client.done(request, page(incidents()));
    assert!(!client.model.take_dirty());
    client.wait(15_100);
    let (request, ..) = list_load(&mut client);
    // The number of firing alerts moves without a version.
    let mut changed = incidents();
    changed[0].firing_alerts = 1;
    client.model.take_dirty();
    client.done(request, page(changed));
    assert!(client.model.take_dirty());
}

#[test]
fn an_answer_nobody_waits_for_changes_nothing() {
    let mut client = Client::live();
    client.model.take_dirty();
    let request = crate::effect::RequestId(999);
    client.done(request, page(Vec::new()));
    client.event(Event::Tick);
    assert_eq!(client.titles().len(), 5);
    assert!(!client.model.take_dirty());
    assert!(!client.effects.contains(&Effect::Quit));
}

#[test]
fn the_answer_says_how_many_lines_are_errors_where_all_were_counted() {
    let attached = |first: i64, last: i64, errors: i64, version| {
        let mut incident = incident(300, "Something");
        incident.version = version;
        incident.log_count = last;
        let lines = last - first + 1;
        let counts = BTreeMap::from([(Level::Error, errors), (Level::Info, lines - errors)]);
        let fact = Fact::LogAttached {
            incident,
            first_seq: first,
            last_seq: last,
            counts,
            sources: vec![],
        };
        StreamEvent::Event(Box::new(told(fact, actor("loki"), 0)))
    };
    let mut client = Client::new().connected(&[incident(300, "Something")]);
    client.stream(attached(1, 10, 9, 2));
    let screen = client.screen();
    assert!(screen.contains("10 log lines, 90 % error"), "{screen}");
    client.stream(attached(11, 20, 0, 3));
    assert!(client.screen().contains("20 log lines, 45 % error"), "{}", client.screen());
    // A batch that was not heard of.
    client.stream(attached(31, 40, 10, 4));
    assert!(client.screen().contains("40 log lines \u{b7} opened"), "{}", client.screen());
}

use std::collections::BTreeMap;

use watchfire_shared::alert::AlertStatus;
use watchfire_shared::event::{Event as Told, Fact};
use watchfire_shared::log::{Level, LogEntry};
use watchfire_shared::page::Page;

use super::client::Client;
use super::world::*;
use crate::effect::{Load, RequestId};
use crate::event::{Outcome, StreamEvent};
use crate::model::Screen;
use crate::model::detail::Tab;

fn log_loads(client: &mut Client) -> Vec<(RequestId, Load)> {
    let mut loads = client.loads();
    loads.retain(|(_, load)| matches!(load, Load::Logs { .. }));
    loads
}

pub fn attached(last: i64, version: i64) -> StreamEvent {
    let mut incident = incidents()[0].clone();
    incident.version = version;
    incident.log_count = last;
    let fact = Fact::LogAttached {
        incident,
        first_seq: last,
        last_seq: last,
        counts: BTreeMap::from([(Level::Error, 1)]),
        sources: Vec::new(),
    };
    StreamEvent::Event(Box::new(told(fact, actor("loki"), 0)))
}

fn seqs(client: &Client) -> Vec<i64> {
    let lines = client.model.detail.as_ref().expect("open").logs.lines();
    lines.numbers().filter_map(|number| lines.seq(number)).collect()
}

fn lines(from: i64, to: i64) -> Outcome {
    let items: Vec<LogEntry> = (from..=to).map(|n| line(n, Level::Info, "m")).collect();
    Outcome::Logs(Page { items, next_cursor: None })
}

#[test]
fn opening_an_incident_reads_all_of_it() {
    let mut client = Client::live();
    client.take();
    client.press("enter");
    let loads: Vec<Load> = client.loads().into_iter().map(|(_, load)| load).collect();
    assert!(loads.contains(&Load::Incident(id(204))));
    for wanted in ["Timeline", "Alerts", "Logs"] {
        assert!(loads.iter().any(|load| format!("{load:?}").starts_with(wanted)));
    }
    client.press("esc");
    assert_eq!(client.model.screen, Screen::Incidents);
}

#[test]
fn a_description_that_is_not_there_is_told_from_one_that_is_not_read() {
    let mut client = Client::live();
    client.press("enter");
    assert!(!client.screen().contains("Loading") && !client.screen().contains("No description"));
    client.wait(250);
    assert!(client.screen().contains("Loading …"), "{}", client.screen());
    let answer = |client: &mut Client, outcome: Outcome| {
        let loads = client.loads();
        let read = loads.iter().find(|(_, load)| matches!(load, Load::Incident(_)));
        client.done(read.expect("it is asked for").0, outcome);
    };
    answer(&mut client, Outcome::Failed(offline()));
    let screen = client.screen();
    assert!(screen.contains("could not be read") && screen.contains("does not answer"), "{screen}");
    client.press("ctrl-r");
    answer(&mut client, Outcome::Incident(Box::new(incidents()[0].clone())));
    assert!(client.screen().contains("No description."), "{}", client.screen());
    // One that was taken away is gone here too.
    let with = incident_with("Users see timeouts.");
    client.press("ctrl-r");
    answer(&mut client, Outcome::Incident(Box::new(with)));
    assert!(client.screen().contains("Users see timeouts."), "{}", client.screen());
    client.press("ctrl-r");
    answer(&mut client, Outcome::Incident(Box::new(incidents()[0].clone())));
    assert!(client.screen().contains("No description."), "{}", client.screen());
}

fn incident_with(description: &str) -> watchfire_shared::incident::Incident {
    let description = Some(description.to_owned());
    watchfire_shared::incident::Incident { description, ..incidents()[0].clone() }
}

#[test]
fn the_tabs_turn_both_ways() {
    let mut client = Client::opened();
    let tab = |client: &Client| client.model.detail.as_ref().expect("open").tab;
    for (key, wanted) in [
        ("tab", Tab::Timeline),
        ("]", Tab::Alerts),
        ("tab", Tab::Assessment),
        ("tab", Tab::Logs),
        ("tab", Tab::Overview),
        ("[", Tab::Logs),
        ("shift-tab", Tab::Assessment),
    ] {
        client.press(key);
        assert_eq!(tab(&client), wanted, "after {key}");
    }
}

#[test]
fn the_timeline_grows_by_itself_and_tells_each_fact_once() {
    let mut client = Client::opened();
    client.press("tab");
    let count = |client: &Client| {
        let detail = client.model.detail.as_ref().expect("open");
        detail.timeline.facts().len()
    };
    assert_eq!(count(&client), 5);
    client.stream(attached(1205, 6));
    client.stream(attached(1205, 6));
    assert_eq!(count(&client), 6);
    // A page read before and answered after.
    client.press("ctrl-r");
    client.answer_all(usual);
    assert_eq!(count(&client), 6);
}

#[test]
fn after_a_restore_the_history_of_the_log_before_is_not_shown_as_live() {
    let mut client = Client::opened();
    client.press("tab");
    let log_id = watchfire_shared::ids::JournalId(uuid::Uuid::from_u128(78));
    let hello = watchfire_shared::event::Hello { log_id, position: 3 };
    client.stream(StreamEvent::Resync(hello));
    let detail = client.model.detail.as_ref().expect("open");
    assert!(detail.timeline.facts().is_empty() && detail.logs.lines().is_empty());
    assert_eq!(detail.alerts.value, None);
    let restored = timeline()[..2].to_vec();
    client.answer_all(|load| match load {
        Load::Timeline { .. } => {
            Some(Outcome::Timeline(Page { items: restored.clone(), next_cursor: None }))
        }
        other => usual(other),
    });
    let detail = client.model.detail.as_ref().expect("open");
    assert_eq!(detail.timeline.versions(), [1, 2]);
}

#[test]
fn a_long_timeline_is_read_page_by_page() {
    let mut client = Client::live();
    client.press("enter");
    let told: Vec<Told> = timeline();
    client.answer_all(|load| match load {
        Load::Timeline { cursor: None, .. } => Some(Outcome::Timeline(Page {
            items: told[..3].to_vec(),
            next_cursor: Some("more".to_owned()),
        })),
        Load::Timeline { .. } => {
            Some(Outcome::Timeline(Page { items: told[3..].to_vec(), next_cursor: None }))
        }
        other => usual(other),
    });
    let detail = client.model.detail.as_ref().expect("open");
    assert_eq!(detail.timeline.versions(), [1, 2, 3, 4, 5]);
}

#[test]
fn of_a_very_long_timeline_the_newest_facts_are_shown_and_the_rest_is_named() {
    let last = 6_200;
    let long = watchfire_shared::incident::Incident { version: last, ..incidents()[0].clone() };
    let mut client = Client::new().connected(std::slice::from_ref(&long));
    client.press("enter tab");
    let fact = |version: i64| {
        let incident = watchfire_shared::incident::Incident { version, ..long.clone() };
        told(Fact::IncidentCreated { incident }, actor("robin"), 0)
    };
    client.answer_all(|load| match load {
        Load::Timeline { after, cursor, limit, .. } => {
            let from = cursor.as_ref().map_or(*after, |cursor| cursor.parse().expect("a number"));
            let to = (from + i64::from(*limit)).min(last);
            let items = (from + 1..=to).map(fact).collect();
            let next_cursor = (to < last).then(|| to.to_string());
            Some(Outcome::Timeline(Page { items, next_cursor }))
        }
        Load::Incident(_) => Some(Outcome::Incident(Box::new(long.clone()))),
        other => usual(other),
    });
    let detail = client.model.detail.as_ref().expect("open");
    let versions = detail.timeline.versions();
    assert_eq!((versions.first(), versions.last()), (Some(&1_201), Some(&last)));
    assert!(client.screen().contains("Timeline newest 5,000 of 6,200"), "{}", client.screen());
    client.stream(attached(1205, last + 1));
    let detail = client.model.detail.as_ref().expect("open");
    assert_eq!(detail.timeline.versions().last(), Some(&(last + 1)));
}

#[test]
fn new_log_lines_are_read_when_the_stream_speaks_of_them() {
    let mut client = Client::opened();
    client.take();
    client.stream(attached(41, 6));
    let loads = log_loads(&mut client);
    let (request, load) = &loads[0];
    assert!(matches!(load, Load::Logs { after: Some(40), before: None, .. }));
    // More come while the answer is on its way: one request at a time.
    client.stream(attached(45, 7));
    assert!(log_loads(&mut client).is_empty());
    client.done(*request, lines(41, 43));
    let loads = log_loads(&mut client);
    assert!(matches!(loads[0].1, Load::Logs { after: Some(43), .. }));
    client.done(loads[0].0, lines(44, 45));
    assert!(log_loads(&mut client).is_empty());
    let expected: Vec<i64> = (1..=45).collect();
    assert_eq!(seqs(&client), expected);
}

#[test]
fn new_lines_are_read_also_when_the_timeline_told_of_them_first() {
    let mut client = Client::opened();
    client.press("ctrl-r");
    // The page of the timeline holds the fact before the stream brings it.
    client.answer_all(|load| match load {
        Load::Timeline { .. } => {
            let StreamEvent::Event(fact) = attached(41, 6) else {
                return None;
            };
            let items = timeline().into_iter().chain([*fact]).collect();
            Some(Outcome::Timeline(Page { items, next_cursor: None }))
        }
        other => usual(other),
    });
    client.take();
    client.stream(attached(41, 6));
    let loads = log_loads(&mut client);
    assert!(matches!(loads[0].1, Load::Logs { after: Some(40), .. }), "{loads:?}");
}

#[test]
fn lines_that_a_filter_hides_are_not_asked_for_again() {
    let mut client = Client::opened();
    client.press("[ v v v v");
    client.answer_all(|load| match load {
        Load::Logs { min_level, .. } => {
            assert!(min_level.is_some());
            Some(lines(1, 0))
        }
        other => usual(other),
    });
    client.stream(attached(1300, 6));
    let loads = log_loads(&mut client);
    assert_eq!(loads.len(), 1);
    client.done(loads[0].0, lines(1, 0));
    assert!(log_loads(&mut client).is_empty());
    let detail = client.model.detail.as_ref().expect("open");
    assert_eq!(detail.logs.wanted().min_level, Some(Level::Error));
}

#[test]
fn scrolling_up_holds_the_place_and_reads_older_lines() {
    let mut client = Client::live();
    client.press("enter");
    client.answer_all(|load| match load {
        Load::Logs { .. } => Some(lines(501, 1000)),
        other => usual(other),
    });
    client.press("[ k k");
    assert!(log_loads(&mut client).is_empty());
    client.stream(attached(1001, 6));
    let loads = log_loads(&mut client);
    client.done(loads[0].0, lines(1001, 1001));
    let detail = client.model.detail.as_ref().expect("open");
    assert_eq!(detail.logs.current().map(|line| line.seq), Some(998));
    assert!(client.screen().contains(" 1 below"));
    client.press("g");
    let loads = log_loads(&mut client);
    assert!(matches!(loads[0].1, Load::Logs { before: Some(501), .. }));
    client.done(loads[0].0, lines(1, 500));
    let detail = client.model.detail.as_ref().expect("open");
    assert_eq!(detail.logs.lines().len(), 1001);
    client.press("f");
    let detail = client.model.detail.as_ref().expect("open");
    assert!(detail.logs.place.follows());
}

#[test]
fn a_pane_far_behind_jumps_to_the_end() {
    let mut client = Client::opened();
    client.take();
    client.stream(attached(50_000, 6));
    let loads = log_loads(&mut client);
    assert!(matches!(loads[0].1, Load::Logs { after: None, before: None, .. }));
}

#[test]
fn a_search_takes_every_key_and_starts_the_pane_again() {
    let mut client = Client::opened();
    client.press("/");
    client.type_text("q?[f");
    client.press("enter");
    let loads = log_loads(&mut client);
    assert!(matches!(&loads[0].1, Load::Logs { q, after: None, .. } if q == "q?[f"));
    client.done(loads[0].0, lines(1, 0));
    assert!(client.screen().contains("No line passes the filter"));
    client.press("esc");
    let loads = log_loads(&mut client);
    assert!(matches!(&loads[0].1, Load::Logs { q, .. } if q.is_empty()));
    assert_eq!(client.model.screen, Screen::Detail);
}

#[test]
fn alert_counters_are_read_again_while_they_are_visible() {
    let mut client = Client::opened();
    client.press("tab tab");
    client.answer_all(usual);
    client.wait(5_100);
    let loads: Vec<Load> = client.loads().into_iter().map(|(_, load)| load).collect();
    assert!(loads.contains(&Load::Incident(id(204))));
    assert!(loads.iter().any(|load| matches!(load, Load::Alerts { .. })));
}

#[test]
fn an_alert_that_resolves_shows_at_once() {
    let mut client = Client::opened();
    let mut incident = incidents()[0].clone();
    incident.version = 6;
    let alert = alert(1, AlertStatus::Resolved);
    let fact = Fact::AlertResolved { incident, alert };
    client.stream(StreamEvent::Event(Box::new(told(fact, actor("alertmanager"), 0))));
    let detail = client.model.detail.as_ref().expect("open");
    let alerts = detail.alerts.value.as_ref().expect("read");
    assert!(alerts.iter().all(|alert| alert.status == AlertStatus::Resolved));
    assert_eq!(alerts.len(), 2);
}

#[test]
fn a_deleted_incident_stays_on_its_screen_says_so_and_takes_no_command() {
    let mut client = Client::opened();
    client.stream(deleted_event(&incidents()[0]));
    assert_eq!(client.model.screen, Screen::Detail);
    assert_eq!(client.flash(), "INC-204 was deleted by root");
    assert!(client.screen().contains("deleted"));
    client.take();
    for key in ["a", "m", "p", "n"] {
        client.press(key);
        assert!(client.model.overlay.is_none(), "{key}");
        assert_eq!(client.flash(), "Nothing done: INC-204 was deleted", "{key}");
    }
    client.wait(20_000);
    assert!(client.sends_nothing());
}

#[test]
fn a_sentence_is_not_cut_off_when_its_incident_is_deleted() {
    let mut client = Client::opened();
    client.press("n");
    client.type_text("rolling ");
    client.stream(deleted_event(&incidents()[0]));
    client.take();
    client.type_text("back, resolve it");
    assert!(client.screen().contains("rolling back, resolve it"), "{}", client.screen());
    client.press("enter");
    assert!(client.sends_nothing());
    assert_eq!(client.flash(), "Nothing done: this incident was deleted");
    assert!(client.screen().contains("rolling back, resolve it"));
}

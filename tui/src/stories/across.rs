//! The logs of all incidents.

use std::collections::BTreeMap;

use uuid::Uuid;
use watchfire_shared::event::Fact;
use watchfire_shared::ids::LogEntryId;
use watchfire_shared::log::{Level, LogEntry};
use watchfire_shared::page::Page;

use super::client::Client;
use super::world::*;
use crate::effect::{Effect, Load, RequestId};
use crate::event::{Outcome, StreamEvent};
use crate::model::Screen;

/// Line `seq` of an incident; ids are in the order of `place`.
fn of(number: i64, seq: i64, place: u128) -> LogEntry {
    LogEntry {
        id: LogEntryId(Uuid::from_u128(50_000 + place)),
        incident_id: id(number),
        ..line(seq, Level::Warn, &format!("line {seq} of {number}"))
    }
}

fn page_of(items: Vec<LogEntry>) -> Outcome {
    Outcome::Logs(Page { items, next_cursor: None })
}

fn attached(number: i64, first: i64, last: i64, version: i64) -> StreamEvent {
    let mut incident = incident(number, "Something");
    incident.version = version;
    incident.log_count = last;
    let counts = BTreeMap::from([(Level::Warn, last - first + 1)]);
    let fact =
        Fact::LogAttached { incident, first_seq: first, last_seq: last, counts, sources: vec![] };
    StreamEvent::Event(Box::new(told(fact, actor("loki"), 0)))
}

fn log_loads(client: &mut Client) -> Vec<(RequestId, Load)> {
    let mut loads = client.loads();
    loads.retain(|(_, load)| matches!(load, Load::Logs { .. } | Load::AllLogs { .. }));
    loads
}

/// On the screen, with lines of two incidents of the list and one that nobody knows yet.
fn opened() -> Client {
    let mut client = Client::live();
    client.press("3");
    let loads = log_loads(&mut client);
    assert!(matches!(loads[0].1, Load::AllLogs { before: None, after: None, .. }), "{loads:?}");
    let items = vec![of(204, 1, 1), of(203, 7, 2), of(204, 2, 3), of(77, 1, 4)];
    client.done(loads[0].0, page_of(items));
    client
}

fn messages(client: &Client) -> Vec<String> {
    let lines = client.model.across.pane.lines();
    let all = lines.numbers().filter_map(|number| lines.get(number));
    all.map(|line| line.message.to_owned()).collect()
}

#[test]
fn each_line_says_of_which_incident_it_is() {
    let mut client = opened();
    let screen = client.screen();
    assert!(screen.contains("INC-203 warn  api        line 7 of 203"), "{screen}");
    assert!(screen.contains("–       warn  api        line 1 of 77"), "{screen}");
    let asked: Vec<_> = client.loads();
    let (request, _) = asked
        .iter()
        .find(|(_, load)| *load == Load::Incident(id(77)))
        .cloned()
        .unwrap_or_else(|| panic!("nobody asks who 77 is: {asked:?}"));
    client.done(request, Outcome::Incident(Box::new(incident(77, "Unknown until now"))));
    assert!(
        client.screen().contains("INC-77  warn  api        line 1 of 77"),
        "{}",
        client.screen()
    );
    client.press("k j");
    assert!(
        !client.loads().iter().any(|(_, load)| matches!(load, Load::Incident(_))),
        "asked once"
    );
}

#[test]
fn enter_opens_the_incident_of_the_line_and_the_way_back_is_there() {
    let mut client = opened();
    client.press("k k");
    client.press("enter");
    assert!(client.model.is_open(id(203)));
    assert_eq!(client.model.context(), crate::keymap::Context::Logs);
    for keys in ["esc", "q", "-"] {
        client.press(keys);
        assert_eq!(client.model.screen, Screen::Logs, "{keys}");
        client.press("enter");
    }
    // Also after it was looked at another time, by another way.
    client.press("1 - 4 - esc");
    assert_eq!(client.model.screen, Screen::Logs);
    assert!(client.screen().contains("▌20:44:06 INC-203"), "{}", client.screen());
    client.press("q");
    assert_eq!(client.model.screen, Screen::Incidents);
}

#[test]
fn one_stands_at_the_line_that_was_opened_with_what_is_around_it() {
    let mut client = opened();
    client.press("k k enter");
    let loads = log_loads(&mut client);
    let [(request, Load::Logs { before: Some(8), after: None, .. })] = &loads[..] else {
        panic!("the page that ends with line 7, and nothing else: {loads:?}");
    };
    client.done(*request, page_of((1..=7).map(|seq| of(203, seq, 0)).collect()));
    assert!(client.screen().contains("▌20:44:06 warn  api        line 7"), "{}", client.screen());
    let loads = log_loads(&mut client);
    let [(request, Load::Logs { after: Some(7), .. })] = &loads[..] else {
        panic!("and what comes behind it: {loads:?}");
    };
    client.done(*request, page_of((8..=9).map(|seq| of(203, seq, 0)).collect()));
    let screen = client.screen();
    assert!(screen.contains("▌20:44:06 warn  api        line 7"), "{screen}");
    assert!(screen.contains("all 9 lines"), "{screen}");
}

#[test]
fn behind_the_line_that_was_opened_nothing_is_missing() {
    for (keys, newest) in [("G", false), ("f", true)] {
        let mut client = opened();
        client.press("k k enter");
        let (request, _) = log_loads(&mut client).remove(0);
        client.done(request, page_of((1..=7).map(|seq| of(203, seq, 0)).collect()));
        let (request, _) = log_loads(&mut client).remove(0);
        client.done(request, page_of((8..=1007).map(|seq| of(203, seq, 0)).collect()));
        assert!(log_loads(&mut client).is_empty(), "nobody is near the end");
        assert!(client.screen().contains("the first 1,007 lines"), "{}", client.screen());
        client.press(keys);
        let loads = log_loads(&mut client);
        let goes_on = matches!(loads[..], [(_, Load::Logs { after: Some(1007), .. })]);
        let jumps = matches!(loads[..], [(_, Load::Logs { before: None, after: None, .. })]);
        assert!(if newest { jumps } else { goes_on || jumps }, "{keys}: {loads:?}");
    }
}

#[test]
fn what_is_attached_anywhere_is_read_once_and_in_turn() {
    let mut client = opened();
    client.loads();
    client.stream(attached(203, 8, 9, 30));
    let loads = log_loads(&mut client);
    assert!(
        matches!(&loads[..], [(_, Load::Logs { id: of, after: Some(7), .. })] if *of == id(203)),
        "{loads:?}"
    );
    // More while the answer is on its way: of the same incident, of another, and what is held.
    client.stream(attached(203, 10, 10, 31));
    client.stream(attached(150, 1, 1, 32));
    client.stream(attached(204, 1, 2, 33));
    assert!(log_loads(&mut client).is_empty());
    client.done(loads[0].0, page_of(vec![of(203, 8, 10), of(203, 9, 11), of(203, 10, 12)]));
    let loads = log_loads(&mut client);
    assert!(
        matches!(&loads[..], [(_, Load::Logs { id: of, after: Some(0), .. })] if *of == id(150)),
        "{loads:?}"
    );
    client.done(loads[0].0, page_of(vec![of(150, 1, 13)]));
    assert!(log_loads(&mut client).is_empty(), "the lines of 204 are held");
    let expected: Vec<String> =
        ["8 of 203", "9 of 203", "10 of 203", "1 of 150"].map(|it| format!("line {it}")).to_vec();
    assert_eq!(messages(&client)[4..], expected);
    assert_eq!(client.model.across.pane.unread(), 0);
}

#[test]
fn nothing_is_read_while_nobody_looks_and_all_of_it_afterwards() {
    let mut client = opened();
    client.press("1");
    client.take();
    client.stream(attached(203, 8, 8, 30));
    client.wait(30_000);
    assert!(log_loads(&mut client).is_empty());
    client.press("3");
    let loads = log_loads(&mut client);
    assert!(matches!(loads[0].1, Load::Logs { after: Some(7), .. }), "{loads:?}");
}

#[test]
fn after_a_gap_in_the_stream_the_newest_lines_are_read_or_those_behind_what_is_being_read() {
    let mut client = opened();
    client.stream(hello());
    let loads = log_loads(&mut client);
    assert!(matches!(loads[0].1, Load::AllLogs { before: None, after: None, .. }), "{loads:?}");
    client.done(loads[0].0, page_of(vec![of(204, 1, 1), of(204, 2, 2)]));
    client.press("k");
    client.stream(hello());
    let loads = log_loads(&mut client);
    let last = LogEntryId(Uuid::from_u128(50_002));
    assert!(matches!(loads[0].1, Load::AllLogs { after: Some(after), .. } if after == last));
    client.done(loads[0].0, page_of(vec![of(204, 3, 3)]));
    assert_eq!(messages(&client).len(), 3);
    assert!(!client.model.across.pane.beyond.newer);
}

#[test]
fn no_command_about_an_incident_is_taken_here() {
    let mut client = opened();
    client.take();
    for key in ["a", "r", "c", "m", "p", "t", "e", "u"] {
        client.press(key);
        assert!(client.model.overlay.is_none() && client.sends_nothing(), "{key}");
    }
    client.press("y");
    let copied = client.take().into_iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text),
        _ => None,
    });
    assert!(copied.is_some_and(|text| text.ends_with("warn api line 1 of 77")));
}

#[test]
fn what_was_opened_from_the_list_returns_to_it() {
    let mut client = opened();
    client.press("enter 1 enter esc");
    assert_eq!(client.model.screen, Screen::Incidents);
}

#[test]
fn a_line_is_copied_with_its_incident_and_shown_as_json() {
    let mut client = opened();
    client.press("k k y");
    let screen = client.screen();
    assert!(screen.contains("Copy what of INC-203?"), "{screen}");
    assert!(screen.contains("log line ") && screen.contains("warn api line 7 of 203"), "{screen}");
    client.press("enter");
    assert!(client.take().contains(&Effect::Copy("INC-203".to_owned())));
    client.press("J");
    client.answer_all(usual);
    assert!(client.screen().contains("INC-203 as JSON"), "{}", client.screen());
    client.press("esc");
    assert_eq!(client.model.screen, Screen::Logs);
}

#[test]
fn the_lines_of_all_incidents_are_written_to_a_file() {
    let mut client = opened();
    client.press("v v W");
    let screen = client.screen();
    assert!(screen.contains("Write the log lines of all incidents to a file"), "{screen}");
    assert!(screen.contains("logs-2026-03-14-2045.log"), "{screen}");
    client.press("enter");
    let (request, export) = super::logs::export(&mut client);
    assert_eq!(export.lines, crate::effect::Lines::OfAll);
    assert_eq!(export.wanted.of_daemon().0, Some(Level::Info));
    client.done(request, Outcome::Exported { file: "/tmp/logs.log".to_owned(), lines: 4 });
    assert_eq!(client.flash(), "4 lines written to /tmp/logs.log, readable by you alone");
}

#[test]
fn another_log_is_another_story() {
    let mut client = opened();
    let log_id = watchfire_shared::ids::JournalId(Uuid::from_u128(78));
    client.stream(StreamEvent::Resync(watchfire_shared::event::Hello { log_id, position: 3 }));
    assert!(messages(&client).is_empty());
    let loads = log_loads(&mut client);
    assert!(matches!(loads[0].1, Load::AllLogs { before: None, after: None, .. }), "{loads:?}");
}

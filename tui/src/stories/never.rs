//! What no incident client may do; each of these has been seen in one. The others of the kind stand
//! with what they are about: a row that moves under a key (`wrong_row`), an age that is drawn as it
//! changes (`freshness`), a title that writes into the editor's template (`writing`).

use watchfire_shared::incident::{Incident, Priority, Status};

use super::client::Client;
use super::list::asks_list;
use super::world::*;
use super::{logs, own};
use crate::effect::{Command, Effect, Load};
use crate::event::{Failure, FailureKind, Outcome, StreamEvent};
use crate::keymap::Context;
use crate::model::Screen;

const ALL_CLEAR: &str = "Nothing is burning";

fn lost() -> StreamEvent {
    let retry_in = std::time::Duration::from_secs(4);
    StreamEvent::Lost { reason: "connection refused".to_owned(), retry_in }
}

fn unreachable(load: &Load) -> Option<Outcome> {
    let reads = !matches!(load, Load::CacheDemo);
    reads.then(|| Outcome::Failed(offline()))
}

fn empty(load: &Load) -> Option<Outcome> {
    match load {
        Load::Incidents { .. } => Some(page(Vec::new())),
        other => usual(other),
    }
}

#[test]
fn all_clear_is_said_only_after_an_answer_and_started_offline_it_recovers_by_itself() {
    let mut client = Client::new();
    client.stream(lost());
    assert!(!client.screen().contains(ALL_CLEAR));
    client.answer_all(unreachable);
    for _ in 0..5 {
        let screen = client.screen();
        assert!(!screen.contains(ALL_CLEAR) && screen.contains("offline"), "{screen}");
        client.wait(6_000);
        client.answer_all(unreachable);
    }
    insta::assert_snapshot!("started_offline", client.screen());
    client.resize(200, 60);
    insta::assert_snapshot!("started_offline_200", client.screen());
    client.stream(hello());
    client.answer_all(empty);
    assert!(client.screen().contains(ALL_CLEAR), "{}", client.screen());
}

#[test]
fn a_failed_read_leaves_the_rows_says_so_and_tells_how_old_they_are() {
    let mut client = Client::live();
    let before = client.titles();
    client.wait(15_500);
    assert!(asks_list(&mut client));
    client.press("ctrl-r");
    client.model.list.asked = None;
    client.press("ctrl-r");
    client.answer_all(unreachable);
    client.stream(lost());
    assert_eq!(client.titles(), before);
    let screen = client.screen();
    assert!(screen.contains("not read again") && screen.contains("offline 15 s"), "{screen}");
    assert!(!screen.contains(ALL_CLEAR));
}

#[test]
fn what_fails_in_the_background_never_speaks_for_what_the_person_did() {
    let mut client = Client::live();
    client.press("a");
    let (request, command) = client.command();
    let Command::Patch { id: about, .. } = command else { panic!("{command:?}") };
    client.press("ctrl-r");
    client.answer_all(unreachable);
    assert!(!client.flash().contains("does not answer"), "{}", client.flash());
    let known = client.model.known.get(about).expect("known").clone();
    let changed = next(&known, |incident| incident.status = Status::Investigating);
    client.done(request, Outcome::Changed(Box::new(changed)));
    assert_eq!(client.flash(), "INC-204 investigating");
    client.press("ctrl-r");
    client.answer_all(unreachable);
    assert_eq!(client.flash(), "INC-204 investigating", "it is not covered either");
}

#[test]
fn the_outcome_of_a_command_is_told_wherever_one_is_by_then() {
    for keys in ["4", "3", "6", "enter", "?", "@", ":", "/", "N", "n"] {
        let mut client = Client::live();
        client.press("a");
        let (request, _) = client.command();
        client.press(keys);
        let failure = Failure::new(FailureKind::Unreadable, "The daemon failed inside");
        client.done(request, Outcome::Failed(failure));
        assert!(client.flash().contains("INC-204 investigate: The daemon failed"), "{keys}");
        assert!(client.screen().contains("INC-204 investigate"), "{keys}\n{}", client.screen());
        let (_, text) = client.model.commands.entries[0].result.clone().expect("an outcome");
        assert!(text.contains("The daemon failed inside"), "{keys}: {text}");
    }
}

#[test]
fn a_new_incident_above_the_view_is_announced_until_it_was_seen() {
    let many: Vec<Incident> = super::list::many(0, 45);
    let mut client = Client::new().connected(&many);
    client.press("pgdn pgdn");
    for number in 5_000..5_003 {
        let new = Incident { priority: Priority::Critical, ..incident(number, "New") };
        client.stream(created_event(new));
    }
    assert!(client.screen().contains("3 new \u{2191}"), "{}", client.screen());
    client.wait(60_000);
    assert!(client.screen().contains("3 new \u{2191}"), "it does not fade");
    client.press("g");
    assert!(!client.screen().contains("new \u{2191}"));
}

#[test]
fn a_start_shows_nothing_old_as_new() {
    let client = Client::live();
    assert!(client.model.list.fresh.is_empty() && client.model.list.unseen.is_empty());
    assert_eq!(client.flash(), "");
}

#[test]
fn a_command_in_an_opened_incident_leaves_it_open() {
    for keys in ["a", "m", "p enter", "c c", "R"] {
        let mut client = Client::opened();
        client.press(keys);
        let sent = client.take().into_iter().find_map(|effect| match effect {
            Effect::Command { request, .. } => Some(request),
            _ => None,
        });
        if let Some(request) = sent {
            let known = client.model.subject().expect("it is open").clone();
            let changed = next(&known, |incident| incident.status = Status::Investigating);
            client.done(request, Outcome::Changed(Box::new(changed)));
        }
        client.wait(20_000);
        assert_eq!(client.model.screen, Screen::Detail, "{keys}");
    }
}

#[test]
fn nothing_opens_or_moves_by_itself_whatever_arrives() {
    let arrivals: [fn(&mut Client); 8] = [
        |client| {
            let new = Incident { priority: Priority::Critical, ..incident(900, "All is down") };
            client.stream(created_event(new));
        },
        |client| client.stream(status_event(&incidents()[0], Status::Resolved)),
        |client| client.stream(deleted_event(&incidents()[1])),
        |client| client.stream(people_event()),
        |client| client.stream(lost()),
        |client| client.stream(hello()),
        |client| client.answer_all(unreachable),
        |client| client.wait(30_000),
    ];
    for keys in ["j", "enter", "4", "3", "6"] {
        let mut client = Client::live();
        client.press(keys);
        let (context, selected) = (client.model.context(), client.selected());
        for arrive in arrivals {
            arrive(&mut client);
            assert_eq!(client.model.context(), context, "{keys}");
            assert!(client.model.overlay.is_none());
            assert_eq!(client.selected(), selected);
        }
    }
}

#[test]
fn no_page_opens_over_somebody_who_pressed_a_key_since() {
    for keys in ["j", "k", "4", "enter", "/", "?", "- -"] {
        let mut client = own::configured(&incidents(), false);
        client.press("ctrl-x");
        let (request, _) = own::runs(&mut client).remove(0);
        client.press(keys);
        let context = client.model.context();
        client.done(request, own::said("thirty seconds later"));
        assert_eq!(client.model.context(), context, "{keys}");
        assert!(client.flash().contains(":output shows"), "{keys}: {}", client.flash());
    }
}

#[test]
fn no_box_opens_again_over_somebody_who_pressed_a_key_since() {
    for keys in ["k", "esc", "1", "?"] {
        let mut client = Client::opened();
        client.press("[ W enter");
        let (request, _) = logs::export(&mut client);
        client.press(keys);
        let context = client.model.context();
        client.done(request, Outcome::Exists("/tmp/there.log".to_owned()));
        assert_eq!(client.model.context(), context, "{keys}");
        assert_eq!(client.flash(), "/tmp/there.log is there already and stays as it is");
    }
}

#[test]
fn neither_help_nor_foot_nor_a_long_message_takes_the_head() {
    for keys in ["j", "?", "@", ":", "N", "H", "p", "A"] {
        let mut client = Client::live();
        client.press(keys);
        client.answer_all(usual);
        client.model.flash(crate::model::commands::Tone::Bad, "long words ".repeat(60));
        for height in 3..30 {
            client.resize(80, height);
            let screen = client.screen();
            assert!(screen.starts_with(" watchfire"), "{keys} {height}\n{screen}");
        }
    }
}

#[test]
fn a_list_is_left_by_q_alone_and_everything_above_it_first() {
    let mut client = Client::opened();
    client.press("? q");
    assert_eq!(client.model.context(), Context::Detail);
    client.press("q");
    assert_eq!(client.model.context(), Context::List);
    assert!(!client.take().contains(&Effect::Quit));
    client.press("q");
    assert!(client.take().contains(&Effect::Quit));
}

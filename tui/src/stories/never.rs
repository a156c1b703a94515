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
use crate::model::commands::Tone;

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

/// An incident of this status, found by this query, and opened.
fn opened(status: Status, query: &str) -> Client {
    let all = |load: &Load| match load {
        Load::Incidents { .. } => Some(page(vec![standing(status)])),
        Load::Incident(_) => Some(Outcome::Incident(Box::new(standing(status)))),
        other => usual(other),
    };
    let mut client = Client::new();
    client.stream(hello());
    client.answer_all(all);
    client.press("/ ctrl-u");
    client.type_text(query);
    client.press("enter");
    client.answer_all(all);
    client.press("enter");
    client.answer_all(all);
    client
}

fn standing(status: Status) -> Incident {
    Incident { status, ..incident(204, "Checkout is slow") }
}

#[test]
fn a_command_in_an_opened_incident_leaves_it_open() {
    type Case<'a> = (&'a str, Status, &'a dyn Fn(&mut Incident));
    let now = |status| move |incident: &mut Incident| incident.status = status;
    let cases: [Case; 5] = [
        ("a", Status::Open, &now(Status::Investigating)),
        ("m", Status::Open, &|incident| incident.assigned_to = Some(robin())),
        ("p down enter", Status::Open, &|incident| incident.priority = Priority::Low),
        ("c c", Status::Resolved, &now(Status::Closed)),
        ("R", Status::Resolved, &now(Status::Investigating)),
    ];
    for (keys, status, change) in cases {
        // With the change it belongs to the query, or not any more.
        for leaves in [false, true] {
            let query =
                if leaves { format!("status:{status} priority:medium") } else { String::new() };
            let mut client = opened(status, &query);
            client.press(keys);
            let (request, _) = client.command();
            let changed = next(&standing(status), change);
            client.done(request, Outcome::Changed(Box::new(changed.clone())));
            client.stream(updated_event(&changed));
            client.answer_all(|load| match load {
                Load::Incidents { .. } if leaves => Some(page(Vec::new())),
                Load::Incidents { .. } => Some(page(vec![changed.clone()])),
                Load::Incident(_) => Some(Outcome::Incident(Box::new(changed.clone()))),
                other => usual(other),
            });
            client.wait(20_000);
            assert_eq!(client.model.screen, Screen::Detail, "{keys}, {leaves}");
            assert!(client.screen().contains("[Overview"), "{keys}, {leaves}");
            assert!(client.screen().contains("INC-204 Checkout is slow"), "{}", client.screen());
        }
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
        client.model.flash(Tone::Bad, "long words ".repeat(60));
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
    for keys in ["3", "4", "5", "6", "7", "J", "H", "space H", "@", "? j", "enter [", "4 ?"] {
        let mut client = Client::live();
        client.press(keys);
        client.answer_all(usual);
        let mut left = 0;
        while client.model.context() != Context::List || client.model.screen != Screen::Incidents {
            client.press("q");
            client.answer_all(usual);
            assert!(!client.take().contains(&Effect::Quit), "{keys}");
            left += 1;
            assert!(left <= 2, "{keys} is not left by q:\n{}", client.screen());
        }
        assert!(left > 0, "{keys} leads nowhere");
    }
}

#[test]
fn what_was_read_gives_the_keys_of_a_sheet_back_and_what_is_new_stays() {
    let mut client = Client::live();
    let refused = "INC-150 was not changed: its priority is high now";
    let whole = format!("{refused}, by somebody who was faster, two seconds ago");
    client.model.flash(Tone::Bad, whole.as_str());
    client.press("n");
    assert!(client.screen().contains(refused), "nobody has seen it yet: {}", client.screen());
    client.wait(4_000);
    client.type_text("x");
    assert!(client.screen().contains("enter send"), "{}", client.screen());
    let mut client = Client::live();
    client.model.flash(Tone::Bad, whole);
    client.wait(5_000);
    client.press("j");
    assert!(client.screen().contains(refused), "the list needs no room: {}", client.screen());
}

#[test]
fn a_key_that_means_nothing_says_so_but_hides_nothing() {
    let mut client = Client::live();
    client.press("X");
    assert_eq!(client.flash(), "X does nothing here; ? lists the keys");
    client.press("Y");
    assert_eq!(client.flash(), "Y does nothing here; ? lists the keys");
    client.model.flash(Tone::Bad, "INC-204 was refused");
    client.press("X");
    assert_eq!(client.flash(), "INC-204 was refused");
}

#[test]
fn the_head_drops_what_is_critical_last() {
    let mut client = Client::live();
    for width in [80, 70, 60, 52, 44] {
        client.resize(width, 24);
        let head = client.screen().lines().next().unwrap().to_owned();
        let shown = ["▲▲ 2", "12 open", "4 invest.", "7 resolved"].map(|it| head.contains(it));
        assert!(shown.is_sorted_by(|before, after| before >= after), "{head}");
        assert!(shown[0], "{head}");
    }
}

#[test]
fn a_title_that_is_cut_in_its_row_is_told_below_the_list() {
    let title = "Resolver fails on shard eu-3 since the deploy of this morning";
    let mut client = Client::new().connected(&[incident(9, title)]);
    client.press("j");
    let screen = client.screen();
    assert!(screen.contains("INC-9  Resolver fails on shard eu-3 since the …  opened"), "{screen}");
    client.resize(200, 60);
    assert!(client.screen().contains("INC-9  opened"), "it is told beside the list");
}

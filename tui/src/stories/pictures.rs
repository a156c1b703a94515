//! Snapshots: each screen empty, loaded, failed, narrow and plain. The clock stands still.

use std::time::Duration;

use super::cached;
use super::client::Client;
use super::handover;
use super::logs;
use super::plant;
use super::world::*;
use crate::effect::{Effect, Load};
use crate::event::{Event, Failure, FailureKind, Outcome, StreamEvent};
use crate::handover::Shift;
use crate::model::{Look, Screen};
use watchfire_shared::incident::Status;
use watchfire_shared::page::Page;

macro_rules! picture {
    ($name:expr, $client:expr) => {
        insta::assert_snapshot!($name, $client.screen())
    };
}

const NARROW: (u16, u16) = (44, 14);

/// Neither colour nor UTF-8.
fn plain() -> Client {
    Client::with(|start| {
        start.look = Look { colour: false, unicode: false };
    })
}

fn nothing(load: &Load) -> Option<Outcome> {
    Some(match load {
        Load::Incidents { .. } => page(Vec::new()),
        Load::Timeline { .. } => Outcome::Timeline(Page { items: Vec::new(), next_cursor: None }),
        Load::Alerts { .. } => Outcome::Alerts(Page { items: Vec::new(), next_cursor: None }),
        Load::Assessments { .. } => {
            Outcome::Assessments(Page { items: Vec::new(), next_cursor: None })
        }
        Load::Logs { .. } | Load::AllLogs { .. } => {
            Outcome::Logs(Page { items: Vec::new(), next_cursor: None })
        }
        Load::CacheStats => Outcome::CacheStats(Box::new(cached::fresh())),
        Load::Users => Outcome::Users(Page { items: vec![admin()], next_cursor: None }),
        Load::Handover { since } => {
            let shift = handover::shift(*since);
            Outcome::Handover(Box::new(Shift { open: Vec::new(), over: Vec::new(), ..shift }))
        }
        // There is no daemon without parts; this one says nothing yet.
        Load::Health => return None,
        other => return usual(other),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where an answer may be missing")]
fn fails(load: &Load) -> Option<Outcome> {
    Some(match load {
        Load::Me => Outcome::Me(admin()),
        _ => Outcome::Failed(offline()),
    })
}

/// The same screen in its five states, as an admin sees it; `keys` lead there from the list.
fn five(name: &str, keys: &str, screen: Screen) {
    let go = |client: &mut Client, answer: &dyn Fn(&Load) -> Option<Outcome>| {
        client.model.me = Some(admin());
        for key in keys.split(' ').filter(|key| !key.is_empty()) {
            client.press(key);
            client.answer_all(answer);
        }
        assert_eq!(client.model.screen, screen, "{name}");
    };
    let mut loaded = Client::live();
    go(&mut loaded, &usual);
    picture!(format!("{name}_loaded"), loaded);
    loaded.resize(NARROW.0, NARROW.1);
    loaded.answer_all(usual);
    picture!(format!("{name}_narrow"), loaded);

    let mut plain = plain().connected(&incidents());
    go(&mut plain, &usual);
    picture!(format!("{name}_plain"), plain);

    // To open something there must be something to open.
    let in_list = keys.is_empty();
    let all = incidents();
    let mut empty = Client::new().connected(if in_list { &[] } else { &all });
    go(&mut empty, &nothing);
    picture!(format!("{name}_empty"), empty);

    let mut failed = if in_list { Client::new() } else { Client::live() };
    failed.answer_all(fails);
    go(&mut failed, &fails);
    picture!(format!("{name}_failed"), failed);
}

#[test]
fn the_list() {
    five("list", "", Screen::Incidents);
}

#[test]
fn the_overview() {
    five("overview", "enter", Screen::Detail);
}

#[test]
fn the_timeline() {
    five("timeline", "enter tab", Screen::Detail);
}

#[test]
fn the_alerts() {
    five("alerts", "enter tab tab", Screen::Detail);
}

#[test]
fn the_assessment() {
    five("assessment", "enter tab tab tab", Screen::Detail);
}

#[test]
fn the_patterns() {
    five("patterns", "enter [ P", Screen::Detail);
}

#[test]
fn assessments_on_a_wide_screen() {
    let mut client = Client::opened();
    client.press("tab tab tab");
    client.answer_all(usual);
    client.resize(200, 60);
    picture!("assessment_200", client);
    client.press("tab P");
    client.answer_all(usual);
    picture!("patterns_200", client);
}

#[test]
fn the_logs() {
    five("logs", "enter [", Screen::Detail);
}

#[test]
fn the_logs_of_all_incidents() {
    five("across", "3", Screen::Logs);
    let mut client = Client::live();
    client.press("3");
    client.answer_all(usual);
    client.resize(200, 60);
    client.answer_all(usual);
    picture!("across_200", client);
}

#[test]
fn writing_lines_to_a_file() {
    let mut client = Client::opened();
    client.press("[ v v W");
    picture!("export", client);
    client.press("enter");
    let (request, _) = logs::export(&mut client);
    client.event(Event::Progress { request, lines: 12_000 });
    picture!("export_under_way", client);
}

#[test]
fn the_logs_searched() {
    for (name, look) in [
        ("", Look { colour: true, unicode: true }),
        ("_plain", Look { colour: false, unicode: false }),
    ] {
        let mut client = Client::with(|start| start.look = look).connected(&incidents());
        client.press("enter [ v v v /");
        client.answer_all(logs::passing);
        client.type_text("time");
        client.press("enter x k k");
        client.answer_all(logs::passing);
        client.wait(6_000);
        picture!(format!("logs_searched{name}"), client);
        client.press("x T w");
        client.resize(200, 60);
        client.answer_all(logs::passing);
        client.wait(6_000);
        picture!(format!("logs_searched_200{name}"), client);
        client.press("/ tab");
        client.type_text("(out");
        client.resize(80, 24);
        picture!(format!("logs_mistake{name}"), client);
        client.resize(NARROW.0, NARROW.1);
        picture!(format!("logs_mistake_narrow{name}"), client);
    }
}

#[test]
fn the_cache() {
    five("cache", "4", Screen::Cache);
}

#[test]
fn the_health() {
    five("health", "6", Screen::Health);
}

#[test]
fn the_people() {
    five("people", "7", Screen::People);
}

#[test]
fn the_events() {
    let at_events = |mut client: Client, answer: &dyn Fn(&Load) -> Option<Outcome>| {
        client.press("5");
        client.answer_all(answer);
        client
    };
    let mut empty = at_events(Client::live(), &usual);
    picture!("events_empty", empty);
    empty.resize(NARROW.0, NARROW.1);
    picture!("events_empty_narrow", empty);
    let failed = at_events(Client::live(), &fails);
    picture!("events_failed", failed);
}

/// An admin on the events screen of an installation with much to say.
fn busy_events(look: Look) -> Client {
    let mut client = Client::with(|start| start.look = look);
    client.stream(hello());
    for fact in timeline() {
        client.stream(StreamEvent::Event(Box::new(fact)));
    }
    client.stream(people_event());
    client.stream(hello());
    client.stream(status_event(&incidents()[3], Status::Closed));
    client.press("5");
    client.answer_all(|load| plant::answer(load, &plant::letters()));
    client
}

#[test]
fn the_events_of_a_busy_installation() {
    let mut client = busy_events(Look { colour: true, unicode: true });
    client.press("j");
    picture!("events_parked", client);
    client.press("x enter");
    client.type_text("counted by hand");
    picture!("events_discard", client);
    client.press("esc");
    client.wait(20_000);
    client.answer_all(fails);
    client.wait(3_000);
    picture!("events_old", client);
    client.resize(NARROW.0, NARROW.1);
    picture!("events_parked_narrow", client);
}

#[test]
fn events_that_could_not_be_published() {
    let loaded = |load: &Load| match load {
        Load::Outbox => Some(plant::outbox_with(&[plant::failed(1), plant::failed(2)])),
        other => plant::answer(other, &plant::letters()),
    };
    let mut client = Client::live();
    client.press("5");
    client.answer_all(loaded);
    client.press("g");
    picture!("events_unpublished", client);
    client.resize(NARROW.0, NARROW.1);
    picture!("events_unpublished_narrow", client);
    client.resize(200, 60);
    client.model.look = Look { colour: false, unicode: false };
    picture!("events_unpublished_200_plain", client);
}

#[test]
fn the_events_on_a_wide_screen() {
    let mut client = busy_events(Look { colour: true, unicode: true });
    client.resize(200, 60);
    picture!("events_200", client);
    client.resize(120, 30);
    picture!("events_120", client);
    let plain = busy_events(Look { colour: false, unicode: false });
    picture!("events_parked_plain", plain);
}

#[test]
fn wide_screens_show_more() {
    let mut client = Client::live();
    client.resize(120, 30);
    picture!("list_120", client);
    client.resize(200, 60);
    picture!("list_200", client);
    client.press("j enter");
    client.answer_all(usual);
    picture!("incident_200", client);
    client.press("tab");
    client.resize(120, 30);
    picture!("incident_120", client);
}

#[test]
fn help() {
    let mut client = Client::live();
    client.press("?");
    picture!("help", client);
    narrow_and_plain("help", |client| client.press("?"));
}

/// What `open` puts over the list, on a small screen and on one without colour and UTF-8.
fn narrow_and_plain(name: &str, open: impl Fn(&mut Client)) {
    let mut narrow = Client::live();
    open(&mut narrow);
    narrow.resize(NARROW.0, NARROW.1);
    picture!(format!("{name}_narrow"), narrow);
    let mut plain = plain().connected(&incidents());
    open(&mut plain);
    picture!(format!("{name}_plain"), plain);
}

#[test]
fn raw_json_and_what_to_copy() {
    narrow_and_plain("json", |client| client.press("J"));
    narrow_and_plain("copy", |client| client.press("y"));
}

#[test]
fn the_command_log() {
    narrow_and_plain("commands", |client| {
        client.press("a m @");
        client.wait(14_000);
    });
    let mut empty = Client::live();
    empty.press("@");
    picture!("commands_empty", empty);
}

#[test]
fn the_handover() {
    let open = |client: &mut Client, answer: &dyn Fn(&Load) -> Option<Outcome>| {
        client.press(":");
        client.type_text("handover");
        client.press("enter");
        client.answer_all(answer);
    };
    narrow_and_plain("shift", |client| open(client, &usual));
    for (name, answer) in [("empty", &nothing as &dyn Fn(&Load) -> _), ("failed", &fails)] {
        let mut client = Client::live();
        open(&mut client, answer);
        picture!(format!("shift_{name}"), client);
    }
}

#[test]
fn sheets() {
    let mut client = Client::live();
    client.press("j p");
    picture!("priority", client);
    client.press("esc M");
    picture!("assign_loading", client);
    client.answer_all(usual);
    client.press("down");
    picture!("assign", client);
    client.press("esc n");
    client.type_text("The pool is exhausted; ");
    client.event(Event::Paste("rolling back\nto 1.41".to_owned()));
    picture!("comment", client);
    client.press("esc");
    client.wait(10_000);
    client.press("N enter");
    picture!("new_incident_wrong", client);
    client.type_text("Disk full on db-eu-3");
    client.press("tab left");
    picture!("new_incident", client);
}

#[test]
fn marked_incidents() {
    let mut client = Client::live();
    client.press("space space G space");
    client.stream(deleted_event(&incidents()[0]));
    picture!("marked", client);
    client.resize(200, 60);
    picture!("marked_wide", client);
    client.resize(NARROW.0, NARROW.1);
    client.model.look = Look { colour: false, unicode: false };
    picture!("marked_narrow_plain", client);
}

#[test]
fn a_question_about_many() {
    let mut client = Client::live();
    client.press("* a");
    client.stream(status_event(&incidents()[0], Status::Investigating));
    picture!("question", client);
    client.resize(200, 60);
    picture!("question_wide", client);
    client.resize(NARROW.0, NARROW.1);
    client.model.look = Look { colour: false, unicode: false };
    picture!("question_narrow_plain", client);
    client.resize(80, 24);
    client.press("enter");
    picture!("batch_under_way_plain", client);
}

#[test]
fn writing_a_title_and_undoing() {
    let mut client = Client::live();
    client.press("t");
    client.type_text(" in eu");
    picture!("title", client);
    let other = next(&incidents()[0], |incident| incident.title = "Robin was here".to_owned());
    client.stream(updated_event(&other));
    client.resize(200, 60);
    picture!("title_changed_wide", client);
}

#[test]
fn the_query_bar() {
    let mut client = Client::live();
    client.press("/");
    client.type_text("priority:>=hihg");
    picture!("query_mistake", client);
}

#[test]
fn what_happens_to_a_command() {
    let mut client = Client::live();
    client.press("a m");
    picture!("pending", client);
    let requests: Vec<_> = client
        .take()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Command { request, .. } => Some(request),
            _ => None,
        })
        .collect();
    let changed = next(&incidents()[0], |incident| incident.status = Status::Investigating);
    client.done(requests[0], Outcome::Changed(Box::new(changed)));
    picture!("done", client);
    client.done(requests[1], Outcome::Failed(offline()));
    picture!("failed_command", client);
    client.press("@");
    client.wait(20_000);
    picture!("command_log", client);
}

#[test]
fn connections() {
    let mut client = Client::new();
    picture!("connecting", client);
    client = Client::live();
    client.wait(14_000);
    picture!("old", client);
    client.stream(StreamEvent::Lost {
        reason: "connection refused".to_owned(),
        retry_in: Duration::from_secs(3),
    });
    picture!("offline", client);
}

#[test]
fn signing_in() {
    let mut client = Client::with(|start| start.signed_in = false);
    picture!("sign_in", client);
    client.type_text("dana@example.com");
    client.press("enter");
    client.type_text("secret");
    picture!("sign_in_password", client);
    client.press("enter");
    picture!("sign_in_waiting", client);
    client.resize(NARROW.0, NARROW.1);
    picture!("sign_in_narrow", client);
    client.resize(80, 24);
    let signs_in = |effect: &Effect| match effect {
        Effect::SignIn { request, .. } => Some(*request),
        _ => None,
    };
    let request = client.take().iter().find_map(signs_in).expect("it asks");
    let wrong = Failure::new(FailureKind::Refused, "E-mail or password is wrong");
    client.done(request, Outcome::Failed(wrong));
    picture!("sign_in_failed", client);
    client.model.look = Look { colour: false, unicode: false };
    picture!("sign_in_plain", client);
}

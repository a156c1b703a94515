//! The bell and the desktop: for what is new and critical, where that was asked for, and never twice in
//! a moment.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use watchfire_shared::event::{Actor, ActorKind, Fact, FromTo};
use watchfire_shared::incident::{Incident, Priority};

use super::client::Client;
use super::world::*;
use crate::effect::Effect;
use crate::event::StreamEvent;
use crate::model::notify::{Bell, Desktop, Notify, Wanted};
use crate::settings;

const WANTED: Wanted = Wanted { bell: Bell::Critical, desktop: Some(Desktop::Osc9) };

fn listening() -> Client {
    Client::with(|start| start.setup.notify = WANTED).connected(&incidents())
}

fn critical(number: i64) -> Incident {
    Incident { priority: Priority::Critical, ..incident(number, "Checkout is down") }
}

/// What was told since the last look.
fn told(client: &mut Client) -> Vec<String> {
    let all = client.take().into_iter();
    let told = all.filter_map(|effect| match effect {
        Effect::Notify { notify, text } => {
            assert_eq!(notify, WANTED.of(true));
            Some(text)
        }
        _ => None,
    });
    told.collect()
}

#[test]
fn a_new_critical_incident_is_told_once() {
    let mut client = listening();
    client.stream(created_event(critical(300)));
    assert_eq!(told(&mut client), ["INC-300 is critical: Checkout is down"]);
    client.wait(60_000);
    assert!(told(&mut client).is_empty());
}

#[test]
fn nothing_is_told_that_nobody_asked_for() {
    let mut client = Client::live();
    client.stream(created_event(critical(300)));
    client.wait(10_000);
    assert!(told(&mut client).is_empty());
    let mut client = listening();
    client.stream(created_event(incident(301, "Medium")));
    client.stream(updated_event(&next(&incidents()[0], |it| it.title = "Another".to_owned())));
    assert!(told(&mut client).is_empty(), "neither what is less nor what was critical before");
}

#[test]
fn what_becomes_critical_is_new_and_what_one_did_oneself_is_not() {
    let mut client = listening();
    let raised = next(&incidents()[1], |it| it.priority = Priority::Critical);
    let change = FromTo { from: json!("high"), to: json!("critical") };
    let changes = BTreeMap::from([("priority".to_owned(), change)]);
    let by = |actor, number| {
        let incident = Incident { version: raised.version + number, ..raised.clone() };
        let fact = Fact::IncidentUpdated { incident, changes: changes.clone() };
        StreamEvent::Event(Box::new(super::world::told(fact, actor, 0)))
    };
    let own = Actor { kind: ActorKind::User, id: Some(me().id.0), name: me().name };
    client.stream(by(own, 0));
    assert!(told(&mut client).is_empty());
    client.stream(by(actor("robin"), 1));
    assert_eq!(told(&mut client).len(), 1);
}

#[test]
fn neither_the_first_page_nor_what_was_missed_is_news() {
    let mut client = listening();
    assert!(told(&mut client).is_empty(), "a critical one is on the first page");
    client.stream(StreamEvent::Resumed);
    client.stream(created_event(critical(300)));
    client.wait(1_000);
    client.answer_all(usual);
    assert!(told(&mut client).is_empty(), "it happened while nobody was connected");
    client.stream(StreamEvent::Heartbeat { position: 200 });
    client.stream(created_event(critical(301)));
    assert_eq!(told(&mut client), ["INC-301 is critical: Checkout is down"]);
    client.stream(hello());
    client.answer_all(usual);
    assert!(told(&mut client).is_empty());
}

#[test]
fn in_a_storm_there_is_one_every_few_seconds() {
    let mut client = listening();
    let mut all = Vec::new();
    for number in 300..340 {
        client.stream(created_event(critical(number)));
        client.wait(250);
        all.extend(told(&mut client));
    }
    client.wait(20_000);
    all.extend(told(&mut client));
    assert_eq!(all[0], "INC-300 is critical: Checkout is down");
    assert_eq!(all.len(), 3, "in ten seconds: {all:?}");
    assert_eq!(all[1], "19 new critical incidents, from INC-301 on");
}

#[test]
fn it_is_configured_in_the_file_and_a_mistake_is_told() {
    let file = Path::new("config.toml");
    let text = "[notify]\nbell = true\ndesktop = \"osc9\"\n";
    let (read, mistakes) = settings::read(file, text);
    assert_eq!((read.setup.notify, mistakes.len()), (WANTED, 0));
    let text = "[notify]\nbell = \"loud\"\ndesktop = \"smoke\"\nflag = 1\n";
    let (read, mistakes) = settings::read(file, text);
    let lines: Vec<usize> = mistakes.iter().map(|mistake| mistake.line).collect();
    assert_eq!((read.setup.notify, lines), (Wanted::default(), vec![2, 3, 4]));
}

#[test]
fn every_new_row_rings_where_that_was_asked_for_and_nothing_else() {
    let wanted = Wanted { bell: Bell::New, desktop: Some(Desktop::Osc9) };
    let mut client = Client::with(|start| start.setup.notify = wanted).connected(&incidents());
    let rung = |client: &mut Client| {
        let all = client.take().into_iter();
        let told = all.filter_map(|effect| match effect {
            Effect::Notify { notify, text } => Some((notify, text)),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    client.stream(created_event(incident(300, "Slow")));
    let bell = Notify { bell: true, desktop: None };
    assert_eq!(rung(&mut client), [(bell, "INC-300 is new: Slow".to_owned())]);
    client.stream(created_event(incident(301, "Slow")));
    client.stream(created_event(critical(302)));
    client.stream(created_event(incident(303, "Slow")));
    client.stream(updated_event(&next(&incidents()[1], |it| it.title = "Another".to_owned())));
    assert!(rung(&mut client).is_empty(), "once in five seconds");
    client.wait(6_000);
    let both = Notify { bell: true, desktop: Some(Desktop::Osc9) };
    assert_eq!(rung(&mut client), [(both, "INC-302 is critical: Checkout is down".to_owned())]);
    client.wait(6_000);
    // What the list does not show is no row.
    client.press("/");
    client.type_text("service:search");
    client.press("enter");
    client.answer_all(usual);
    client.take();
    client.stream(created_event(incident(304, "Slow")));
    assert!(rung(&mut client).is_empty());
    client.stream(created_event(critical(305)));
    assert_eq!(rung(&mut client).len(), 1, "what is critical always");
}

#[test]
fn the_bell_is_true_false_or_new() {
    let file = Path::new("config.toml");
    for (text, bell) in [("true", Bell::Critical), ("false", Bell::Nothing), ("\"new\"", Bell::New)]
    {
        let (read, mistakes) = settings::read(file, &format!("[notify]\nbell = {text}\n"));
        assert_eq!((read.setup.notify.bell, mistakes.len()), (bell, 0));
    }
}

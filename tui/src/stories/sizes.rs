//! Every screen at every size, with text that tries everything.

use std::collections::BTreeMap;

use watchfire_shared::alert::AlertStatus;
use watchfire_shared::dead_letter::DeadLetter;
use watchfire_shared::event::Fact;
use watchfire_shared::incident::{Incident, Labels};
use watchfire_shared::log::Level;
use watchfire_shared::outbox::FailedEvent;
use watchfire_shared::page::Page;
use watchfire_shared::user::{UserOut, UserRef};

use super::client::Client;
use super::handover::shift;
use super::plant::{failed, fleet, kafka, letter, letters_page};
use super::world::*;
use crate::effect::Load;
use crate::event::{Event, Failure, FailureKind, Outcome, StreamEvent};
use crate::handover::Said;
use crate::safe::SafeText;

fn hostile_incident(incident: &Incident) -> Incident {
    Incident {
        title: hostile(),
        service: hostile(),
        assigned_to: Some(UserRef { name: hostile(), ..robin() }),
        created_by: actor(&hostile()),
        labels: Labels::from([(hostile(), hostile()), ("a".to_owned(), hostile())]),
        description: Some(hostile()),
        score: Some(f64::NAN),
        log_count: i64::MAX,
        firing_alerts: i64::MAX,
        ..incident.clone()
    }
}

pub fn answer(load: &Load) -> Option<Outcome> {
    Some(match load {
        Load::Incidents { .. } => page(incidents().iter().map(hostile_incident).collect()),
        Load::Incident(wanted) => {
            let found = incidents().into_iter().find(|i| i.id == *wanted)?;
            Outcome::Incident(Box::new(hostile_incident(&found)))
        }
        Load::Me => Outcome::Me(UserOut { name: hostile(), ..admin() }),
        Load::Users => Outcome::Users(Page {
            items: vec![UserOut { name: hostile(), ..me() }],
            next_cursor: None,
        }),
        Load::Alerts { .. } => {
            let mut alert = alert(1, AlertStatus::Firing);
            alert.severity = hostile();
            alert.labels = BTreeMap::from([(hostile(), hostile())]);
            alert.annotations = BTreeMap::from([("summary".to_owned(), hostile())]);
            Outcome::Alerts(Page { items: vec![alert; 30], next_cursor: None })
        }
        Load::Assessments { .. } => {
            let mut items = assessments();
            for assessment in &mut items {
                assessment.component = hostile();
                assessment.requested_by = actor(&hostile());
                assessment.error = Some(hostile());
                if let Some(summary) = &mut assessment.summary {
                    summary.lines = i64::MAX;
                    summary.top_messages[0].message = hostile();
                    summary.top_messages[0].count = i64::MAX;
                }
            }
            Outcome::Assessments(Page { items, next_cursor: None })
        }
        Load::Timeline { .. } => {
            let mut facts = timeline();
            for fact in &mut facts {
                fact.actor.name = hostile();
                if let Fact::IncidentCommented { body, .. } = &mut fact.fact {
                    *body = hostile();
                }
            }
            Outcome::Timeline(Page { items: facts, next_cursor: None })
        }
        Load::Logs { after: None, .. } | Load::AllLogs { after: None, .. } => {
            let items = (1..=80).map(|seq| {
                let mut entry = line(seq, Level::Error, &hostile());
                entry.source = hostile();
                entry.fields.insert(hostile(), hostile().into());
                entry
            });
            Outcome::Logs(Page { items: items.collect(), next_cursor: None })
        }
        Load::Handover { since } | Load::HandoverOf { since, .. } => {
            let mut shift = shift(*since);
            for entry in shift.open.iter_mut().chain(&mut shift.over) {
                entry.incident = hostile_incident(&entry.incident);
                entry.comment = Some(Said { by: hostile(), at: ago(60), text: hostile() });
            }
            Outcome::Handover(Box::new(shift))
        }
        Load::Health => {
            let mut health = health();
            health.parts.worker.reason = Some(hostile());
            health.parts.database.kind = hostile();
            Outcome::Health(Box::new(health))
        }
        Load::Outbox => {
            let mut status = kafka();
            (status.transport, status.leader) = (hostile(), Some(hostile()));
            (status.oldest_pending_seconds, status.pending) = (Some(f64::NAN), i64::MAX);
            let event = |number| FailedEvent { cause: hostile(), ..failed(number) };
            status.items = (1..4).map(event).collect();
            Outcome::Outbox(Box::new(status))
        }
        Load::Processes => {
            let mut fleet = fleet();
            for process in &mut fleet.items {
                process.name = hostile();
                if let Some(worker) = &mut process.figures.worker {
                    worker.source = hostile();
                    worker.trouble = Some(hostile());
                    worker.lag = i64::MAX;
                    worker.rate_1m = f64::INFINITY;
                }
                if let Some(relay) = &mut process.figures.relay {
                    relay.trouble = Some(hostile());
                }
            }
            Outcome::Processes(fleet)
        }
        Load::DeadLetters { .. } => {
            let parked = |number| {
                let (cause, consumer) = (hostile(), hostile());
                DeadLetter { cause, consumer, attempts: i64::MAX, ..letter(number) }
            };
            letters_page((12..30).map(parked).collect())
        }
        other => return usual(other),
    })
}

fn loaded() -> Client {
    let mut client = Client::with(|start| start.address = hostile());
    client.stream(hello());
    let mut fact = told(Fact::IncidentCreated { incident: incident(1, &hostile()) }, actor("x"), 0);
    fact.actor.name = hostile();
    client.stream(StreamEvent::Event(Box::new(fact)));
    client.stream(hello());
    client.answer_all(answer);
    client
}

/// A client by the keys that lead to its screen, everything answered.
fn at(keys: &str) -> Client {
    let mut client = loaded();
    for key in keys.split(' ').filter(|key| !key.is_empty()) {
        client.press(key);
        client.answer_all(answer);
    }
    client
}

pub fn screens() -> Vec<(&'static str, Client)> {
    let mut screens: Vec<(&str, Client)> = [
        "",
        "/",
        "enter",
        "enter tab",
        "enter tab tab",
        "enter tab tab tab",
        "enter [ P",
        "enter [",
        "enter /",
        "4",
        "3",
        "3 /",
        "5",
        "5 x",
        "enter [ W",
        "b",
        "6",
        "7",
        "7 r",
        "7 a",
        "7 x",
        "?",
        "@",
        "p",
        "E",
        "* a",
        "* n",
        "M",
        "t",
        "n",
        "N",
        ":",
        "y",
        "enter [ y",
        "J",
        ": h a n d o v e r enter",
    ]
    .into_iter()
    .map(|keys| (keys, at(keys)))
    .collect();
    for (_, client) in &mut screens {
        client.event(Event::Paste(hostile()));
    }
    let mut signing_in = Client::with(|start| {
        start.signed_in = false;
        start.address = hostile();
    });
    signing_in.event(Event::Paste(hostile()));
    screens.push(("sign in", signing_in));
    let mut refused = at("a");
    let failure = Failure::new(FailureKind::Unreadable, hostile());
    let (request, _) = refused.command();
    refused.done(request, Outcome::Failed(failure.clone()));
    screens.push(("flash", refused));
    let mut empty = Client::new();
    empty.answer_all(|_| Some(Outcome::Failed(failure.clone())));
    screens.push(("failed", empty));
    screens
}

fn draw(name: &str, client: &mut Client, width: u16, height: u16) {
    client.resize(width, height);
    client.answer_all(answer);
    let buffer = client.buffer();
    for cell in buffer.content() {
        let symbol = cell.symbol();
        let safe = SafeText::line(symbol);
        assert_eq!(safe.as_str(), symbol, "{name} at {width}×{height}");
    }
}

#[test]
fn every_screen_is_drawn_at_every_small_size() {
    for (name, client) in &mut screens() {
        for height in 0..=12 {
            for width in 0..=20 {
                draw(name, client, width, height);
            }
        }
    }
}

#[test]
fn every_screen_is_drawn_at_larger_sizes() {
    for (name, client) in &mut screens() {
        for height in [1, 3, 8, 24, 60] {
            for width in [1, 21, 34, 59, 80, 120, 150, 250] {
                draw(name, client, width, height);
            }
        }
    }
}

#[test]
fn keys_do_no_harm_on_a_screen_without_room() {
    for (width, height) in [(0, 0), (1, 1), (5, 2), (3, 30)] {
        for (name, mut client) in screens() {
            client.resize(width, height);
            for key in ["j", "k", "G", "g", "ctrl-d", "ctrl-u", "pgdn", "pgup", "tab", "f", "left"]
            {
                client.press(key);
                client.answer_all(answer);
            }
            draw(name, &mut client, width, height);
        }
    }
}

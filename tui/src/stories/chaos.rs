//! Whatever happens, in whatever order: nothing panics, nothing goes backwards, nothing spins.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::*;
use watchfire_shared::event::{Fact, Hello};
use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::{Incident, Priority, Status};

use super::client::Client;
use super::world::*;
use crate::effect::{Command, Effect, RequestId};
use crate::event::{Event, Outcome, StreamEvent};

#[derive(Debug, Clone)]
enum Step {
    Key(&'static str),
    Type(String),
    /// A fact about one of ten incidents: its number, and how it changes it.
    Fact(i64, Change),
    /// Answers one of the open questions, well or badly; the others wait.
    Answer {
        which: usize,
        well: bool,
    },
    Wait(i64),
    Resize(u16, u16),
    Connection(u8),
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Status(Status),
    Priority(Priority),
    Delete,
}

const KEYS: &[&str] = &[
    "j",
    "k",
    "g",
    "G",
    "ctrl-d",
    "ctrl-u",
    "enter",
    "esc",
    "tab",
    "shift-tab",
    "/",
    "?",
    "a",
    "r",
    "c",
    "R",
    "o",
    "m",
    "M",
    "p",
    "n",
    "N",
    "1",
    "2",
    "f",
    "v",
    "V",
    "@",
    "ctrl-r",
    "left",
    "right",
    "backspace",
    "space",
    "up",
    "down",
];

fn step() -> impl Strategy<Value = Step> {
    let change = prop_oneof![
        4 => prop::sample::select(Status::ALL).prop_map(Change::Status),
        4 => prop::sample::select(Priority::ALL).prop_map(Change::Priority),
        1 => Just(Change::Delete),
    ];
    prop_oneof![
        8 => prop::sample::select(KEYS).prop_map(Step::Key),
        1 => "[a-z:<?q ]{1,6}".prop_map(Step::Type),
        5 => (200_i64..210, change).prop_map(|(number, change)| Step::Fact(number, change)),
        6 => (0_usize..8, prop::bool::weighted(0.8))
            .prop_map(|(which, well)| Step::Answer { which, well }),
        3 => (0_i64..20_000).prop_map(Step::Wait),
        1 => (0_u16..160, 0_u16..40).prop_map(|(w, h)| Step::Resize(w, h)),
        2 => (0_u8..6).prop_map(Step::Connection),
    ]
}

/// The daemon's truth, and what the client was seen to believe.
#[derive(Default)]
struct Truth {
    incidents: HashMap<i64, Incident>,
    /// An id is never used again.
    deleted: HashSet<i64>,
    seen: HashMap<IncidentId, i64>,
    /// The list as it was when it was asked for: an answer may be as old as its question.
    pages: HashMap<RequestId, Vec<Incident>>,
}

impl Truth {
    fn fact(&mut self, number: i64, change: Change) -> StreamEvent {
        if self.deleted.contains(&number) {
            return StreamEvent::Heartbeat { position: 9 };
        }
        let fresh = || Incident { version: 0, ..incident(number, "Something happens") };
        let mut incident = self.incidents.remove(&number).unwrap_or_else(fresh);
        incident.version += 1;
        let fact = match change {
            Change::Delete => Fact::IncidentDeleted { incident: incident.clone() },
            Change::Status(to) => {
                let from = incident.status;
                incident.status = to;
                Fact::IncidentStatusChanged { incident: incident.clone(), from, to, note: None }
            }
            Change::Priority(to) => {
                incident.priority = to;
                Fact::IncidentUpdated {
                    incident: incident.clone(),
                    changes: std::collections::BTreeMap::default(),
                }
            }
        };
        if matches!(change, Change::Delete) {
            self.deleted.insert(number);
        } else {
            self.incidents.insert(number, incident);
        }
        StreamEvent::Event(Box::new(told(fact, actor("robin"), 0)))
    }
}

fn answer(client: &mut Client, truth: &Truth, which: usize, well: bool) {
    if client.effects.is_empty() {
        return;
    }
    let (request, outcome) = match client.effects.remove(which % client.effects.len()) {
        Effect::Load { request, load } => {
            let list = || page(truth.pages.get(&request).cloned().unwrap_or_default());
            let outcome = match load {
                crate::effect::Load::Incidents { .. } => Some(list()),
                other => usual(&other),
            };
            (request, outcome)
        }
        Effect::Command { request, command } => {
            let outcome = match command {
                Command::Patch { id: about, .. } => {
                    let known = truth.incidents.values().find(|i| i.id == about);
                    known.map(|i| Outcome::Changed(Box::new(i.clone())))
                }
                Command::Create(_) => {
                    Some(Outcome::Changed(Box::new(incident(300, "Made by hand"))))
                }
                Command::Comment { .. } => None,
            };
            (request, outcome)
        }
        Effect::SignIn { request, .. } => (request, Some(Outcome::SignedIn)),
        Effect::Reconnect | Effect::Quit => return,
    };
    let outcome = outcome.filter(|_| well);
    client.done(request, outcome.unwrap_or_else(|| Outcome::Failed(offline())));
}

fn connection(client: &mut Client, kind: u8) {
    let head = Hello { log_id: log(), position: 9 };
    client.stream(match kind {
        0 => StreamEvent::Connecting,
        1 => StreamEvent::Hello(head),
        2 => StreamEvent::Resumed,
        3 => StreamEvent::Heartbeat { position: 9 },
        4 => StreamEvent::Resync(head),
        _ => StreamEvent::Lost {
            reason: "connection reset".to_owned(),
            retry_in: Duration::from_millis(1500),
        },
    });
}

fn take(client: &mut Client, truth: &mut Truth, step: &Step) {
    match step {
        Step::Key(key) => client.press(key),
        Step::Type(text) => client.type_text(text),
        Step::Fact(number, change) => {
            let event = truth.fact(*number, *change);
            client.stream(event);
        }
        Step::Answer { which, well } => answer(client, truth, *which, *well),
        Step::Wait(milliseconds) => client.wait(*milliseconds),
        Step::Resize(width, height) => client.resize(*width, *height),
        Step::Connection(kind) => {
            connection(client, *kind);
            if *kind == 4 {
                truth.seen.clear();
            }
        }
    }
}

/// Notes what the daemon would have read for the questions just asked.
fn note_pages(client: &Client, truth: &mut Truth) {
    for effect in &client.effects {
        if let Effect::Load { request, .. } = effect {
            let now = || truth.incidents.values().cloned().collect();
            truth.pages.entry(*request).or_insert_with(now);
        }
    }
}

fn check(client: &Client, truth: &mut Truth) {
    note_pages(client, truth);
    let model = &client.model;
    let list = &model.list;
    assert_eq!(list.selected.is_none(), list.rows.is_empty());
    if let Some(selected) = list.selected {
        assert!(list.rows.contains(&selected), "the cursor is on a row");
    }
    assert!(list.offset <= list.rows.len());
    let mut rows = list.rows.clone();
    rows.sort();
    rows.dedup();
    assert_eq!(rows.len(), list.rows.len(), "a row stands twice");
    for id in &list.rows {
        let version = model.known.get(*id).expect("every row is known").version;
        let seen = truth.seen.insert(*id, version).unwrap_or(0);
        assert!(version >= seen, "version {version} after {seen}");
    }
    if let Some(at) = model.wake_at() {
        assert!(at > model.now, "it would spin");
    }
    for effect in &client.effects {
        if let Effect::Command { command: Command::Patch { patch, .. }, .. } = effect {
            assert!(patch.expect.is_some(), "{patch:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_story_ends_well(steps in prop::collection::vec(step(), 1..120)) {
        let mut client = Client::new();
        let mut truth = Truth::default();
        for step in &steps {
            take(&mut client, &mut truth, step);
            check(&client, &mut truth);
        }
        client.buffer();
        // When everything is answered the list shows what is true.
        client.press("ctrl-c");
        client.model.sign_in = None;
        client.stream(hello());
        check(&client, &mut truth);
        while !client.effects.is_empty() {
            answer(&mut client, &truth, 0, true);
            check(&client, &mut truth);
        }
        for incident in truth.incidents.values() {
            let known = client.model.known.get(incident.id).expect("known");
            prop_assert_eq!(known.version, incident.version);
        }
        client.now += TimeDelta::seconds(1);
        client.event(Event::Tick);
        client.buffer();
    }
}

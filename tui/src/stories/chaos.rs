//! Whatever happens, in whatever order: nothing panics, nothing goes backwards, nothing spins.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;
use watchfire_shared::assessment::{Assessment, AssessmentStatus};
use watchfire_shared::event::{Event as Told, Fact, Hello};
use watchfire_shared::filter::Filter;
use watchfire_shared::ids::{IncidentId, JournalId};
use watchfire_shared::incident::{Incident, Priority, Status};
use watchfire_shared::page::Page;
use watchfire_shared::problem::{Code, Problem};

use super::client::Client;
use super::plant::busy;
use super::world::*;
use crate::effect::{Command, Effect, Load, RequestId};
use crate::event::{Failure, FailureKind, Outcome, StreamEvent};
use crate::model::{Screen, matching};

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
    /// Somebody sets the clock of the machine back.
    SetBack(i64),
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
    ":",
    "-",
    "y",
    "e",
    "J",
    "?",
    "a",
    "r",
    "c",
    "R",
    "o",
    "m",
    "M",
    "A",
    "t",
    "u",
    "p",
    "n",
    "N",
    "1",
    "2",
    "4",
    "3",
    "5",
    "6",
    "7",
    "b",
    "s",
    "S",
    "H",
    "P",
    "D",
    "E",
    "i",
    "[",
    "]",
    "x",
    "w",
    "T",
    "W",
    "d",
    "x",
    "f",
    "*",
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
        2 => (0_u8..7).prop_map(Step::Connection),
        1 => (1_i64..5_000).prop_map(Step::SetBack),
    ]
}

/// The daemon's truth, and what the client was seen to believe.
#[derive(Default)]
struct Truth {
    incidents: HashMap<i64, Incident>,
    facts: HashMap<IncidentId, Vec<Told>>,
    /// An id is never used again.
    deleted: HashSet<i64>,
    created: i64,
    log: u128,
    seen: HashMap<IncidentId, i64>,
    /// Every answer as it was when it was asked for: it may be as old as its question.
    answers: HashMap<RequestId, Outcome>,
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
        let event = told(fact, actor("robin"), 0);
        self.facts.entry(incident.id).or_default().push(event.clone());
        if matches!(change, Change::Delete) {
            self.deleted.insert(number);
        } else {
            self.incidents.insert(number, incident);
        }
        StreamEvent::Event(Box::new(event))
    }

    /// A backup comes back: another log, in which versions start again.
    fn restore(&mut self) -> StreamEvent {
        self.log += 1;
        self.facts.clear();
        for incident in self.incidents.values_mut() {
            incident.version = 1;
            let fact = Fact::IncidentCreated { incident: incident.clone() };
            self.facts.insert(incident.id, vec![told(fact, actor("robin"), 0)]);
        }
        StreamEvent::Resync(self.head())
    }

    fn head(&self) -> Hello {
        Hello { log_id: JournalId(Uuid::from_u128(77 + self.log)), position: 9 }
    }

    /// What the list shows for a query, in its order.
    fn list(&self, query: &str, now: DateTime<Utc>) -> Vec<Incident> {
        let filter: Filter = query.parse().expect("only queries without mistake are sent");
        let belongs = |incident: &&Incident| {
            matching::belongs(&filter, incident, Some(me().id), now) == Some(true)
        };
        let mut list: Vec<Incident> = self.incidents.values().filter(belongs).cloned().collect();
        list.sort_by_key(|incident| {
            std::cmp::Reverse((incident.priority.rank(), incident.created_at, incident.id))
        });
        list
    }

    fn incident(&self, id: IncidentId) -> Outcome {
        match self.incidents.values().find(|incident| incident.id == id) {
            Some(incident) => Outcome::Incident(Box::new(incident.clone())),
            None => Outcome::Failed(Failure {
                problem: Some(Box::new(Problem::new(Code::NotFound, "It is gone.", "r"))),
                ..Failure::new(FailureKind::Refused, "It is gone")
            }),
        }
    }

    fn is_there(&self, id: IncidentId) -> bool {
        self.incidents.values().any(|incident| incident.id == id)
    }

    /// What a good daemon says to this effect now.
    fn answer_now(&mut self, effect: &Effect, now: DateTime<Utc>) -> Option<Outcome> {
        Some(match effect {
            Effect::Load { load, .. } => match load {
                Load::Incidents { filter, .. } => page(self.list(filter, now)),
                Load::Incident(id) => self.incident(*id),
                Load::Timeline { id, after, .. } => {
                    let facts = self.facts.get(id).into_iter().flatten();
                    let items = facts.filter(|fact| fact.version > *after).cloned().collect();
                    Outcome::Timeline(Page { items, next_cursor: None })
                }
                Load::Me => Outcome::Me(admin()),
                other => match busy(other)? {
                    // Nothing is attached to what was never opened.
                    Outcome::Logs(mut page) => {
                        page.items.retain(|entry| self.is_there(entry.incident_id));
                        Outcome::Logs(page)
                    }
                    told => told,
                },
            },
            Effect::Command { command: Command::Patch { id, .. }, .. } => {
                match self.incident(*id) {
                    Outcome::Incident(incident) => Outcome::Changed(incident),
                    gone => gone,
                }
            }
            Effect::Command { command: Command::Create(_), .. } => {
                let new = incident(300 + self.created, "Made by hand");
                self.created += 1;
                self.incidents.insert(new.reference.0, new.clone());
                let fact = Fact::IncidentCreated { incident: new.clone() };
                self.facts.insert(new.id, vec![told(fact, actor("dana"), 0)]);
                Outcome::Changed(Box::new(new))
            }
            Effect::Command { command: Command::Assess(id), .. } => {
                let begun = assessment(9, 0, AssessmentStatus::InProgress);
                Outcome::Assessed(Box::new(Assessment { incident_id: *id, ..begun }))
            }
            Effect::Command { command: Command::Redrive(_) | Command::Discard { .. }, .. } => {
                Outcome::Decided
            }
            Effect::SignIn { .. } => Outcome::SignedIn,
            Effect::SaveView { .. } => Outcome::Saved("config.toml".to_owned()),
            Effect::Save { name, .. } => Outcome::Saved(name.clone()),
            Effect::Export { export, .. } if export.replace => {
                Outcome::Exported { file: export.file.clone(), lines: 3 }
            }
            Effect::Export { export, .. } => Outcome::Exists(export.file.clone()),
            Effect::Write { text, .. } => {
                Outcome::Written { text: format!("written {text}"), trouble: None }
            }
            Effect::Command { .. }
            | Effect::Copy(_)
            | Effect::Go(_)
            | Effect::Notify { .. }
            | Effect::Remember(_)
            | Effect::Stay
            | Effect::Reconnect
            | Effect::Wake
            | Effect::Run { .. }
            | Effect::Quit => return None,
        })
    }
}

const fn request_of(effect: &Effect) -> Option<RequestId> {
    match effect {
        Effect::Load { request, .. }
        | Effect::Command { request, .. }
        | Effect::Write { request, .. }
        | Effect::Save { request, .. }
        | Effect::SaveView { request, .. }
        | Effect::Export { request, .. }
        | Effect::SignIn { request, .. } => Some(*request),
        Effect::Copy(_)
        | Effect::Go(_)
        | Effect::Notify { .. }
        | Effect::Remember(_)
        | Effect::Stay
        | Effect::Reconnect
        | Effect::Wake
        | Effect::Run { .. }
        | Effect::Quit => None,
    }
}

fn answer(client: &mut Client, truth: &mut Truth, which: usize, well: bool) {
    if client.effects.is_empty() {
        return;
    }
    let effect = client.effects.remove(which % client.effects.len());
    if let Some(request) = request_of(&effect) {
        let outcome = truth.answers.remove(&request).filter(|_| well);
        client.done(request, outcome.unwrap_or_else(|| Outcome::Failed(offline())));
    }
}

fn connection(client: &mut Client, truth: &mut Truth, kind: u8) {
    let head = truth.head();
    let said = match kind {
        0 => StreamEvent::Connecting,
        1 => StreamEvent::Hello(head),
        2 => StreamEvent::Resumed,
        3 => StreamEvent::Heartbeat { position: 9 },
        4 => StreamEvent::Resync(head),
        5 => truth.restore(),
        _ => StreamEvent::Lost {
            reason: "connection reset".to_owned(),
            retry_in: Duration::from_millis(1500),
        },
    };
    if matches!(said, StreamEvent::Resync(_)) {
        truth.seen.clear();
    }
    client.stream(said);
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
        Step::Connection(kind) => connection(client, truth, *kind),
        Step::SetBack(seconds) => client.now -= TimeDelta::seconds(*seconds),
    }
}

/// Notes what the daemon says to the questions just asked.
fn note_answers(client: &Client, truth: &mut Truth) {
    for effect in &client.effects {
        if let Some(request) = request_of(effect)
            && !truth.answers.contains_key(&request)
            && let Some(outcome) = truth.answer_now(effect, client.now)
        {
            truth.answers.insert(request, outcome);
        }
    }
}

fn check(client: &Client, truth: &mut Truth) {
    note_answers(client, truth);
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
        assert!(
            !model.known.is_deleted(*id) || list.ghost == Some(*id),
            "a deleted incident stands in the list as if it were there"
        );
        let version = model.known.get(*id).expect("every row is known").version;
        let seen = truth.seen.insert(*id, version).unwrap_or(0);
        assert!(version >= seen, "version {version} after {seen}");
    }
    let marked = model.marks.in_order(list);
    assert_eq!(marked.len(), model.marks.len());
    assert!(!marked.iter().any(|id| model.known.is_deleted(*id)), "a deleted one is marked");
    assert!(marked.iter().all(|id| model.known.get(*id).is_some()), "a mark of nothing");
    if let Some(batch) = &model.batch {
        assert!(batch.under_way() <= 4 && !batch.open.is_empty());
    }
    let letters = &model.events.letters;
    assert_eq!(letters.selected().is_none(), letters.rows().is_empty());
    if let Some(at) = model.wake_at() {
        assert!(at > model.now, "it would spin");
    }
    for effect in &client.effects {
        if let Effect::Command { command: Command::Patch { patch, .. }, .. } = effect {
            assert!(patch.expect.is_some(), "{patch:?}");
        }
    }
}

/// When everything has been answered and nothing happens any more, the screen shows what is true.
fn check_end(client: &Client, truth: &Truth) {
    let model = &client.model;
    let list = &model.list;
    assert!(model.batch.is_none() && model.commands.open().is_empty());
    assert!(list.loaded && list.failure.is_none() && model.counts.failure.is_none());
    let mut rows = list.rows.clone();
    rows.retain(|id| list.ghost != Some(*id));
    let shown: Vec<&Incident> = rows.iter().filter_map(|id| model.known.get(*id)).collect();
    let mut expected = truth.list(&list.query.applied, client.now);
    if let Some(by) = list.group {
        expected.sort_by_key(|incident| by.key(incident));
    }
    // What matches again under the cursor is there in both.
    expected.retain(|incident| list.ghost != Some(incident.id));
    assert_eq!(shown, expected.iter().collect::<Vec<_>>());
    let Some(detail) = model.detail.as_ref().filter(|_| model.screen == Screen::Detail) else {
        return;
    };
    if truth.incidents.values().any(|incident| incident.id == detail.id) {
        let facts = truth.facts.get(&detail.id).into_iter().flatten();
        let versions: Vec<i64> = facts.map(|fact| fact.version).collect();
        assert_eq!(detail.timeline.versions(), versions, "the history of what is open");
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
        client.press("ctrl-c");
        client.model.sign_in = None;
        client.stream(StreamEvent::Hello(truth.head()));
        for _ in 0..5 {
            check(&client, &mut truth);
            while !client.effects.is_empty() {
                answer(&mut client, &mut truth, 0, true);
                check(&client, &mut truth);
            }
            client.wait(6_000);
        }
        check(&client, &mut truth);
        while !client.effects.is_empty() {
            answer(&mut client, &mut truth, 0, true);
            check(&client, &mut truth);
        }
        check_end(&client, &truth);
        client.buffer();
    }
}

//! Never the wrong row: rows come, go, move and are filtered between a key and its confirmation, and
//! what is hit is what the confirmation named on the screen, or it is refused with the reason. The
//! daemon of these stories decides by the rules of the real one. `PROPTEST_CASES` makes it longer.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;
use watchfire_shared::filter::Filter;
use watchfire_shared::ids::{CommentId, IncidentId, Reference};
use watchfire_shared::incident::rules::{PatchContext, Refusal};
use watchfire_shared::incident::{Incident, IncidentPatch, Priority, Status};
use watchfire_shared::problem::{Code, Problem};
use watchfire_shared::user::UserRef;

use super::client::Client;
use super::world::*;
use crate::effect::{Command, Effect, Load};
use crate::event::{Event, Failure, FailureKind, Outcome};
use crate::model::commands::Tone;
use crate::model::{Overlay, matching};

#[derive(Debug, Clone)]
enum Move {
    Key(&'static str),
    Insert(Priority, Status),
    Delete(usize),
    Status(usize, Status),
    Priority(usize, Priority),
    Query(&'static str),
    /// The daemon answers what was asked.
    Answer,
    Wait(i64),
}

/// Something happens, a key is pressed, something happens, the person confirms or does not.
#[derive(Debug, Clone)]
struct Round {
    before: Vec<Move>,
    key: &'static str,
    between: Vec<Move>,
    yes: bool,
}

fn event() -> impl Strategy<Value = Move> {
    let status = || prop::sample::select(&[Status::Open, Status::Investigating, Status::Resolved]);
    let priority = || prop::sample::select(Priority::ALL);
    prop_oneof![
        3 => (priority(), status()).prop_map(|(priority, status)| Move::Insert(priority, status)),
        1 => (0_usize..40).prop_map(Move::Delete),
        3 => (0_usize..40, status()).prop_map(|(at, status)| Move::Status(at, status)),
        3 => (0_usize..40, priority()).prop_map(|(at, priority)| Move::Priority(at, priority)),
        3 => Just(Move::Answer),
        1 => (0_i64..3_000).prop_map(Move::Wait),
    ]
}

fn before() -> impl Strategy<Value = Move> {
    let keys = &["j", "k", "g", "G", "space", "space", "space", "v", "*", "esc", "ctrl-r"];
    let queries = &["status:open", "priority:>=high", "-status:closed", "status:resolved"];
    prop_oneof![
        6 => prop::sample::select(keys).prop_map(Move::Key),
        1 => prop::sample::select(queries).prop_map(Move::Query),
        4 => event(),
    ]
}

fn round() -> impl Strategy<Value = Round> {
    let between = prop_oneof![
        6 => event(),
        1 => prop::sample::select(&["j", "k"]).prop_map(Move::Key),
    ];
    (
        prop::collection::vec(before(), 0..6),
        prop::sample::select(&["a", "r", "c", "R", "o", "m", "p"]),
        prop::collection::vec(between, 0..6),
        prop::bool::weighted(0.8),
    )
        .prop_map(|(before, key, between, yes)| Round { before, key, between, yes })
}

/// A daemon, and a client that looks at it.
struct World {
    client: Client,
    truth: BTreeMap<IncidentId, Incident>,
    last: i64,
    /// What commands were about, in the order of their arrival.
    hits: Vec<IncidentId>,
    refused: Vec<Reference>,
}

fn gone() -> Outcome {
    refusal(Problem::new(Code::NotFound, "It is gone.", "r"))
}

fn refusal(problem: Problem) -> Outcome {
    let failure = Failure::new(FailureKind::Refused, problem.detail.clone());
    Outcome::Failed(Failure { problem: Some(Box::new(problem)), ..failure })
}

impl World {
    fn new() -> Self {
        let mut client = Client::with(|start| start.size = (80, 120));
        client.stream(hello());
        let truth: BTreeMap<_, _> = incidents().into_iter().map(|i| (i.id, i)).collect();
        let mut world = Self { client, truth, last: 300, hits: Vec::new(), refused: Vec::new() };
        world.answer();
        world
    }

    fn list(&self, query: &str) -> Vec<Incident> {
        let filter: Filter = query.parse().expect("a query without mistake");
        let now = self.client.now;
        let belongs = |i: &&Incident| matching::belongs(&filter, i, Some(me().id), now);
        let mut list: Vec<Incident> =
            self.truth.values().filter(|i| belongs(i) == Some(true)).cloned().collect();
        list.sort_by_key(|i| std::cmp::Reverse((i.priority.rank(), i.created_at, i.id)));
        list
    }

    fn answer(&mut self) {
        for _ in 0..20 {
            let loads = self.client.loads();
            if loads.is_empty() {
                return;
            }
            for (request, load) in loads {
                let outcome = match &load {
                    Load::Incidents { filter, .. } => page(self.list(filter)),
                    Load::Incident(id) => self.truth.get(id).map_or_else(gone, |incident| {
                        Outcome::Incident(Box::new(incident.clone()))
                    }),
                    other => usual(other).expect("an answer"),
                };
                self.client.done(request, outcome);
            }
        }
    }

    fn change(&mut self, at: usize, change: impl FnOnce(&mut Incident)) {
        let at = at % self.truth.len().max(1);
        if let Some(incident) = self.truth.values_mut().nth(at) {
            *incident = next(incident, change);
            let event = updated_event(incident);
            self.client.stream(event);
        }
    }

    fn make(&mut self, change: &Move) {
        match change {
            Move::Key(key) => self.client.press(key),
            Move::Insert(priority, status) => {
                self.last += 1;
                let new = Incident {
                    priority: *priority,
                    status: *status,
                    ..incident(self.last, "It came in between")
                };
                self.truth.insert(new.id, new.clone());
                self.client.stream(created_event(new));
            }
            Move::Delete(at) => {
                let id = self.truth.keys().nth(at % self.truth.len().max(1)).copied();
                if let Some(incident) = id.and_then(|id| self.truth.remove(&id)) {
                    self.client.stream(deleted_event(&incident));
                }
            }
            Move::Status(at, status) => self.change(*at, |incident| incident.status = *status),
            Move::Priority(at, to) => self.change(*at, |incident| incident.priority = *to),
            Move::Query(query) => {
                self.client.press("/ ctrl-u");
                self.client.event(Event::Paste((*query).to_owned()));
                self.client.press("enter");
            }
            Move::Answer => self.answer(),
            Move::Wait(milliseconds) => self.client.wait(*milliseconds),
        }
    }

    /// What the real daemon does with a patch.
    fn patch(&mut self, id: IncidentId, patch: &IncidentPatch) -> Outcome {
        let Some(incident) = self.truth.get_mut(&id) else {
            return gone();
        };
        let context = PatchContext {
            actor: &actor("dana"),
            now: self.client.now,
            assignee: Some(UserRef { id: me().id, name: me().name }),
            comment_id: CommentId(Uuid::from_u128(1)),
        };
        match incident.apply(patch, &context) {
            Ok(_) => Outcome::Changed(Box::new(incident.clone())),
            Err(Refusal::Unexpected(errors)) => {
                let mut problem = Problem::new(Code::ExpectationFailed, "It changed.", "r");
                problem.errors = errors;
                refusal(problem)
            }
            Err(other) => panic!("never sent: {other:?}"),
        }
    }

    /// Takes commands until none is left.
    fn work(&mut self) {
        loop {
            let mut commands = Vec::new();
            self.client.effects.retain(|effect| match effect {
                Effect::Command { request, command } => {
                    commands.push((*request, command.clone()));
                    false
                }
                _ => true,
            });
            assert!(commands.len() <= 4, "{} at once", commands.len());
            if commands.is_empty() {
                return;
            }
            for (request, command) in commands {
                let Command::Patch { id, patch } = command else {
                    panic!("not a patch");
                };
                self.hits.push(id);
                let outcome = self.patch(id, &patch);
                if matches!(outcome, Outcome::Failed(_)) {
                    let known = self.client.model.known.get(id).expect("it was on the screen");
                    self.refused.push(known.reference);
                }
                self.client.done(request, outcome);
            }
        }
    }

    /// The references that the question on the screen says it is about.
    fn listed(&self, question: &str) -> Vec<i64> {
        let screen = self.client.screen();
        let lines = screen.lines().skip_while(|line| !line.contains(question)).skip(1);
        let lines = lines.take_while(|line| line.trim_start().starts_with("INC-"));
        lines.map(|line| reference_in(line).expect("a reference")).collect()
    }
}

/// The number of the first reference in a text.
fn reference_in(text: &str) -> Option<i64> {
    let (_, rest) = text.split_once("INC-")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// The row under the cursor, as the screen shows it.
fn under_cursor(client: &Client) -> Option<i64> {
    let screen = client.screen();
    screen.lines().find(|line| line.starts_with('▌')).and_then(reference_in)
}

fn play(world: &mut World, round: &Round) {
    for step in &round.before {
        world.make(step);
    }
    let row = under_cursor(&world.client);
    world.client.press(round.key);
    let model = &world.client.model;
    // What the person is told that it is about, and the key that says yes.
    let (named, yes) = match &model.overlay {
        Some(Overlay::Question(question)) => (world.listed(&question.text), "enter"),
        Some(Overlay::Picker(picker)) => {
            let title =
                if model.marks.is_empty() { reference_in(&picker.about.to_string()) } else { None };
            (title.into_iter().collect(), "enter")
        }
        _ if model.closing.is_some() => {
            (reference_in(&world.client.flash()).into_iter().collect(), "c")
        }
        _ => (row.into_iter().collect(), ""),
    };
    for step in &round.between {
        world.make(step);
    }
    let (mut named, asks) = (named, !yes.is_empty());
    if asks && round.yes {
        world.client.press(yes);
        // A choice for the marked ones is followed by the question.
        if let Some(Overlay::Question(question)) = &world.client.model.overlay
            && round.key == "p"
        {
            named = world.listed(&question.text.clone());
            world.client.press("enter");
        }
    }
    let batch = world.client.model.batch.is_some();
    world.work();
    check(world, named, batch);
    if world.client.model.overlay.is_some() {
        world.client.press("esc");
    }
}

fn check(world: &mut World, named: Vec<i64>, batch: bool) {
    let mut named: Vec<IncidentId> = named.into_iter().map(id).collect();
    let mut hits = std::mem::take(&mut world.hits);
    named.sort();
    hits.sort();
    if batch {
        assert_eq!(hits, named, "exactly what the question listed");
    } else {
        assert!(hits.is_empty() || hits == named, "{hits:?}, but it said {named:?}");
    }
    let entries = &world.client.model.commands.entries;
    for reference in world.refused.drain(..) {
        let mut told = entries.iter().rev().filter_map(|sent| sent.result.as_ref());
        let beginning = format!("{reference} ");
        let (tone, text) =
            told.find(|(_, text)| text.starts_with(&beginning)).expect("the log tells of it");
        assert!(*tone == Tone::Bad && text.contains("refused: "), "{text}");
    }
    assert!(world.client.model.batch.is_none(), "it came to its end");
}

/// A tenth of the usual number: every round draws the screen.
fn a_tenth() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases.div_ceil(10), ..usual }
}

proptest! {
    #![proptest_config(a_tenth())]

    #[test]
    fn an_action_hits_what_its_confirmation_named(rounds in prop::collection::vec(round(), 1..25)) {
        let mut world = World::new();
        for round in &rounds {
            play(&mut world, round);
        }
    }
}

#[test]
fn a_guard_of_the_fact_that_came_last_would_be_found() {
    let mut world = World::new();
    world.make(&Move::Key("space"));
    world.client.press("a");
    let robin_was_quicker =
        updated_event(&Incident { status: Status::Resolved, version: 2, ..incidents()[0].clone() });
    world.truth.get_mut(&id(204)).expect("there").status = Status::Resolved;
    world.client.stream(robin_was_quicker);
    world.client.press("enter");
    world.work();
    assert_eq!(world.refused, [Reference(204)]);
    let fact = world.truth[&id(204)].clone();
    assert_eq!(fact.status, Status::Resolved);
}

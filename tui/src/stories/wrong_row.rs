//! Never the wrong row: rows come, go, move and are filtered between a key and its confirmation, and
//! what is hit is what the confirmation named on the screen, or it is refused with the reason. The
//! daemon of these stories decides by the rules of the real one. `WATCHFIRE_INTERLEAVINGS` says how
//! often something happens between a key and its confirmation.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use uuid::Uuid;
use watchfire_shared::field::Field;
use watchfire_shared::filter::Filter;
use watchfire_shared::ids::{CommentId, IncidentId, Reference};
use watchfire_shared::incident::rules::{PatchContext, Refusal};
use watchfire_shared::incident::{Comment, Incident, IncidentPatch, Priority, Status};
use watchfire_shared::page::Sort;
use watchfire_shared::problem::{Code, Problem};
use watchfire_shared::user::UserRef;

use super::client::Client;
use super::size_of;
use super::world::*;
use crate::effect::{Command, Effect, Load};
use crate::event::{Event, Failure, FailureKind, Outcome};
use crate::keymap::Context;
use crate::model::commands::Tone;
use crate::model::query::order;
use crate::model::{Overlay, Screen, matching};

#[derive(Debug, Clone)]
enum Move {
    Key(&'static str),
    Insert(Priority, Status),
    Delete(usize),
    Status(usize, Status),
    Priority(usize, Priority),
    Title(usize),
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
        1 => (0_usize..40).prop_map(Move::Title),
        3 => Just(Move::Answer),
        // All of them together are over before the reason for a refusal leaves the screen.
        1 => (0_i64..900).prop_map(Move::Wait),
    ]
}

fn before() -> impl Strategy<Value = Move> {
    let keys = &[
        "j", "k", "g", "G", "space", "space", "space", "v", "*", "esc", "esc", "ctrl-r", "s", "S",
        "enter",
    ];
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
        2 => prop::sample::select(&["j", "k", "space"]).prop_map(Move::Key),
    ];
    (
        prop::collection::vec(before(), 0..6),
        prop::sample::select(&["a", "r", "c", "R", "o", "m", "p", "M", "A", "t", "n", "u"]),
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
    /// All that ever were.
    touched: BTreeSet<IncidentId>,
    refused: Vec<Reference>,
    counts: Counts,
}

/// What came of the rounds.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    rounds: usize,
    /// Commands that arrived, and those of them that were refused.
    hits: usize,
    refused: usize,
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
        let mut world = Self {
            client,
            truth,
            last: 300,
            hits: Vec::new(),
            refused: Vec::new(),
            touched: BTreeSet::new(),
            counts: Counts::default(),
        };
        world.answer();
        world
    }

    fn list(&self, query: &str, sort: Sort) -> Vec<Incident> {
        let filter: Filter = query.parse().expect("a query without mistake");
        let now = self.client.now;
        let belongs = |i: &&Incident| matching::belongs(&filter, i, Some(me().id), now);
        let mut list: Vec<Incident> =
            self.truth.values().filter(|i| belongs(i) == Some(true)).cloned().collect();
        list.sort_by(|one, other| order(sort, one, other));
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
                    Load::Incidents { filter, sort, .. } => page(self.list(filter, *sort)),
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
            Move::Title(at) => {
                self.last += 1;
                let title = format!("Renamed {}", self.last);
                self.change(*at, |incident| incident.title = title);
            }
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
        let to = if let Field::Set(to) = &patch.assigned_to { Some(to) } else { None };
        let context = PatchContext {
            actor: &actor("dana"),
            now: self.client.now,
            assignee: Some(UserRef { id: *to.unwrap_or(&me().id), name: me().name }),
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

    fn comment(&mut self, id: IncidentId, body: &str) -> Outcome {
        let Some(incident) = self.truth.get_mut(&id) else {
            return gone();
        };
        *incident = next(incident, |_| {});
        Outcome::Commented(Box::new(Comment {
            id: CommentId(Uuid::from_u128(1)),
            incident_id: id,
            body: body.to_owned(),
            author: actor("dana"),
            created_at: self.client.now,
            version: incident.version,
        }))
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
                let (id, outcome) = match &command {
                    Command::Patch { id, patch } => (*id, self.patch(*id, patch)),
                    Command::Comment { id, body } => (*id, self.comment(*id, &body.body)),
                    other => panic!("nobody asked for {other:?}"),
                };
                self.hits.push(id);
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

/// What the person is told that it is about, and the keys that say yes.
fn told(
    world: &World,
    key: &str,
    row: Option<i64>,
    undone: &[IncidentId],
) -> (Vec<i64>, &'static [&'static str]) {
    let client = &world.client;
    let one = |text: &str| reference_in(text).into_iter().collect::<Vec<_>>();
    let screen = client.screen();
    let titled = |about: &str| {
        let words = ["Priority of ", "Who takes ", "Title of ", "Comment on "];
        let title = words.map(|words| format!("{words}{about}"));
        assert!(title.iter().any(|title| screen.contains(title)), "{about}\n{screen}");
        if about.starts_with("INC-") { one(about) } else { Vec::new() }
    };
    match &client.model.overlay {
        Some(Overlay::Question(question)) => (world.listed(&question.text), &["enter"]),
        Some(Overlay::Picker(picker)) => (titled(&picker.about.to_string()), &["down", "enter"]),
        Some(Overlay::Title(form)) => (titled(&form.reference.to_string()), &["!", "enter"]),
        Some(Overlay::Comment(form)) => (titled(&form.about.to_string()), &["!", "enter"]),
        Some(other) => panic!("{key} opens {other:?}"),
        None if client.model.closing.is_some() => (one(&client.flash()), &["c"]),
        None if key == "u" => (numbers(undone), &[]),
        None if client.model.screen == Screen::Detail => {
            (one(screen.lines().nth(1).unwrap_or_default()), &[])
        }
        None => (row.into_iter().collect(), &[]),
    }
}

fn numbers(ids: &[IncidentId]) -> Vec<i64> {
    (1..1_000).filter(|number| ids.contains(&id(*number))).collect()
}

fn play(world: &mut World, round: &Round) {
    for step in &round.before {
        world.make(step);
    }
    if round.key == "n" && world.client.model.context() == Context::Matches {
        // Here it goes on to the next match.
        return;
    }
    let row = under_cursor(&world.client);
    if round.key == "u" {
        // What lasts and was said to last is no longer the last thing.
        world.client.model.undo.pass_by();
    }
    let undo = world.client.model.undo.last();
    let undone = undo.map_or(&[][..], |action| &action.inverse);
    let undone: Vec<IncidentId> = undone.iter().map(|item| item.seen.id).collect();
    assert!(undone.iter().all(|id| world.touched.contains(id)), "never done: {undone:?}");
    world.client.model.flash = None;
    world.client.press(round.key);
    let (mut named, yes) = told(world, round.key, row, &undone);
    for step in &round.between {
        world.make(step);
    }
    if !yes.is_empty() && round.yes {
        world.client.model.flash = None;
        for key in yes {
            world.client.press(key);
        }
        // What was chosen or written for the marked ones is followed by the question.
        if let Some(Overlay::Question(question)) = &world.client.model.overlay
            && round.key != "u"
        {
            named = world.listed(&question.text.clone());
            world.client.press("enter");
        }
    }
    let batch = world.client.model.batch.is_some();
    world.work();
    check(world, named, batch, yes.is_empty() || round.yes);
    for _ in 0..2 {
        if world.client.model.overlay.is_some() {
            world.client.press("esc");
        }
    }
}

fn check(world: &mut World, named: Vec<i64>, batch: bool, confirmed: bool) {
    let mut named: Vec<IncidentId> = named.into_iter().map(id).collect();
    let mut hits = std::mem::take(&mut world.hits);
    named.sort();
    hits.sort();
    world.counts.rounds += 1;
    world.counts.hits += hits.len();
    world.counts.refused += world.refused.len();
    world.touched.extend(&hits);
    if !confirmed {
        assert!(hits.is_empty(), "nobody said yes to {hits:?}");
    } else if batch || !hits.is_empty() {
        assert_eq!(hits, named, "exactly what was named");
    } else {
        assert_ne!(world.client.flash(), "", "nothing was done, and nobody is told why");
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

/// Rounds of one story, on average.
const ROUNDS: usize = 10;

#[test]
fn an_action_hits_what_its_confirmation_named() {
    let wanted = size_of("WATCHFIRE_INTERLEAVINGS", 300);
    let cases = u32::try_from(wanted.div_ceil(ROUNDS)).expect("a number of stories");
    let mut runner = TestRunner::new(ProptestConfig::with_cases(cases));
    let counts = Cell::new(Counts::default());
    let stories = prop::collection::vec(round(), 1..2 * ROUNDS);
    let told = runner.run(&stories, |rounds| {
        let mut world = World::new();
        for round in &rounds {
            play(&mut world, round);
        }
        let (all, more) = (counts.get(), world.counts);
        counts.set(Counts {
            rounds: all.rounds + more.rounds,
            hits: all.hits + more.hits,
            refused: all.refused + more.refused,
        });
        Ok(())
    });
    let counts = counts.get();
    println!("{counts:?}");
    told.unwrap_or_else(|error| panic!("{error}"));
    assert!(counts.hits > counts.rounds / 4, "a client that does nothing is never wrong");
    // One of sixty is: in a short run none may be.
    assert!(counts.refused > 0 || counts.rounds < 1_000, "nothing ever happened in between");
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

//! What is certain while everybody reads and writes at once: which version of each incident was
//! acknowledged or shown, where it stands when nobody changes it, and what its people are called.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::Mutex;
use watchfire_shared::event::{Event, Fact};
use watchfire_shared::ids::{IncidentId, Reference, UserId};
use watchfire_shared::incident::{Incident, Status};
use watchfire_shared::user::UserRef;

/// Titles that begin so belong to commands that were refused.
pub const REFUSED: &str = "refused";

/// What decides in which lists an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub status: Status,
    pub assignee: Option<UserId>,
}

impl Place {
    fn of(incident: &Incident) -> Self {
        let assignee = incident.assigned_to.as_ref().map(|person| person.id);
        Self { status: incident.status, assignee }
    }
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// No read that begins now may return an older version,
    floor: i64,
    /// or fewer lines.
    lines: i64,
    /// The newest version anybody has seen.
    seen: i64,
    /// By the acknowledged change of this version.
    place: (i64, Place),
    writing: u32,
    /// Begins and ends of writes.
    moves: u64,
    /// Where `moves` was when a write ended that may or may not be done.
    doubt: Option<u64>,
}

impl State {
    /// Where it stands; none while that can change, and when nobody knows.
    fn settled(&self) -> Option<Place> {
        (self.writing == 0 && self.doubt.is_none()).then_some(self.place.1)
    }
}

#[derive(Debug)]
pub struct Case {
    pub id: IncidentId,
    pub reference: Reference,
    state: Cell<State>,
}

impl Case {
    pub fn new(incident: &Incident) -> Self {
        let version = incident.version;
        let place = (version, Place::of(incident));
        let state = State {
            floor: version,
            lines: 0,
            seen: version,
            place,
            writing: 0,
            moves: 0,
            doubt: None,
        };
        Self { id: incident.id, reference: incident.reference, state: Cell::new(state) }
    }

    /// The newest version anybody has seen.
    pub fn seen(&self) -> i64 {
        self.state.get().seen
    }

    /// A write begins; it ends with the pen.
    pub fn write(&self) -> Pen<'_> {
        self.update(|state| {
            state.writing += 1;
            state.moves += 1;
        });
        Pen { case: self, begun: self.state.get().moves }
    }

    fn shown(&self, version: i64) {
        self.update(|state| {
            state.floor = state.floor.max(version);
            state.seen = state.seen.max(version);
        });
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.get();
        change(&mut state);
        self.state.set(state);
    }
}

/// A write under way.
pub struct Pen<'a> {
    case: &'a Case,
    begun: u64,
}

impl Pen<'_> {
    pub fn acknowledged(&self, incident: &Incident) {
        let (version, begun) = (incident.version, self.begun);
        self.case.shown(version);
        self.case.update(|state| {
            if version >= state.place.0 {
                state.place = (version, Place::of(incident));
            }
            state.doubt = state.doubt.filter(|since| begun < *since);
        });
    }

    /// One that changed no place.
    pub fn acknowledged_version(&self, version: i64) {
        self.case.shown(version);
    }

    pub fn acknowledged_lines(&self, last: i64) {
        self.case.update(|state| state.lines = state.lines.max(last));
    }

    /// It was answered 503: done or not.
    pub fn doubted(&self) {
        self.case.update(|state| state.doubt = Some(state.moves));
    }
}

impl Drop for Pen<'_> {
    fn drop(&mut self) {
        self.case.update(|state| {
            state.writing -= 1;
            state.moves += 1;
        });
    }
}

/// Somebody whose name has a number that only grows.
#[derive(Debug)]
pub struct Person {
    pub id: UserId,
    /// Held by whoever changes it.
    pub turn: Mutex<()>,
    /// The latest acknowledged or shown,
    pub floor: Cell<u64>,
    /// and the latest anybody asked for.
    pub tried: Cell<u64>,
}

impl Person {
    pub fn new(id: UserId) -> Self {
        Self { id, turn: Mutex::default(), floor: Cell::new(0), tried: Cell::new(0) }
    }

    pub fn name(number: u64) -> String {
        format!("Person {number}")
    }

    pub fn acknowledged(&self, number: u64) {
        self.floor.update(|floor| floor.max(number));
    }

    fn told(&self, name: &str) {
        let number = name.rsplit(' ').next().and_then(|word| word.parse().ok());
        self.acknowledged(number.expect("a name ends with its number"));
    }

    /// What is wrong with a name that was read.
    pub fn check(&self, floor: u64, name: &str) -> Result<(), String> {
        let number = name.rsplit(' ').next().and_then(|word| word.parse::<u64>().ok());
        match number {
            Some(number) if (floor..=self.tried.get()).contains(&number) => Ok(()),
            _ => Err(format!("{name:?}, where {floor} was acknowledged")),
        }
    }
}

/// What was certain when a read began.
#[derive(Debug)]
pub struct Glance {
    cases: Vec<State>,
    people: Vec<u64>,
    passing: u64,
    begun: u64,
}

#[derive(Debug, Default)]
pub struct Truth {
    pub cases: Vec<Case>,
    pub people: Vec<Person>,
    /// Incidents that come and go, of which nobody can say whether they are there, and all of them.
    pub passing: Cell<u64>,
    pub begun: Cell<u64>,
    /// What was read of each version.
    read: RefCell<HashMap<(IncidentId, i64), u64>>,
}

impl Truth {
    pub fn glance(&self) -> Glance {
        Glance {
            cases: self.cases.iter().map(|case| case.state.get()).collect(),
            people: self.people.iter().map(|person| person.floor.get()).collect(),
            passing: self.passing.get(),
            begun: self.begun.get(),
        }
    }

    /// Where each incident stood all the time since a glance, where that is certain.
    pub fn settled(&self, glance: &Glance) -> Vec<(IncidentId, Option<Place>)> {
        let both = self.cases.iter().zip(&glance.cases);
        both.map(|(case, before)| {
            let still = case.state.get().moves == before.moves;
            (case.id, before.settled().filter(|_| still))
        })
        .collect()
    }

    /// How many incidents may have been there since a glance beside those that certainly were.
    pub fn passed(&self, glance: &Glance) -> u64 {
        glance.passing + (self.begun.get() - glance.begun)
    }

    /// Whoever follows a stream was shown this.
    pub fn told(&self, event: &Event) {
        if let Fact::UserUpdated { user, .. } = &event.fact
            && let Some(person) = self.people.iter().find(|person| person.id == user.id)
        {
            person.told(&user.name);
        }
        let case = self.cases.iter().find(|case| Some(case.id) == event.incident_id());
        if let Some(case) = case {
            case.shown(event.version);
        }
    }

    /// What is wrong with an incident that was read since a glance by somebody who had `known`.
    pub fn check(&self, glance: &Glance, known: i64, read: &Incident) -> Result<(), String> {
        if read.title.starts_with(REFUSED) {
            return Err("it is what a refused command asked for".to_owned());
        }
        let at = self.cases.iter().position(|case| case.id == read.id);
        let Some(at) = at else { return Ok(()) };
        self.check_version(glance, at, known, read.version)?;
        let lines = glance.cases[at].lines;
        if read.log_count < lines {
            return Err(format!("{} lines, where {lines} were acknowledged", read.log_count));
        }
        if let Some(UserRef { id, name }) = &read.assigned_to
            && let Some(at) = self.people.iter().position(|person| person.id == *id)
        {
            self.people[at].check(glance.people[at], name)?;
        }
        self.same(read)
    }

    pub fn check_version(
        &self,
        glance: &Glance,
        at: usize,
        known: i64,
        version: i64,
    ) -> Result<(), String> {
        let floor = glance.cases[at].floor.max(known);
        if version < floor {
            let State { floor, .. } = glance.cases[at];
            return Err(format!(
                "version {version}, where {floor} was acknowledged or shown before the read began \
                 and the reader had {known}"
            ));
        }
        self.cases[at].update(|state| state.seen = state.seen.max(version));
        Ok(())
    }

    pub fn check_name(&self, glance: &Glance, person: usize, name: &str) -> Result<(), String> {
        self.people[person].check(glance.people[person], name)
    }

    /// One version is one incident, whoever reads it.
    fn same(&self, incident: &Incident) -> Result<(), String> {
        let print = print(incident);
        let mut read = self.read.borrow_mut();
        match read.insert((incident.id, incident.version), print) {
            Some(other) if other != print => Err("another was read of this version".to_owned()),
            _ => Ok(()),
        }
    }

    /// What is wrong with all that was read, by what happened.
    pub fn audit(&self, journal: &[Event]) -> Vec<String> {
        let facts = journal.iter().filter_map(|event| {
            let incident = event.fact.incident()?;
            Some(((incident.id, event.version), print(incident)))
        });
        let facts: HashMap<_, _> = facts.collect();
        let read = self.read.borrow();
        let wrong = read.iter().filter(|(place, print)| facts.get(place) != Some(print));
        wrong
            .map(|((id, version), _)| format!("{id}: what was read as {version} never happened"))
            .collect()
    }
}

/// Everything lists show but the name of who works on it, which changes with the person.
fn print(incident: &Incident) -> u64 {
    let mut summary = incident.summary();
    if let Some(person) = &mut summary.assigned_to {
        person.name.clear();
    }
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(&summary).expect("an incident is JSON").hash(&mut hasher);
    hasher.finish()
}

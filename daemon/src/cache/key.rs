//! Names of cached values, each typed to its value, and the one list of what a fact makes stale.

use std::fmt::{self, Write as _};
use std::marker::PhantomData;
use std::sync::Arc;

use uuid::Uuid;
use watchfire_shared::cache::CacheType;
use watchfire_shared::event::{Event, Fact};
use watchfire_shared::ids::{IncidentId, JournalId, Reference, UserId};
use watchfire_shared::page::Sort;
use watchfire_shared::stats::{Counts, Stats};
use watchfire_shared::user::UserOut;

use super::sheet::Sheet;
use super::value::Cacheable;
use crate::store::listing::{IdPage, Query};

/// What a value is about, with every parameter that tells it from others. As data and not as text: a
/// page looks up fifty of these.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    Incident(IncidentId),
    /// A query in its normal form.
    List(Arc<str>),
    Counts,
    Reference(Reference),
    User(UserId),
    Stats,
}

/// What is forgotten as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guard {
    Incident(IncidentId),
    Reference(Reference),
    User(UserId),
    /// Every list page and the counts.
    Lists,
    /// Never forgotten; ends by time alone.
    Time,
}

impl Subject {
    pub const fn guard(&self) -> Guard {
        match self {
            Self::Incident(id) => Guard::Incident(*id),
            Self::Reference(reference) => Guard::Reference(*reference),
            Self::User(id) => Guard::User(*id),
            Self::List(_) | Self::Counts => Guard::Lists,
            Self::Stats => Guard::Time,
        }
    }

    /// Bytes beside the value itself.
    pub fn weight(&self) -> usize {
        match self {
            Self::List(query) => size_of::<Self>() + query.len(),
            _ => size_of::<Self>(),
        }
    }
}

impl Guard {
    pub const fn kind(self) -> CacheType {
        match self {
            Self::Incident(_) => CacheType::Incident,
            Self::Reference(_) => CacheType::Reference,
            Self::User(_) => CacheType::User,
            Self::Lists => CacheType::IncidentList,
            Self::Time => CacheType::Stats,
        }
    }
}

/// The name of one value of type `T`.
#[derive(Debug)]
pub struct Key<T> {
    pub(super) subject: Subject,
    value: PhantomData<fn() -> T>,
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        Self::of(self.subject.clone())
    }
}

impl<T> Key<T> {
    const fn of(subject: Subject) -> Self {
        Self { subject, value: PhantomData }
    }
}

impl<T: Cacheable> Key<T> {
    /// `wf:{log}:{schema}:{type}:{parameters}`, the name in Redis.
    pub(super) fn text(&self, log: JournalId) -> String {
        text(log, T::SCHEMA, T::TYPE.as_str(), &self.subject)
    }
}

pub const fn incident(id: IncidentId) -> Key<Sheet> {
    Key::of(Subject::Incident(id))
}

pub const fn reference(reference: Reference) -> Key<IncidentId> {
    Key::of(Subject::Reference(reference))
}

pub const fn user(id: UserId) -> Key<UserOut> {
    Key::of(Subject::User(id))
}

/// Every parameter of a query but the moment it is asked at: a filter that speaks of ages has no
/// key (see [`depends_on_time`]).
pub fn incident_list(query: &Query) -> Key<IdPage> {
    let Query { filter, sort: Sort { by, reversed }, after, limit, now: _ } = query;
    let after = after.map_or_else(String::new, |place| format!("{}/{}", place.key, place.id));
    // Debug quotes what people wrote, so no word of theirs can look like the end of its term.
    let text = format!("{by}:{reversed}:{limit}:{after}:{:?}", filter.terms());
    Key::of(Subject::List(text.into()))
}

impl Key<IdPage> {
    /// What tells this list from others.
    pub fn list(&self) -> Arc<str> {
        match &self.subject {
            Subject::List(query) => query.clone(),
            other => other.to_string().into(),
        }
    }
}

/// A page that changes by itself cannot be kept.
pub fn depends_on_time(query: &Query) -> bool {
    use watchfire_shared::filter::Test;
    query.filter.terms().iter().any(|term| matches!(term.test, Test::Age(..)))
}

pub const fn counts() -> Key<Counts> {
    Key::of(Subject::Counts)
}

pub const fn stats() -> Key<Stats> {
    Key::of(Subject::Stats)
}

/// The shapes of everything that is cached, as text: daemons of other shapes keep apart.
pub fn shapes() -> String {
    let schemas = [
        Sheet::SCHEMA,
        IdPage::SCHEMA,
        Counts::SCHEMA,
        IncidentId::SCHEMA,
        UserOut::SCHEMA,
        Stats::SCHEMA,
        GENERATION_SCHEMA,
    ];
    schemas.map(|schema| schema.to_string()).join(".")
}

/// Of the generations themselves.
pub(super) const GENERATION_SCHEMA: u16 = 1;

/// Where the generation of a guard's values stands in Redis; none for values that are forgotten one
/// by one.
pub(super) fn generation(guard: Guard, log: JournalId) -> Option<String> {
    let generation = || format!("{}lists", prefix(log, GENERATION_SCHEMA, "generation"));
    matches!(guard, Guard::Lists).then(generation)
}

/// What is removed in Redis when a guard is forgotten.
pub(super) fn removed(guard: Guard, log: JournalId) -> Option<String> {
    match guard {
        Guard::Incident(id) => Some(incident(id).text(log)),
        Guard::Reference(number) => Some(reference(number).text(log)),
        Guard::User(id) => Some(user(id).text(log)),
        Guard::Lists => generation(guard, log),
        Guard::Time => None,
    }
}

/// Where a process finds out whether Redis keeps what it is given.
pub(super) fn probe(log: JournalId, process: Uuid) -> String {
    format!("{}{}", prefix(log, 1, "probe"), process.simple())
}

/// What the names of an installation begin with.
pub(super) fn of_log(log: JournalId) -> String {
    format!("wf:{}:", log.0.simple())
}

/// Where a demonstration keeps one value.
pub(super) fn demo(log: JournalId, id: Uuid) -> String {
    format!("{}{}", prefix(log, 1, "demo"), id.simple())
}

fn prefix(log: JournalId, schema: u16, kind: &str) -> String {
    format!("{}{schema}:{kind}:", of_log(log))
}

pub(super) fn text(log: JournalId, schema: u16, kind: &str, subject: &Subject) -> String {
    let mut text = prefix(log, schema, kind);
    // Writing to a string cannot fail.
    write!(text, "{subject}").ok();
    text
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incident(id) => write!(f, "{}", id.0.simple()),
            Self::User(id) => write!(f, "{}", id.0.simple()),
            Self::Reference(reference) => write!(f, "{}", reference.0),
            Self::List(query) => f.write_str(query),
            Self::Counts | Self::Stats => Ok(()),
        }
    }
}

/// What a fact makes stale: the only such list.
pub fn keys_of(event: &Event) -> Vec<Guard> {
    match &event.fact {
        Fact::IncidentCreated { incident } => {
            vec![Guard::Incident(incident.id), Guard::Reference(incident.reference), Guard::Lists]
        }
        Fact::IncidentUpdated { incident, .. }
        | Fact::IncidentStatusChanged { incident, .. }
        | Fact::IncidentAssigned { incident, .. }
        | Fact::IncidentDeleted { incident } => vec![Guard::Incident(incident.id), Guard::Lists],
        // Lists are ordered by the score, where there is one.
        Fact::AssessmentCompleted { incident, .. } if incident.score.is_some() => {
            vec![Guard::Incident(incident.id), Guard::Lists]
        }
        // Nothing a filter or an order can see.
        Fact::IncidentCommented { incident, .. }
        | Fact::LogAttached { incident, .. }
        | Fact::AlertFired { incident, .. }
        | Fact::AlertResolved { incident, .. }
        | Fact::BatchCompleted { incident, .. }
        | Fact::AssessmentRequested { incident, .. }
        | Fact::AssessmentCompleted { incident, .. } => vec![Guard::Incident(incident.id)],
        // A name stands inside incidents: whoever changes it raises the epoch in the transaction.
        Fact::UserCreated { user, .. } | Fact::UserUpdated { user, .. } => {
            vec![Guard::User(user.id)]
        }
        // What a newer daemon wrote may have changed anything of its aggregate.
        Fact::Other(_) => match event.incident_id() {
            Some(id) => vec![Guard::Incident(id), Guard::Lists],
            None => vec![Guard::User(UserId(event.aggregate_id))],
        },
    }
}

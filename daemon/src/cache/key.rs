//! Names of cached values, each typed to its value, and the one list of what a fact makes stale.

use std::marker::PhantomData;
use std::sync::Arc;

use uuid::Uuid;
use watchfire_shared::cache::CacheType;
use watchfire_shared::event::{Event, Fact};
use watchfire_shared::ids::{IncidentId, JournalId, Reference, UserId};
use watchfire_shared::page::Sort;
use watchfire_shared::stats::{Counts, Stats};

use super::Sheet;
use crate::store::listing::{IdPage, Query};

/// A value that can be cached.
pub trait Cacheable: Send + Sync + 'static {
    const TYPE: CacheType;
    /// Raised when the shape changes: old entries are then never read.
    const SCHEMA: u32;
    /// Rough size in bytes.
    fn weight(&self) -> usize;
    /// What a reader compares with what it has already seen; 0 where nothing counts versions.
    fn version(&self) -> i64 {
        0
    }
}

impl Cacheable for IdPage {
    const TYPE: CacheType = CacheType::IncidentList;
    const SCHEMA: u32 = 1;

    fn weight(&self) -> usize {
        128 + self.ids.len() * 16
    }
}

impl Cacheable for Counts {
    const TYPE: CacheType = CacheType::Counts;
    const SCHEMA: u32 = 1;

    fn weight(&self) -> usize {
        256
    }
}

impl Cacheable for IncidentId {
    const TYPE: CacheType = CacheType::Reference;
    const SCHEMA: u32 = 1;

    fn weight(&self) -> usize {
        16
    }
}

impl Cacheable for Stats {
    const TYPE: CacheType = CacheType::Stats;
    const SCHEMA: u32 = 1;

    fn weight(&self) -> usize {
        256
    }
}

/// What is forgotten as one: a value is valid only while its guard has not been forgotten since
/// before its load.
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

/// The name of one value of type `T`.
#[derive(Debug)]
pub struct Key<T> {
    pub(super) name: Arc<str>,
    pub(super) guard: Guard,
    value: PhantomData<fn() -> T>,
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), guard: self.guard, value: PhantomData }
    }
}

impl<T: Cacheable> Key<T> {
    fn new(log: JournalId, guard: Guard, rest: &str) -> Self {
        // Without the formatter: a page makes fifty of these.
        let (mut buffer, schema) = (Uuid::encode_buffer(), T::SCHEMA.to_string());
        let log = log.0.simple().encode_lower(&mut buffer);
        let name = ["wf:", log, ":", &schema, ":", T::TYPE.as_str(), ":", rest].concat();
        Self { name: name.into(), guard, value: PhantomData }
    }
}

pub fn incident(log: JournalId, id: IncidentId) -> Key<Sheet> {
    let mut buffer = Uuid::encode_buffer();
    Key::new(log, Guard::Incident(id), id.0.simple().encode_lower(&mut buffer))
}

pub fn reference(log: JournalId, reference: Reference) -> Key<IncidentId> {
    Key::new(log, Guard::Reference(reference), &reference.0.to_string())
}

/// Every parameter of a query but the moment it is asked at: a filter that speaks of ages has no
/// key (see [`depends_on_time`]).
pub fn incident_list(log: JournalId, query: &Query) -> Key<IdPage> {
    let Query { filter, sort: Sort { by, reversed }, after, limit, now: _ } = query;
    let after = after.map_or_else(String::new, |place| format!("{}/{}", place.key, place.id));
    let rest = format!("{by}:{reversed}:{limit}:{after}:{:?}", filter.terms());
    Key::new(log, Guard::Lists, &rest)
}

/// A page that changes by itself cannot be kept.
pub fn depends_on_time(query: &Query) -> bool {
    use watchfire_shared::filter::Test;
    query.filter.terms().iter().any(|term| matches!(term.test, Test::Age(..)))
}

pub fn counts(log: JournalId) -> Key<Counts> {
    Key::new(log, Guard::Lists, "")
}

pub fn stats(log: JournalId) -> Key<Stats> {
    Key::new(log, Guard::Time, "")
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

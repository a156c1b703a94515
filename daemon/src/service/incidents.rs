//! Incidents: read through the cache, changed under the row's lock.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use watchfire_shared::event::{Event, Fact};
use watchfire_shared::field::Field;
use watchfire_shared::ids::{CommentId, IncidentId, IncidentRef, UserId};
use watchfire_shared::incident::rules::{PatchContext, Refusal};
use watchfire_shared::incident::{
    Comment, Incident, IncidentPatch, NewComment, NewIncident, Status,
};
use watchfire_shared::problem::{Code, FieldError};
use watchfire_shared::stats::{Counts, Stats};
use watchfire_shared::user::{Role, UserRef, UserStatus};

use super::{Author, Caller, Error, Inner, Result};
use crate::cache::{Sheet, key};
use crate::clock;
use crate::store::incidents::{self, Stored};
use crate::store::installation;
use crate::store::{Db, StoreError, Touched, Tx, alert_groups, outbox, people};

/// What happened to an incident in the last day makes it likely to be asked for.
const WARM: TimeDelta = TimeDelta::days(1);

impl Inner {
    /// One incident; a cached copy older than `known` is not served.
    pub async fn incident(
        &self,
        caller: &Caller,
        which: IncidentRef,
        known: Option<i64>,
    ) -> Result<Arc<Sheet>> {
        caller.require(Role::Viewer)?;
        let id = self.resolve(caller, which, known).await?;
        let key = key::incident(id);
        let db = self.db.clone();
        let load = move || {
            let db = db.clone();
            async move { incidents::by_id(&db, id).await?.map(sheet).transpose() }
        };
        let found = self.cache.read_through(&key, caller.moment(), known, load).await?;
        found.ok_or_else(|| Error::not_found("incident"))
    }

    /// The id behind a reference: immutable, so it is cached as that. Who has seen a version knows
    /// that there is one.
    async fn resolve(
        &self,
        caller: &Caller,
        which: IncidentRef,
        known: Option<i64>,
    ) -> Result<IncidentId> {
        let reference = match which {
            IncidentRef::Id(id) => return Ok(id),
            IncidentRef::Reference(reference) => reference,
        };
        let key = key::reference(reference);
        let db = self.db.clone();
        let load = move || {
            let db = db.clone();
            async move { incidents::id_by_reference(&db, reference).await }
        };
        let found = self.cache.read_through(&key, caller.moment(), known, load).await?;
        found.map(|id| *id).ok_or_else(|| Error::not_found("incident"))
    }

    pub async fn create_incident(&self, caller: &Caller, new: NewIncident) -> Result<Incident> {
        caller.require(Role::Responder)?;
        new.check()?;
        let author = Author::new(self.log_id, caller);
        self.transact(caller, move |tx| {
            Box::pin(async move {
                let assigned_to = match new.assigned_to {
                    Some(id) => Some(assignee(tx, id).await?),
                    None => None,
                };
                let now = clock::now();
                let incident = Incident {
                    id: IncidentId(clock::new_id()),
                    reference: incidents::next_reference(tx).await?,
                    title: new.title.trim().to_owned(),
                    description: Some(new.description),
                    status: Status::Open,
                    priority: new.priority,
                    service: new.service.trim().to_owned(),
                    labels: new.labels,
                    assigned_to,
                    created_by: author.actor.clone(),
                    source: author.source,
                    version: 1,
                    log_count: 0,
                    firing_alerts: 0,
                    score: None,
                    created_at: now,
                    updated_at: now,
                    acknowledged_at: None,
                    resolved_at: None,
                    closed_at: None,
                };
                let stored = Stored { incident, priority_chosen: true, last_fact_at: now };
                incidents::insert(tx, &stored).await?;
                let fact = Fact::IncidentCreated { incident: stored.incident.summary() };
                outbox::append(tx, vec![author.incident(fact, now)?]).await?;
                Ok(stored.incident)
            })
        })
        .await
    }

    /// Applies a patch under its guards: `if_match` refuses when anything at all has changed since
    /// that version, the patch's `expect` when one of the values named is another.
    pub async fn update_incident(
        &self,
        caller: &Caller,
        which: IncidentRef,
        patch: IncidentPatch,
        if_match: Option<i64>,
    ) -> Result<Incident> {
        caller.require(Role::Responder)?;
        patch.check()?;
        let author = Author::new(self.log_id, caller);
        self.transact(caller, move |tx| {
            Box::pin(async move {
                // People are locked before incidents, everywhere.
                let assignee = match patch.assigned_to {
                    Field::Set(user) => active_person(tx, user).await?,
                    Field::Null | Field::Absent => None,
                };
                let mut stored = lock_named(tx, which).await?;
                check_version(tx, &stored.incident, if_match).await?;
                let now = stored.next_time();
                let context = PatchContext {
                    actor: &author.actor,
                    now,
                    assignee,
                    comment_id: CommentId(clock::new_id()),
                };
                let labels = stored.incident.labels.clone();
                let facts = match stored.incident.apply(&patch, &context) {
                    Ok(facts) => facts,
                    Err(refusal) => return Err(explain(tx, stored.incident.id, refusal).await?),
                };
                if facts.is_empty() {
                    return Ok(stored.incident);
                }
                stored.priority_chosen |= matches!(patch.priority, Field::Set(_));
                stored.last_fact_at = now;
                incidents::update(tx, &stored, &labels).await?;
                let events = facts.into_iter().map(|fact| author.incident(fact, now));
                outbox::append(tx, events.collect::<Result<_>>()?).await?;
                Ok(stored.incident)
            })
        })
        .await
    }

    pub async fn comment(
        &self,
        caller: &Caller,
        which: IncidentRef,
        comment: NewComment,
    ) -> Result<Comment> {
        caller.require(Role::Responder)?;
        comment.check()?;
        let author = Author::new(self.log_id, caller);
        self.transact(caller, move |tx| {
            Box::pin(async move {
                let mut stored = lock_named(tx, which).await?;
                let labels = stored.incident.labels.clone();
                let now = stored.next_time();
                let comment_id = CommentId(clock::new_id());
                let fact = stored.incident.comment(comment_id, comment.body.clone());
                stored.last_fact_at = now;
                incidents::update(tx, &stored, &labels).await?;
                outbox::append(tx, vec![author.incident(fact, now)?]).await?;
                Ok(Comment {
                    id: comment_id,
                    incident_id: stored.incident.id,
                    body: comment.body,
                    author: author.actor,
                    created_at: now,
                    version: stored.incident.version,
                })
            })
        })
        .await
    }

    /// Removes it with all that hangs on it; its events stay in the journal, and repeats of its
    /// alerts' episodes are swallowed.
    pub async fn delete_incident(&self, caller: &Caller, which: IncidentRef) -> Result<()> {
        caller.require(Role::Admin)?;
        let author = Author::new(self.log_id, caller);
        self.transact(caller, move |tx| {
            Box::pin(async move {
                let id = id_in(tx, which).await?;
                alert_groups::lock_of(tx, id).await?;
                let mut stored = lock(tx, id).await?;
                let now = stored.next_time();
                alert_groups::swallow(tx, id).await?;
                incidents::delete(tx, id).await?;
                stored.incident.version += 1;
                let fact = Fact::IncidentDeleted { incident: stored.incident.summary() };
                outbox::append(tx, vec![author.incident(fact, now)?]).await?;
                Ok(Some(Touched::Incident(id)))
            })
        })
        .await
        .map(drop)
    }

    /// Has the cache hold what people are likely to ask for: incidents something happened to lately,
    /// the latest first.
    pub async fn warm(&self, at_most: u32) -> Result<usize> {
        let since = clock::now() - WARM;
        let ids = incidents::active_since(&self.db, since, at_most).await?;
        let db = self.db.clone();
        let load = move |ids: Arc<[IncidentId]>| sheets(db.clone(), ids);
        Ok(self.cache.warm(&ids, async || installation::moment(&self.db).await, load).await?)
    }

    /// What is not closed, exact.
    pub async fn counts(&self, caller: &Caller) -> Result<Counts> {
        caller.require(Role::Viewer)?;
        let db = self.db.clone();
        let load = move || {
            let db = db.clone();
            async move { incidents::counts(&db).await.map(Some) }
        };
        let key = key::counts();
        let counts = self.cache.read_through(&key, caller.moment(), None, load).await?;
        Ok(counts.map(|counts| (*counts).clone()).unwrap_or_default())
    }

    /// The dashboard's figures; they say how old they are.
    pub async fn stats(&self, caller: &Caller) -> Result<Stats> {
        caller.require(Role::Viewer)?;
        let db = self.db.clone();
        let load = move || {
            let db = db.clone();
            async move { incidents::stats(&db, clock::now()).await.map(Some) }
        };
        let key = key::stats();
        let stats = self.cache.read_through(&key, caller.moment(), None, load).await?;
        stats
            .map(|stats| (*stats).clone())
            .ok_or_else(|| Error::internal("the figures are never absent"))
    }
}

impl Stored {
    /// Now, but never before the incident's latest fact.
    pub(crate) fn next_time(&self) -> DateTime<Utc> {
        clock::now().max(self.last_fact_at)
    }
}

/// The id behind a name, or 404. Asked in the transaction and not before: the repeat of a command
/// that is done has to find its answer although the incident may be gone.
async fn id_in(tx: &mut Tx, which: IncidentRef) -> Result<IncidentId> {
    match which {
        IncidentRef::Id(id) => Ok(id),
        IncidentRef::Reference(reference) => {
            incidents::id_of(tx, reference).await?.ok_or_else(|| Error::not_found("incident"))
        }
    }
}

pub(super) async fn sheets(db: Db, ids: Arc<[IncidentId]>) -> Result<Vec<Sheet>, StoreError> {
    incidents::many(&db, &ids).await?.into_iter().map(sheet).collect()
}

pub(super) fn sheet(incident: Incident) -> Result<Sheet, StoreError> {
    Sheet::new(incident).map_err(|error| StoreError::unreadable(error.to_string()))
}

/// Locks the incident's row, or 404.
async fn lock(tx: &mut Tx, id: IncidentId) -> Result<Stored> {
    incidents::lock(tx, id).await?.ok_or_else(|| Error::not_found("incident"))
}

/// As [`lock`], however the incident is named.
pub(crate) async fn lock_named(tx: &mut Tx, which: IncidentRef) -> Result<Stored> {
    let id = id_in(tx, which).await?;
    lock(tx, id).await
}

/// The person an incident is to be given to: active, or there is none.
async fn active_person(tx: &mut Tx, id: UserId) -> Result<Option<UserRef>> {
    let person = people::hold(tx, id).await?;
    Ok(person.filter(|person| person.status == UserStatus::Active).map(|p| p.reference()))
}

async fn assignee(tx: &mut Tx, id: UserId) -> Result<UserRef> {
    active_person(tx, id)
        .await?
        .ok_or_else(|| Error::field("assigned_to", "must be the id of an active user"))
}

async fn check_version(tx: &mut Tx, incident: &Incident, if_match: Option<i64>) -> Result<()> {
    let Some(expected) = if_match.filter(|expected| *expected != incident.version) else {
        return Ok(());
    };
    let last = outbox::latest(tx, incident.id.0).await?;
    let message = format!("you read version {expected}, it is at {}", incident.version);
    let error = FieldError {
        actual: Some(incident.version.into()),
        ..blame(FieldError::new("version", message), last.as_ref())
    };
    Err(Error::Refused {
        code: Code::VersionMismatch,
        detail: "It has changed since you read it; read it again and decide anew.".to_owned(),
        errors: vec![error],
    })
}

/// A refusal with who changed what was in the way, and when.
async fn explain(tx: &mut Tx, id: IncidentId, refusal: Refusal) -> Result<Error> {
    let Refusal::Unexpected(errors) = refusal else { return Ok(refusal.into()) };
    let mut explained = Vec::new();
    for error in errors {
        let kind = match error.field.as_str() {
            "status" => "incident.status_changed",
            "assigned_to" => "incident.assigned",
            _ => "incident.updated",
        };
        let facts = outbox::latest_of(tx, id.0, kind, 50).await?;
        let fact = facts.iter().find(|event| match &event.fact {
            Fact::IncidentUpdated { changes, .. } => changes.contains_key(&error.field),
            _ => true,
        });
        explained.push(blame(error, fact));
    }
    Ok(Refusal::Unexpected(explained).into())
}

fn blame(error: FieldError, event: Option<&Event>) -> FieldError {
    FieldError {
        changed_by: event.map(|event| event.actor.clone()),
        changed_at: event.map(|event| event.occurred_at),
        version: event.map(|event| event.version).or(error.version),
        ..error
    }
}

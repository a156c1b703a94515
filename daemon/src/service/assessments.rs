//! Assessments: asked for by people or by what happens to an incident, made by the worker.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use watchfire_shared::assessment::{Assessment, AssessmentStatus, LogSummary};
use watchfire_shared::event::Actor;
use watchfire_shared::ids::{AssessmentId, IncidentId, IncidentRef};
use watchfire_shared::page::Page;
use watchfire_shared::user::Role;

use super::incidents::lock_named;
use super::{Answer, Author, Caller, Error, Inner, Result};
use crate::clock;
use crate::store::incidents::Stored;
use crate::store::{Touched, Tx, assessments, incidents, outbox};

/// What looks at the lines of an incident.
const COMPONENT: &str = "logs";
/// Raised when the same lines may lead to another result.
const PARAMETERS: i32 = 1;

impl Answer for Assessment {
    fn touched(&self) -> Option<Touched> {
        Some(Touched::Incident(self.incident_id))
    }
}

impl Inner {
    /// Requests an assessment; while one is under way, that is the answer.
    pub async fn request_assessment(
        &self,
        caller: &Caller,
        which: IncidentRef,
    ) -> Result<Assessment> {
        caller.require(Role::Responder)?;
        let author = Author::new(self.log_id, caller);
        self.transact(caller, move |tx| {
            Box::pin(async move {
                let stored = lock_named(tx, which).await?;
                request(tx, &author, stored).await
            })
        })
        .await
    }

    /// Those of an incident, the newest first.
    pub async fn assessments(
        &self,
        caller: &Caller,
        which: IncidentRef,
        before: Option<AssessmentId>,
        limit: u32,
    ) -> Result<Page<Assessment>> {
        let incident = self.incident(caller, which, None).await?.id;
        let before = before.unwrap_or(AssessmentId(Uuid::max()));
        let items = assessments::page(&self.db, incident, before, limit.into()).await?;
        let full = items.len() >= limit.try_into().unwrap_or(usize::MAX);
        let next_cursor = items.last().filter(|_| full).map(|it| it.id.to_string());
        Ok(Page { items, next_cursor })
    }
}

/// Requests an assessment of a locked incident, unless one is under way: that one will see all that
/// led to this request. Events of an incident are handled in order, so whatever asked came before it.
pub(super) async fn request(
    tx: &mut Tx,
    author: &Author,
    mut stored: Stored,
) -> Result<Assessment> {
    let id = stored.incident.id;
    if let Some(running) = assessments::running(tx, id, COMPONENT).await? {
        return Ok(running);
    }
    let now = stored.next_time();
    let assessment = begun(id, author.actor.clone(), now);
    assessments::insert(tx, &assessment).await?;
    let fact = stored.incident.assessment_requested(assessment.clone());
    store(tx, stored, now).await?;
    outbox::append(tx, vec![author.incident(fact, now)?]).await?;
    Ok(assessment)
}

fn begun(incident_id: IncidentId, requested_by: Actor, now: DateTime<Utc>) -> Assessment {
    Assessment {
        id: AssessmentId(clock::new_id()),
        incident_id,
        component: COMPONENT.to_owned(),
        status: AssessmentStatus::InProgress,
        progress: 0,
        requested_by,
        started_at: now,
        completed_at: None,
        parameter_version: PARAMETERS,
        summary: None,
        error: None,
    }
}

/// Stores what came out; nothing where the incident is gone. Waits for nobody who works on it.
pub(super) async fn complete(
    tx: &mut Tx,
    author: &Author,
    incident: IncidentId,
    assessment: AssessmentId,
    summary: LogSummary,
) -> Result<()> {
    let Some(stored) = incidents::try_lock(tx, incident).await? else { return Ok(()) };
    let Some(assessment) = assessments::by_id(tx, assessment).await? else { return Ok(()) };
    let ended = Assessment {
        status: AssessmentStatus::Completed,
        progress: 100,
        summary: Some(summary),
        error: None,
        ..assessment
    };
    end(tx, author, stored, ended).await
}

/// The one that is under way will not be made.
pub(super) async fn give_up(
    tx: &mut Tx,
    author: &Author,
    incident: IncidentId,
    reason: &str,
) -> Result<()> {
    let Some(stored) = incidents::lock(tx, incident).await? else { return Ok(()) };
    let Some(running) = assessments::running(tx, incident, COMPONENT).await? else {
        return Ok(());
    };
    let ended =
        Assessment { status: AssessmentStatus::Failed, error: Some(reason.to_owned()), ..running };
    end(tx, author, stored, ended).await
}

async fn end(tx: &mut Tx, author: &Author, mut stored: Stored, it: Assessment) -> Result<()> {
    let now = stored.next_time();
    let ended = Assessment { completed_at: Some(now), ..it };
    assessments::end(tx, &ended).await?;
    let fact = stored.incident.assessment_completed(ended);
    store(tx, stored, now).await?;
    Ok(outbox::append(tx, vec![author.incident(fact, now)?]).await?)
}

async fn store(tx: &mut Tx, mut stored: Stored, now: DateTime<Utc>) -> Result<(), Error> {
    stored.last_fact_at = now;
    let labels = stored.incident.labels.clone();
    Ok(incidents::update(tx, &stored, &labels).await?)
}

//! What people decide about events that could not be handled.

use std::collections::BTreeSet;

use uuid::Uuid;
use watchfire_shared::dead_letter::{DeadLetter, DeadLetterState, DiscardIn, Discarded};
use watchfire_shared::event::{Event, Fact};
use watchfire_shared::ids::DeadLetterId;
use watchfire_shared::page::Page;
use watchfire_shared::user::Role;

use super::{Author, Caller, Error, Inner, Result, assessments};
use crate::clock;
use crate::store::{Touched, Tx, dead_letters, inbox};

/// Characters of a reason, at most.
const REASON_MAX: usize = 1_000;

impl Inner {
    /// Those in a state, or all that are not discarded, the oldest first.
    pub async fn dead_letters(
        &self,
        caller: &Caller,
        state: Option<DeadLetterState>,
        after: Option<DeadLetterId>,
        limit: u32,
    ) -> Result<Page<DeadLetter>> {
        caller.require(Role::Viewer)?;
        let after = after.unwrap_or(DeadLetterId(Uuid::nil()));
        let items = dead_letters::page(&self.db, state, after, limit.into()).await?;
        let full = items.len() >= limit.try_into().unwrap_or(usize::MAX);
        let next_cursor = items.last().filter(|_| full).map(|it| it.id.to_string());
        Ok(Page { items, next_cursor })
    }

    /// Has it handled again by the next worker that looks, with every parked event of its
    /// aggregate, in the order of their versions.
    pub async fn redrive(&self, caller: &Caller, id: DeadLetterId) -> Result<()> {
        caller.require(Role::Admin)?;
        self.transact(caller, move |tx| {
            Box::pin(async move {
                let letter = hold(tx, id).await?;
                let first = first_of(tx, &letter).await?.map_or(id, |first| first.id);
                Ok(dead_letters::redrive(tx, first).await?)
            })
        })
        .await
    }

    /// Has it never handled; those that waited for it go on.
    pub async fn discard(
        &self,
        caller: &Caller,
        id: DeadLetterId,
        DiscardIn { reason }: DiscardIn,
    ) -> Result<()> {
        caller.require(Role::Admin)?;
        let reason = reason.trim().to_owned();
        if !(1..=REASON_MAX).contains(&reason.chars().count()) {
            return Err(Error::field("reason", "must have 1 to 1,000 characters"));
        }
        let (author, by) = (Author::new(self.log_id, caller), caller.actor());
        self.transact(caller, move |tx| {
            Box::pin(async move {
                let letter = hold(tx, id).await?;
                let was_first = first_of(tx, &letter).await?.is_some_and(|first| first.id == id);
                if let Some(event) = &letter.event
                    && let Fact::AssessmentRequested { incident, .. } = &event.fact
                {
                    let author = Author { caused_by: Some(event.event_id), ..author };
                    let reason = format!("its request was discarded: {reason}");
                    assessments::give_up(tx, &author, incident.id, &reason).await?;
                }
                let discarded = Discarded { by, at: clock::now(), reason };
                dead_letters::discard(tx, id, &discarded).await?;
                if was_first && let Some(next) = first_of(tx, &letter).await? {
                    dead_letters::redrive(tx, next.id).await?;
                }
                let incident = letter.event.as_ref().and_then(Event::incident_id);
                Ok(incident.map(Touched::Incident))
            })
        })
        .await
        .map(drop)
    }
}

/// Locks it, its aggregate's row first as everybody does; 404 where it does not wait any more.
async fn hold(tx: &mut Tx, id: DeadLetterId) -> Result<DeadLetter> {
    let gone = || Error::not_found("dead letter that waits");
    let letter = dead_letters::find(tx, id).await?.ok_or_else(gone)?;
    if let Some(event) = &letter.event {
        inbox::lock(tx, &letter.consumer, &BTreeSet::from([event.aggregate_id])).await?;
    }
    dead_letters::lock(tx, id).await?.ok_or_else(gone)
}

/// The one its aggregate waits for.
async fn first_of(tx: &mut Tx, letter: &DeadLetter) -> Result<Option<DeadLetter>> {
    let Some(event) = &letter.event else { return Ok(None) };
    Ok(dead_letters::first(tx, &letter.consumer, event.aggregate_id).await?)
}

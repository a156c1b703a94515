//! What waits to leave the database, and what could not.

use chrono::{DateTime, Utc};
use watchfire_shared::ids::EventId;
use watchfire_shared::outbox::OutboxStatus;
use watchfire_shared::process::Process;
use watchfire_shared::user::Role;

use super::{Caller, Error, Inner, Result, Transport};
use crate::clock;
use crate::store::{outbox, publication};

/// Failed facts shown at once.
const FAILURES: i64 = 100;

impl Inner {
    /// Publishes a failed event once more.
    pub async fn retry_event(&self, caller: &Caller, id: EventId) -> Result<()> {
        caller.require(Role::Admin)?;
        self.transact(caller, move |tx| {
            Box::pin(async move {
                let found = publication::retry(tx, id).await?;
                if found { Ok(()) } else { Err(Error::not_found("failed event")) }
            })
        })
        .await
    }

    /// What waits to leave the database; with the journal nothing does.
    pub async fn outbox(&self, caller: &Caller) -> Result<OutboxStatus> {
        caller.require(Role::Viewer)?;
        let transport = self.policy.transport.as_str().to_owned();
        if self.policy.transport == Transport::Journal {
            let unpositioned = outbox::unpositioned(&self.db).await?;
            return Ok(OutboxStatus { unpositioned, transport, ..OutboxStatus::default() });
        }
        let figures = publication::figures(&self.db).await?;
        let fleet = self.fleet.all().await?;
        let relay = |process: &Process| process.figures.relay.clone();
        let leader = fleet.iter().find(|it| relay(it).is_some_and(|relay| relay.leading));
        let waits = |since: DateTime<Utc>| (clock::now() - since).as_seconds_f64().max(0.0);
        Ok(OutboxStatus {
            pending: figures.pending,
            unpositioned: figures.unpositioned,
            published: figures.published(),
            failed: figures.failed,
            oldest_pending_seconds: figures.oldest.map(waits),
            rate_1m: leader.and_then(relay).map_or(0.0, |relay| relay.rate_1m),
            transport,
            leader: leader.map(|process| process.name.clone()),
            items: publication::failures(&self.db, FAILURES).await?,
        })
    }
}

//! What an administrator does to a whole installation.

use chrono::{DateTime, Utc};
use watchfire_shared::ids::JournalId;

use super::admin::Admin;
use super::{Error, Result};
use crate::clock;
use crate::store::installation;
use crate::store::prune::{self, Old};

/// Facts removed in one transaction: others write in between.
const CHUNK: i64 = 2_000;

impl Admin {
    /// What is older than a moment and may go. What has not left for Kafka stays where it must.
    pub async fn old(&self, before: DateTime<Utc>, publishes: bool) -> Result<Old> {
        let boundary = prune::boundary(&self.db, before, publishes).await?;
        Ok(prune::count(&self.db, boundary, before).await?)
    }

    /// Removes it, a little at a time; `removed` hears of the facts that are gone.
    pub async fn prune(
        &self,
        before: DateTime<Utc>,
        publishes: bool,
        mut removed: impl FnMut(u64),
    ) -> Result<()> {
        let boundary = prune::boundary(&self.db, before, publishes).await?;
        let mut total = 0;
        loop {
            let write = self.ledger.write(move |tx| {
                Box::pin(async move { Ok::<_, Error>(prune::events(tx, boundary, CHUNK).await?) })
            });
            let gone = write.await?;
            total += gone;
            removed(total);
            if gone < CHUNK.unsigned_abs() {
                break;
            }
        }
        let write = self.ledger.write(move |tx| {
            Box::pin(async move { Ok::<_, Error>(prune::sessions_and_keys(tx, before).await?) })
        });
        write.await
    }

    /// After a restore: a new journal, because versions and positions may be used a second time.
    pub async fn restored(&self) -> Result<JournalId> {
        let log_id = JournalId(clock::new_id());
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                installation::renew_log(tx, log_id).await?;
                Ok::<_, Error>(log_id)
            })
        });
        write.await
    }
}

//! What is due by time, and what was never delivered.

use chrono::TimeDelta;
use watchfire_shared::assessment::LogSummary;
use watchfire_shared::event::{Actor, Source};
use watchfire_shared::ids::IncidentId;

use super::{Behind, Inbox};
use crate::clock;
use crate::service::{Author, Error, Result, assessments as use_cases};
use crate::store::{StoreError, assessments, inbox, incidents};

/// A request whose incident somebody works on is tried again after this.
const SOON: TimeDelta = TimeDelta::seconds(1);
/// A request that cannot be served is tried again after this.
const LATER: TimeDelta = TimeDelta::minutes(1);
/// Messages an assessment names.
const TOP_MESSAGES: i64 = 5;
/// Facts looked through at once by the sweep.
const SWEEP: i64 = 20_000;
/// What is younger may still be on its way.
const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(1);
/// Aggregates a sweep names at once.
const BEHIND: i64 = 500;

impl Inbox {
    /// Whether an assessment is due: a read, where [`Self::request_due`] writes.
    pub async fn any_due(&self) -> Result<bool> {
        Ok(assessments::any_due(&self.db, clock::now()).await?)
    }

    /// Requests assessments that are due. Waits for nobody: an incident somebody works on has its
    /// turn later.
    pub async fn request_due(&self, at_most: i64) -> Result<()> {
        let author = Author {
            log_id: self.log_id,
            actor: Actor::system(),
            source: Source::Worker,
            request_id: String::new(),
            caused_by: None,
        };
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                for (incident, caused_by) in assessments::due(tx, clock::now(), at_most).await? {
                    let stored = match incidents::try_lock(tx, incident).await {
                        Err(StoreError::Contended) => {
                            assessments::postpone(tx, incident, clock::now() + SOON).await?;
                            continue;
                        }
                        found => found?,
                    };
                    if let Some(stored) = stored {
                        let author = Author { caused_by: Some(caused_by), ..author.clone() };
                        use_cases::request(tx, &author, stored).await?;
                    }
                    assessments::served(tx, incident).await?;
                }
                Ok::<_, Error>(())
            })
        });
        write.await
    }

    /// Has the request that is due first wait: it cannot be served.
    pub async fn postpone(&self) -> Result<()> {
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                let now = clock::now();
                for (incident, _) in assessments::due(tx, now, 1).await? {
                    assessments::postpone(tx, incident, now + LATER).await?;
                }
                Ok::<_, Error>(())
            })
        });
        write.await
    }

    /// An incident's lines at a glance.
    pub async fn summarise(&self, incident: IncidentId) -> Result<LogSummary> {
        Ok(assessments::summarise(&self.db, incident, TOP_MESSAGES).await?)
    }

    /// The position up to which this consumer has handled the journal.
    pub async fn position(&self) -> Result<i64> {
        Ok(inbox::marks(&self.db, self.consumer).await?.handled)
    }

    pub async fn keep_position(&self, position: i64) -> Result<()> {
        let consumer = self.consumer;
        let write = self.ledger.write(move |tx| {
            Box::pin(
                async move { Ok::<_, Error>(inbox::keep_handled(tx, consumer, position).await?) },
            )
        });
        write.await
    }

    /// Looks for old facts that were never delivered. `fill` is given each aggregate that lacks
    /// some, and the mark moves on once it has returned for all of them.
    pub async fn sweep<F>(&self, mut fill: impl FnMut(Behind) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        loop {
            let after = inbox::marks(&self.db, self.consumer).await?.swept;
            let old = clock::now() - ON_ITS_WAY;
            let upto = inbox::older_than(&self.db, after, SWEEP, old).await?;
            if upto == after {
                return Ok(());
            }
            loop {
                let behind = inbox::behind(&self.db, self.consumer, (after, upto), BEHIND).await?;
                if behind.is_empty() {
                    break;
                }
                for each in behind {
                    fill(each).await?;
                }
            }
            let consumer = self.consumer;
            let write = self.ledger.write(move |tx| {
                Box::pin(
                    async move { Ok::<_, Error>(inbox::keep_swept(tx, consumer, upto).await?) },
                )
            });
            write.await?;
        }
    }
}

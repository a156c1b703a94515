//! What follows a commit, in this order: forget what the facts made stale, let their positions be
//! read, answer. The whole is one tracked task: a caller who goes away leaves nothing half done.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{Notify, oneshot};

use crate::cache::Cache;
use crate::cache::key::{Guard, keys_of};
use crate::lifecycle::Lifecycle;
use crate::store::{Committed, Db, Fallible, StoreError, Touched, Tx};

/// Where use cases write. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    db: Db,
    cache: Cache,
    lifecycle: Lifecycle,
    /// Wakes whoever gives positions.
    pub(super) committed: Arc<Notify>,
}

impl Ledger {
    pub fn new(db: Db, cache: Cache, lifecycle: Lifecycle) -> Self {
        Self { db, cache, lifecycle, committed: Arc::default() }
    }

    /// Runs `work` in a transaction; returns after its commit and after the cache has forgotten
    /// what it made stale.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: Fallible,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let ledger = self.clone();
        self.lifecycle.spawn("use case", async move {
            let written = match ledger.db.write(work).await {
                Ok(committed) => ledger.settle(committed).await.map_err(E::from),
                Err(error) => Err(error),
            };
            answer.send(written).ok();
        });
        let gone = || StoreError::Unavailable { reason: "the daemon is stopping", source: None };
        answered.await.unwrap_or_else(|_| Err(gone().into()))
    }

    async fn settle<T>(&self, committed: Committed<T>) -> Result<T, StoreError> {
        let Committed { value, events, touched, ticket } = committed;
        // Each once, however many facts name it.
        let mut stale: HashSet<Guard> = events.iter().flat_map(keys_of).collect();
        stale.extend(touched.into_iter().map(|touched| match touched {
            Touched::Incident(id) => Guard::Incident(id),
            Touched::User(id) => Guard::User(id),
            Touched::Lists => Guard::Lists,
        }));
        let forgotten = self.cache.forget(stale).await;
        drop(ticket);
        if !events.is_empty() {
            self.committed.notify_one();
        }
        // It is done, and whoever reads may not see it yet: that is no answer to build on.
        forgotten.map(|()| value).map_err(StoreError::Unforgotten)
    }
}

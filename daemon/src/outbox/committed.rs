//! What follows a commit, in this order: forget what the facts made stale, let their positions be
//! read, answer. The whole is one tracked task: a caller who goes away leaves nothing half done.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::{Notify, oneshot};
use watchfire_shared::event::Event;
use watchfire_shared::ids::EventId;

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
    /// Facts whose stale copies this process has forgotten, and that had no position then.
    settled: Arc<Mutex<HashSet<EventId>>>,
}

/// What is remembered of them, at most: another daemon may give their positions, and who forgot
/// that something is forgotten does it again.
const SETTLED: usize = 10_000;

impl Ledger {
    pub fn new(db: Db, cache: Cache, lifecycle: Lifecycle) -> Self {
        Self { db, cache, lifecycle, committed: Arc::default(), settled: Arc::default() }
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

    fn settled(&self) -> MutexGuard<'_, HashSet<EventId>> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when nothing that these facts made stale is served any more: a crashed daemon may have
    /// committed and not forgotten.
    pub(super) async fn make_sure(&self, events: &[&Event]) -> Result<(), StoreError> {
        let stale: HashSet<Guard> = {
            let mut settled = self.settled();
            let unsettled = events.iter().filter(|event| !settled.remove(&event.event_id));
            unsettled.flat_map(|event| keys_of(event)).collect()
        };
        self.cache.make_sure(stale).await.map_err(StoreError::Unforgotten)
    }

    async fn settle<T>(&self, committed: Committed<T>) -> Result<T, StoreError> {
        let Committed { value, events, touched, ticket } = committed;
        // Each once, however many facts name it.
        let mut stale: HashSet<Guard> = events.iter().flat_map(keys_of).collect();
        stale.extend(touched.into_iter().map(|touched| match touched {
            Touched::Incident(id) => Guard::Incident(id),
            Touched::Reference(number) => Guard::Reference(number),
            Touched::User(id) => Guard::User(id),
            Touched::Lists => Guard::Lists,
        }));
        let forgotten = self.cache.forget(stale).await;
        if forgotten.is_ok() && self.db.is_postgres() {
            let mut settled = self.settled();
            if settled.len() > SETTLED {
                settled.clear();
            }
            settled.extend(events.iter().map(|event| event.event_id));
        }
        drop(ticket);
        if !events.is_empty() {
            self.committed.notify_one();
        }
        // It is done, and whoever reads may not see it yet: that is no answer to build on.
        forgotten.map(|()| value).map_err(StoreError::Unforgotten)
    }
}

//! Removing what writes made stale: many writes in one `DEL`, or, where that cannot be done, a raise
//! of the epoch.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use watchfire_shared::cache::Operation;

use super::link::{Elsewhere, Failure, Link};
use crate::gather::gather;
use crate::lifecycle::spawn_detached;
use crate::store::installation::{self, Moment};
use crate::store::{Db, StoreError};

/// Writes whose forgetting is one round, at most.
const SHARED: usize = 256;

type Forgotten = Result<(), Arc<StoreError>>;

struct Order {
    names: Vec<String>,
    done: oneshot::Sender<(Forgotten, Option<Failure>)>,
}

/// Where forgetting queues. Cheap to clone.
#[derive(Clone)]
pub struct Forgetter {
    queue: mpsc::Sender<Order>,
}

struct Serving {
    links: Vec<Link>,
    db: Db,
    /// For both tries together, counted from sending: who waits in the queue has not begun.
    limit: Duration,
}

impl Forgetter {
    pub fn start(links: Vec<Link>, db: Db, limit: Duration) -> Self {
        let (queue, orders) = mpsc::channel(SHARED * 4);
        spawn_detached(Serving { links, db, limit }.serve(orders));
        Self { queue }
    }

    /// Returns when nobody who asks from now on is answered from what stands under these names now:
    /// they are removed, or (with the failure that led to it) the epoch is raised.
    pub async fn forget(&self, names: Vec<String>) -> (Forgotten, Option<Failure>) {
        let gone = || {
            let reason = "the daemon is stopping";
            (Err(Arc::new(StoreError::Unavailable { reason, source: None })), Some(Failure::Away))
        };
        let (done, ended) = oneshot::channel();
        if self.queue.send(Order { names, done }).await.is_err() {
            return gone();
        }
        ended.await.unwrap_or_else(|_| gone())
    }
}

impl Serving {
    async fn serve(self, mut queue: mpsc::Receiver<Order>) {
        let mut orders = Vec::with_capacity(SHARED);
        while gather(&mut queue, &mut orders, SHARED).await {
            let mut names: Vec<&str> =
                orders.iter().flat_map(|order| &order.names).map(String::as_str).collect();
            names.sort_unstable();
            names.dedup();
            // A panic is no reason to leave every write after it without an answer.
            let removed = AssertUnwindSafe(self.remove(&names)).catch_unwind().await;
            let (forgotten, failure) = match removed.unwrap_or(Err(Failure::Away)) {
                Ok(()) => (Ok(()), None),
                Err(failure) => {
                    let raised = installation::raise_epoch_now(&self.db).await;
                    (raised.map_err(Arc::new), Some(failure))
                }
            };
            for order in orders.drain(..) {
                order.done.send((forgotten.clone(), failure.clone())).ok();
            }
        }
    }

    /// Removes the names from the Redis that is the recorded one, as a question begun after these
    /// writes says.
    async fn remove(&self, names: &[&str]) -> Result<(), Failure> {
        if self.links.is_empty() {
            // No Redis here: nobody else may use one, or nobody told it of these writes.
            let recorded = installation::moment(&self.db).await;
            let unused = recorded.is_ok_and(|moment| moment.redis.is_none());
            return if unused { Ok(()) } else { Err(Failure::Away) };
        }
        let limit = Instant::now() + self.limit;
        let both =
            async { tokio::join!(installation::moment_at_once(&self.db), self.delete(names)) };
        let late = |_| Failure::Late(self.limit);
        let (recorded, deleted) = timeout_at(limit, both).await.map_err(late)?;
        let redis = deleted?;
        match recorded {
            Ok(Moment { redis: Some(recorded), .. }) if recorded == redis => Ok(()),
            Ok(Moment { redis: recorded, .. }) => {
                Err(Failure::Elsewhere(Elsewhere::of(recorded.as_deref(), &redis)))
            }
            // What cannot be read may have changed.
            Err(_) => Err(Failure::Elsewhere(Elsewhere::Unknown)),
        }
    }

    /// On one connection and, when that fails, on the next.
    async fn delete(&self, names: &[&str]) -> Result<Arc<str>, Failure> {
        let mut failure = Failure::Away;
        for link in self.links.iter().rev().cycle().take(self.links.len().max(2)) {
            let done = link.call(Operation::Forget, async |mut redis| {
                redis::cmd("DEL").arg(names).exec_async(&mut redis).await
            });
            match done.await {
                Ok(((), redis)) => return Ok(redis),
                Err(Failure::Open) => return Err(Failure::Open),
                Err(other) => failure = other,
            }
        }
        Err(failure)
    }
}

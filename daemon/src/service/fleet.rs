//! The processes that share this database, each as it last told of itself.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::MissedTickBehavior;
use watchfire_shared::cache::{CacheStats, FleetStats, ProcessCache};
use watchfire_shared::ids::ProcessId;
use watchfire_shared::process::{Figures, Process, ProcessKind};
use watchfire_shared::user::Role;

use super::{Caller, Inner, Result, Working};
use crate::cache::Cache;
use crate::clock;
use crate::lifecycle::Lifecycle;
use crate::outbox::Publishing;
use crate::store::{Db, StoreError, processes};

/// How often the others hear of this process.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Who was silent for longer is not counted any more: five beats.
const SILENT: TimeDelta = TimeDelta::seconds(10);
/// Rows of processes that were killed are kept so long.
const GONE: TimeDelta = TimeDelta::days(1);

/// This process among the others. Cheap to clone.
#[derive(Clone)]
pub struct Fleet {
    db: Db,
    identity: Identity,
    /// A worker does not publish.
    publishing: Option<Publishing>,
    working: Working,
    cache: Cache,
}

#[derive(Debug, Clone)]
struct Identity {
    id: ProcessId,
    kind: ProcessKind,
    name: String,
    started_at: DateTime<Utc>,
}

impl Fleet {
    pub fn of_daemon(db: Db, publishing: Publishing, working: Working, cache: Cache) -> Self {
        let identity = Identity::of_this_process(ProcessKind::Daemon);
        Self { db, identity, publishing: Some(publishing), working, cache }
    }

    pub fn of_worker(db: Db, working: Working, cache: Cache) -> Self {
        let identity = Identity::of_this_process(ProcessKind::Worker);
        Self { db, identity, publishing: None, working, cache }
    }

    /// Tells the others of this process every two seconds, until it ends. On SQLite there are none.
    pub async fn run(self, lifecycle: Lifecycle) {
        let mut tick = tokio::time::interval(HEARTBEAT);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while lifecycle.stopping().run_until_cancelled(tick.tick()).await.is_some() {
            if let Err(error) = self.beat().await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "nobody could be told of us");
            }
        }
        // What cannot be told now is seen soon enough.
        self.leave().await.ok();
    }

    async fn beat(&self) -> Result<(), StoreError> {
        let process = self.myself();
        let write =
            self.db.write(move |tx| Box::pin(async move { processes::beat(tx, &process).await }));
        write.await?;
        #[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^52")]
        metrics::gauge!("heartbeat_timestamp_seconds").set(clock::now().timestamp() as f64);
        Ok(())
    }

    /// Tells the others that it ends.
    async fn leave(&self) -> Result<(), StoreError> {
        let (id, long_ago) = (self.identity.id, clock::now() - GONE);
        let write = self
            .db
            .write(move |tx| Box::pin(async move { processes::forget(tx, id, long_ago).await }));
        write.await.map(drop)
    }

    /// This process, now.
    fn myself(&self) -> Process {
        let Identity { id, kind, name, started_at } = self.identity.clone();
        Process {
            id,
            kind,
            name,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at,
            seen_at: clock::now(),
            figures: Figures {
                relay: self.publishing.as_ref().map(Publishing::figures),
                worker: self.working.figures(),
                cache: Some(self.cache.process()),
            },
        }
    }

    /// Everybody who was heard of just now; this process as it is at this moment.
    pub(super) async fn all(&self) -> Result<Vec<Process>, StoreError> {
        let me = self.myself();
        if !self.db.is_postgres() {
            return Ok(vec![me]);
        }
        let mut all = processes::seen_since(&self.db, me.seen_at - SILENT).await?;
        match all.iter_mut().find(|process| process.id == me.id) {
            Some(known) => *known = me,
            None => all.push(me),
        }
        Ok(all)
    }
}

/// The caches of these processes, each by the name of its process.
fn caches(processes: Vec<Process>) -> FleetStats {
    let cache = |process: Process| {
        let Process { name, figures, .. } = process;
        figures.cache.map(|cache| ProcessCache { name, ..cache })
    };
    FleetStats::of(processes.into_iter().filter_map(cache).collect())
}

impl Identity {
    fn of_this_process(kind: ProcessKind) -> Self {
        let host = rustix::system::uname();
        let name = format!("{}:{}", host.nodename().to_string_lossy(), std::process::id());
        Self { id: ProcessId(clock::new_id()), kind, name, started_at: clock::now() }
    }
}

impl Inner {
    /// Everybody who was heard of just now.
    pub async fn processes(&self, caller: &Caller) -> Result<Vec<Process>> {
        caller.require(Role::Viewer)?;
        Ok(self.fleet.all().await?)
    }

    /// The counters of this process, and of all together.
    pub async fn cache_stats(&self, caller: &Caller) -> Result<CacheStats> {
        caller.require(Role::Viewer)?;
        // Of the others nothing is known while the database does not answer.
        let fleet = self.fleet.all().await.unwrap_or_else(|_| vec![self.fleet.myself()]);
        let fleet = caches(fleet);
        Ok(CacheStats { fleet, ..self.cache.stats().await })
    }
}

//! Cache-aside. Correct by these rules (see the crate's architecture page):
//!
//! - Forgetting follows the commit and comes before the answer. What a load that began earlier brings
//!   is refused: in Redis its lease is gone, in process the generation of its guard has moved on.
//! - A value carries the epoch of the request that loaded it; a request of another epoch does not
//!   see it. A write that could not forget raises the epoch.
//! - Concurrent misses share one load. Who joined before its store was sent may have its value only if
//!   it was stored; otherwise they start again.
//! - A failure is never a miss and never an answer: the database is read instead.

mod breaker;
mod flights;
mod integrity;
pub mod key;
mod markers;
mod memory;
mod operate;
mod plain;
mod read;
mod redis;
mod rows;
mod shared;
mod sheet;
mod stats;
#[cfg(test)]
mod tests;
mod ttl;
mod value;
mod warm;
mod watch;

use std::slice::from_ref;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use ::redis::RedisError;
pub use breaker::Settings as BreakerSettings;
pub use key::Key;
pub use operate::{Asked, Inoperable};
pub use plain::Plain;
pub use read::{PageLookups, cut_off};
pub use redis::Settings as RedisSettings;
pub use shared::{Ending, Shared};
pub use sheet::Sheet;
use watchfire_shared::cache::{CacheStats, CacheType, ProcessCache};
use watchfire_shared::ids::{IncidentId, JournalId};

use crate::store::installation::Moment;
use crate::store::{Db, StoreError};
use flights::Flights;
use integrity::LastProbe;
use key::{Guard, Subject};
use memory::Memory;
use redis::{Forgetter, Redis};
use stats::Recorder;
use value::Cacheable;

/// Why something could not be read; shared by all who waited for it.
pub type Unread = Arc<StoreError>;
/// What a load ends with.
pub type Loaded<T> = Result<Option<Arc<T>>, Unread>;

/// Until it is told otherwise: see [`Cache::patient_for`].
const PATIENCE: Duration = Duration::from_millis(500);

/// The cache of this process. Cheap to clone.
#[derive(Clone)]
pub struct Cache {
    backend: Backend,
    recorder: Arc<Recorder>,
    flights: Flights,
    /// How long one waits for a load before reading beside it.
    patience: Duration,
    /// Reads of the database by those who could not ask the cache,
    direct: Direct,
    /// and by those for whom a load is late.
    second: Direct,
    /// Loads of rows that were missing.
    loads: Shared<Wanted, Result<Vec<Arc<Sheet>>, Unread>>,
    probed: LastProbe,
}

type Direct = Shared<Subject, Result<Option<AnyValue>, Unread>>;

/// Incidents wanted at once, and the epoch of those who want them.
type Wanted = (Arc<[IncidentId]>, i64);

type AnyValue = Arc<dyn std::any::Any + Send + Sync>;

#[derive(Clone)]
enum Backend {
    /// In this process: only with `SQLite`, whose one daemon sees every write.
    Memory(Arc<Memory>),
    /// Shared by every daemon of one database.
    Redis(Arc<Redis>),
    /// Every read is the database's; what others keep in Redis is made absent by raising the epoch.
    None(Option<Forgetter>),
}

/// A look at the cache.
enum Look<T> {
    /// None says that there is none in the database either.
    Hit(Option<Arc<T>>),
    Miss,
    /// Not there, and somebody loads it.
    Leased,
    /// The cache did not answer.
    Failed,
}

/// A second look, with the duty to load what is not there.
enum Claim<T> {
    Found(Option<Arc<T>>),
    Lead(Lease),
    Leased,
    Failed,
}

/// The duty to load one value, as its backend knows it.
enum Lease {
    /// The generation before the load.
    Memory(u64),
    Redis(redis::Lease),
}

/// What becomes of that duty.
enum Outcome<T> {
    /// None says that there is none in the database.
    Loaded(Option<Arc<T>>),
    /// It could not be read.
    GivenBack,
}

/// What became of what was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    Stored,
    /// A write came between: it may be out of date.
    Overtaken,
    /// The cache did not answer, had no room for it, or there was nothing to store.
    Unkept,
}

impl Cache {
    /// In process, bounded by the weight of what it holds, in bytes.
    pub fn memory(capacity: u64) -> Self {
        Self::new(Backend::Memory(Arc::new(Memory::new(capacity))), Arc::default())
    }

    /// In Redis, which may be away: it is connected to in the background.
    pub fn redis(settings: &RedisSettings, db: Db, log: JournalId) -> Result<Self, RedisError> {
        let recorder = Arc::<Recorder>::default();
        let redis = Redis::start(settings, db, log, recorder.clone())?;
        Ok(Self::new(Backend::Redis(Arc::new(redis)), recorder))
    }

    /// None, beside others that may have one in Redis.
    pub fn none(db: &Db) -> Self {
        let forgetter =
            db.is_postgres().then(|| Forgetter::start(Vec::new(), db.clone(), Duration::ZERO));
        Self::new(Backend::None(forgetter), Arc::default())
    }

    fn new(backend: Backend, recorder: Arc<Recorder>) -> Self {
        Self {
            backend,
            recorder,
            flights: Flights::default(),
            patience: PATIENCE,
            direct: Shared::new(Some(PATIENCE)),
            second: Shared::new(Some(PATIENCE)),
            loads: Shared::new(Some(PATIENCE)),
            probed: LastProbe::default(),
        }
    }

    /// As it is, where one waits for a load for so long and reads beside it then.
    #[must_use]
    pub fn patient_for(self, patience: Duration) -> Self {
        let (direct, second) = (Shared::new(Some(patience)), Shared::new(Some(patience)));
        Self { patience, direct, second, loads: Shared::new(Some(patience)), ..self }
    }

    /// The same cache for reads that nobody wanted: they count into no figure of it.
    #[must_use]
    pub fn uncounted(&self) -> Self {
        Self { recorder: Arc::new(Recorder::unheard()), ..self.clone() }
    }

    /// `memory`, `redis` or `none`.
    pub const fn kind(&self) -> &'static str {
        match self.backend {
            Backend::Memory(_) => "memory",
            Backend::Redis(_) => "redis",
            Backend::None(_) => "none",
        }
    }

    async fn look<T: Cacheable>(
        &self,
        key: &Key<T>,
        moment: &Moment,
        known: Option<i64>,
    ) -> Look<T> {
        match &self.backend {
            Backend::Memory(memory) => memory.look(key, moment.epoch, known, Instant::now()),
            Backend::Redis(redis) => {
                let mut looks = redis.look(from_ref(key), moment, known).await;
                looks.pop().unwrap_or(Look::Failed)
            }
            Backend::None(_) => Look::Failed,
        }
    }

    async fn look_many<T: Cacheable>(&self, keys: &[Key<T>], moment: &Moment) -> Vec<Look<T>> {
        match &self.backend {
            Backend::Memory(memory) => {
                let now = Instant::now();
                let look = |key| memory.look(key, moment.epoch, None, now);
                keys.iter().map(look).collect()
            }
            Backend::Redis(redis) => redis.look(keys, moment, None).await,
            Backend::None(_) => keys.iter().map(|_| Look::Failed).collect(),
        }
    }

    async fn claim<T: Cacheable>(
        &self,
        keys: &[Key<T>],
        moment: &Moment,
        known: Option<i64>,
    ) -> Vec<Claim<T>> {
        match &self.backend {
            Backend::Memory(memory) => {
                let lead = |key: &Key<T>| {
                    Claim::Lead(Lease::Memory(memory.generation(key.subject.guard())))
                };
                keys.iter().map(lead).collect()
            }
            Backend::Redis(redis) => redis.claim(keys, moment, known).await,
            Backend::None(_) => keys.iter().map(|_| Claim::Failed).collect(),
        }
    }

    /// Stores what was loaded, or gives the lease back where nothing could be. Answers what became
    /// of each.
    async fn fill<T: Cacheable>(
        &self,
        epoch: i64,
        loaded: Vec<(Key<T>, Lease, Outcome<T>)>,
    ) -> Vec<Filled> {
        let mut filled = Vec::with_capacity(loaded.len());
        let mut pending = Vec::new();
        for (key, lease, value) in loaded {
            match (lease, &self.backend) {
                (Lease::Memory(generation), Backend::Memory(memory)) => {
                    filled.push(match value {
                        Outcome::GivenBack => Filled::Unkept,
                        Outcome::Loaded(value) => memory.store(&key, epoch, generation, value),
                    });
                }
                (Lease::Redis(lease), _) => pending.push((lease, value)),
                (Lease::Memory(_), _) => filled.push(Filled::Unkept),
            }
        }
        if let Backend::Redis(redis) = &self.backend {
            return redis.fill(pending).await;
        }
        filled
    }

    fn count_fill(&self, kind: CacheType, filled: Filled) {
        match filled {
            Filled::Stored => self.recorder.fill(kind, true),
            Filled::Overtaken => self.recorder.fill(kind, false),
            Filled::Unkept => {}
        }
    }

    /// Makes everything under these guards absent for every read that begins after this returns.
    /// Where neither that nor a raise of the epoch can be done it fails, and nobody may be told that
    /// the write is done.
    pub async fn forget(&self, guards: impl IntoIterator<Item = Guard>) -> Result<(), Unread> {
        let guards: Vec<Guard> = guards.into_iter().collect();
        for guard in &guards {
            self.recorder.invalidated(guard.kind());
        }
        self.make_sure(guards).await
    }

    /// As [`Cache::forget`], for what another process may have left undone; it counts as nothing new.
    pub async fn make_sure(&self, guards: impl IntoIterator<Item = Guard>) -> Result<(), Unread> {
        let guards: Vec<Guard> = guards.into_iter().collect();
        if guards.is_empty() {
            return Ok(());
        }
        match &self.backend {
            Backend::Memory(memory) => guards.iter().for_each(|guard| memory.forget(*guard)),
            Backend::Redis(redis) => redis.forget(&guards).await?,
            Backend::None(None) => {}
            Backend::None(Some(forgetter)) => forgetter.forget(Vec::new()).await.0?,
        }
        Ok(())
    }

    /// What the other processes are told.
    pub fn process(&self) -> ProcessCache {
        self.recorder.process()
    }

    /// Counters of this process, now.
    pub async fn stats(&self) -> CacheStats {
        let mut stats = CacheStats { kind: self.kind().to_owned(), ..self.recorder.snapshot() };
        match &self.backend {
            Backend::Memory(memory) => {
                let size = self.held(memory.size());
                (stats.entries, stats.bytes) = (size.entries, size.bytes);
                stats.evictions = size.evictions;
            }
            Backend::Redis(redis) => stats.redis = self.kept(redis.figures().await),
            Backend::None(_) => {}
        }
        stats
    }
}

//! Cache-aside. Correct by these rules (see the crate's architecture page):
//!
//! - A value carries the generation of its guard, taken before its load began; forgetting moves the
//!   generation on, and whoever finds another generation treats the value as absent. A load that a
//!   write overtook is therefore never served to those who come after the write.
//! - A value carries the epoch of the request that loaded it; a request of another epoch does not
//!   see it.
//! - Concurrent misses share one load. Who joined before the load ended may have its value only if
//!   it was still valid then; otherwise they start again.

pub mod key;
mod memory;
mod sheet;
mod stats;
mod ttl;

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

pub use sheet::Sheet;
use watchfire_shared::cache::{CacheStats, CacheType, ProcessCache};

use crate::store::StoreError;
use key::{Cacheable, Guard, Key};
use memory::{Joined, Looked, Memory};
use stats::Recorder;

/// What a load ends with; shared by all who waited for it.
pub type Loaded<T> = Result<Option<Arc<T>>, Arc<StoreError>>;

/// The cache of this process. Cheap to clone.
#[derive(Clone)]
pub struct Cache {
    backend: Backend,
    recorder: Arc<Recorder>,
}

#[derive(Clone)]
enum Backend {
    /// In this process: only with `SQLite`, whose one daemon sees every write.
    Memory(Arc<Memory>),
    /// Every read is the database's.
    None,
}

impl Cache {
    /// In process, bounded by the weight of what it holds, in bytes.
    pub fn memory(capacity: u64) -> Self {
        Self { backend: Backend::Memory(Arc::new(Memory::new(capacity))), recorder: Arc::default() }
    }

    pub fn none() -> Self {
        Self { backend: Backend::None, recorder: Arc::default() }
    }

    /// `memory` or `none`.
    pub const fn kind(&self) -> &'static str {
        match self.backend {
            Backend::Memory(_) => "memory",
            Backend::None => "none",
        }
    }

    /// The value under `key`, from the cache or else by `load`, which runs in a task of its own:
    /// a reader who goes away takes no one's answer with it. `epoch` is the request's; a cached
    /// value older than `known` is a miss.
    pub async fn read_through<T, F, Fut>(
        &self,
        key: &Key<T>,
        epoch: i64,
        known: Option<i64>,
        load: F,
    ) -> Loaded<T>
    where
        T: Cacheable,
        F: Fn() -> Fut + Send + Clone + 'static,
        Fut: Future<Output = Result<Option<T>, StoreError>> + Send,
    {
        let Backend::Memory(memory) = &self.backend else {
            return load().await.map(|value| value.map(Arc::new)).map_err(Arc::new);
        };
        let started = Instant::now();
        let looked = memory.look(key, epoch, known);
        if let Looked::Found(value) = looked {
            self.recorder.hit(T::TYPE, value.is_none(), started.elapsed());
            return Ok(value);
        }
        self.recorder.miss(T::TYPE, started.elapsed());
        loop {
            match memory.join(key, epoch) {
                Joined::Leader(flight) => return self.lead(memory, key, flight, load).await,
                Joined::Waiter(wait) => {
                    // A load that began before what this reader has seen is not for this reader.
                    let fresh = |loaded: &Loaded<T>| match (loaded, known) {
                        (Ok(Some(value)), Some(known)) => value.version() >= known,
                        _ => true,
                    };
                    if let Some(loaded) = wait.outcome().await.filter(fresh) {
                        self.recorder.waited(T::TYPE);
                        return loaded;
                    }
                }
            }
        }
    }

    /// Only what is cached now: a row of a page. Counts as a lookup.
    pub fn peek<T: Cacheable>(&self, key: &Key<T>, epoch: i64) -> Option<Arc<T>> {
        let Backend::Memory(memory) = &self.backend else {
            return None;
        };
        let started = Instant::now();
        if let Looked::Found(Some(value)) = memory.look(key, epoch, None) {
            self.recorder.hit(T::TYPE, false, started.elapsed());
            return Some(value);
        }
        self.recorder.miss(T::TYPE, started.elapsed());
        None
    }

    /// The generation a value has to carry that is loaded from now on; see [`Cache::fill`].
    pub fn before_load<T: Cacheable>(&self, key: &Key<T>) -> u64 {
        match &self.backend {
            Backend::Memory(memory) => memory.generation(key.guard),
            Backend::None => 0,
        }
    }

    /// Keeps a value loaded after [`Cache::before_load`], unless a write came between.
    pub fn fill<T: Cacheable>(&self, key: &Key<T>, epoch: i64, generation: u64, value: &Arc<T>) {
        let Backend::Memory(memory) = &self.backend else {
            return;
        };
        let stored = memory.store(key, epoch, generation, Some(value.clone()));
        self.recorder.fill(T::TYPE, stored);
    }

    /// Makes everything under these guards absent for every read that begins after this returns.
    pub fn forget(&self, guards: impl IntoIterator<Item = Guard>) {
        let Backend::Memory(memory) = &self.backend else {
            return;
        };
        for guard in guards {
            memory.forget(guard);
            let kind = match guard {
                Guard::Incident(_) => CacheType::Incident,
                Guard::Reference(_) => CacheType::Reference,
                Guard::User(_) => CacheType::User,
                Guard::Lists => CacheType::IncidentList,
                Guard::Time => CacheType::Stats,
            };
            self.recorder.invalidated(kind);
        }
    }

    /// What the other processes are told.
    pub fn process(&self) -> ProcessCache {
        self.recorder.process()
    }

    /// Counters of this process.
    pub fn stats(&self) -> CacheStats {
        let (entries, bytes) = match &self.backend {
            Backend::Memory(memory) => memory.size(),
            Backend::None => (0, 0),
        };
        CacheStats { kind: self.kind().to_owned(), entries, bytes, ..self.recorder.snapshot() }
    }

    async fn lead<T, F, Fut>(
        &self,
        memory: &Arc<Memory>,
        key: &Key<T>,
        flight: memory::Flight<T>,
        load: F,
    ) -> Loaded<T>
    where
        T: Cacheable,
        F: Fn() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Option<T>, StoreError>> + Send,
    {
        let (memory, key, recorder) = (memory.clone(), key.clone(), self.recorder.clone());
        let (answer, answered) = tokio::sync::oneshot::channel();
        crate::lifecycle::spawn_detached(async move {
            let started = Instant::now();
            let loaded: Loaded<T> = load().await.map(|value| value.map(Arc::new)).map_err(Arc::new);
            recorder.load(started.elapsed());
            let kept = flight.land(&memory, &key, &loaded);
            if loaded.is_ok() {
                recorder.fill(T::TYPE, kept);
            }
            answer.send(loaded).ok();
        });
        let lost = || StoreError::Unavailable { reason: "the read was cut off", source: None };
        answered.await.unwrap_or_else(|_| Err(Arc::new(lost())))
    }
}

//! The in-process cache: values bounded by weight, generations in a fixed array, loads in flight.

use std::any::Any;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use moka::sync::Cache as Moka;
use tokio::sync::watch;

use super::key::{Cacheable, Guard, Key};
use super::{Loaded, ttl};

/// Guards share generations by hash: two that collide are forgotten together, which is safe.
const STRIPES: usize = 4096;

/// A key and the epoch its load is for.
type FlightName = (Arc<str>, i64);
type AnyValue = Arc<dyn Any + Send + Sync>;

#[derive(Clone)]
struct Entry {
    /// None says that there is none in the database either.
    value: Option<AnyValue>,
    generation: u64,
    epoch: i64,
    version: i64,
    weight: u32,
    ends: Instant,
}

pub struct Memory {
    entries: Moka<Arc<str>, Entry>,
    generations: Box<[AtomicU64]>,
    hasher: RandomState,
    flights: Mutex<HashMap<FlightName, watch::Receiver<Option<Landing>>>>,
}

pub enum Looked<T> {
    Found(Option<Arc<T>>),
    Absent,
}

/// How a shared load ended: with a value all who waited may have, or so that they start again.
#[derive(Clone)]
enum Landing {
    Shared(Result<Option<AnyValue>, Arc<crate::store::StoreError>>),
    Overtaken,
}

pub enum Joined<T> {
    Leader(Flight<T>),
    Waiter(Wait<T>),
}

/// The duty to load one key. Dropped without landing, those who wait start again.
pub struct Flight<T> {
    name: FlightName,
    generation: u64,
    landing: watch::Sender<Option<Landing>>,
    value: PhantomData<fn() -> T>,
}

pub struct Wait<T> {
    landing: watch::Receiver<Option<Landing>>,
    value: PhantomData<fn() -> T>,
}

impl Memory {
    pub fn new(capacity: u64) -> Self {
        Self {
            entries: Moka::builder()
                .max_capacity(capacity)
                .weigher(|name: &Arc<str>, entry: &Entry| {
                    entry.weight.saturating_add(u32::try_from(name.len()).unwrap_or(u32::MAX))
                })
                .build(),
            generations: (0..STRIPES).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
            flights: Mutex::default(),
        }
    }

    pub fn size(&self) -> (u64, u64) {
        self.entries.run_pending_tasks();
        (self.entries.entry_count(), self.entries.weighted_size())
    }

    pub fn generation(&self, guard: Guard) -> u64 {
        self.stripe(guard).load(Ordering::SeqCst)
    }

    pub fn forget(&self, guard: Guard) {
        self.stripe(guard).fetch_add(1, Ordering::SeqCst);
    }

    fn stripe(&self, guard: Guard) -> &AtomicU64 {
        let hash = self.hasher.hash_one(guard);
        &self.generations[usize::try_from(hash).unwrap_or(0) % STRIPES]
    }

    pub fn look<T: Cacheable>(&self, key: &Key<T>, epoch: i64, known: Option<i64>) -> Looked<T> {
        let Some(entry) = self.entries.get(&key.name) else {
            return Looked::Absent;
        };
        let valid = entry.generation == self.generation(key.guard)
            && entry.epoch == epoch
            && entry.ends > Instant::now()
            && known.is_none_or(|known| entry.version >= known);
        if !valid {
            return Looked::Absent;
        }
        match entry.value {
            None => Looked::Found(None),
            Some(value) => {
                value.downcast().map_or(Looked::Absent, |value| Looked::Found(Some(value)))
            }
        }
    }

    /// False when a write came between `generation` and now: then nothing is kept.
    pub fn store<T: Cacheable>(
        &self,
        key: &Key<T>,
        epoch: i64,
        generation: u64,
        value: Option<Arc<T>>,
    ) -> bool {
        if self.generation(key.guard) != generation {
            return false;
        }
        let time = if value.is_some() { ttl::of(T::TYPE) } else { ttl::NOT_FOUND };
        let entry = Entry {
            generation,
            epoch,
            version: value.as_ref().map_or(0, |value| value.version()),
            weight: u32::try_from(value.as_ref().map_or(16, |value| value.weight()))
                .unwrap_or(u32::MAX),
            ends: Instant::now() + ttl::jittered(time),
            value: value.map(|value| value as AnyValue),
        };
        self.entries.insert(key.name.clone(), entry);
        true
    }

    /// Joins the load of this key that is under way, or starts one.
    pub fn join<T: Cacheable>(&self, key: &Key<T>, epoch: i64) -> Joined<T> {
        let name = (key.name.clone(), epoch);
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(landing) = flights.get(&name)
            && landing.has_changed().is_ok()
        {
            return Joined::Waiter(Wait { landing: landing.clone(), value: PhantomData });
        }
        let (landing, wait) = watch::channel(None);
        flights.insert(name.clone(), wait);
        let generation = self.generation(key.guard);
        Joined::Leader(Flight { name, generation, landing, value: PhantomData })
    }
}

impl<T: Cacheable> Flight<T> {
    /// Ends the load. Nobody can join any more before the generation is compared, so a value that
    /// is still valid then is not older than what anyone who waited may expect. True when kept.
    pub fn land(self, memory: &Memory, key: &Key<T>, loaded: &Loaded<T>) -> bool {
        memory.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
        let (kept, landing) = match loaded {
            Err(error) => (false, Landing::Shared(Err(error.clone()))),
            Ok(value) => {
                let kept = memory.store(key, self.name.1, self.generation, value.clone());
                let shared = value.clone().map(|value| value as AnyValue);
                (kept, if kept { Landing::Shared(Ok(shared)) } else { Landing::Overtaken })
            }
        };
        self.landing.send_replace(Some(landing));
        kept
    }
}

impl<T: Cacheable> Wait<T> {
    /// None: start again.
    pub async fn outcome(mut self) -> Option<Loaded<T>> {
        let landing = self.landing.wait_for(Option::is_some).await.ok()?.clone()?;
        match landing {
            Landing::Overtaken => None,
            Landing::Shared(Err(error)) => Some(Err(error)),
            Landing::Shared(Ok(None)) => Some(Ok(None)),
            Landing::Shared(Ok(Some(value))) => value.downcast().ok().map(|value| Ok(Some(value))),
        }
    }
}

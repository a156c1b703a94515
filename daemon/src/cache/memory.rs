//! The cache of one process: values bounded by weight, generations in a fixed array.

mod operate;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::notification::RemovalCause;
use moka::sync::Cache as Moka;

use super::key::{Guard, Key, Subject};
use super::markers::Markers;
use super::value::Cacheable;
use super::{Filled, Look, ttl};

/// What an entry takes beside its name and its value, in bytes: a million references, 40 bytes each, take
/// 465 MB of memory.
const OVERHEAD: usize = 425;

/// Guards share generations by hash: two that collide are forgotten together, which is safe.
const STRIPES: usize = 4096;

#[derive(Clone)]
struct Entry {
    /// None says that there is none in the database either.
    value: Option<Arc<dyn Any + Send + Sync>>,
    generation: u64,
    epoch: i64,
    version: i64,
    weight: u32,
    ends: Instant,
}

/// Entries end by themselves, so that what is held is what can be read.
struct Ends;

impl Expiry<Subject, Entry> for Ends {
    fn expire_after_create(&self, _: &Subject, entry: &Entry, now: Instant) -> Option<Duration> {
        Some(entry.ends.saturating_duration_since(now))
    }

    fn expire_after_update(
        &self,
        subject: &Subject,
        entry: &Entry,
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(subject, entry, now)
    }
}

pub struct Memory {
    entries: Moka<Subject, Entry>,
    generations: Box<[AtomicU64]>,
    hasher: RandomState,
    evictions: Arc<AtomicU64>,
    markers: Markers,
}

/// How much is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub entries: u64,
    pub bytes: u64,
    /// Dropped for want of room.
    pub evictions: u64,
}

impl Memory {
    /// Holds at most so many bytes.
    pub fn new(capacity: u64) -> Self {
        let evictions = Arc::new(AtomicU64::new(0));
        let counted = evictions.clone();
        Self {
            entries: Moka::builder()
                .max_capacity(capacity)
                .weigher(|subject: &Subject, entry: &Entry| {
                    let subject = u32::try_from(subject.weight()).unwrap_or(u32::MAX);
                    entry.weight.saturating_add(subject)
                })
                .eviction_listener(move |_, _, cause| {
                    if cause == RemovalCause::Size {
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                })
                .expire_after(Ends)
                .build(),
            generations: (0..STRIPES).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
            evictions,
            markers: Markers::default(),
        }
    }

    pub fn size(&self) -> Size {
        self.entries.run_pending_tasks();
        Size {
            entries: self.entries.entry_count(),
            bytes: self.entries.weighted_size(),
            evictions: self.evictions.load(Ordering::Relaxed),
        }
    }

    /// What a value has to carry that is loaded from now on.
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

    /// What is held and valid at `now`.
    pub fn look<T: Cacheable>(
        &self,
        key: &Key<T>,
        epoch: i64,
        known: Option<i64>,
        now: Instant,
    ) -> Look<T> {
        let Some(entry) = self.entries.get(&key.subject) else { return Look::Miss };
        let valid = self.is_valid(&key.subject, &entry, epoch, now)
            && known.is_none_or(|known| entry.version >= known);
        match entry.value {
            _ if !valid => Look::Miss,
            None => Look::Hit(None),
            Some(value) => value.downcast().map_or(Look::Miss, |value| Look::Hit(Some(value))),
        }
    }

    /// Whether it may still be read, by those who ask in this epoch.
    fn is_valid(&self, subject: &Subject, entry: &Entry, epoch: i64, now: Instant) -> bool {
        entry.generation == self.generation(subject.guard())
            && entry.epoch == epoch
            && entry.ends > now
    }

    /// Keeps nothing when a write came between `generation` and now.
    pub fn store<T: Cacheable>(
        &self,
        key: &Key<T>,
        epoch: i64,
        generation: u64,
        value: Option<Arc<T>>,
    ) -> Filled {
        if self.generation(key.subject.guard()) != generation {
            return Filled::Overtaken;
        }
        if value.is_none() && !self.markers.admits(Instant::now()) {
            return Filled::Unkept;
        }
        let time = if value.is_some() { ttl::of(T::TYPE) } else { ttl::NOT_FOUND };
        let entry = Entry {
            generation,
            epoch,
            version: value.as_ref().map_or(0, |value| value.version()),
            weight: u32::try_from(OVERHEAD + value.as_ref().map_or(0, |value| value.weight()))
                .unwrap_or(u32::MAX),
            ends: Instant::now() + ttl::jittered(time),
            value: value.map(|value| value as Arc<dyn Any + Send + Sync>),
        };
        self.entries.insert(key.subject.clone(), entry);
        Filled::Stored
    }
}

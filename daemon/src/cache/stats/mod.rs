//! Counters: each lookup is exactly one of hit (a not-found marker too), miss, error.

mod changes;
mod counters;
mod leaving;
mod meters;
mod recent;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use watchfire_shared::cache::{
    BreakerState, CacheCounts, CacheStats, CacheType, Operation, ProcessCache, TypeStats,
};

use crate::clock;
use changes::Changes;
use counters::{Counters, Timer};
use leaving::Leaving;
pub use leaving::Left;
use meters::Meters;
use recent::Recent;

/// What happened, told by whoever did it. Cheap: it is called for each read. It counts into the
/// metrics recorder that was installed before it was made.
pub struct Recorder {
    by_type: [Counters; CacheType::ALL.len()],
    lookups: Timer,
    loads: Timer,
    recent: Recent,
    changes: Mutex<Changes>,
    leaving: Mutex<Leaving>,
    meters: Meters,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::begun(Instant::now())
    }
}

impl Recorder {
    /// Counts for itself alone.
    pub fn unheard() -> Self {
        metrics::with_local_recorder(&metrics::NoopRecorder, Self::default)
    }

    fn begun(now: Instant) -> Self {
        Self {
            by_type: Default::default(),
            lookups: Timer::default(),
            loads: Timer::default(),
            recent: Recent::new(now),
            changes: Mutex::default(),
            leaving: Mutex::default(),
            meters: Meters::new(),
        }
    }

    fn of(&self, kind: CacheType) -> &Counters {
        &self.by_type[kind as usize]
    }

    /// A lookup found a value, or (`negative`) that there is none: a read saved.
    pub fn hit(&self, kind: CacheType, negative: bool, took: Duration) {
        self.hits_at(kind, 1, u64::from(negative), took, Instant::now());
        self.saved(kind);
    }

    /// So many were found by one look, not-founds among them. What that saved is for the caller to say.
    pub fn hits(&self, kind: CacheType, count: u64, negative: u64, took: Duration) {
        self.hits_at(kind, count, negative, took, Instant::now());
    }

    fn hits_at(&self, kind: CacheType, count: u64, negative: u64, took: Duration, now: Instant) {
        self.lookups.add_many(count, took);
        self.of(kind).hits.fetch_add(count, Relaxed);
        self.of(kind).negative_hits.fetch_add(negative, Relaxed);
        self.recent.looked(kind, count, took, now, |counts| {
            counts.hits += count;
            counts.negative_hits += negative;
        });
        self.meters.hits[kind as usize].increment(count);
        self.meters.negative_hits[kind as usize].increment(negative);
    }

    /// A statement of the database was not needed.
    pub fn saved(&self, kind: CacheType) {
        self.count(kind, |all| &all.reads_saved, |counts| counts.reads_saved += 1);
        self.meters.reads_saved[kind as usize].increment(1);
    }

    /// A lookup found nothing that could be used.
    pub fn miss(&self, kind: CacheType, took: Duration) {
        self.miss_at(kind, took, Instant::now());
    }

    fn miss_at(&self, kind: CacheType, took: Duration, now: Instant) {
        self.lookups.add(took);
        self.of(kind).misses.fetch_add(1, Relaxed);
        self.recent.looked(kind, 1, took, now, |counts| counts.misses += 1);
        self.meters.misses[kind as usize].increment(1);
    }

    /// An operation failed: the cache did not answer, in time or at all.
    pub fn error(&self, kind: CacheType, operation: Operation) {
        self.error_at(kind, operation, Instant::now());
    }

    fn error_at(&self, kind: CacheType, operation: Operation, now: Instant) {
        self.of(kind).errors[operation as usize].fetch_add(1, Relaxed);
        self.recent.count(kind, now, |counts| *counts.errors.entry(operation).or_default() += 1);
        self.meters.errors[kind as usize][operation as usize].increment(1);
    }

    /// One round trip to Redis.
    pub fn operation(&self, operation: Operation, took: Duration) {
        self.meters.operations[operation as usize].record(took);
    }

    /// A miss was read from the database.
    pub fn load(&self, took: Duration) {
        self.loads.add(took);
    }

    /// What was loaded was stored, or refused because a write came between.
    pub fn fill(&self, kind: CacheType, stored: bool) {
        if stored {
            self.count(kind, |all| &all.fills, |counts| counts.fills += 1);
            self.meters.fills[kind as usize].increment(1);
        } else {
            self.count(kind, |all| &all.fills_refused, |counts| counts.fills_refused += 1);
            self.meters.fills_refused[kind as usize].increment(1);
        }
    }

    /// A value was stored before anybody asked for it.
    pub fn warmed(&self, kind: CacheType) {
        self.count(kind, |all| &all.warmed, |counts| counts.warmed += 1);
        self.meters.warmed[kind as usize].increment(1);
    }

    /// A read took the answer another one loaded: a read saved.
    pub fn waited(&self, kind: CacheType) {
        self.waits(kind, 1);
        self.saved(kind);
    }

    /// So many values were loaded for another. What that saved is for the caller to say.
    pub fn waits(&self, kind: CacheType, count: u64) {
        self.of(kind).waits_saved.fetch_add(count, Relaxed);
        self.recent.count(kind, Instant::now(), |counts| counts.waits_saved += count);
        self.meters.waits_saved[kind as usize].increment(count);
    }

    /// A write had something forgotten.
    pub fn invalidated(&self, kind: CacheType) {
        self.count(kind, |all| &all.invalidations, |counts| counts.invalidations += 1);
        self.meters.invalidations[kind as usize].increment(1);
    }

    /// A value was damaged, another's or of another shape.
    pub fn corrupt(&self, kind: CacheType) {
        self.count(kind, |all| &all.corrupt, |counts| counts.corrupt += 1);
        self.meters.corrupt[kind as usize].increment(1);
    }

    /// Once since the start, and once of late.
    fn count(
        &self,
        kind: CacheType,
        all: fn(&Counters) -> &AtomicU64,
        recent: fn(&mut CacheCounts),
    ) {
        all(self.of(kind)).fetch_add(1, Relaxed);
        self.recent.count(kind, Instant::now(), recent);
    }

    /// What is held now, and what has left since whoever keeps it was started; answers how much of that
    /// was in the last minutes.
    pub fn holds(&self, entries: u64, bytes: u64, left: Left) -> Left {
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        let new = leaving.note(left, Instant::now());
        self.meters.holds(entries, bytes, new.evictions);
        leaving.of_late()
    }

    /// Nobody can say what is held.
    pub fn holds_unknown(&self) {
        self.meters.holds_unknown();
    }

    /// The breaker is in this state from now on, for this reason; nothing where it was so before.
    pub fn breaker(&self, state: BreakerState, reason: Option<String>) {
        // The gauge is set under the lock too, or the first of two changes could have the last word.
        let mut changes = self.changes();
        if changes.note(state, clock::now(), reason) {
            self.meters.breaker(state);
        }
    }

    /// Why the breaker is not closed.
    pub fn open_because(&self) -> Option<String> {
        let changes = self.changes();
        if matches!(changes.state(), BreakerState::Closed | BreakerState::Off) {
            return None;
        }
        let reason = changes.all().into_iter().rev().find_map(|change| change.reason);
        Some(reason.unwrap_or_else(|| "it is being tried".to_owned()))
    }

    /// What the others are told of this process; it is named by who tells.
    pub fn process(&self) -> ProcessCache {
        let counts = self.by_type.iter().map(Counters::read);
        let counts = counts.fold(CacheCounts::default(), |sum, kind| sum.plus(&kind));
        ProcessCache { name: String::new(), breaker: self.changes().state(), counts }
    }

    /// Everything since the start; the caller adds what only it knows.
    pub fn snapshot(&self) -> CacheStats {
        self.snapshot_at(Instant::now())
    }

    fn snapshot_at(&self, now: Instant) -> CacheStats {
        let recent = self.recent.view(now);
        let of_type = |(kind, (recent, trend))| {
            (kind, TypeStats { counts: self.of(kind).read(), recent, trend })
        };
        let by_type: BTreeMap<CacheType, TypeStats> =
            recent.by_type.into_iter().map(of_type).collect();
        let counts =
            by_type.values().fold(CacheCounts::default(), |sum, kind| sum.plus(&kind.counts));
        let (t_cache, t_db) = (self.lookups.mean(), self.loads.mean());
        let t_average = t_cache + (1.0 - counts.hit_rate) * t_db;
        let (breaker, breaker_changes) = {
            let changes = self.changes();
            (changes.state(), changes.all())
        };
        CacheStats {
            t_average: if counts.total == 0 { 0.0 } else { t_average },
            counts,
            breaker,
            breaker_changes,
            t_cache,
            t_db,
            by_type,
            windows: recent.windows,
            trend: recent.trend,
            ..CacheStats::default()
        }
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Counters: each lookup is exactly one of hit (a not-found marker too), miss, error.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use watchfire_shared::cache::{
    BreakerState, CacheCounts, CacheStats, CacheType, FleetStats, Operation, TypeStats,
};

#[derive(Default)]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    negative_hits: AtomicU64,
    fills: AtomicU64,
    fills_refused: AtomicU64,
    waits_saved: AtomicU64,
    invalidations: AtomicU64,
    corrupt: AtomicU64,
    warmed: AtomicU64,
    errors: [AtomicU64; Operation::ALL.len()],
}

/// Sum and number of timed operations.
#[derive(Default)]
struct Timer {
    nanos: AtomicU64,
    count: AtomicU64,
}

impl Timer {
    fn add(&self, time: Duration) {
        self.nanos.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Relaxed);
        self.count.fetch_add(1, Relaxed);
    }

    /// Mean milliseconds; 0 without any.
    #[expect(clippy::cast_precision_loss, reason = "a mean for a screen")]
    fn mean(&self) -> f64 {
        let count = self.count.load(Relaxed).max(1);
        self.nanos.load(Relaxed) as f64 / count as f64 / 1e6
    }
}

/// What happened, told by whoever did it. Cheap: it is called for each read.
#[derive(Default)]
pub struct Recorder {
    by_type: [Counters; CacheType::ALL.len()],
    lookups: Timer,
    loads: Timer,
}

impl Recorder {
    fn of(&self, kind: CacheType) -> &Counters {
        &self.by_type[kind as usize]
    }

    /// A lookup found a value, or (`negative`) that there is none.
    pub fn hit(&self, kind: CacheType, negative: bool, took: Duration) {
        self.lookups.add(took);
        self.of(kind).hits.fetch_add(1, Relaxed);
        if negative {
            self.of(kind).negative_hits.fetch_add(1, Relaxed);
        }
    }

    /// A lookup found nothing that could be used.
    pub fn miss(&self, kind: CacheType, took: Duration) {
        self.lookups.add(took);
        self.of(kind).misses.fetch_add(1, Relaxed);
    }

    /// An operation failed: the cache did not answer, in time or at all.
    pub fn error(&self, kind: CacheType, operation: Operation) {
        self.of(kind).errors[operation as usize].fetch_add(1, Relaxed);
    }

    /// One round trip to Redis.
    pub fn operation(&self, operation: Operation, took: Duration) {
        let _ = (self, operation, took);
    }

    /// A miss was read from the database.
    pub fn load(&self, took: Duration) {
        self.loads.add(took);
    }

    /// What was loaded was stored, or refused because a write came between.
    pub fn fill(&self, kind: CacheType, stored: bool) {
        let counters = self.of(kind);
        let counter = if stored { &counters.fills } else { &counters.fills_refused };
        counter.fetch_add(1, Relaxed);
    }

    /// A value was stored before anybody asked for it.
    pub fn warmed(&self, kind: CacheType) {
        self.of(kind).warmed.fetch_add(1, Relaxed);
    }

    /// A read took the answer another one loaded.
    pub fn waited(&self, kind: CacheType) {
        self.of(kind).waits_saved.fetch_add(1, Relaxed);
    }

    /// A write had something forgotten.
    pub fn invalidated(&self, kind: CacheType) {
        self.of(kind).invalidations.fetch_add(1, Relaxed);
    }

    /// A value was damaged, another's or of another shape.
    pub fn corrupt(&self, kind: CacheType) {
        self.of(kind).corrupt.fetch_add(1, Relaxed);
    }

    /// The breaker is in this state from now on.
    pub fn breaker(&self, state: BreakerState, reason: Option<String>) {
        let _ = (self, state, reason);
    }

    /// Everything since the start; the caller adds what only it knows.
    pub fn snapshot(&self) -> CacheStats {
        let by_type: BTreeMap<CacheType, TypeStats> = CacheType::ALL
            .iter()
            .map(|kind| {
                (*kind, TypeStats { counts: self.of(*kind).read(), ..TypeStats::default() })
            })
            .collect();
        let counts =
            by_type.values().fold(CacheCounts::default(), |sum, kind| sum.plus(&kind.counts));
        let (t_cache, t_db) = (self.lookups.mean(), self.loads.mean());
        let t_average = t_cache + (1.0 - counts.hit_rate) * t_db;
        CacheStats {
            kind: String::new(),
            t_average: if counts.total == 0 { 0.0 } else { t_average },
            counts,
            breaker: BreakerState::Off,
            breaker_changes: Vec::new(),
            t_cache,
            t_db,
            by_type,
            windows: BTreeMap::new(),
            trend: Vec::new(),
            entries: 0,
            bytes: 0,
            evictions: 0,
            redis: None,
            fleet: FleetStats::default(),
        }
    }
}

impl Counters {
    fn read(&self) -> CacheCounts {
        let errors = Operation::ALL.iter().filter_map(|operation| {
            let count = self.errors[*operation as usize].load(Relaxed);
            (count > 0).then_some((*operation, count))
        });
        let counts = CacheCounts {
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            negative_hits: self.negative_hits.load(Relaxed),
            fills: self.fills.load(Relaxed),
            fills_refused: self.fills_refused.load(Relaxed),
            waits_saved: self.waits_saved.load(Relaxed),
            invalidations: self.invalidations.load(Relaxed),
            corrupt: self.corrupt.load(Relaxed),
            warmed: self.warmed.load(Relaxed),
            errors: errors.collect(),
            ..CacheCounts::default()
        };
        counts.rated()
    }
}

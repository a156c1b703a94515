//! Counters: each lookup is exactly one of hit (a not-found marker too), miss, error.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use watchfire_shared::cache::{BreakerState, CacheCounts, CacheStats, CacheType};

#[derive(Default)]
pub struct Counters {
    pub hits: AtomicU64,
    pub misses: AtomicU64,
    pub negative_hits: AtomicU64,
    pub fills: AtomicU64,
    pub fills_refused: AtomicU64,
    pub waits_saved: AtomicU64,
    pub invalidations: AtomicU64,
}

/// Sum and number of timed operations.
#[derive(Default)]
pub struct Timer {
    nanos: AtomicU64,
    count: AtomicU64,
}

impl Timer {
    pub fn add(&self, time: Duration) {
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

#[derive(Default)]
pub struct Recorder {
    by_type: [Counters; CacheType::ALL.len()],
    pub lookups: Timer,
    pub loads: Timer,
}

impl Recorder {
    pub fn of(&self, kind: CacheType) -> &Counters {
        &self.by_type[kind as usize]
    }

    /// Everything since the start.
    pub fn snapshot(&self, breaker: BreakerState, entries: u64, bytes: u64) -> CacheStats {
        let by_type: BTreeMap<_, _> =
            CacheType::ALL.iter().map(|kind| (*kind, self.of(*kind).read())).collect();
        let counts = by_type.values().fold(CacheCounts::default(), add);
        let (t_cache, t_db) = (self.lookups.mean(), self.loads.mean());
        let t_average = t_cache + (1.0 - counts.hit_rate) * t_db;
        CacheStats {
            t_average: if counts.total == 0 { 0.0 } else { t_average },
            counts,
            errors: BTreeMap::new(),
            breaker,
            t_cache,
            t_db,
            by_type,
            entries,
            bytes,
        }
    }
}

impl Counters {
    fn read(&self) -> CacheCounts {
        rated(CacheCounts {
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            negative_hits: self.negative_hits.load(Relaxed),
            fills: self.fills.load(Relaxed),
            fills_refused: self.fills_refused.load(Relaxed),
            waits_saved: self.waits_saved.load(Relaxed),
            invalidations: self.invalidations.load(Relaxed),
            ..CacheCounts::default()
        })
    }
}

fn add(a: CacheCounts, b: &CacheCounts) -> CacheCounts {
    rated(CacheCounts {
        hits: a.hits + b.hits,
        misses: a.misses + b.misses,
        negative_hits: a.negative_hits + b.negative_hits,
        fills: a.fills + b.fills,
        fills_refused: a.fills_refused + b.fills_refused,
        waits_saved: a.waits_saved + b.waits_saved,
        invalidations: a.invalidations + b.invalidations,
        corrupt: a.corrupt + b.corrupt,
        ..CacheCounts::default()
    })
}

#[expect(clippy::cast_precision_loss, reason = "a rate for a screen")]
fn rated(counts: CacheCounts) -> CacheCounts {
    let total = counts.hits + counts.misses;
    let hit_rate = if total == 0 { 0.0 } else { counts.hits as f64 / total as f64 };
    CacheCounts { total, hit_rate, ..counts }
}

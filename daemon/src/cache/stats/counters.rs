//! Exact counts since the start.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use watchfire_shared::cache::{CacheCounts, Operation};

/// Of one type of value.
#[derive(Default)]
pub struct Counters {
    pub hits: AtomicU64,
    pub misses: AtomicU64,
    pub negative_hits: AtomicU64,
    pub fills: AtomicU64,
    pub fills_refused: AtomicU64,
    pub waits_saved: AtomicU64,
    pub reads_saved: AtomicU64,
    pub invalidations: AtomicU64,
    pub corrupt: AtomicU64,
    pub warmed: AtomicU64,
    pub errors: [AtomicU64; Operation::ALL.len()],
}

impl Counters {
    pub fn read(&self) -> CacheCounts {
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
            reads_saved: self.reads_saved.load(Relaxed),
            invalidations: self.invalidations.load(Relaxed),
            corrupt: self.corrupt.load(Relaxed),
            warmed: self.warmed.load(Relaxed),
            errors: errors.collect(),
            ..CacheCounts::default()
        };
        counts.rated()
    }
}

/// Sum and number of timed operations.
#[derive(Default)]
pub struct Timer {
    nanos: AtomicU64,
    count: AtomicU64,
}

impl Timer {
    pub fn add(&self, time: Duration) {
        self.add_many(1, time);
    }

    /// So many that took this long, each.
    pub fn add_many(&self, count: u64, time: Duration) {
        self.nanos.fetch_add(nanos(time).saturating_mul(count), Relaxed);
        self.count.fetch_add(count, Relaxed);
    }

    /// Mean milliseconds; 0 without any.
    #[expect(clippy::cast_precision_loss, reason = "a mean for a screen")]
    pub fn mean(&self) -> f64 {
        let count = self.count.load(Relaxed).max(1);
        self.nanos.load(Relaxed) as f64 / count as f64 / 1e6
    }
}

pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

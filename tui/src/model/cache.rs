//! The cache screen: counters now, and how the hit rate went while it was open.

use std::collections::VecDeque;

use watchfire_shared::cache::{CacheCounts, CacheStats};
use watchfire_shared::health::Health;

use super::slot::Slot;

/// Samples of the little curve.
const SAMPLES: usize = 60;

#[derive(Debug, Default)]
pub struct CachePanel {
    pub stats: Slot<Box<CacheStats>>,
    pub health: Slot<Box<Health>>,
    /// Hit rates between two readings, 0 to 1, the newest last; none where nothing was asked.
    pub history: VecDeque<Option<f64>>,
}

impl CachePanel {
    /// Notes what happened between the last reading and this one.
    pub fn sample(&mut self, new: &CacheCounts) {
        let Some(old) = self.stats.value.as_ref().map(|stats| &stats.counts) else {
            return;
        };
        let hits = new.hits.saturating_sub(old.hits);
        let misses = new.misses.saturating_sub(old.misses);
        let rate = (hits + misses > 0).then(|| ratio(hits, hits + misses));
        self.history.push_back(rate);
        while self.history.len() > SAMPLES {
            self.history.pop_front();
        }
    }
}

/// `part / whole`, 0 when there is no whole.
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    // Counters stay far below 2^52, where floating point is exact.
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
    let share = part as f64 / whole as f64;
    share
}

/// The hit rate in a word.
pub fn band(counts: &CacheCounts) -> &'static str {
    match counts.hit_rate {
        _ if counts.hits + counts.misses == 0 => "no lookups yet",
        rate if rate >= 0.9 => "excellent",
        rate if rate >= 0.75 => "good",
        rate if rate >= 0.5 => "fair",
        _ => "poor",
    }
}

/// The likeliest cause of a hit rate below "good"; none where it is fine or nothing can be said yet.
pub fn cause(counts: &CacheCounts) -> Option<&'static str> {
    if counts.hits + counts.misses < 20 || counts.hit_rate >= 0.75 {
        return None;
    }
    Some(if counts.fills_refused * 2 > counts.fills.max(1) {
        "writes overtake fills"
    } else if counts.invalidations * 2 >= counts.misses {
        "renewed by writes"
    } else if counts.fills * 10 >= counts.misses * 9 {
        "first looks, or expired"
    } else {
        "fills fail, see errors"
    })
}

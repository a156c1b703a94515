//! The same counts for Prometheus. Each handle is made once: to look one up takes longer than a
//! lookup in the cache.

use metrics::{Counter, Gauge, Histogram};
use watchfire_shared::cache::{BreakerState, CacheType, Operation};

const TYPES: usize = CacheType::ALL.len();
const OPERATIONS: usize = Operation::ALL.len();

/// One for each type of value.
type ByType = [Counter; TYPES];

pub struct Meters {
    pub hits: ByType,
    pub misses: ByType,
    pub negative_hits: ByType,
    pub fills: ByType,
    pub fills_refused: ByType,
    pub waits_saved: ByType,
    pub invalidations: ByType,
    pub corrupt: ByType,
    pub warmed: ByType,
    /// Statements the database would have had to run without a cache.
    pub reads_saved: ByType,
    pub errors: [[Counter; OPERATIONS]; TYPES],
    pub operations: [Histogram; OPERATIONS],
    evictions: Counter,
    entries: Gauge,
    bytes: Gauge,
    breaker_open: Gauge,
}

fn by_type(name: &'static str) -> ByType {
    std::array::from_fn(|n| metrics::counter!(name, "cache_type" => CacheType::ALL[n].as_str()))
}

impl Meters {
    /// Counts into the metrics recorder that is installed by now.
    pub fn new() -> Self {
        let kind = |n: usize| CacheType::ALL[n].as_str();
        let operation = |n: usize| Operation::ALL[n].as_str();
        Self {
            hits: by_type("cache_hits_total"),
            misses: by_type("cache_misses_total"),
            negative_hits: by_type("cache_negative_hits_total"),
            fills: by_type("cache_fills_total"),
            fills_refused: by_type("cache_fills_refused_total"),
            waits_saved: by_type("cache_waits_saved_total"),
            invalidations: by_type("cache_invalidations_total"),
            corrupt: by_type("cache_corrupt_total"),
            warmed: by_type("cache_warmed_total"),
            reads_saved: by_type("cache_database_reads_saved_total"),
            errors: std::array::from_fn(|n| {
                std::array::from_fn(|m| {
                    let (kind, operation) = (kind(n), operation(m));
                    metrics::counter!(
                        "cache_errors_total", "cache_type" => kind, "operation" => operation
                    )
                })
            }),
            operations: std::array::from_fn(
                |n| metrics::histogram!("cache_operation_seconds", "operation" => operation(n)),
            ),
            evictions: metrics::counter!("cache_evictions_total"),
            entries: metrics::gauge!("cache_entries"),
            bytes: metrics::gauge!("cache_bytes"),
            breaker_open: metrics::gauge!("cache_breaker_open"),
        }
    }

    /// What is there now, and what had to go since the last time.
    #[expect(clippy::cast_precision_loss, reason = "a gauge for a curve")]
    pub fn holds(&self, entries: u64, bytes: u64, evictions: u64) {
        self.entries.set(entries as f64);
        self.bytes.set(bytes as f64);
        self.evictions.increment(evictions);
    }

    /// The figures from before would be taken for those of now.
    pub fn holds_unknown(&self) {
        self.entries.set(f64::NAN);
        self.bytes.set(f64::NAN);
    }

    /// Half open is not closed: all but a probe still do without the cache.
    pub fn breaker(&self, state: BreakerState) {
        let open = matches!(state, BreakerState::Open | BreakerState::HalfOpen);
        self.breaker_open.set(f64::from(u8::from(open)));
    }
}

//! The same counts for Prometheus. Each handle is made once: to look one up takes longer than a
//! lookup in the cache.

use metrics::{Counter, Gauge, Histogram};
use watchfire_shared::cache::{BreakerState, CacheType, Operation};

const TYPES: usize = CacheType::ALL.len();
const OPERATIONS: usize = Operation::ALL.len();

pub struct Meters {
    pub hits: [Counter; TYPES],
    pub misses: [Counter; TYPES],
    pub errors: [[Counter; OPERATIONS]; TYPES],
    pub operations: [Histogram; OPERATIONS],
    breaker_open: Gauge,
}

impl Meters {
    /// Counts into the metrics recorder that is installed by now.
    pub fn new() -> Self {
        let kind = |n: usize| CacheType::ALL[n].as_str();
        let operation = |n: usize| Operation::ALL[n].as_str();
        Self {
            hits: std::array::from_fn(
                |n| metrics::counter!("cache_hits_total", "cache_type" => kind(n)),
            ),
            misses: std::array::from_fn(
                |n| metrics::counter!("cache_misses_total", "cache_type" => kind(n)),
            ),
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
            breaker_open: metrics::gauge!("cache_breaker_open"),
        }
    }

    /// Half open is not closed: all but a probe still do without the cache.
    pub fn breaker(&self, state: BreakerState) {
        let open = matches!(state, BreakerState::Open | BreakerState::HalfOpen);
        self.breaker_open.set(f64::from(u8::from(open)));
    }
}

//! What the cache has done, as `/v1/admin/cache-stats` and the cache panel show it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;

text_enum! {
    /// What a cached value is.
    CacheType {
        Incident = "incident",
        IncidentList = "incident_list",
        Counts = "counts",
        Reference = "reference",
        User = "user",
        Score = "score",
        Stats = "stats",
    }
}

text_enum! {
    /// `off`: this process has no cache that could break.
    BreakerState { Closed = "closed", Open = "open", HalfOpen = "half_open", Off = "off" }
}

/// Counters since the start, of all types together or of one.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CacheCounts {
    /// Lookups answered by the cache; not-found markers count.
    pub hits: u64,
    pub misses: u64,
    pub total: u64,
    /// `hits / (hits + misses)`, 0.0 when there were none.
    pub hit_rate: f64,
    pub negative_hits: u64,
    pub fills: u64,
    /// Fills that lost to a write and were not stored.
    pub fills_refused: u64,
    /// Reads that waited for another's load instead of asking the database.
    pub waits_saved: u64,
    pub invalidations: u64,
    pub corrupt: u64,
}

/// Counters of this process, exact and now. Times are mean milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CacheStats {
    #[serde(flatten)]
    pub counts: CacheCounts,
    pub errors: BTreeMap<String, u64>,
    pub breaker: BreakerState,
    /// A lookup.
    pub t_cache: f64,
    /// A load from the database after a miss.
    pub t_db: f64,
    /// `hit_rate × t_cache + (1 − hit_rate) × (t_cache + t_db)`.
    pub t_average: f64,
    pub by_type: BTreeMap<CacheType, CacheCounts>,
    /// Entries held, and their weight in bytes.
    pub entries: u64,
    pub bytes: u64,
}

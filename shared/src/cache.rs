//! What the cache has done, as `/v1/admin/cache-stats` and the cache panel show it.

pub mod demo;
mod operate;
mod verdict;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;

pub use demo::CacheDemo;
pub use operate::{CacheKey, Holds, PurgeIn, Purged};
pub use verdict::{Band, Cause, ENOUGH};

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
    /// What was asked of the cache.
    Operation {
        /// Look for values.
        Get = "get",
        /// Look once more, and take the duty to load.
        Lease = "lease",
        /// Store what was loaded.
        Fill = "fill",
        /// Remove what a write made stale.
        Forget = "forget",
    }
}

text_enum! {
    /// `off`: this process has no cache that could break.
    #[derive(Default)]
    BreakerState { Closed = "closed", Open = "open", HalfOpen = "half_open", #[default] Off = "off" }
}

/// Counters of all types together or of one: since the start, or of a [`Window`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CacheCounts {
    /// Lookups answered by the cache; not-found markers count.
    pub hits: u64,
    pub misses: u64,
    /// `hits + misses`; a lookup that failed is neither.
    pub total: u64,
    /// `hits / (hits + misses)`, 0.0 when there were none.
    pub hit_rate: f64,
    pub negative_hits: u64,
    pub fills: u64,
    /// Fills that lost to a write and were not stored.
    pub fills_refused: u64,
    /// Misses that took what another one loaded instead of asking the database.
    pub waits_saved: u64,
    /// Statements the database did not have to run: one for each hit and each shared load, and one for
    /// all the rows of a page.
    pub reads_saved: u64,
    pub invalidations: u64,
    /// Values that were damaged, another's or of another shape; each was read from the database.
    pub corrupt: u64,
    /// Filled ahead of any read; not among `fills`.
    pub warmed: u64,
    /// What failed, by what was asked.
    pub errors: BTreeMap<Operation, u64>,
}

/// Percentiles in milliseconds; 0 when there was nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Percentiles {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

/// The last so many seconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Window {
    #[serde(flatten)]
    pub counts: CacheCounts,
    /// How long looking took.
    pub lookup: Percentiles,
}

/// One type of value.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TypeStats {
    #[serde(flatten)]
    pub counts: CacheCounts,
    /// The last five minutes.
    pub recent: Window,
    /// Hit rates of the last five minutes in equal steps, the newest last; none where nothing was
    /// asked.
    pub trend: Vec<Option<f64>>,
}

/// A change of the breaker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BreakerChange {
    pub state: BreakerState,
    pub at: DateTime<Utc>,
    /// What failed, in a sentence; none where it closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What Redis says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct RedisFigures {
    /// Bytes, of `max_memory` (0: no limit).
    pub used_memory: u64,
    pub max_memory: u64,
    /// In its whole database, whoever put them there.
    pub keys: u64,
    /// Removed for want of room, since Redis started.
    pub evictions: u64,
    /// Ended by time, since Redis started.
    pub expirations: u64,
    /// Both in the last five minutes, as far as this process was there.
    pub recent_evictions: u64,
    pub recent_expirations: u64,
}

/// Every process of the installation that was heard of just now, together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct FleetStats {
    #[serde(flatten)]
    pub counts: CacheCounts,
    pub processes: Vec<ProcessCache>,
}

/// The cache of one process, as it last told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProcessCache {
    /// Host and process id; a process need not name itself.
    #[serde(default)]
    pub name: String,
    pub breaker: BreakerState,
    pub counts: CacheCounts,
}

/// Counters of this process, exact and now. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CacheStats {
    /// `memory`, `redis` or `none`.
    pub kind: String,
    #[serde(flatten)]
    pub counts: CacheCounts,
    pub breaker: BreakerState,
    /// Its last changes, the newest last.
    #[serde(default)]
    pub breaker_changes: Vec<BreakerChange>,
    /// A lookup, mean.
    pub t_cache: f64,
    /// A load from the database after a miss, mean.
    pub t_db: f64,
    /// `hit_rate × t_cache + (1 − hit_rate) × (t_cache + t_db)`.
    pub t_average: f64,
    pub by_type: BTreeMap<CacheType, TypeStats>,
    /// `now` (the last ten to twenty seconds), `1m`, `5m`.
    #[serde(default)]
    pub windows: BTreeMap<String, Window>,
    /// As in [`TypeStats::trend`].
    #[serde(default)]
    pub trend: Vec<Option<f64>>,
    /// Entries held by this process, and their weight in bytes.
    pub entries: u64,
    pub bytes: u64,
    /// Entries this process dropped for want of room.
    #[serde(default)]
    pub evictions: u64,
    /// None where there is no Redis, or it does not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redis: Option<RedisFigures>,
    #[serde(default)]
    pub fleet: FleetStats,
}

impl FleetStats {
    pub fn of(processes: Vec<ProcessCache>) -> Self {
        let sum = |sum: CacheCounts, process: &ProcessCache| sum.plus(&process.counts);
        Self { counts: processes.iter().fold(CacheCounts::default(), sum), processes }
    }
}

impl CacheStats {
    /// Empty where there is none of this name.
    pub fn window(&self, name: &str) -> Window {
        self.windows.get(name).cloned().unwrap_or_default()
    }
}

impl CacheCounts {
    /// Lookups the cache did not answer, in time or at all: neither hits nor misses.
    pub fn failed(&self) -> u64 {
        self.errors.get(&Operation::Get).copied().unwrap_or_default()
    }

    /// Both together.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        self.hits += other.hits;
        self.misses += other.misses;
        self.negative_hits += other.negative_hits;
        self.fills += other.fills;
        self.fills_refused += other.fills_refused;
        self.waits_saved += other.waits_saved;
        self.reads_saved += other.reads_saved;
        self.invalidations += other.invalidations;
        self.corrupt += other.corrupt;
        self.warmed += other.warmed;
        for (operation, count) in &other.errors {
            *self.errors.entry(*operation).or_default() += count;
        }
        self.rated()
    }

    /// With `total` and `hit_rate` as the other figures make them.
    #[must_use]
    pub fn rated(mut self) -> Self {
        self.total = self.hits + self.misses;
        self.hit_rate = rate(self.hits, self.misses);
        self
    }
}

/// `hits / (hits + misses)`, 0.0 when there were none.
#[expect(clippy::cast_precision_loss, reason = "a rate for a screen")]
pub fn rate(hits: u64, misses: u64) -> f64 {
    match hits + misses {
        0 => 0.0,
        total => hits as f64 / total as f64,
    }
}

//! Figures of the demonstration, measured in the daemon against its own database and cache. Times
//! are milliseconds.

use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;

text_enum! {
    /// How the same incident is read.
    Strategy {
        /// Every read is the database's.
        NoCache = "no_cache",
        /// Look, and on a miss load and store; what is stored ends by time alone.
        CacheAside = "cache_aside",
        /// As every other read of this daemon.
        Watchfire = "watchfire",
    }
}

text_enum! {
    /// A step of the walk.
    Step {
        FirstRead = "first_read",
        SecondRead = "second_read",
        /// A comment, acknowledged.
        Write = "write",
        ReadAfterWrite = "read_after_write",
    }
}

/// All that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CacheDemo {
    /// `memory` or `redis`.
    pub cache: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    pub bursts: Vec<Burst>,
    pub walk: Vec<Walked>,
    pub staleness: Vec<Staleness>,
    pub connections: Vec<Connections>,
    pub hierarchy: Vec<Level>,
    pub took_ms: f64,
}

/// Many reads at once of an incident that nobody has read yet.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Burst {
    pub strategy: Strategy,
    pub reads: u64,
    pub database_reads: u64,
    /// From the first that was sent to the last that was answered.
    pub wall_ms: f64,
    /// Of one read, with its waiting.
    pub p50_ms: f64,
    pub p95_ms: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Walked {
    pub step: Step,
    /// Of the incident, as it was read or written.
    pub version: i64,
    /// 0: the cache answered.
    pub database_reads: u64,
    pub took_ms: f64,
}

/// Reads after writes were acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Staleness {
    pub strategy: Strategy,
    pub writes: u64,
    pub reads: u64,
    /// Reads that began after the acknowledgement and were answered with an older version.
    pub stale_reads: u64,
    /// How long after its acknowledgement a write was still not seen, at most.
    pub stale_ms: f64,
    /// The first read after an acknowledgement, median.
    pub first_read_ms: f64,
}

/// The same question on a connection that is kept, and on one opened for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Connections {
    /// `sqlite`, `postgres` or `redis`.
    pub to: String,
    pub pooled: Series,
    pub unpooled: Series,
}

/// One operation after another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Series {
    pub operations: u64,
    pub median_ms: f64,
}

/// The same incident, from where it may be kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Level {
    /// `process`, `redis`, `sqlite` or `postgres`.
    pub place: String,
    pub reads: Series,
}

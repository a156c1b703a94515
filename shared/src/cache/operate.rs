//! Names in the cache, as an administrator sees and removes them.

use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;

text_enum! {
    /// What stands under a name.
    Holds {
        Value = "value",
        /// A marker that there is none in the database.
        NotFound = "not_found",
        /// Somebody is loading it.
        Lease = "lease",
        /// What every list page of one time carries.
        Generation = "generation",
        /// Forgotten or of an older epoch: nobody is answered from it.
        Stale = "stale",
        /// Of a shape that this version does not read.
        OtherSchema = "other_schema",
        /// Not one of these: a probe, or what a demonstration keeps.
        Other = "other",
    }
}

/// One name in the cache.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CacheKey {
    /// `wf:{log}:{schema}:{type}:{parameters}`
    pub name: String,
    /// A cache type, or `generation`, `probe`, `demo`.
    #[serde(rename = "type")]
    pub kind: String,
    pub schema: u16,
    pub holds: Holds,
    /// Bytes it takes, its name among them.
    pub bytes: u64,
    /// None: it stays until it is removed.
    pub seconds_left: Option<f64>,
}

/// What to remove; at least one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct PurgeIn {
    /// What this installation kept under older schemas, and before the epoch was raised last.
    pub old: bool,
    /// What stands under other journals: those of databases that were restored or given up, and of
    /// other installations that share this Redis.
    pub others: bool,
    /// Everything there is: nothing is deleted, the epoch is raised, and nobody reads it any more.
    pub all: bool,
}

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Purged {
    pub removed: u64,
    pub bytes: u64,
    /// Every cached value is absent from now on, in every daemon.
    pub epoch_raised: bool,
}

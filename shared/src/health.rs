//! How the daemon is, part by part.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;

text_enum! {
    HealthStatus { Healthy = "healthy", Degraded = "degraded", Unhealthy = "unhealthy" }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Part {
    pub status: HealthStatus,
    /// Which kind runs: `sqlite`, `postgres`, `memory`, `none`, `journal`.
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when it is in this status.
    pub since: DateTime<Utc>,
    /// What was wrong with it last, also when it is well again; none while nothing was, or when the
    /// daemon is too old to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_trouble: Option<Box<Trouble>>,
}

/// What was wrong, and when that was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trouble {
    pub reason: String,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Parts {
    pub database: Part,
    pub cache: Part,
    pub cache_integrity: Part,
    pub broker: Part,
    pub worker: Part,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    pub status: HealthStatus,
    pub version: String,
    pub parts: Parts,
}

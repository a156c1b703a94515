//! Counts and the dashboard's figures.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::incident::{Priority, Status};

/// Incidents that are not closed; exact.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    pub by_status: BTreeMap<Status, i64>,
    pub by_priority: BTreeMap<Priority, i64>,
    /// Of those that are not resolved either: what still burns.
    pub unresolved_by_priority: BTreeMap<Priority, i64>,
}

/// Cached by time alone, so it says how old it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stats {
    pub as_of: DateTime<Utc>,
    pub by_status: BTreeMap<Status, i64>,
    pub by_priority: BTreeMap<Priority, i64>,
    pub created_24h: i64,
    pub firing_alerts: i64,
    /// Mean seconds from creation to acknowledgement, over the last 30 days; null without any.
    pub mtta_seconds: Option<f64>,
    /// Mean seconds from creation to resolution, over the last 30 days; null without any.
    pub mttr_seconds: Option<f64>,
}

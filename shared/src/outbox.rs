//! The state of publication, as `/v1/admin/outbox` shows it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::event::Event;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutboxStatus {
    /// Everything not yet published, without a position or with one; 0 with the journal.
    pub pending: i64,
    /// Committed, and not yet numbered.
    pub unpositioned: i64,
    pub published: i64,
    pub failed: i64,
    pub oldest_pending_seconds: Option<f64>,
    /// Events a second over the last minute.
    pub rate_1m: f64,
    /// `journal` or `kafka`.
    pub transport: String,
    /// Which process publishes.
    pub leader: Option<String>,
    /// What failed, the oldest first; perhaps not all of it.
    pub items: Vec<FailedEvent>,
}

/// An event that the broker refused. Later ones of its incident wait until it is retried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailedEvent {
    #[serde(flatten)]
    pub event: Event,
    /// What the broker said.
    pub cause: String,
    /// How often it was sent.
    pub attempts: i64,
    pub failed_at: DateTime<Utc>,
}

//! Alerts: one firing signal from a source. Fingerprint and episode tell them apart, never text.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::event::Source;
use crate::ids::{AlertId, IncidentId};
use crate::incident::Priority;
use crate::text_enum::text_enum;

text_enum! {
    AlertStatus { Firing = "firing", Resolved = "resolved" }
}

/// One episode: (source, fingerprint, `starts_at`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alert {
    pub id: AlertId,
    pub incident_id: IncidentId,
    pub source: Source,
    pub fingerprint: String,
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    pub status: AlertStatus,
    /// As the sender wrote it; free text.
    pub severity: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub generator_url: String,
    /// Copies received after the first.
    pub repeats: i64,
    pub last_seen_at: DateTime<Utc>,
}

/// What a sender's free-text severity asks for; missing or unknown is medium.
pub fn priority_of_severity(severity: &str) -> Priority {
    match severity.to_ascii_lowercase().as_str() {
        "critical" | "page" | "fatal" => Priority::Critical,
        "error" | "high" | "major" => Priority::High,
        "info" | "low" | "none" => Priority::Low,
        _ => Priority::Medium,
    }
}

//! Alerts: one firing signal from a source. Fingerprint and episode tell them apart, never text.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::event::{Fact, Source};
use crate::ids::{AlertId, IncidentId};
use crate::incident::{Incident, Priority};
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

impl Incident {
    /// A new episode began. Moves the counter, not `updated_at`.
    pub fn alert_fired(&mut self, alert: Alert) -> Fact {
        self.firing_alerts += 1;
        self.version += 1;
        Fact::AlertFired { incident: self.summary(), alert }
    }

    /// An episode ended. `was_counted` is false for one whose end arrived before it ever fired here.
    pub fn alert_resolved(&mut self, alert: Alert, was_counted: bool) -> Fact {
        if was_counted {
            self.firing_alerts = (self.firing_alerts - 1).max(0);
        }
        self.version += 1;
        Fact::AlertResolved { incident: self.summary(), alert }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_in_any_case_become_priorities_and_unknown_ones_medium() {
        for (severity, priority) in [
            ("Critical", Priority::Critical),
            ("page", Priority::Critical),
            ("FATAL", Priority::Critical),
            ("error", Priority::High),
            ("major", Priority::High),
            ("warning", Priority::Medium),
            ("info", Priority::Low),
            ("none", Priority::Low),
            ("", Priority::Medium),
            ("sev-17", Priority::Medium),
        ] {
            assert_eq!(priority_of_severity(severity), priority, "{severity:?}");
        }
    }
}

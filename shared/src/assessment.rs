//! Assessments: one analysis of an incident by one component.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::event::{Actor, Fact};
use crate::ids::{AssessmentId, IncidentId};
use crate::incident::Incident;
use crate::log::Level;
use crate::text_enum::text_enum;

text_enum! {
    AssessmentStatus {
        InProgress = "in_progress",
        Completed = "completed",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assessment {
    pub id: AssessmentId,
    pub incident_id: IncidentId,
    /// What analysed it: `logs`.
    pub component: String,
    pub status: AssessmentStatus,
    /// Percent.
    pub progress: i16,
    pub requested_by: Actor,
    pub started_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
    /// The version of the rules it was made by.
    pub parameter_version: i32,
    /// What came out; none before it is completed.
    pub summary: Option<LogSummary>,
    /// Why it failed.
    pub error: Option<String>,
}

/// An incident's log lines at a glance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogSummary {
    pub lines: i64,
    pub counts: BTreeMap<Level, i64>,
    /// Times of the earliest and of the latest line.
    pub first_at: Option<DateTime<Utc>>,
    pub last_at: Option<DateTime<Utc>>,
    /// The most frequent ones, severe ones first where they are equal.
    pub top_messages: Vec<TopMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopMessage {
    pub level: Level,
    /// At most its first 500 characters.
    pub message: String,
    pub count: i64,
}

impl Incident {
    pub fn assessment_requested(&mut self, assessment: Assessment) -> Fact {
        self.version += 1;
        Fact::AssessmentRequested { incident: self.summary(), assessment }
    }

    pub fn assessment_completed(&mut self, assessment: Assessment) -> Fact {
        self.version += 1;
        Fact::AssessmentCompleted { incident: self.summary(), assessment }
    }
}

//! Incidents: their shape. The rules stand in [`rules`]: the one place that decides.

pub mod rules;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::event::{Actor, Source};
use crate::field::Field;
use crate::ids::{IncidentId, Reference, UserId};
use crate::text_enum::text_enum;
use crate::user::UserRef;

text_enum! {
    /// Where an incident stands. What may follow what: [`Status::next`].
    Status {
        Open = "open",
        Investigating = "investigating",
        Resolved = "resolved",
        Closed = "closed",
    }
}

text_enum! {
    /// The order is the order of urgency, the least first.
    Priority {
        Low = "low",
        Medium = "medium",
        High = "high",
        Critical = "critical",
    }
}

impl Priority {
    /// The number the database stores and sorts by: 0 low … 3 critical.
    pub const fn rank(self) -> i16 {
        self as i16
    }

    pub fn from_rank(rank: i16) -> Option<Self> {
        Self::ALL.get(usize::try_from(rank).ok()?).copied()
    }
}

pub type Labels = BTreeMap<String, String>;

/// An incident; `description` is left out of lists and events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incident {
    pub id: IncidentId,
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "INC-42"))]
    pub reference: Reference,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub status: Status,
    pub priority: Priority,
    pub service: String,
    pub labels: Labels,
    pub assigned_to: Option<UserRef>,
    pub created_by: Actor,
    pub source: Source,
    /// The number of its latest event.
    pub version: i64,
    pub log_count: i64,
    pub firing_alerts: i64,
    /// Latest impact score, 0 to 100.
    pub score: Option<f64>,
    pub created_at: DateTime<Utc>,
    /// Moves with what people and the status machine change, not with logs and alert counters.
    pub updated_at: DateTime<Utc>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
}

impl Incident {
    /// As it stands in lists and events: without the description.
    #[must_use]
    pub fn summary(&self) -> Self {
        Self { description: None, ..self.clone() }
    }

    /// Resolved by a person while its source still fires.
    pub fn still_firing(&self) -> bool {
        self.firing_alerts > 0 && matches!(self.status, Status::Resolved | Status::Closed)
    }
}

/// The body of `POST /v1/incidents`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewIncident {
    pub title: String,
    #[serde(default)]
    pub description: String,
    #[serde(default = "medium")]
    pub priority: Priority,
    #[serde(default)]
    pub service: String,
    #[serde(default)]
    pub labels: Labels,
    #[serde(default)]
    pub assigned_to: Option<UserId>,
}

const fn medium() -> Priority {
    Priority::Medium
}

impl NewIncident {
    /// One with nothing but a title.
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            description: String::new(),
            priority: Priority::Medium,
            service: String::new(),
            labels: Labels::new(),
            assigned_to: None,
        }
    }
}

/// The body of `PATCH /v1/incidents/{id}`; only `assigned_to` may be null.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IncidentPatch {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Status>))]
    pub status: Field<Status>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Priority>))]
    pub priority: Field<Priority>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<UserId>))]
    pub assigned_to: Field<UserId>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub title: Field<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub description: Field<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub service: Field<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<BTreeMap<String, String>>))]
    pub labels: Field<Labels>,
    /// Bound to the status change it comes with; alone it is a comment.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub note: Field<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
}

/// What the caller saw; a command is refused when one of these no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Expect {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// `null` expects nobody.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<UserId>))]
    pub assigned_to: Field<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// The body of `POST /v1/incidents/{id}/comments`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    pub body: String,
}

/// A comment as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comment {
    pub id: crate::ids::CommentId,
    pub incident_id: IncidentId,
    pub body: String,
    pub author: Actor,
    pub created_at: DateTime<Utc>,
    /// The incident's version after it.
    pub version: i64,
}

/// Characters, not bytes.
pub const TITLE_MAX: usize = 200;
pub const DESCRIPTION_MAX: usize = 20_000;
pub const SERVICE_MAX: usize = 100;
pub const NOTE_MAX: usize = 20_000;
pub const LABELS_MAX: usize = 50;
pub const LABEL_NAME_MAX: usize = 100;
pub const LABEL_VALUE_MAX: usize = 500;

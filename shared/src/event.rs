//! Events: immutable facts about the past. The timeline, the journal, the live stream and Kafka
//! all carry this envelope; golden files freeze it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::alert::Alert;
use crate::assessment::Assessment;
use crate::ids::{CommentId, EventId, IncidentId, JournalId};
use crate::incident::{Incident, Status};
use crate::log::Level;
use crate::text_enum::text_enum;
use crate::user::{UserOut, UserRef};

text_enum! {
    ActorKind { User = "user", Key = "key", System = "system" }
}

text_enum! {
    /// What produced a fact, an incident or an alert.
    Source {
        Api = "api",
        Alertmanager = "alertmanager",
        Pagerduty = "pagerduty",
        Worker = "worker",
        System = "system",
    }
}

text_enum! {
    AggregateType { Incident = "incident", User = "user" }
}

/// Who did it: a person, an ingest key, or the system (which has no id).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Actor {
    pub kind: ActorKind,
    pub id: Option<Uuid>,
    pub name: String,
}

impl Actor {
    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: None, name: "watchfire".to_owned() }
    }
}

/// A changed field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FromTo {
    pub from: Value,
    pub to: Value,
}

/// What happened, with what a reader needs to make sense of it without the database. Every
/// incident's fact carries the incident as it was after the fact, without its description.
///
/// A type this version does not know, written by a newer daemon, is [`Fact::Other`] and travels
/// unchanged: old and new processes share one journal while one replaces the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "event_type", content = "payload", remote = "Self")]
pub enum Fact {
    #[serde(rename = "incident.created")]
    IncidentCreated { incident: Incident },
    #[serde(rename = "incident.updated")]
    IncidentUpdated { incident: Incident, changes: BTreeMap<String, FromTo> },
    #[serde(rename = "incident.status_changed")]
    IncidentStatusChanged {
        incident: Incident,
        from: Status,
        to: Status,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    #[serde(rename = "incident.assigned")]
    IncidentAssigned { incident: Incident, from: Option<UserRef>, to: Option<UserRef> },
    #[serde(rename = "incident.commented")]
    IncidentCommented { incident: Incident, comment_id: CommentId, body: String },
    #[serde(rename = "incident.deleted")]
    IncidentDeleted { incident: Incident },
    #[serde(rename = "log.attached")]
    LogAttached {
        incident: Incident,
        first_seq: i64,
        last_seq: i64,
        counts: BTreeMap<Level, i64>,
        sources: Vec<String>,
    },
    #[serde(rename = "alert.fired")]
    AlertFired { incident: Incident, alert: Alert },
    #[serde(rename = "alert.resolved")]
    AlertResolved { incident: Incident, alert: Alert },
    /// Experimental. A batch was taken in as a whole.
    #[serde(rename = "batch.completed")]
    BatchCompleted {
        incident: Incident,
        /// Of what: `logs`.
        kind: String,
        accepted: i64,
        rejected: i64,
        duration_ms: i64,
    },
    /// Experimental.
    #[serde(rename = "assessment.requested")]
    AssessmentRequested { incident: Incident, assessment: Assessment },
    /// Experimental.
    #[serde(rename = "assessment.completed")]
    AssessmentCompleted { incident: Incident, assessment: Assessment },
    #[serde(rename = "user.created")]
    UserCreated { user: UserOut, changes: BTreeMap<String, FromTo> },
    #[serde(rename = "user.updated")]
    UserUpdated { user: UserOut, changes: BTreeMap<String, FromTo> },
    #[serde(skip)]
    Other(Unknown),
}

/// A fact of a type this version does not know.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unknown {
    pub event_type: String,
    pub payload: Value,
    /// What the payload holds where every incident's fact holds the incident.
    #[serde(skip)]
    incident: Option<Box<Incident>>,
}

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Other(unknown) => unknown.serialize(to),
            known => Self::serialize(known, to),
        }
    }
}

impl<'de> Deserialize<'de> for Fact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            event_type: String,
            payload: Value,
        }
        let Wire { event_type, payload } = Wire::deserialize(from)?;
        Self::read(event_type, payload).map_err(D::Error::custom)
    }
}

impl Fact {
    /// A fact from its two parts on the wire. A known type whose payload is not its own is an error,
    /// not something unknown.
    pub fn read(event_type: String, payload: Value) -> serde_json::Result<Self> {
        if Self::TYPES.contains(&event_type.as_str()) {
            return Self::deserialize(json!({ "event_type": event_type, "payload": payload }));
        }
        let incident = payload.get("incident").and_then(|value| Incident::deserialize(value).ok());
        Ok(Self::Other(Unknown { event_type, payload, incident: incident.map(Box::new) }))
    }

    /// Every type this version knows.
    pub const TYPES: [&str; 14] = [
        "incident.created",
        "incident.updated",
        "incident.status_changed",
        "incident.assigned",
        "incident.commented",
        "incident.deleted",
        "log.attached",
        "alert.fired",
        "alert.resolved",
        "batch.completed",
        "assessment.requested",
        "assessment.completed",
        "user.created",
        "user.updated",
    ];

    /// The word on the wire.
    pub const fn event_type(&self) -> &str {
        match self {
            Self::IncidentCreated { .. } => "incident.created",
            Self::IncidentUpdated { .. } => "incident.updated",
            Self::IncidentStatusChanged { .. } => "incident.status_changed",
            Self::IncidentAssigned { .. } => "incident.assigned",
            Self::IncidentCommented { .. } => "incident.commented",
            Self::IncidentDeleted { .. } => "incident.deleted",
            Self::LogAttached { .. } => "log.attached",
            Self::AlertFired { .. } => "alert.fired",
            Self::AlertResolved { .. } => "alert.resolved",
            Self::BatchCompleted { .. } => "batch.completed",
            Self::AssessmentRequested { .. } => "assessment.requested",
            Self::AssessmentCompleted { .. } => "assessment.completed",
            Self::UserCreated { .. } => "user.created",
            Self::UserUpdated { .. } => "user.updated",
            Self::Other(unknown) => unknown.event_type.as_str(),
        }
    }

    /// The incident after the fact; none for facts about people.
    pub fn incident(&self) -> Option<&Incident> {
        match self {
            Self::IncidentCreated { incident }
            | Self::IncidentUpdated { incident, .. }
            | Self::IncidentStatusChanged { incident, .. }
            | Self::IncidentAssigned { incident, .. }
            | Self::IncidentCommented { incident, .. }
            | Self::IncidentDeleted { incident }
            | Self::LogAttached { incident, .. }
            | Self::AlertFired { incident, .. }
            | Self::AlertResolved { incident, .. }
            | Self::BatchCompleted { incident, .. }
            | Self::AssessmentRequested { incident, .. }
            | Self::AssessmentCompleted { incident, .. } => Some(incident),
            Self::Other(unknown) => unknown.incident.as_deref(),
            Self::UserCreated { .. } | Self::UserUpdated { .. } => None,
        }
    }
}

/// The envelope. Its own shape is version [`SCHEMA_VERSION`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    pub event_id: EventId,
    #[serde(flatten)]
    pub fact: Fact,
    pub schema_version: i16,
    pub log_id: JournalId,
    /// Number among all events; null until it has been positioned.
    pub position: Option<i64>,
    pub aggregate_type: AggregateType,
    pub aggregate_id: Uuid,
    /// Number within the aggregate: 1, 2, 3 …
    pub version: i64,
    pub occurred_at: DateTime<Utc>,
    pub source: Source,
    pub actor: Actor,
    pub request_id: String,
    pub caused_by: Option<EventId>,
}

impl Event {
    /// The incident it is about; none for facts about people.
    pub fn incident_id(&self) -> Option<IncidentId> {
        (self.aggregate_type == AggregateType::Incident).then_some(IncidentId(self.aggregate_id))
    }
}

pub const SCHEMA_VERSION: i16 = 1;

/// The first message of a stream without `Last-Event-ID`, and the body of `resync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hello {
    pub log_id: JournalId,
    /// The head of the journal.
    pub position: i64,
}

/// Sent every 5 s after a successful read of the journal; silence means stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Heartbeat {
    pub position: i64,
}

/// A page of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventPage {
    pub log_id: JournalId,
    pub items: Vec<Event>,
    /// Pass as `after` for the next page.
    pub next_after: i64,
    /// The newest position that can be read.
    pub head: i64,
}

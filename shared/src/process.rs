//! The processes of one installation, and what each says of itself every two seconds.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::cache::ProcessCache;
use crate::ids::ProcessId;
use crate::text_enum::text_enum;

text_enum! {
    ProcessKind { Daemon = "daemon", Worker = "worker" }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Process {
    pub id: ProcessId,
    pub kind: ProcessKind,
    /// Host and process id.
    pub name: String,
    pub version: String,
    pub started_at: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
    pub figures: Figures,
}

/// What a process measures of itself; a part it does not have is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Figures {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relay: Option<RelayFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<ProcessCache>,
}

/// How publication goes, as seen by one process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RelayFigures {
    /// Whether this is the one that publishes.
    pub leading: bool,
    /// Events a second over the last minute.
    pub rate_1m: f64,
    /// Why it does not get on; none when it does.
    pub trouble: Option<String>,
}

/// How a worker gets on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerFigures {
    /// `journal` or `kafka`.
    pub source: String,
    /// Events of its share that are not yet handled.
    pub lag: i64,
    /// Events a second over the last minute.
    pub rate_1m: f64,
    /// Since its start, as all that follow.
    pub handled: u64,
    /// Delivered again, and skipped.
    pub duplicates: u64,
    /// Not delivered, and found in the database.
    pub filled: u64,
    /// Of another journal, and skipped.
    pub foreign: u64,
    /// Could not be handled.
    pub parked: u64,
    /// Why it does not get on; none when it does.
    pub trouble: Option<String>,
}

/// Everybody who was heard of just now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fleet {
    pub items: Vec<Process>,
}

//! Log lines attached to an incident.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::{IncidentId, LogEntryId};
use crate::text_enum::text_enum;

text_enum! {
    /// Severity of a line; the order is the order of the declaration.
    Level {
        Trace = "trace",
        Debug = "debug",
        Info = "info",
        Warn = "warn",
        Error = "error",
        Fatal = "fatal",
    }
}

impl Level {
    /// Reads the usual spellings in any case, and syslog's numbers (0 emergency … 7 debug).
    pub fn parse_any(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "trace" | "trc" | "verbose" | "finest" => Self::Trace,
            "debug" | "dbg" | "fine" | "7" => Self::Debug,
            "info" | "inf" | "information" | "informational" | "notice" | "5" | "6" => Self::Info,
            "warn" | "warning" | "wrn" | "4" => Self::Warn,
            "error" | "err" | "severe" | "failure" | "3" => Self::Error,
            "fatal" | "critical" | "crit" | "ftl" | "panic" | "emerg" | "emergency" | "alert"
            | "0" | "1" | "2" => Self::Fatal,
            _ => return None,
        })
    }

    /// The number the database stores: 0 trace … 5 fatal.
    pub const fn rank(self) -> i16 {
        self as i16
    }

    pub fn from_rank(rank: i16) -> Option<Self> {
        Self::ALL.get(usize::try_from(rank).ok()?).copied()
    }
}

/// One stored line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogEntry {
    pub id: LogEntryId,
    pub incident_id: IncidentId,
    /// Number of the line within its incident: 1, 2, 3 …
    pub seq: i64,
    pub level: Level,
    pub message: String,
    pub source: String,
    pub occurred_at: DateTime<Utc>,
    pub fields: Map<String, Value>,
}

/// A line as it arrives; what it says beyond these names is kept in `fields`.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    pub level: Level,
    pub message: String,
    pub source: String,
    pub occurred_at: Option<DateTime<Utc>>,
    pub fields: Map<String, Value>,
}

/// The answer to an accepted batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogsAccepted {
    pub accepted: i64,
    pub first_seq: i64,
    pub last_seq: i64,
}

pub const MESSAGE_MAX: usize = 64 * 1024;
pub const SOURCE_MAX: usize = 200;
pub const BATCH_MAX_LINES: usize = 10_000;
pub const BATCH_MAX_BYTES: usize = 8 * 1024 * 1024;

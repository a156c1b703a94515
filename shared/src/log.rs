//! Log lines attached to an incident.

mod batch;
mod line;
#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::Fact;
use crate::ids::{IncidentId, LogEntryId};
use crate::incident::Incident;
use crate::text_enum::text_enum;

pub use batch::{BatchError, BatchFormat, parse_batch};
pub use line::LineError;

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

impl Incident {
    /// A batch was taken in as a whole, in this time.
    pub fn batch_completed(&mut self, kind: &str, accepted: i64, took: Duration) -> Fact {
        self.version += 1;
        Fact::BatchCompleted {
            incident: self.summary(),
            kind: kind.to_owned(),
            accepted,
            rejected: 0,
            duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        }
    }
}

impl Level {
    /// Reads the usual spellings in any case, syslog's numbers (0 emergency … 7 debug) and those of
    /// the JSON loggers of Node.js (10 trace … 60 fatal).
    pub fn parse_any(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "trace" | "trc" | "verbose" | "finest" | "10" => Self::Trace,
            "debug" | "dbg" | "fine" | "7" | "20" => Self::Debug,
            "info" | "inf" | "information" | "informational" | "notice" | "5" | "6" | "30" => {
                Self::Info
            }
            "warn" | "warning" | "wrn" | "4" | "40" => Self::Warn,
            "error" | "err" | "severe" | "failure" | "3" | "50" => Self::Error,
            "fatal" | "critical" | "crit" | "ftl" | "panic" | "emerg" | "emergency" | "alert"
            | "0" | "1" | "2" | "60" => Self::Fatal,
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
    /// At most [`MESSAGE_MAX`] bytes.
    pub message: String,
    /// Empty when the line names none.
    pub source: String,
    /// In microseconds, within 1970 to 2262; none when the line names none.
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

/// Bytes.
pub const MESSAGE_MAX: usize = 64 * 1024;
/// Characters.
pub const SOURCE_MAX: usize = 200;
pub const BATCH_MAX_LINES: usize = 10_000;
pub const BATCH_MAX_BYTES: usize = 8 * 1024 * 1024;

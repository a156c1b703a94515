//! One line: its known names, and everything else.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Number, Value};

use super::{Level, LogLine, MESSAGE_MAX, SOURCE_MAX};
use crate::instant;

/// The field of a line that was refused, named as the sender wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    pub field: String,
    /// What would be right, to stand after the field's name.
    pub message: String,
}

impl LineError {
    fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

const LEVEL: &[&str] = &["level", "severity"];
const MESSAGE: &[&str] = &["message", "msg"];
const SOURCE: &[&str] = &["source"];
const TIME: &[&str] = &["occurred_at", "timestamp", "time", "ts"];

const LEVEL_HELP: &str = "must be trace, debug, info, warn, error or fatal, a usual spelling of \
                          one of them, or a syslog number from 0 to 7";
const TIME_HELP: &str = "must be an RFC 3339 time such as 2026-01-02T03:04:05Z, or the seconds, \
                         milli-, micro- or nanoseconds since 1970 as a number";

impl LogLine {
    /// Reads one line. Of several names for a thing the first that is not null counts; what is not
    /// taken is kept in `fields`.
    pub fn from_object(mut object: Map<String, Value>) -> Result<Self, LineError> {
        let level = match take(&mut object, LEVEL) {
            None => Level::Info,
            Some((name, value)) => {
                parse_level(&value).ok_or_else(|| LineError::new(name, LEVEL_HELP))?
            }
        };
        let message = match take(&mut object, MESSAGE) {
            None => return Err(LineError::new("message", "is missing")),
            Some((name, value)) => parse_text(name, value)?,
        };
        if message.1.len() > MESSAGE_MAX {
            let text = format!("must have at most {MESSAGE_MAX} bytes, not {}", message.1.len());
            return Err(LineError::new(message.0, text));
        }
        let source = match take(&mut object, SOURCE) {
            None => String::new(),
            Some((name, value)) => parse_text(name, value)?.1,
        };
        let length = source.chars().count();
        if length > SOURCE_MAX {
            let text = format!("must have at most {SOURCE_MAX} characters, not {length}");
            return Err(LineError::new("source", text));
        }
        let occurred_at = match take(&mut object, TIME) {
            None => None,
            Some((name, value)) => Some(parse_time(name, &value)?),
        };
        check_fields(&object)?;
        Ok(Self { level, message: message.1, source, occurred_at, fields: object })
    }
}

/// Takes the first of the names that is there; a null is as good as absent.
fn take(object: &mut Map<String, Value>, names: &[&'static str]) -> Option<(&'static str, Value)> {
    let mut found = None;
    for name in names {
        match object.get(*name) {
            Some(Value::Null) => {
                object.remove(*name);
            }
            Some(_) if found.is_none() => {
                found = object.remove(*name).map(|value| (*name, value));
            }
            Some(_) | None => {}
        }
    }
    found
}

fn parse_level(value: &Value) -> Option<Level> {
    match value {
        Value::String(word) => Level::parse_any(word.trim()),
        Value::Number(number) => Level::parse_any(&number.to_string()),
        _ => None,
    }
}

fn parse_text(name: &'static str, value: Value) -> Result<(&'static str, String), LineError> {
    match value {
        Value::String(text) if text.contains('\0') => Err(LineError::new(name, NO_NUL)),
        Value::String(text) => Ok((name, text)),
        _ => Err(LineError::new(name, "must be text")),
    }
}

fn parse_time(name: &str, value: &Value) -> Result<DateTime<Utc>, LineError> {
    let time = match value {
        Value::String(text) => {
            let time = DateTime::parse_from_rfc3339(text.trim())
                .map_err(|_| LineError::new(name, TIME_HELP))?;
            instant::storable(time.to_utc())
        }
        Value::Number(number) => from_unix(number),
        _ => return Err(LineError::new(name, TIME_HELP)),
    };
    time.ok_or_else(|| LineError::new(name, "must lie between 1970 and 2262"))
}

/// A number since 1970, in the coarsest unit that still puts it before 2262: seconds,
/// milliseconds, microseconds, nanoseconds.
fn from_unix(number: &Number) -> Option<DateTime<Utc>> {
    if let Some(count) = number.as_i64() {
        let nanos = [1_000_000_000, 1_000_000, 1_000, 1]
            .into_iter()
            .find_map(|unit| count.checked_mul(unit))?;
        return instant::storable(DateTime::from_timestamp_nanos(nanos));
    }
    let count = number.as_f64()?;
    let seconds = [1.0, 1e3, 1e6, 1e9]
        .into_iter()
        .map(|unit| count / unit)
        .find(|seconds| *seconds < 9_223_372_036.0)?;
    // Half a microsecond more, so that cutting rounds: 0.1 has no exact form in binary.
    let elapsed = Duration::try_from_secs_f64(seconds).ok()? + Duration::from_nanos(500);
    instant::storable(DateTime::UNIX_EPOCH + TimeDelta::from_std(elapsed).ok()?)
}

const NO_NUL: &str = "must not contain a NUL character";

/// PostgreSQL cannot store a NUL, not even deep inside JSON.
fn check_fields(fields: &Map<String, Value>) -> Result<(), LineError> {
    for (name, value) in fields {
        if name.contains('\0') {
            return Err(LineError::new("a field's name", NO_NUL));
        }
        if has_nul(value) {
            // A name from outside may be as long as the body.
            let name: String = name.chars().take(100).collect();
            return Err(LineError::new(name, NO_NUL));
        }
    }
    Ok(())
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

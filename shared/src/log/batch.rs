//! Reads log lines as senders write them: an object, an array of objects, or NDJSON. All or
//! nothing; a refused batch names the line and the field.

use std::fmt;

use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{BATCH_MAX_LINES, LogLine};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchFormat {
    /// One object or an array of objects.
    Json,
    /// One object per line; blank lines are skipped.
    Ndjson,
}

/// Why a batch was refused; nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchError {
    /// Not JSON, with the place in the text, both from 1.
    Malformed { line: usize, column: usize, message: String },
    /// A value that is not allowed. `line` counts from 1: the elements of an array, the lines of
    /// an NDJSON text (blank ones too). No field: the line as a whole.
    Invalid { line: usize, field: Option<String>, message: String },
    /// More than [`BATCH_MAX_LINES`].
    TooManyLines,
    /// Not a single line.
    Empty,
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { line, column, message } => {
                write!(f, "line {line}, column {column} is not JSON: {message}")
            }
            Self::Invalid { line, field: Some(field), message } => {
                write!(f, "line {line}: {field} {message}")
            }
            Self::Invalid { line, message, .. } => write!(f, "line {line} {message}"),
            Self::TooManyLines => write!(
                f,
                "a batch has at most {BATCH_MAX_LINES} lines; send the rest in another one"
            ),
            Self::Empty => f.write_str("the batch has no lines; send at least one"),
        }
    }
}

impl std::error::Error for BatchError {}

impl BatchError {
    fn malformed(line: usize, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        Self::Malformed {
            line,
            // Zero stands for "before the first character".
            column: error.column().max(1),
            message: text.strip_suffix(&place).unwrap_or(&text).to_owned(),
        }
    }

    fn line(line: usize, message: impl Into<String>) -> Self {
        Self::Invalid { line, field: None, message: message.into() }
    }
}

/// Reads a whole batch, 1 to [`BATCH_MAX_LINES`] lines.
pub fn parse_batch(format: BatchFormat, body: &[u8]) -> Result<Vec<LogLine>, BatchError> {
    let lines = match format {
        BatchFormat::Json => parse_json(body)?,
        BatchFormat::Ndjson => parse_ndjson(body)?,
    };
    if lines.is_empty() {
        return Err(BatchError::Empty);
    }
    Ok(lines)
}

fn parse_ndjson(body: &[u8]) -> Result<Vec<LogLine>, BatchError> {
    let mut lines = Vec::new();
    for (index, text) in body.split(|byte| *byte == b'\n').enumerate() {
        if text.trim_ascii().is_empty() {
            continue;
        }
        if lines.len() == BATCH_MAX_LINES {
            return Err(BatchError::TooManyLines);
        }
        let line = index + 1;
        let value =
            serde_json::from_slice(text).map_err(|error| BatchError::malformed(line, &error))?;
        lines.push(parse_line(line, value)?);
    }
    Ok(lines)
}

fn parse_json(body: &[u8]) -> Result<Vec<LogLine>, BatchError> {
    let malformed = |error: serde_json::Error| BatchError::malformed(error.line().max(1), &error);
    // Raw, so that the number of lines is known before anything is built for them.
    let elements: Vec<&RawValue> = match body.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice(body).map_err(malformed)?,
        Some(b'{') => vec![serde_json::from_slice(body).map_err(malformed)?],
        _ => {
            serde_json::from_slice::<IgnoredAny>(body).map_err(malformed)?;
            return Err(BatchError::line(1, NOT_AN_OBJECT));
        }
    };
    if elements.len() > BATCH_MAX_LINES {
        return Err(BatchError::TooManyLines);
    }
    let parse = |(index, element): (usize, &RawValue)| {
        let line = index + 1;
        // The text is JSON; what can still fail is a number, a nesting or an escape beyond bounds.
        let value = serde_json::from_str(element.get()).map_err(|error| {
            let message = format!("holds a value that cannot be read: {error}");
            BatchError::line(line, message)
        })?;
        parse_line(line, value)
    };
    elements.into_iter().enumerate().map(parse).collect()
}

const NOT_AN_OBJECT: &str =
    "must be a JSON object such as {\"level\": \"info\", \"message\": \"…\"}";

fn parse_line(line: usize, value: Value) -> Result<LogLine, BatchError> {
    let Value::Object(object) = value else {
        return Err(BatchError::line(line, NOT_AN_OBJECT));
    };
    LogLine::from_object(object).map_err(|error| BatchError::Invalid {
        line,
        field: Some(error.field),
        message: error.message,
    })
}

//! `logs --attach`: sends the lines of a file or of a pipe, as they come.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, channel};
use watchfire_shared::ids::IncidentRef;
use watchfire_shared::log::{Level, LogsAccepted};

use super::output::Out;
use super::{Done, Exit, Failure, words};
use crate::client::{Client, ClientError, LogFormat};

/// Lines of one request.
const BATCH_LINES: usize = 5_000;
/// Bytes of one request, well below what the daemon takes.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// A pipe that pauses this long has its lines sent.
const PAUSE: Duration = Duration::from_millis(300);
/// Words of a plain line in which its level is looked for.
const LEVEL_WORDS: usize = 6;

pub async fn attach(client: &Client, out: &mut Out, which: &IncidentRef, file: &Path) -> Done {
    // Refused before anything is read when there is no such incident.
    let incident = client.incident(which).await?;
    let id = IncidentRef::Id(incident.id);
    let name = file.display().to_string();
    let (kind, reader) = open(file).map_err(|error| unreadable(&name, &error))?;
    let mut sent = Sent::default();
    match kind {
        Kind::Array => {
            let mut text = Vec::new();
            let mut reader = reader;
            reader.read_to_end(&mut text).map_err(|error| unreadable(&name, &error))?;
            sent.add(client.attach_logs(&id, LogFormat::Json, text.into()).await?);
        }
        Kind::Lines => {
            let (to, lines) = channel(BATCH_LINES);
            // Ends with the pipe; at the process' end it may still wait for a line nobody writes.
            std::thread::spawn(move || {
                for line in reader.split(b'\n') {
                    if to.blocking_send(line).is_err() {
                        return;
                    }
                }
            });
            send_lines(client, &id, lines, &name, &mut sent).await?;
        }
    }
    if sent.lines == 0 {
        return Err(Failure::said(Exit::Failed, format!("{name} holds no lines")));
    }
    if out.json {
        return Ok(out.value(&sent.answer())?);
    }
    let lines = words::count(sent.lines, "line");
    let line = format!("{lines} attached to {}", incident.reference);
    Ok(out.line(&line)?)
}

#[derive(Default)]
struct Sent {
    lines: i64,
    first: i64,
    last: i64,
}

impl Sent {
    fn add(&mut self, answer: LogsAccepted) {
        if self.lines == 0 {
            self.first = answer.first_seq;
        }
        self.lines += answer.accepted;
        self.last = answer.last_seq;
    }

    const fn answer(&self) -> LogsAccepted {
        LogsAccepted { accepted: self.lines, first_seq: self.first, last_seq: self.last }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// One JSON array: sent as it is.
    Array,
    /// JSON objects or plain text, a line each.
    Lines,
}

type Reader = Box<dyn BufRead + Send>;

/// The first character that is no space tells an array from lines.
fn open(file: &Path) -> std::io::Result<(Kind, Reader)> {
    let mut reader: Reader = if file == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        Box::new(BufReader::new(File::open(file)?))
    };
    let start = reader.fill_buf()?;
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    // A plain line may begin with a bracket too: `[error] …`.
    let array = first == Some(&b'[') && opens_array(start);
    Ok((if array { Kind::Array } else { Kind::Lines }, reader))
}

fn opens_array(start: &[u8]) -> bool {
    let mut rest = start.iter().filter(|byte| !byte.is_ascii_whitespace()).skip(1);
    matches!(rest.next(), Some(b'{' | b']'))
}

async fn send_lines(
    client: &Client,
    id: &IncidentRef,
    mut lines: Receiver<std::io::Result<Vec<u8>>>,
    name: &str,
    sent: &mut Sent,
) -> Done {
    let mut batch = Vec::new();
    let mut count = 0;
    loop {
        let next = tokio::time::timeout(PAUSE, lines.recv()).await;
        let ended = matches!(next, Ok(None));
        if let Ok(Some(line)) = next {
            let line = line.map_err(|error| unreadable(name, &error))?;
            if let Some(object) = as_object(&String::from_utf8_lossy(&line)) {
                batch.extend_from_slice(object.as_bytes());
                batch.push(b'\n');
                count += 1;
            }
            if count < BATCH_LINES && batch.len() < BATCH_BYTES {
                continue;
            }
        }
        if count > 0 {
            let lines = std::mem::take(&mut batch).into();
            count = 0;
            sent.add(client.attach_logs(id, LogFormat::Ndjson, lines).await?);
        }
        if ended {
            return Ok(());
        }
    }
}

/// A line as the daemon takes it: an object stays one, text becomes the message of one.
fn as_object(line: &str) -> Option<String> {
    let line = line.trim_end();
    if line.trim().is_empty() {
        return None;
    }
    if line.trim_start().starts_with('{') && serde_json::from_str::<Value>(line).is_ok() {
        return Some(line.to_owned());
    }
    let mut object = json!({ "message": line, "level": level_of(line) });
    if let Some(time) = time_of(line) {
        object["occurred_at"] = json!(time);
    }
    Some(object.to_string())
}

/// The instant a plain line begins with, where it names its zone: any other would be a guess.
fn time_of(line: &str) -> Option<DateTime<Utc>> {
    let word = line.split_whitespace().next()?;
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    DateTime::parse_from_rfc3339(word).ok().map(|time| time.to_utc())
}

/// The level a plain line names near its beginning, in the usual spellings; else info.
fn level_of(line: &str) -> Level {
    line.split_whitespace()
        .take(LEVEL_WORDS)
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        // A bare number is a time or a process, not one of syslog's levels.
        .filter(|word| !word.bytes().all(|byte| byte.is_ascii_digit()))
        .find_map(Level::parse_any)
        .unwrap_or(Level::Info)
}

fn unreadable(name: &str, error: &std::io::Error) -> ClientError {
    ClientError::local(format!("{name} cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_become_objects_with_their_level() {
        for (line, level) in [
            ("2026-05-01 12:00:01,003 WARN  pool exhausted", "warn"),
            ("[error] upstream timed out", "error"),
            ("081109 203615 148 INFO dfs.DataNode: served", "info"),
            ("just words 3 4", "info"),
        ] {
            let object: Value = serde_json::from_str(&as_object(line).unwrap()).unwrap();
            assert_eq!(object["message"], line);
            assert_eq!(object["level"], level, "{line}");
        }
        assert_eq!(as_object("  \r"), None);
    }

    #[test]
    fn a_plain_line_keeps_the_time_it_begins_with() {
        let object = |line| serde_json::from_str::<Value>(&as_object(line).unwrap()).unwrap();
        for line in ["2026-05-01T14:00:01.5+02:00 boom", "[2026-05-01T12:00:01.5Z] boom"] {
            assert_eq!(object(line)["occurred_at"], "2026-05-01T12:00:01.500Z", "{line}");
            assert_eq!(object(line)["message"], line);
        }
        for line in ["2026-05-01 12:00:01,003 of some zone", "boom at 2026-05-01T12:00:01Z"] {
            assert_eq!(object(line)["occurred_at"], Value::Null, "{line}");
        }
    }

    #[test]
    fn objects_stay_as_they_are() {
        let line = r#"{"msg":"x","level":"err"}"#;
        assert_eq!(as_object(line).as_deref(), Some(line));
        let broken: Value = serde_json::from_str(&as_object("{not json").unwrap()).unwrap();
        assert_eq!(broken["message"], "{not json");
    }

    #[test]
    fn an_array_is_told_from_a_bracketed_line() {
        let kind = |text: &str| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            std::fs::write(&path, text).unwrap();
            open(&path).unwrap().0
        };
        assert_eq!(kind(" [ {\"message\": \"x\"}]"), Kind::Array);
        assert_eq!(kind("[error] x"), Kind::Lines);
        assert_eq!(kind("{\"message\": \"x\"}\n"), Kind::Lines);
    }
}

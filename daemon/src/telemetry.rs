//! Logs and the metrics recorder.
//!
//! A log line is one line: control characters and what else deceives a terminal are written as
//! escapes, whatever text they came in with.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::lifecycle::Lifecycle;

/// Bytes a log file holds at most; the one before it is kept as `….1`.
pub const LOG_FILE_MAX: u64 = 5 * 1024 * 1024;
/// Upper bounds in seconds, for every histogram whose name ends in `_seconds`.
const BUCKETS: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// The same for operations of the cache, a good one of which is over before the first of those.
const CACHE_BUCKETS: [f64; 12] =
    [0.00005, 0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05];
/// Samples wait in memory until they are sorted into buckets.
const UPKEEP: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Clone, Default)]
pub enum Output {
    #[default]
    Stderr,
    /// A file of at most [`LOG_FILE_MAX`] bytes, readable by its owner alone.
    File(PathBuf),
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the log filter {filter:?} is not valid: {reason}")]
    Filter { filter: String, reason: String },
    #[error("cannot write the log file {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("logging was set up twice")]
    Twice,
}

/// Sends events at or above `filter` (`info`, `watchfire_daemon=debug,sqlx=warn` …) to `output`,
/// and panics with them.
pub fn init(filter: &str, format: Format, output: Output) -> Result<(), Error> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| Error::Filter { filter: filter.to_owned(), reason: error.to_string() })?;
    let sink = match output {
        Output::Stderr => Sink::Stderr,
        Output::File(path) => {
            let file = BoundedFile::open(&path, LOG_FILE_MAX)
                .map_err(|source| Error::File { path, source })?;
            Sink::File(Arc::new(Mutex::new(file)))
        }
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        // It would report a failed write by a panic when stderr cannot be written either, and the
        // hook below would log that panic: a full disk would end the process.
        .log_internal_errors(false)
        .with_writer(Lines { sink, format });
    match format {
        Format::Text => builder.try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    }
    .map_err(|_| Error::Twice)?;
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("not text");
        tracing::error!(location, message, "panic");
    }));
    Ok(())
}

/// The recorder of this process, installed at the first call.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let of_cache = Matcher::Full("cache_operation_seconds".to_owned());
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
            // The fuller name counts. Only an empty list is refused.
            .and_then(|builder| builder.set_buckets_for_metric(of_cache, &CACHE_BUCKETS))
            .unwrap_or_default()
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder was installed first");
        }
        handle
    })
}

/// Keeps the recorder small until the process stops.
pub async fn upkeep(lifecycle: Lifecycle) {
    let mut tick = tokio::time::interval(UPKEEP);
    while lifecycle.stopping().run_until_cancelled(tick.tick()).await.is_some() {
        metrics().run_upkeep();
    }
}

#[derive(Debug, Clone)]
enum Sink {
    Stderr,
    File(Arc<Mutex<BoundedFile>>),
}

/// One event is one `write`, which ends with the line break.
#[derive(Debug, Clone)]
struct Lines {
    sink: Sink,
    format: Format,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let escaped = escape(&String::from_utf8_lossy(line), self.format);
        match &self.sink {
            Sink::Stderr => io::stderr().lock().write_all(escaped.as_bytes())?,
            Sink::File(file) => {
                file.lock().unwrap_or_else(PoisonError::into_inner).append(escaped.as_bytes())?;
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The line with everything visible but its last line break.
fn escape(line: &str, format: Format) -> String {
    let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
    let mut escaped = String::with_capacity(line.len());
    for ch in text.chars() {
        if !deceives(ch) {
            escaped.push(ch);
            continue;
        }
        // All of them lie in the basic plane, so the JSON escape needs no surrogates.
        let written = match format {
            Format::Text => write!(escaped, "\\u{{{:x}}}", u32::from(ch)),
            Format::Json => write!(escaped, "\\u{:04x}", u32::from(ch)),
        };
        written.expect("writing to a string cannot fail");
    }
    escaped.push_str(end);
    escaped
}

/// Control characters (C0, C1), line and paragraph separators, bidi overrides and zero width.
fn deceives(ch: char) -> bool {
    ch.is_control()
        || matches!(ch, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A file that is renamed to `….1` before it would pass `max` bytes.
#[derive(Debug)]
struct BoundedFile {
    path: PathBuf,
    file: File,
    size: u64,
    max: u64,
}

impl BoundedFile {
    fn open(path: &Path, max: u64) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        Ok(Self { path: path.to_owned(), size: file.metadata()?.len(), file, max })
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let length = line.len() as u64;
        if self.size > 0 && self.size + length > self.max {
            let mut old = self.path.clone().into_os_string();
            old.push(".1");
            std::fs::rename(&self.path, old)?;
            *self = Self::open(&self.path, self.max)?;
        }
        self.file.write_all(line)?;
        self.size += length;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_visible_line() {
        let hostile = "a\x1b[31mb\rc\nd\u{9b}e\u{202e}f\u{200b}g é\n";
        assert_eq!(
            escape(hostile, Format::Text),
            "a\\u{1b}[31mb\\u{d}c\\u{a}d\\u{9b}e\\u{202e}f\\u{200b}g é\n"
        );
        let json = format!("{{\"m\":\"{}\"}}\n", "x\u{9b}\u{2066}y");
        let escaped = escape(&json, Format::Json);
        assert!(escaped.is_ascii(), "{escaped}");
        let value: serde_json::Value = serde_json::from_str(&escaped).expect("still JSON");
        assert_eq!(value["m"], "x\u{9b}\u{2066}y");
    }

    #[test]
    fn operations_of_the_cache_have_buckets_of_their_own() {
        let recorder = metrics();
        metrics::histogram!("cache_operation_seconds", "operation" => "test").record(0.000_07);
        let text = recorder.render();
        for (bound, count) in [("0.00005", 0), ("0.0001", 1), ("0.001", 1)] {
            let line = format!(
                "cache_operation_seconds_bucket{{operation=\"test\",le=\"{bound}\"}} {count}"
            );
            assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
        }
    }

    #[test]
    fn a_log_file_is_bounded_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("daemon.log");
        let old = folder.path().join("daemon.log.1");
        let mut file = BoundedFile::open(&path, 100).expect("opens");
        for number in 0..30 {
            file.append(format!("line number {number:02}\n").as_bytes()).expect("writes");
            assert!(std::fs::metadata(&path).expect("is there").len() <= 100);
        }
        let text = std::fs::read_to_string(&path).expect("readable");
        assert!(text.ends_with("line number 29\n"));
        assert!(std::fs::metadata(&old).expect("the one before").len() <= 100);
        let mode = std::fs::metadata(&path).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        let mut again = BoundedFile::open(&path, 1_000).expect("opens again");
        again.append(b"after a restart\n").expect("writes");
        let text = std::fs::read_to_string(&path).expect("readable");
        assert!(text.contains("line number 29\nafter a restart\n"), "{text}");
    }
}

//! Starting the daemon in the background, once for any number of clients.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::serve::{LOCK_HELD, spawn};
use super::{Home, LOOK_AGAIN, Running};
use crate::client::{ClientError, ErrorKind};
use crate::private;

/// A start that is faster than this needs no word.
const PATIENCE: Duration = Duration::from_millis(200);
/// A start that is slower than this has failed.
const LIMIT: Duration = Duration::from_secs(30);
/// Lines of the log shown after a failure.
const LAST_LINES: usize = 8;

/// The running daemon, started if there is none and restarted if it is older than this client.
/// `progress` is told what is going on when it takes a while.
pub fn ensure(home: &Home, progress: impl Fn(&str) + Send) -> Result<Running, ClientError> {
    private::folder(home.state()).map_err(|error| home.trouble(home.state(), &error))?;
    match home.running()? {
        Some(running) if !is_older(&running.version, env!("CARGO_PKG_VERSION")) => Ok(running),
        _ => with_progress(progress, || start(home)),
    }
}

/// Runs the work and speaks up when it takes longer than [`PATIENCE`].
fn with_progress<T>(progress: impl Fn(&str) + Send, work: impl FnOnce() -> T) -> T {
    let (done, waiting) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                progress("Starting the daemon in the background …");
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// One client starts it; the others wait here and find it running.
fn start(home: &Home) -> Result<Running, ClientError> {
    let path = home.state().join("start.lock");
    let turn = private::open(&path).and_then(|file| file.lock().map(|()| file));
    let _turn = turn.map_err(|error| home.trouble(&path, &error))?;
    if let Some(running) = home.running()? {
        if !is_older(&running.version, env!("CARGO_PKG_VERSION")) {
            return Ok(running);
        }
        super::stop(home)?;
    }
    wait_until_ready(home)
}

fn wait_until_ready(home: &Home) -> Result<Running, ClientError> {
    let deadline = Instant::now() + LIMIT;
    let mut child: Option<Child> = None;
    let before = std::fs::metadata(home.log()).map_or(0, |log| log.len());
    while Instant::now() < deadline {
        if let Some(running) = home.running()? {
            if let Some(child) = child {
                reap(child);
            }
            return Ok(running);
        }
        let ended = child.as_mut().and_then(|child| child.try_wait().ok().flatten());
        match (ended, home.is_held()?) {
            // Somebody else's daemon was faster, or is about to end: it decides.
            (_, true) => {}
            (Some(status), false) if status.code() != Some(LOCK_HELD) => {
                return Err(failed(home, before, &format!("ended at once ({status})")));
            }
            (None, false) if child.is_some() => {}
            _ => child = Some(spawn(home)?),
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    Err(failed(home, before, &format!("was not ready after {} s", LIMIT.as_secs())))
}

/// Takes note of the daemon's end, whenever that is: one that was killed would otherwise seem to
/// live as long as the client that started it.
fn reap(mut daemon: Child) {
    std::thread::spawn(move || daemon.wait());
}

/// With what the log says since it had `before` bytes.
fn failed(home: &Home, before: u64, how: &str) -> ClientError {
    let log = home.log();
    let mut message = format!("The daemon in the background {how}; its log is {}", log.display());
    for line in last_lines(&log, before) {
        message.push_str("\n  ");
        message.push_str(&line);
    }
    ClientError::new(ErrorKind::Unreachable, message)
}

fn last_lines(path: &Path, before: u64) -> Vec<String> {
    const TAIL: u64 = 8 * 1024;
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        // A log that is shorter now has been begun anew.
        let since = if before <= length { before } else { 0 };
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL).max(since)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    // A log that cannot be read has nothing to add to the failure it would explain.
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(LAST_LINES);
    lines[first..].iter().map(|line| (*line).to_owned()).collect()
}

/// Whether a version such as `0.3.1` comes before another. What cannot be read is not older.
fn is_older(theirs: &str, ours: &str) -> bool {
    fn numbers(version: &str) -> Option<Vec<u64>> {
        let core = version.split(['-', '+']).next()?;
        core.split('.').map(|part| part.parse().ok()).collect()
    }
    matches!((numbers(theirs), numbers(ours)), (Some(theirs), Some(ours)) if theirs < ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_older("0.9.0", "0.10.0"));
        assert!(is_older("0.1.0", "0.1.1"));
        assert!(!is_older("0.1.0", "0.1.0"));
        assert!(!is_older("1.0.0", "0.9.9"));
        assert!(!is_older("nonsense", "0.1.0"));
    }

    #[test]
    fn the_last_lines_explain_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let lines: Vec<String> = (1..=3000).map(|n| format!("line {n}")).collect();
        std::fs::write(home.log(), lines.join("\n")).unwrap();
        let message = failed(&home, 0, "ended at once").message;
        assert!(message.ends_with("line 2999\n  line 3000"), "{message}");
        assert_eq!(message.lines().count(), 1 + LAST_LINES);
        let long_ago = std::fs::metadata(home.log()).unwrap().len() - "line 3000".len() as u64;
        assert_eq!(failed(&home, long_ago, "ended").message.lines().count(), 2);
        assert_eq!(failed(&home, u64::MAX, "ended").message.lines().count(), 1 + LAST_LINES);
    }
}

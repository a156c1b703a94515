//! The daemon in the background: finding the one that runs, trusting only what it wrote for us.
//!
//! A daemon holds the lock `daemon.lock` while it lives and says in `daemon.json` where it listens.
//! The file counts only while the lock is held, and only if nobody else could have written it: on a
//! shared machine the usual port may be somebody else's daemon, which must never see our token.

mod serve;
mod start;
mod stop;

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, test_kill_process};
use serde::Deserialize;

pub use serve::serve;
pub use start::ensure;
pub use stop::stop;

use crate::client::{ClientError, ErrorKind};
use crate::private;

/// Between two looks at another process' files.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A daemon that serves this state folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Running {
    pub address: SocketAddr,
    pub pid: i32,
    pub version: String,
}

impl Running {
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.pid)
    }
}

/// The files of one state folder.
#[derive(Debug, Clone)]
pub struct Home {
    state: PathBuf,
}

impl Home {
    pub fn new(state: &Path) -> Self {
        Self { state: state.to_owned() }
    }

    pub fn state(&self) -> &Path {
        &self.state
    }

    pub fn owner_token(&self) -> PathBuf {
        self.state.join("owner.token")
    }

    pub fn log(&self) -> PathBuf {
        self.state.join("daemon.log")
    }

    fn lock(&self) -> PathBuf {
        self.state.join("daemon.lock")
    }

    fn address(&self) -> PathBuf {
        self.state.join("daemon.json")
    }

    /// The daemon that runs and is ready.
    pub fn running(&self) -> Result<Option<Running>, ClientError> {
        if !self.is_held()? {
            return Ok(None);
        }
        let path = self.address();
        let text = private::read(&path).map_err(|error| self.trouble(&path, &error))?;
        let Some(text) = text else {
            return Ok(None);
        };
        // Half a file is one that is being written by somebody who does not replace it in one step.
        let Ok(running) = serde_json::from_str::<Running>(&text) else {
            return Ok(None);
        };
        // A daemon that was killed leaves its file behind; the next one holds the lock before it
        // has written its own.
        let alive = running.pid().is_some_and(|pid| test_kill_process(pid).is_ok());
        Ok((alive && running.address.ip().is_loopback()).then_some(running))
    }

    /// The address for the next request.
    pub fn locate(&self) -> Result<String, ClientError> {
        self.running()?.map(|running| running.url()).ok_or_else(|| {
            ClientError::new(
                ErrorKind::Unreachable,
                "No daemon is running here: `watchfire daemon start` starts one",
            )
        })
    }

    /// Whether some process holds the daemon's lock.
    fn is_held(&self) -> Result<bool, ClientError> {
        let path = self.lock();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(self.trouble(&path, &error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(self.trouble(&path, &error)),
        }
    }

    #[expect(clippy::unused_self, reason = "reads as one of the folder's sentences")]
    fn trouble(&self, path: &Path, error: &std::io::Error) -> ClientError {
        ClientError::local(format!("{} cannot be used: {error}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixture {
        home: Home,
        _folder: tempfile::TempDir,
    }

    fn fixture() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        Fixture { home: Home::new(folder.path()), _folder: folder }
    }

    fn say(home: &Home, address: &str, pid: u32) {
        let text = format!(r#"{{"address":"{address}","pid":{pid},"version":"0.1.0"}}"#);
        private::write(&home.address(), &text).unwrap();
    }

    #[test]
    fn the_address_counts_only_while_the_lock_is_held() {
        let Fixture { home, _folder } = fixture();
        say(&home, "127.0.0.1:5000", std::process::id());
        assert_eq!(home.running().unwrap(), None, "no lock file");
        let lock = private::open(&home.lock()).unwrap();
        assert_eq!(home.running().unwrap(), None, "nobody holds it");
        lock.try_lock().unwrap();
        assert_eq!(home.locate().unwrap(), "http://127.0.0.1:5000");
        drop(lock);
        let error = home.locate().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreachable);
    }

    #[test]
    fn an_address_of_the_dead_or_from_far_away_is_not_trusted() {
        let Fixture { home, _folder } = fixture();
        let lock = private::open(&home.lock()).unwrap();
        lock.try_lock().unwrap();
        assert_eq!(home.running().unwrap(), None, "no file yet");
        let mut gone = std::process::Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        say(&home, "127.0.0.1:5000", gone.id());
        assert_eq!(home.running().unwrap(), None, "its process is gone");
        say(&home, "192.0.2.7:5000", std::process::id());
        assert_eq!(home.running().unwrap(), None, "not on this machine");
    }
}

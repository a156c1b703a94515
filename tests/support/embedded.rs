//! A HOME in which nothing has run yet: the client starts its own daemon there.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

use crate::daemon::LIMIT;
use crate::programs;
use crate::terminal::{self, Terminal};

/// A person's HOME; what runs for it in the background ends with this value.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

/// What the daemon in the background says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Running {
    pub address: SocketAddr,
    pub pid: i32,
}

impl Home {
    /// An empty one.
    pub fn fresh() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder can be made") }
    }

    /// Where the daemon keeps its files when nothing is configured.
    pub fn state_dir(&self) -> PathBuf {
        self.folder.path().join(".local/state/watchfire")
    }

    /// A command of the client, without any configuration.
    pub async fn cli(&self, arguments: &[&str]) -> Output {
        let program = programs::path("watchfire");
        let mut command = Command::from(programs::command(program, self.folder.path()));
        let output = command.args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
        timeout(LIMIT, output)
            .await
            .unwrap_or_else(|_| panic!("{arguments:?} does not end within {LIMIT:?}"))
            .expect("watchfire starts")
    }

    /// The client in a terminal, without any configuration.
    pub fn client(&self, columns: u16, rows: u16) -> Terminal {
        let command = terminal::command(programs::path("watchfire"), self.folder.path());
        Terminal::spawn(command, columns, rows)
    }

    /// What the daemon that was started last has written; it may be gone by now.
    pub fn announced(&self) -> Option<Running> {
        let text = std::fs::read(self.state_dir().join("daemon.json")).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// All the daemon has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.state_dir().join("daemon.log")).unwrap_or_default()
    }

    /// The processes that are a daemon for this HOME, whatever the files say.
    pub fn daemons(&self) -> Vec<i32> {
        let state = format!("WATCHFIRE_STATE_DIR={}", self.state_dir().display());
        let has = |file: PathBuf, wanted: &[u8]| {
            let content = std::fs::read(file).unwrap_or_default();
            content.split(|byte| *byte == 0).any(|word| word == wanted)
        };
        let processes = std::fs::read_dir("/proc").expect("Linux lists its processes");
        processes
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|pid: &i32| {
                let process = PathBuf::from(format!("/proc/{pid}"));
                has(process.join("environ"), state.as_bytes())
                    && has(process.join("cmdline"), b"run")
            })
            .collect()
    }

    /// Kills the daemon in the background as a power cut would, and waits until it is gone.
    pub async fn kill9(&self) {
        let daemon = self.announced().expect("a daemon has said that it runs").pid;
        kill(daemon);
        crate::eventually(async || (!self.daemons().contains(&daemon)).then_some(())).await;
    }
}

fn kill(pid: i32) {
    // It may have ended by itself at this moment.
    let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, Signal::KILL));
}

impl Drop for Home {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the daemon's log:\n{}", self.log());
        }
        self.daemons().into_iter().for_each(kill);
    }
}

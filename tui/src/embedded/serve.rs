//! Being the daemon: what `watchfire daemon run` does, and how a client starts it.

use std::process::{Child, ExitCode};

use super::Home;
use crate::client::ClientError;

/// How a daemon ends that finds the lock held: somebody else serves this folder.
pub(super) const LOCK_HELD: i32 = 75;

/// Serves the state folder until it is told to stop. `detached`: leaves the terminal first.
#[cfg(not(feature = "embedded"))]
pub fn serve(_: &Home, _detached: bool) -> ExitCode {
    eprintln!("watchfire: {}", slim());
    ExitCode::FAILURE
}

/// Starts this program again as the daemon.
#[cfg(not(feature = "embedded"))]
pub(super) fn spawn(_: &Home) -> Result<Child, ClientError> {
    Err(slim())
}

#[cfg(not(feature = "embedded"))]
fn slim() -> ClientError {
    let message =
        "This client was built without a daemon; start `watchfired` and set WATCHFIRE_URL";
    ClientError::new(crate::client::ErrorKind::Unreachable, message)
}

#[cfg(feature = "embedded")]
pub(super) fn spawn(home: &Home) -> Result<Child, ClientError> {
    use std::process::{Command, Stdio};

    let trouble = |error| ClientError::local(format!("The daemon cannot be started: {error}"));
    let log = crate::private::open(&home.log()).map_err(trouble)?;
    Command::new(std::env::current_exe().map_err(trouble)?)
        .args(["daemon", "run", "--detached"])
        .env("WATCHFIRE_STATE_DIR", home.state())
        // What is meant for the client is no business of the daemon's.
        .env_remove("WATCHFIRE_TOKEN")
        .env_remove("WATCHFIRE_URL")
        // So that it keeps no folder busy.
        .current_dir(home.state())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(trouble)
}

//! Being the daemon: what `watchfire daemon run` does, and how a client starts it.

use std::process::{Child, ExitCode};

use super::Home;
use crate::client::ClientError;

/// How a daemon ends that finds the lock held: somebody else serves this folder.
#[cfg(feature = "embedded")]
pub(super) const LOCK_HELD: i32 = watchfire_daemon::app::ALREADY_RUNNING as i32;
#[cfg(not(feature = "embedded"))]
pub(super) const LOCK_HELD: i32 = 75;

/// Serves the state folder, in a session of its own, until it is told to stop.
#[cfg(feature = "embedded")]
pub fn serve() -> ExitCode {
    use watchfire_daemon::app::{ALREADY_RUNNING, Error};
    use watchfire_daemon::state;

    match watchfire_daemon::embedded::serve() {
        Ok(code) => code,
        Err(Error::State(state::Error::Taken(_))) => ExitCode::from(ALREADY_RUNNING),
        Err(error) => {
            // What fails before the log is open has only this way into it.
            if matches!(error, Error::Config(_) | Error::State(_) | Error::Telemetry(_)) {
                eprintln!("{error}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Starts this program again as the daemon.
#[cfg(feature = "embedded")]
pub(super) fn spawn(home: &Home) -> Result<Child, ClientError> {
    use std::process::{Command, Stdio};

    let trouble = |error| ClientError::local(format!("The daemon cannot be started: {error}"));
    // What it says before it has opened its log itself.
    let log = crate::private::open(&home.log()).map_err(trouble)?;
    Command::new(std::env::current_exe().map_err(trouble)?)
        .args(["daemon", "run"])
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

#[cfg(not(feature = "embedded"))]
pub fn serve() -> ExitCode {
    eprintln!("watchfire: {}", slim());
    ExitCode::FAILURE
}

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

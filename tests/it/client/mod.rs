//! The real client, on a real screen and without one, against the real daemon.

mod cli;
mod contexts;
mod deceit;
mod fifteen;
mod held;
mod hostile;
mod lane;
mod main_job;
mod mouse;
mod own;
mod refusal;
mod resized;
mod restore;
mod session;
mod start;
mod terminal;

use std::process::Output;
use std::time::Duration;

/// Nothing a person waits for takes longer, even on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// What a command printed, which must have gone well and said nothing on the side.
#[track_caller]
fn printed(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && error.is_empty(), "{}: {error}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

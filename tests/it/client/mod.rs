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
mod unpublished;

use std::process::Output;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use watchfire_tests::written::Written;

/// Nothing a person waits for takes longer, even on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// Of the screens that everything must fit on, the smallest and a large one.
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

/// The texts that were sent to the clipboard.
fn clipboard(written: &Written) -> Vec<String> {
    let texts = written.clipboard().iter();
    let decoded = texts.map(|text| BASE64.decode(text).expect("base64"));
    decoded.map(|bytes| String::from_utf8(bytes).expect("text")).collect()
}

/// What a command printed, which must have gone well and said nothing on the side.
#[track_caller]
fn printed(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && error.is_empty(), "{}: {error}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

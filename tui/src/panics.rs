//! A panic never reaches a person as such: the terminal is put back first, then one sentence says
//! what failed.

use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use crate::safe::SafeText;

/// What has panicked, in order, until somebody can be told.
static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Runs the program. While it unwinds, whatever holds the terminal gives it back; only then the
/// panic is told, and so are those of tasks that others have answered for.
pub fn guarded(program: impl FnOnce() -> ExitCode) -> ExitCode {
    set_hook(Box::new(|info| seen().push(describe(info))));
    let ended = catch_unwind(AssertUnwindSafe(program));
    for panic in seen().drain(..) {
        let text = format!("watchfire: something failed inside ({panic}); please report it");
        // Nobody is left to be told.
        let _ = writeln!(std::io::stderr(), "{}", SafeText::line(&text));
    }
    ended.unwrap_or(ExitCode::FAILURE)
}

fn seen() -> std::sync::MutexGuard<'static, Vec<String>> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let what = info.payload_as_str().unwrap_or("no message");
    match info.location() {
        Some(place) => format!("{what}, {}:{}", place.file(), place.line()),
        None => what.to_owned(),
    }
}

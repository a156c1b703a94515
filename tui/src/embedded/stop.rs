//! Stopping the daemon in the background.

use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};

use super::{Home, LOOK_AGAIN, Running};
use crate::client::{ClientError, ErrorKind};

/// A daemon finishes what it has begun; after this long it hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// Asks the daemon to end and waits until its lock is free. `None`: there was none.
pub fn stop(home: &Home) -> Result<Option<Running>, ClientError> {
    let Some(running) = home.running()? else {
        return Ok(None);
    };
    let Some(pid) = running.pid() else {
        return Ok(None);
    };
    match kill_process(pid, Signal::TERM) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => {
            let message = format!("Process {} cannot be stopped: {error}", running.pid);
            return Err(ClientError::local(message));
        }
    }
    let deadline = Instant::now() + LIMIT;
    while home.is_held()? {
        if Instant::now() > deadline {
            let message = format!(
                "The daemon (process {}) has not ended after {} s; see {}",
                running.pid,
                LIMIT.as_secs(),
                home.log().display()
            );
            return Err(ClientError::new(ErrorKind::Timeout, message));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    Ok(Some(running))
}

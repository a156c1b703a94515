//! Tasks and their end.

use std::future::Future;

/// Starts a task that runs to its own end; whoever needs its end waits for its answer.
pub fn spawn_detached(task: impl Future<Output = ()> + Send + 'static) {
    #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
    tokio::spawn(task);
}

//! Tasks and their end: the only place that starts tasks, and the one that decides when the
//! process is over.
//!
//! *Stopping* is soft: listeners close, streams end, what was begun is finished. *Killed* is hard:
//! the grace is over, or a second signal came; whatever still runs is dropped.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Time for what was begun before the shutdown.
pub const GRACE: Duration = Duration::from_secs(10);
/// Time for tasks to notice that they were killed.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Starts a task that runs to its own end; whoever needs its end waits for its answer.
pub fn spawn_detached(task: impl Future<Output = ()> + Send + 'static) {
    #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
    tokio::spawn(task);
}

/// Handle to the life of one process; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    stopping: CancellationToken,
    killed: CancellationToken,
    tasks: TaskTracker,
    failed: AtomicBool,
}

impl Lifecycle {
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process should end in its own time.
    pub fn stopping(&self) -> &CancellationToken {
        &self.inner.stopping
    }

    /// Cancelled when it must end now.
    pub fn killed(&self) -> &CancellationToken {
        &self.inner.killed
    }

    /// Begins the soft shutdown.
    pub fn stop(&self) {
        self.inner.stopping.cancel();
    }

    /// Begins the soft shutdown after something without which the process is of no use; the exit
    /// code will say so.
    pub fn fail(&self, reason: &str) {
        tracing::error!(reason, "stopping after a failure");
        self.inner.failed.store(true, Ordering::Relaxed);
        self.stop();
    }

    /// Starts a task that [`Self::finish`] waits for. A panic is logged here and then reported by
    /// the handle.
    pub fn spawn<F>(&self, name: &'static str, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.inner.tasks.spawn(async move {
            match AssertUnwindSafe(task).catch_unwind().await {
                Ok(output) => output,
                Err(panic) => {
                    tracing::error!(task = name, "a task panicked");
                    std::panic::resume_unwind(panic)
                }
            }
        })
    }

    /// Starts a task that is to run until the process stops; its earlier end stops the process
    /// with a failure.
    pub fn spawn_essential<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let lifecycle = self.clone();
        self.inner.tasks.spawn(async move {
            let ended = AssertUnwindSafe(task).catch_unwind().await;
            if ended.is_err() {
                lifecycle.fail(&format!("the task {name} panicked"));
            } else if !lifecycle.stopping().is_cancelled() {
                lifecycle.fail(&format!("the task {name} ended"));
            }
        });
    }

    /// SIGTERM and SIGINT stop the process, a second one kills it.
    pub fn listen_to_signals(&self) -> std::io::Result<()> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        let lifecycle = self.clone();
        spawn_detached(async move { lifecycle.obey(terminate, interrupt).await });
        Ok(())
    }

    async fn obey(&self, mut terminate: Signal, mut interrupt: Signal) {
        loop {
            let name = tokio::select! {
                Some(()) = terminate.recv() => "SIGTERM",
                Some(()) = interrupt.recv() => "SIGINT",
                else => return,
            };
            if self.stopping().is_cancelled() {
                tracing::warn!(signal = name, "second signal, ending now");
                self.inner.killed.cancel();
                return;
            }
            tracing::info!(signal = name, "stopping");
            self.stop();
        }
    }

    /// Waits for the shutdown to begin, gives every task `grace` to end, then kills the rest.
    pub async fn finish(&self, grace: Duration) -> ExitCode {
        self.stopping().cancelled().await;
        self.inner.tasks.close();
        tokio::select! {
            () = self.inner.tasks.wait() => {}
            () = self.killed().cancelled() => {}
            () = tokio::time::sleep(grace) => {
                tracing::warn!(tasks = self.inner.tasks.len(), "the grace is over, ending now");
            }
        }
        self.inner.killed.cancel();
        let all_ended = tokio::time::timeout(LAST_WORDS, self.inner.tasks.wait()).await.is_ok();
        if all_ended && !self.inner.failed.load(Ordering::Relaxed) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_success(code: ExitCode) -> bool {
        format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS)
    }

    #[tokio::test]
    async fn finishes_what_was_begun() {
        let lifecycle = Lifecycle::new();
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let task = lifecycle.spawn("work", async move {
            receiver.await.expect("the sender lives");
            7
        });
        lifecycle.stop();
        let finish = lifecycle.finish(GRACE);
        tokio::pin!(finish);
        assert!((&mut finish).now_or_never().is_none(), "ended before its task");
        sender.send(()).expect("the task waits");
        assert!(is_success(finish.await));
        assert_eq!(task.await.expect("no panic"), 7);
    }

    #[tokio::test]
    async fn kills_what_does_not_end() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn("stuck", std::future::pending::<()>());
        lifecycle.stop();
        assert!(!is_success(lifecycle.finish(Duration::ZERO).await));
        assert!(lifecycle.killed().is_cancelled());
    }

    #[tokio::test]
    async fn an_essential_task_that_ends_or_panics_is_a_failure() {
        let ends = Lifecycle::new();
        ends.spawn_essential("relay", std::future::ready(()));
        assert!(!is_success(ends.finish(GRACE).await));

        let panics = Lifecycle::new();
        panics.spawn_essential("relay", async { panic!("broken on purpose") });
        assert!(!is_success(panics.finish(GRACE).await));

        let stops = Lifecycle::new();
        let token = stops.stopping().clone();
        stops.spawn_essential("relay", async move { token.cancelled().await });
        stops.stop();
        assert!(is_success(stops.finish(GRACE).await));
    }
}

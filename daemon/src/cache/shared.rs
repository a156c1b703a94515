//! Reads that many want at once are made once for all of them.

use std::collections::HashMap;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::lifecycle::spawn_detached;

/// Reads that many want at once: one per name at a time, begun after everybody it answers had
/// arrived. Cheap to clone.
pub struct Shared<N, V> {
    waiting: Arc<Mutex<Waiting<N, V>>>,
    /// A read that is later than this is begun a second time beside the first: one on which nothing
    /// comes back must not hold up everybody. None where what is read sees to that itself.
    patience: Option<Duration>,
}

/// Those who have arrived since the last read began, by what they want.
type Waiting<N, V> = HashMap<N, Vec<oneshot::Sender<(V, bool)>>>;

impl<N, V> Clone for Shared<N, V> {
    fn clone(&self) -> Self {
        Self { waiting: self.waiting.clone(), patience: self.patience }
    }
}

/// What a read ends with: an answer, or a failure after which another read may still answer.
pub trait Ending {
    fn is_answer(&self) -> bool;
}

impl<T, E> Ending for Result<T, E> {
    fn is_answer(&self) -> bool {
        self.is_ok()
    }
}

impl<N, V> Shared<N, V> {
    pub fn new(patience: Option<Duration>) -> Self {
        Self { waiting: Arc::default(), patience }
    }
}

impl<N: Hash + Eq + Clone + Send + 'static, V: Ending + Clone + Send + 'static> Shared<N, V> {
    /// What `read` answers, once it is begun from now on by us or by somebody else, and whether this
    /// is the one it counts for; none when it could not be ended. All who name the same must want the
    /// same.
    pub async fn read<F, Fut>(&self, name: N, read: F) -> Option<(V, bool)>
    where
        F: Fn() -> Fut + Send + Clone + 'static,
        Fut: Future<Output = V> + Send,
    {
        let (answer, answered) = oneshot::channel();
        let first = {
            let mut waiting = self.waiting();
            let first = !waiting.contains_key(&name);
            waiting.entry(name.clone()).or_default().push(answer);
            first
        };
        if first {
            let shared = self.clone();
            spawn_detached(async move { shared.serve(name, read).await });
        }
        answered.await.ok()
    }

    /// Reads for those who have arrived, until nobody has.
    async fn serve<F, Fut>(self, name: N, read: F)
    where
        F: Fn() -> Fut + Send + Clone + 'static,
        Fut: Future<Output = V> + Send,
    {
        while let Some(answers) = self.next(&name) {
            // After a panic, those it was for learn that there will be nothing.
            let made = patiently(self.patience, read.clone());
            let Ok(value) = AssertUnwindSafe(made).catch_unwind().await else { continue };
            for (number, answer) in answers.into_iter().enumerate() {
                answer.send((value.clone(), number == 0)).ok();
            }
        }
    }

    /// Those who have arrived by now and are still there; the name is given up when there is nobody.
    fn next(&self, name: &N) -> Option<Vec<oneshot::Sender<(V, bool)>>> {
        let mut waiting = self.waiting();
        let mut answers = std::mem::take(waiting.get_mut(name)?);
        answers.retain(|answer| !answer.is_closed());
        if answers.is_empty() {
            waiting.remove(name);
            return None;
        }
        Some(answers)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<N, V>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads once, and a second time when the first is late: whichever answers first, and a failure only
/// when there is nothing else.
async fn patiently<V: Ending, Fut: Future<Output = V>>(
    patience: Option<Duration>,
    read: impl Fn() -> Fut,
) -> V {
    let mut first = Box::pin(read());
    let Some(patience) = patience else { return first.await };
    if let Ok(value) = timeout(patience, &mut first).await {
        return value;
    }
    match select(first, Box::pin(read())).await {
        Either::Left((value, other)) | Either::Right((value, other)) if value.is_answer() => {
            drop(other);
            value
        }
        // Not for ever: one on which nothing comes back must not hold up the failure either.
        Either::Left((failed, other)) | Either::Right((failed, other)) => {
            timeout(patience, other).await.ok().filter(V::is_answer).unwrap_or(failed)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use tokio::sync::Notify;

    use super::*;

    type Read = Result<u32, &'static str>;

    #[tokio::test]
    async fn a_read_that_panics_leaves_nobody_waiting() {
        let shared = Shared::<&str, Read>::new(Some(Duration::from_millis(20)));
        assert_eq!(shared.read("one", || async { panic!("the driver has a bug") }).await, None);
        assert_eq!(shared.read("one", || async { Ok(7) }).await, Some((Ok(7), true)));
        assert!(shared.waiting().is_empty());
    }

    #[tokio::test]
    async fn a_read_on_which_nothing_comes_back_is_begun_again_for_all_who_wait() {
        let shared = Shared::<&str, Read>::new(Some(Duration::from_millis(20)));
        let begun = Arc::new(AtomicU32::new(0));
        let read = || {
            let begun = begun.clone();
            shared.read("one", move || {
                let number = begun.fetch_add(1, SeqCst);
                async move { if number == 0 { pending().await } else { Ok(number) } }
            })
        };
        let (one, other) = tokio::join!(read(), read());
        // The other one may have come after the first had begun.
        assert_eq!(one, Some((Ok(1), true)));
        assert!(matches!(other, Some((Ok(1), false) | (Ok(2), true))), "{other:?}");
        assert!(shared.waiting().is_empty());
    }

    /// Whichever of both fails: the other one answers after that.
    #[tokio::test]
    async fn a_failure_is_no_answer_while_another_read_may_answer() {
        for failing in [0, 1] {
            let (begun, late, failed) = (AtomicU32::new(0), Notify::new(), Notify::new());
            let read = || {
                let number = begun.fetch_add(1, SeqCst);
                let (late, failed) = (&late, &failed);
                async move {
                    if number == 0 {
                        late.notified().await;
                    }
                    late.notify_one();
                    if number == failing {
                        failed.notify_one();
                        return Err("refused");
                    }
                    failed.notified().await;
                    Ok(number)
                }
            };
            let read = patiently(Some(Duration::from_millis(20)), read);
            assert_eq!(read.await, Ok(1 - failing));
        }
    }

    #[tokio::test]
    async fn a_failure_does_not_wait_for_ever_for_another_read() {
        let begun = AtomicU32::new(0);
        let read = || {
            let number = begun.fetch_add(1, SeqCst);
            async move { if number == 0 { pending().await } else { Err("refused") } }
        };
        let read: Read = patiently(Some(Duration::from_millis(20)), read).await;
        assert_eq!(read, Err("refused"));
    }
}

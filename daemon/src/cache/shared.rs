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

/// Whoever waits for a load reads the database after so long; a read that many wait for is begun a
/// second time beside the first, for one on which nothing comes back must not hold up everybody.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// Reads by name, each begun after everybody it answers had arrived. Cheap to clone.
pub struct Shared<N, V> {
    names: Arc<Mutex<HashMap<N, Wanted<V>>>>,
    /// Reads of one name under way, at most.
    at_once: usize,
}

struct Wanted<V> {
    /// Those who have arrived since the last read began.
    answers: Vec<oneshot::Sender<(V, bool)>>,
    under_way: usize,
}

impl<N, V> Clone for Shared<N, V> {
    fn clone(&self) -> Self {
        Self { names: self.names.clone(), at_once: self.at_once }
    }
}

impl<N: Hash + Eq + Clone + Send + 'static, V: Clone + Send + 'static> Shared<N, V> {
    /// One at a time asks least of whatever is read; two let those who arrive during a read go on
    /// without waiting for its end.
    pub fn new(at_once: usize) -> Self {
        Self { names: Arc::default(), at_once }
    }

    /// What `read` answers, once it is begun from now on by us or by somebody else, and whether this
    /// is the one it counts for; none when it could not be ended. All who name the same must want the
    /// same.
    pub async fn read<F, Fut>(&self, name: N, read: F) -> Option<(V, bool)>
    where
        F: Fn() -> Fut + Send + Clone + 'static,
        Fut: Future<Output = V> + Send,
    {
        let (answer, answered) = oneshot::channel();
        if self.want(&name, answer) {
            let shared = self.clone();
            spawn_detached(async move { shared.serve(name, read).await });
        }
        answered.await.ok()
    }

    /// Adds one who wants it; true when a read is to be begun.
    fn want(&self, name: &N, answer: oneshot::Sender<(V, bool)>) -> bool {
        let mut names = self.names();
        let fresh = || Wanted { answers: Vec::new(), under_way: 0 };
        let wanted = names.entry(name.clone()).or_insert_with(fresh);
        wanted.answers.push(answer);
        let begin = wanted.under_way < self.at_once;
        wanted.under_way += usize::from(begin);
        begin
    }

    /// Reads for those who have arrived, until nobody has.
    async fn serve<F, Fut>(self, name: N, read: F)
    where
        F: Fn() -> Fut + Send + Clone + 'static,
        Fut: Future<Output = V> + Send,
    {
        while let Some(answers) = self.next(&name) {
            // After a panic, those it was for learn that there will be nothing.
            let Ok(value) = AssertUnwindSafe(patiently(read.clone())).catch_unwind().await else {
                continue;
            };
            for (number, answer) in answers.into_iter().enumerate() {
                answer.send((value.clone(), number == 0)).ok();
            }
        }
    }

    /// Those who have arrived by now and are still there; when there is nobody, the read is over.
    fn next(&self, name: &N) -> Option<Vec<oneshot::Sender<(V, bool)>>> {
        let mut names = self.names();
        let wanted = names.get_mut(name)?;
        let mut answers = std::mem::take(&mut wanted.answers);
        answers.retain(|answer| !answer.is_closed());
        if !answers.is_empty() {
            return Some(answers);
        }
        wanted.under_way -= 1;
        if wanted.under_way == 0 {
            names.remove(name);
        }
        None
    }

    fn names(&self) -> MutexGuard<'_, HashMap<N, Wanted<V>>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads once, and a second time when the first is late: whichever comes back first.
async fn patiently<V, Fut: Future<Output = V>>(read: impl Fn() -> Fut) -> V {
    let mut first = Box::pin(read());
    match timeout(PATIENCE, &mut first).await {
        Ok(value) => value,
        Err(_) => match select(first, Box::pin(read())).await {
            Either::Left((value, _)) | Either::Right((value, _)) => value,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use super::*;

    #[tokio::test]
    async fn a_read_that_panics_leaves_nobody_waiting() {
        let shared = Shared::<&str, u32>::new(1);
        assert_eq!(shared.read("one", || async { panic!("the driver has a bug") }).await, None);
        assert_eq!(shared.read("one", || async { 7 }).await, Some((7, true)));
        assert!(shared.names().is_empty());
    }

    #[tokio::test]
    async fn a_read_on_which_nothing_comes_back_is_begun_again_for_all_who_wait() {
        let shared = Shared::<&str, u32>::new(1);
        let begun = Arc::new(AtomicU32::new(0));
        let read = || {
            let begun = begun.clone();
            shared.read("one", move || {
                let number = begun.fetch_add(1, SeqCst);
                async move { if number == 0 { pending().await } else { number } }
            })
        };
        let (one, other) = tokio::join!(read(), read());
        // The other one may have come after the first had begun.
        assert_eq!(one, Some((1, true)));
        assert!(matches!(other, Some((1, false) | (2, true))), "{other:?}");
        assert!(shared.names().is_empty());
    }
}

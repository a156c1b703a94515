//! Loads of this process that are under way, and who waits for them.

use std::collections::HashMap;
use std::hash::Hash;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::key::Subject;
use super::{AnyValue, Loaded, Unread};
use crate::lifecycle::spawn_detached;

/// Whoever waits for a load reads the database after so long; a read that many wait for is begun a
/// second time beside the first, for one on which nothing comes back must not hold up everybody.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// A value and the epoch its load is for.
type Name = (Subject, i64);

/// At most one load of a value and epoch at a time. Cheap to clone.
#[derive(Clone, Default)]
pub struct Flights(Arc<Mutex<HashMap<Name, watch::Receiver<Option<Landing>>>>>);

/// How a load ended: with what all who waited may have, or without.
#[derive(Clone)]
enum Landing {
    Shared(Result<Option<AnyValue>, Unread>),
    Overtaken,
    Unkept,
}

/// What became of a load for one who waited.
pub enum Outcome<T> {
    Loaded(Loaded<T>),
    /// A write came between, or the cache has it by now: look again.
    Overtaken,
    /// The cache did not keep it: whoever waits on would wait for nothing.
    Unkept,
}

pub enum Joined<T> {
    Leader(Flight<T>),
    Waiter(Wait<T>),
}

/// The duty to load one value. Dropped without landing, those who wait read for themselves.
pub struct Flight<T> {
    name: Name,
    flights: Flights,
    landing: watch::Sender<Option<Landing>>,
    value: PhantomData<fn() -> T>,
}

pub struct Wait<T> {
    landing: watch::Receiver<Option<Landing>>,
    value: PhantomData<fn() -> T>,
}

impl Flights {
    fn under_way(&self) -> MutexGuard<'_, HashMap<Name, watch::Receiver<Option<Landing>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the load that is under way, or starts one.
    pub fn join<T>(&self, subject: &Subject, epoch: i64) -> Joined<T> {
        let name = (subject.clone(), epoch);
        let mut flights = self.under_way();
        if let Some(landing) = flights.get(&name)
            && landing.has_changed().is_ok()
        {
            return Joined::Waiter(Wait { landing: landing.clone(), value: PhantomData });
        }
        let (landing, wait) = watch::channel(None);
        flights.insert(name.clone(), wait);
        Joined::Leader(Flight { name, flights: self.clone(), landing, value: PhantomData })
    }
}

impl<T: Send + Sync + 'static> Flight<T> {
    /// Nobody can join any more: who comes from now on may want more than this load has seen. Before
    /// the store is sent, not when its reply is here.
    pub fn close(&self) {
        self.flights.under_way().remove(&self.name);
    }

    /// Ends the load with what all who waited may have.
    pub fn share(self, loaded: &Loaded<T>) {
        let shared = match loaded {
            Ok(value) => Ok(value.clone().map(|value| value as AnyValue)),
            Err(error) => Err(error.clone()),
        };
        self.landing.send_replace(Some(Landing::Shared(shared)));
    }

    /// Ends the load so that those who waited look again.
    pub fn overtaken(self) {
        self.landing.send_replace(Some(Landing::Overtaken));
    }

    /// Ends the load so that those who waited read the database.
    pub fn unkept(self) {
        self.landing.send_replace(Some(Landing::Unkept));
    }
}

impl<T> Drop for Flight<T> {
    fn drop(&mut self) {
        let mut flights = self.flights.under_way();
        // After it was closed, another may fly under the same name.
        let own = self.landing.subscribe();
        if flights.get(&self.name).is_some_and(|landing| landing.same_channel(&own)) {
            flights.remove(&self.name);
        }
    }
}

impl<T: Send + Sync + 'static> Wait<T> {
    pub async fn outcome(&mut self) -> Outcome<T> {
        let landing = self.landing.wait_for(Option::is_some).await;
        let landed = match landing.ok().and_then(|landing| landing.clone()) {
            None | Some(Landing::Unkept) => return Outcome::Unkept,
            Some(Landing::Overtaken) => return Outcome::Overtaken,
            Some(Landing::Shared(landed)) => landed,
        };
        match landed.map(|value| value.map(AnyValue::downcast).transpose()) {
            Err(error) => Outcome::Loaded(Err(error)),
            Ok(Ok(value)) => Outcome::Loaded(Ok(value)),
            // Values of one name are of one type.
            Ok(Err(_)) => Outcome::Unkept,
        }
    }
}

/// Reads that many want at once: one per name at a time, begun after everybody it answers had
/// arrived. Cheap to clone.
pub struct Shared<N, V>(Arc<Mutex<Waiting<N, V>>>);

/// Those who have arrived since the last read began, by what they want.
type Waiting<N, V> = HashMap<N, Vec<oneshot::Sender<(V, bool)>>>;

impl<N, V> Clone for Shared<N, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<N, V> Default for Shared<N, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<N: Hash + Eq + Clone + Send + 'static, V: Clone + Send + 'static> Shared<N, V> {
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
            let Ok(value) = AssertUnwindSafe(patiently(read.clone())).catch_unwind().await else {
                // Whoever waits is told that there will be nothing; whoever comes begins anew.
                self.waiting().remove(&name);
                return;
            };
            for (number, answer) in answers.into_iter().enumerate() {
                answer.send((value.clone(), number == 0)).ok();
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<N, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let shared = Shared::<&str, u32>::default();
        assert_eq!(shared.read("one", || async { panic!("the driver has a bug") }).await, None);
        assert_eq!(shared.read("one", || async { 7 }).await, Some((7, true)));
        assert!(shared.waiting().is_empty());
    }

    #[tokio::test]
    async fn a_read_on_which_nothing_comes_back_is_begun_again_for_all_who_wait() {
        let shared = Shared::<&str, u32>::default();
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
        assert!(shared.waiting().is_empty());
    }
}

//! Loads of this process that are under way, and who waits for them.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::key::Subject;
use super::{AnyValue, Loaded, Unread};

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

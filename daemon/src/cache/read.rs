//! How a value is read: the cache, else one load for all who miss it at once, else the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use tokio::sync::oneshot;
use tokio::time::{Instant as Deadline, sleep, sleep_until, timeout, timeout_at};
use watchfire_shared::cache::{CacheType, Operation};

use super::flights::{self, Flight, Joined};
use super::key::Key;
use super::rows::Rows;
use super::value::Cacheable;
use super::{AnyValue, Backend, Cache, Claim, Direct, Filled, Loaded, Look, Outcome, Unread, ttl};
use crate::lifecycle::spawn_detached;
use crate::store::StoreError;
use crate::store::installation::Moment;

/// How often a load of another process is looked after, at most.
const POLL: Duration = Duration::from_millis(50);
/// A load that takes longer is nobody's to wait for any more.
const LONGEST_LOAD: Duration = Duration::from_secs(5);
/// Writes that come between may make a reader start again so often.
const ATTEMPTS: usize = 3;

/// What one look found, for the counters.
#[derive(Debug, Clone, Copy)]
pub enum Lookup {
    Hit { negative: bool, took: Duration },
    Miss { took: Duration },
    Failed,
}

/// The lookups of a page.
pub struct PageLookups {
    pub list: Option<Lookup>,
    /// None where the list could not be read.
    pub rows: Option<Arc<Rows>>,
}

/// What a leader's task has for the one who began it.
enum Landed<T> {
    Loaded(Loaded<T>),
    /// It was in the cache by then.
    Found(Option<Arc<T>>),
    /// Neither: the database is to be asked.
    Nothing,
}

impl Cache {
    /// The value under `key`, from the cache or else by `load`, which runs in a task of its own:
    /// a reader who goes away takes no one's answer with it. `moment` is the request's; a cached
    /// value older than `known` is a miss.
    pub async fn read_through<T, F, Fut>(
        &self,
        key: &Key<T>,
        moment: &Moment,
        known: Option<i64>,
        load: F,
    ) -> Loaded<T>
    where
        T: Cacheable,
        F: Fn() -> Fut + Send + Clone + 'static,
        Fut: Future<Output = Result<Option<T>, StoreError>> + Send,
    {
        self.look_up(key, moment, known, load).await.0
    }

    /// As [`Cache::read_through`]; the lookup, which is counted, can be counted for others too who
    /// shared it.
    pub async fn look_up<T, F, Fut>(
        &self,
        key: &Key<T>,
        moment: &Moment,
        known: Option<i64>,
        load: F,
    ) -> (Loaded<T>, Option<Lookup>)
    where
        T: Cacheable,
        F: Fn() -> Fut + Send + Clone + 'static,
        Fut: Future<Output = Result<Option<T>, StoreError>> + Send,
    {
        if let Backend::None(_) = self.backend {
            return (load().await.map(|value| value.map(Arc::new)).map_err(Arc::new), None);
        }
        let started = Instant::now();
        let look = self.look(key, moment, known).await;
        let took = started.elapsed();
        match look {
            Look::Hit(value) => {
                let lookup = Lookup::Hit { negative: value.is_none(), took };
                self.count(T::TYPE, lookup);
                (Ok(value), Some(lookup))
            }
            Look::Miss | Look::Leased => {
                let lookup = Lookup::Miss { took };
                self.count(T::TYPE, lookup);
                (self.read_missed(key, moment, known, load).await, Some(lookup))
            }
            Look::Failed => {
                self.count(T::TYPE, Lookup::Failed);
                (self.read_direct(&self.direct, key, load).await.0, Some(Lookup::Failed))
            }
        }
    }

    fn count(&self, kind: CacheType, lookup: Lookup) {
        match lookup {
            Lookup::Hit { negative, took } => self.recorder.hit(kind, negative, took),
            Lookup::Miss { took } => self.recorder.miss(kind, took),
            Lookup::Failed => self.recorder.error(kind, Operation::Get),
        }
    }

    /// Counts the lookups of a page once more, for one who shared it.
    pub fn count_page(&self, lookups: &PageLookups) {
        if let Some(list) = lookups.list {
            self.count(CacheType::IncidentList, list);
        }
        if let Some(rows) = &lookups.rows {
            self.count_rows(rows);
        }
    }

    /// What such a page missed was loaded for another.
    pub fn count_page_waited(&self, lookups: &PageLookups) {
        if let Some(Lookup::Miss { .. }) = lookups.list {
            self.recorder.waited(CacheType::IncidentList);
        }
        if let Some(rows) = &lookups.rows {
            self.count_rows_waited(rows);
        }
    }

    /// What is not in the cache: by the load of all who miss it at once, or from the database.
    async fn read_missed<T, F, Fut>(
        &self,
        key: &Key<T>,
        moment: &Moment,
        known: Option<i64>,
        load: F,
    ) -> Loaded<T>
    where
        T: Cacheable,
        F: Fn() -> Fut + Send + Clone + 'static,
        Fut: Future<Output = Result<Option<T>, StoreError>> + Send,
    {
        // For all attempts together.
        let deadline = Deadline::now() + self.patience;
        for attempt in 0..ATTEMPTS {
            if attempt > 0
                && let Look::Hit(value) = self.look_again(key, moment, known).await
            {
                self.recorder.waited(T::TYPE);
                return Ok(value);
            }
            match self.flights.join(&key.subject, moment.epoch) {
                Joined::Leader(flight) => {
                    let lead = Box::pin(self.lead(key, moment, known, flight, &load, deadline));
                    // What is late goes on: whichever answers first is for this reader.
                    let late = Box::pin(async {
                        sleep_until(deadline).await;
                        Landed::Loaded(self.read_after_miss(key, load.clone()).await)
                    });
                    match self.first_of(lead, late).await {
                        Landed::Loaded(loaded) => return loaded,
                        Landed::Found(value) => {
                            self.recorder.waited(T::TYPE);
                            return Ok(value);
                        }
                        Landed::Nothing => break,
                    }
                }
                Joined::Waiter(mut wait) => match timeout_at(deadline, wait.outcome()).await {
                    Ok(flights::Outcome::Loaded(Err(error))) => return Err(error),
                    // A load that began before what this reader has seen is not for this reader.
                    Ok(flights::Outcome::Loaded(Ok(value))) if !is_older(value.as_ref(), known) => {
                        self.recorder.waited(T::TYPE);
                        return Ok(value);
                    }
                    Ok(flights::Outcome::Loaded(_) | flights::Outcome::Overtaken) => {}
                    Ok(flights::Outcome::Unkept) | Err(_) => break,
                },
            }
        }
        self.read_after_miss(key, load).await
    }

    /// Whichever of both answers first; a failure of the later one only when the other has not
    /// answered for as long again.
    async fn first_of<T>(
        &self,
        lead: impl Future<Output = Landed<T>> + Unpin,
        late: impl Future<Output = Landed<T>> + Unpin,
    ) -> Landed<T> {
        let (landed, lead) = match select(lead, late).await {
            Either::Left((landed, _)) => return landed,
            Either::Right(both) => both,
        };
        if !matches!(landed, Landed::Loaded(Err(_))) {
            return landed;
        }
        match timeout(self.patience, lead).await {
            Ok(other @ (Landed::Loaded(Ok(_)) | Landed::Found(_))) => other,
            Ok(Landed::Loaded(Err(_)) | Landed::Nothing) | Err(_) => landed,
        }
    }

    /// For who has missed and waited long enough: the second try, beside the one that is late.
    async fn read_after_miss<T, F, Fut>(&self, key: &Key<T>, load: F) -> Loaded<T>
    where
        T: Cacheable,
        F: Fn() -> Fut + Send + Clone + 'static,
        Fut: Future<Output = Result<Option<T>, StoreError>> + Send,
    {
        let (loaded, own) = self.read_direct(&self.second, key, load).await;
        if loaded.is_ok() && !own {
            self.recorder.waited(T::TYPE);
        }
        loaded
    }

    /// From the database, with all who want the same, and without filling the cache; and whether it
    /// counts for this reader.
    async fn read_direct<T, F, Fut>(
        &self,
        shared: &Direct,
        key: &Key<T>,
        load: F,
    ) -> (Loaded<T>, bool)
    where
        T: Cacheable,
        F: Fn() -> Fut + Send + Clone + 'static,
        Fut: Future<Output = Result<Option<T>, StoreError>> + Send,
    {
        let recorder = self.recorder.clone();
        let read = move || {
            let (started, recorder, load) = (Instant::now(), recorder.clone(), load());
            async move {
                let loaded = load.await;
                recorder.load(started.elapsed());
                loaded.map(|value| value.map(|value| Arc::new(value) as AnyValue)).map_err(Arc::new)
            }
        };
        let Some((value, own)) = shared.read(key.subject.clone(), read).await else {
            return (Err(cut_off()), true);
        };
        let typed = |value: Option<AnyValue>| value.map(AnyValue::downcast).transpose();
        (value.and_then(|value| typed(value).map_err(|_| cut_off())), own)
    }

    /// Leads a load in a task of its own.
    async fn lead<T, F, Fut>(
        &self,
        key: &Key<T>,
        moment: &Moment,
        known: Option<i64>,
        flight: Flight<T>,
        load: &F,
        deadline: Deadline,
    ) -> Landed<T>
    where
        T: Cacheable,
        F: Fn() -> Fut + Send + Clone + 'static,
        Fut: Future<Output = Result<Option<T>, StoreError>> + Send,
    {
        let (answer, answered) = oneshot::channel();
        let (cache, key, moment, load) = (self.clone(), key.clone(), moment.clone(), load.clone());
        spawn_detached(async move {
            let landed = cache.fly(&key, &moment, known, flight, load, deadline).await;
            answer.send(landed).ok();
        });
        answered.await.unwrap_or_else(|_| Landed::Loaded(Err(cut_off())))
    }

    async fn fly<T, F, Fut>(
        &self,
        key: &Key<T>,
        moment: &Moment,
        known: Option<i64>,
        flight: Flight<T>,
        load: F,
        deadline: Deadline,
    ) -> Landed<T>
    where
        T: Cacheable,
        F: Fn() -> Fut + Send,
        Fut: Future<Output = Result<Option<T>, StoreError>> + Send,
    {
        let lease = match timeout_at(deadline, self.lease(key, moment, known)).await {
            Ok(Claim::Lead(lease)) => lease,
            // Read after some of those who wait had joined, before others did: they look again.
            Ok(Claim::Found(value)) => {
                flight.overtaken();
                return Landed::Found(value);
            }
            Ok(Claim::Leased | Claim::Failed) | Err(_) => return Landed::Nothing,
        };
        let started = Instant::now();
        let Ok(loaded) = timeout(LONGEST_LOAD, load()).await else { return Landed::Nothing };
        self.recorder.load(started.elapsed());
        let loaded: Loaded<T> = loaded.map(|value| value.map(Arc::new)).map_err(Arc::new);
        flight.close();
        let filled = vec![(key.clone(), lease, Outcome::of(loaded.clone()))];
        let filled = self.fill(moment.epoch, filled).await.pop().unwrap_or(Filled::Unkept);
        self.count_fill(T::TYPE, filled);
        match filled {
            _ if loaded.is_err() => flight.share(&loaded),
            Filled::Stored => flight.share(&loaded),
            Filled::Overtaken => flight.overtaken(),
            Filled::Unkept => flight.unkept(),
        }
        Landed::Loaded(loaded)
    }

    /// The look of one whose lookup is counted already: only its failure is.
    async fn look_again<T: Cacheable>(
        &self,
        key: &Key<T>,
        moment: &Moment,
        known: Option<i64>,
    ) -> Look<T> {
        let look = self.look(key, moment, known).await;
        if matches!(look, Look::Failed) {
            self.recorder.error(T::TYPE, Operation::Lease);
        }
        look
    }

    /// The duty to load, or what whoever had it has stored meanwhile.
    async fn lease<T: Cacheable>(
        &self,
        key: &Key<T>,
        moment: &Moment,
        known: Option<i64>,
    ) -> Claim<T> {
        loop {
            match self.claim(std::slice::from_ref(key), moment, known).await.pop() {
                Some(Claim::Leased) => {}
                Some(claim) => return claim,
                None => return Claim::Failed,
            }
            // Another process loads it.
            loop {
                sleep(ttl::spread(POLL)).await;
                match self.look_again(key, moment, known).await {
                    Look::Hit(value) => return Claim::Found(value),
                    Look::Leased => {}
                    Look::Miss => break,
                    Look::Failed => return Claim::Failed,
                }
            }
        }
    }
}

impl<T> Outcome<T> {
    fn of(loaded: Loaded<T>) -> Self {
        loaded.map_or(Self::GivenBack, Self::Loaded)
    }
}

/// Whether a reader who has `known` has seen later than this; who has a version knows that there is
/// one.
fn is_older<T: Cacheable>(value: Option<&Arc<T>>, known: Option<i64>) -> bool {
    known.is_some_and(|known| value.map_or(0, |value| value.version()) < known)
}

/// For one whose read did not come to its end.
pub fn cut_off() -> Unread {
    Arc::new(StoreError::Unavailable { reason: "the read was cut off", source: None })
}

//! The cache that daemons share: Redis 7 or later. What is read from it is looked at as if a stranger
//! had written it.

mod entry;
mod forget;
mod lease;
mod link;
mod operate;
mod probe;
mod rounds;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::RedisError;
use uuid::Uuid;
use watchfire_shared::cache::Operation;
use watchfire_shared::ids::JournalId;

use super::breaker::{self, Breaker};
use super::key::{self, Guard, Key};
use super::markers::Markers;
use super::stats::Recorder;
use super::value::Cacheable;
use super::{Look, Unread};
use crate::clock;
use crate::store::Db;
use crate::store::installation::Moment;
use entry::{Entry, Stamp};
pub use forget::Forgetter;
pub use lease::Lease;
use link::{Link, Reach};
use rounds::Rounds;

/// How Redis is reached and how long it is waited for.
pub struct Settings {
    /// `redis://` or `rediss://`; may hold user and password.
    pub url: String,
    /// Lookups take turns on each; a second one is there for the retry of a failed forgetting.
    pub connections: usize,
    pub connect_timeout: Duration,
    pub operation_timeout: Duration,
    /// Both tries of a forgetting, before the epoch is raised instead.
    pub forget_timeout: Duration,
    /// Who took the duty to load a value and vanished holds it this long.
    pub lease: Duration,
    pub breaker: breaker::Settings,
}

pub struct Redis {
    log: JournalId,
    links: Vec<Link>,
    rounds: Rounds,
    forgetter: Forgetter,
    lease: Duration,
    recorder: Arc<Recorder>,
    db: Db,
    reach: Reach,
    /// This process, among those that probe.
    instance: Uuid,
    markers: Markers,
}

/// Where a value stands, and where its generation does if it has one.
#[derive(Clone)]
struct Name {
    value: String,
    generation: Option<String>,
}

impl Name {
    fn of<T: Cacheable>(key: &Key<T>, log: JournalId) -> Self {
        Self { value: key.text(log), generation: key::generation(key.subject.guard(), log) }
    }

    fn keys(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.value).chain(&self.generation)
    }
}

impl Settings {
    fn reach(&self) -> Result<Reach, RedisError> {
        if self.url.starts_with("rediss:") {
            // Whoever installed one before us did so for the same reason.
            rustls::crypto::ring::default_provider().install_default().ok();
        }
        Ok(Reach {
            client: redis::Client::open(self.url.as_str())?,
            connect_timeout: self.connect_timeout,
            operation_timeout: self.operation_timeout,
        })
    }

    /// Whether this Redis would do: which version it is, or a sentence about what is wrong.
    pub async fn check(&self) -> Result<String, String> {
        link::check(&self.reach().map_err(|error| error.to_string())?).await
    }
}

impl Redis {
    /// Connects in the background: a daemon starts and serves without it.
    pub fn start(
        settings: &Settings,
        db: Db,
        log: JournalId,
        recorder: Arc<Recorder>,
    ) -> Result<Self, RedisError> {
        let breaker = Arc::new(Breaker::new(settings.breaker, recorder.clone()));
        let reach = settings.reach()?;
        let start = |_| Link::start(reach.clone(), db.clone(), breaker.clone(), recorder.clone());
        let links: Vec<Link> = (0..settings.connections.max(1)).map(start).collect();
        let rounds = Rounds::start(&links);
        let forgetter = Forgetter::start(links.clone(), db.clone(), settings.forget_timeout);
        Ok(Self {
            log,
            links,
            rounds,
            forgetter,
            lease: settings.lease,
            recorder,
            db,
            reach,
            instance: clock::new_id(),
            markers: Markers::default(),
        })
    }

    /// Returns once there is a connection.
    pub async fn connected(&self) {
        self.links[0].connected().await;
    }

    /// The connection for what is not a shared lookup.
    fn link(&self) -> &Link {
        Link::any(&self.links, self.links.len() - 1)
    }

    /// What stands under the keys, for one who asks at this moment and has `known`.
    pub async fn look<T: Cacheable>(
        &self,
        keys: &[Key<T>],
        moment: &Moment,
        known: Option<i64>,
    ) -> Vec<Look<T>> {
        if keys.is_empty() {
            return Vec::new();
        }
        let names: Vec<Name> = keys.iter().map(|key| Name::of(key, self.log)).collect();
        let asked = names.iter().flat_map(Name::keys).cloned().collect();
        let found = match self.rounds.get(asked).await {
            Ok((found, redis)) if moment.redis.as_ref() == Some(&redis) => found,
            Ok(_) | Err(_) => return keys.iter().map(|_| Look::Failed).collect(),
        };
        let mut found = found.into_iter();
        let (mut looks, mut damaged) = (Vec::with_capacity(names.len()), Vec::new());
        for name in &names {
            let value = found.next().flatten();
            let stamp = match &name.generation {
                None => Some(Stamp::plain(moment.epoch)),
                Some(_) => found
                    .next()
                    .flatten()
                    .and_then(|bytes| Stamp::of_generation(&bytes, moment.epoch)),
            };
            looks.push(match stamp {
                None => Look::Miss,
                Some(stamp) => {
                    let read = read(name, value.as_ref(), &stamp, known);
                    read.unwrap_or_else(|Damaged| {
                        let bytes = value.unwrap_or_default();
                        damaged.push(Unusable { name: name.value.clone(), bytes });
                        Look::Miss
                    })
                }
            });
        }
        self.remove::<T>(&damaged).await;
        looks
    }

    /// Removes what nobody can use, so that it is not found again. Of many who found it, one does.
    async fn remove<T: Cacheable>(&self, unusable: &[Unusable]) {
        if unusable.is_empty() {
            return;
        }
        let these = unusable.iter().map(|it| (&it.name, &*it.bytes));
        match self.link().remove(these).await {
            Ok(removed) => (0..removed).for_each(|_| self.recorder.corrupt(T::TYPE)),
            Err(_) => self.failed::<T>(Operation::Forget, unusable.len()),
        }
    }

    fn failed<T: Cacheable>(&self, operation: Operation, times: usize) {
        (0..times).for_each(|_| self.recorder.error(T::TYPE, operation));
    }

    /// Returns when nobody who asks from now on is answered from what the guards stood for.
    pub async fn forget(&self, guards: &[Guard]) -> Result<(), Unread> {
        let names: Vec<String> =
            guards.iter().filter_map(|guard| key::removed(*guard, self.log)).collect();
        if names.is_empty() {
            return Ok(());
        }
        let (forgotten, failure) = self.forgetter.forget(names).await;
        if failure.is_some() {
            for guard in guards {
                self.recorder.error(guard.kind(), Operation::Forget);
            }
        }
        forgotten
    }

    pub fn is_up(&self) -> bool {
        self.links.iter().any(Link::is_up)
    }

    /// Why it is not up, where that is known.
    pub fn why_down(&self) -> Option<Arc<str>> {
        self.links.iter().find_map(Link::why_down)
    }
}

/// No value of ours has these bytes.
struct Damaged;

/// What stands under a name and is no value of ours.
struct Unusable {
    name: String,
    bytes: Bytes,
}

/// One thing as it was read, held against what we expect of it.
fn read<T: Cacheable>(
    name: &Name,
    bytes: Option<&Bytes>,
    stamp: &Stamp,
    known: Option<i64>,
) -> Result<Look<T>, Damaged> {
    let fresh = |version: i64| known.is_none_or(|known| version >= known);
    Ok(match Entry::read(bytes, &name.value, T::SCHEMA, stamp) {
        Entry::Lease => Look::Leased,
        Entry::NotFound if fresh(0) => Look::Hit(None),
        Entry::Value { version, body } if fresh(version) => {
            Look::Hit(Some(Arc::new(T::decode(version, body).ok_or(Damaged)?)))
        }
        Entry::Absent | Entry::NotFound | Entry::Value { .. } => Look::Miss,
        Entry::Corrupt => return Err(Damaged),
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

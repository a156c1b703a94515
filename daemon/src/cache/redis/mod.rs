//! The cache that daemons share: Redis 7 or later. What is read from it is looked at as if a stranger
//! had written it.

mod entry;
mod forget;
mod link;
mod markers;
mod operate;
mod probe;
mod rounds;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use redis::{Pipeline, RedisError, Script};
use uuid::Uuid;
use watchfire_shared::cache::Operation;
use watchfire_shared::ids::JournalId;

use super::breaker::{self, Breaker};
use super::key::{self, Guard, Key};
use super::stats::Recorder;
use super::value::Cacheable;
use super::{Claim, Filled, Look, Outcome, Unread, ttl};
use crate::clock;
use crate::store::Db;
use crate::store::installation::Moment;
use entry::{Entry, Stamp, Token};
pub use forget::Forgetter;
use link::{Link, Reach};
use markers::Markers;
use rounds::Rounds;

static CLAIM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("claim.lua")));
static FILL: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("fill.lua")));
/// A generation outlives every page that carries it; one that ends early costs the pages.
const GENERATION: Duration = Duration::from_hours(1);

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

/// The duty to load a value, and how to store it.
pub struct Lease {
    name: Name,
    bytes: Bytes,
    stamp: Stamp,
}

/// Where a value stands, and where its generation does if it has one.
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
        let mut looks = Vec::with_capacity(names.len());
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
                Some(stamp) => self.read(name, value.as_ref(), &stamp, known).await,
            });
        }
        looks
    }

    /// One thing as it was read, held against what we expect of it.
    async fn read<T: Cacheable>(
        &self,
        name: &Name,
        bytes: Option<&Bytes>,
        stamp: &Stamp,
        known: Option<i64>,
    ) -> Look<T> {
        let fresh = |version: i64| known.is_none_or(|known| version >= known);
        match Entry::read(bytes, &name.value, T::SCHEMA, stamp) {
            Entry::Lease => Look::Leased,
            Entry::NotFound if fresh(0) => Look::Hit(None),
            Entry::Value { version, body } if fresh(version) => match T::decode(version, body) {
                Some(value) => Look::Hit(Some(Arc::new(value))),
                None => self.corrupt::<T>(name).await,
            },
            Entry::Absent | Entry::NotFound | Entry::Value { .. } => Look::Miss,
            Entry::Corrupt => self.corrupt::<T>(name).await,
        }
    }

    /// Removes what nobody can use, so that it is not found again.
    async fn corrupt<T: Cacheable>(&self, name: &Name) -> Look<T> {
        self.recorder.corrupt(T::TYPE);
        let delete =
            async |mut redis| redis::cmd("DEL").arg(&name.value).exec_async(&mut redis).await;
        if self.link().call(Operation::Forget, delete).await.is_err() {
            self.failed::<T>(Operation::Forget, 1);
        }
        Look::Miss
    }

    fn failed<T: Cacheable>(&self, operation: Operation, times: usize) {
        (0..times).for_each(|_| self.recorder.error(T::TYPE, operation));
    }

    /// Looks once more at what was missed, and takes the duty to load what is still not there.
    pub async fn claim<T: Cacheable>(
        &self,
        keys: &[Key<T>],
        moment: &Moment,
        known: Option<i64>,
    ) -> Vec<Claim<T>> {
        if keys.is_empty() {
            return Vec::new();
        }
        let names: Vec<Name> = keys.iter().map(|key| Name::of(key, self.log)).collect();
        let token: Token = rand::random();
        let mut pipe = redis::pipe();
        for name in &names {
            invoke(&mut pipe, &CLAIM, name)
                .arg(&moment.epoch.to_be_bytes())
                .arg(&entry::lease_head(T::SCHEMA))
                .arg(&token)
                .arg(millis(self.lease))
                .arg(&entry::generation_head())
                .arg(&rand::random::<Token>())
                .arg(millis(GENERATION));
        }
        let claimed = self.link().call(Operation::Lease, async |mut redis| {
            pipe.query_async::<Vec<(Bytes, u64)>>(&mut redis).await
        });
        let found = match claimed.await {
            Ok((found, redis)) if moment.redis.as_ref() == Some(&redis) => found,
            Ok(_) | Err(_) => {
                self.failed::<T>(Operation::Lease, keys.len());
                return keys.iter().map(|_| Claim::Failed).collect();
            }
        };
        let mut claims = Vec::with_capacity(names.len());
        for (name, (bytes, foreign)) in names.into_iter().zip(found) {
            (0..foreign).for_each(|_| self.recorder.corrupt(T::TYPE));
            claims.push(match entry::own_lease(&bytes, &token) {
                Some(stamp) => Claim::Lead(super::Lease::Redis(Lease { name, bytes, stamp })),
                // The script has held it against the stamp already. One older than what is known is
                // about to be forgotten: nobody else need load it for that.
                None => match entry::stamp(&bytes) {
                    None => Claim::Failed,
                    Some(stamp) => match self.read(&name, Some(&bytes), &stamp, known).await {
                        Look::Hit(value) => Claim::Found(value),
                        Look::Leased => Claim::Leased,
                        Look::Miss | Look::Failed => Claim::Failed,
                    },
                },
            });
        }
        claims
    }

    /// Stores what was loaded under its leases, or gives a lease back where nothing could be loaded.
    /// Answers what became of each.
    pub async fn fill<T: Cacheable>(&self, loaded: Vec<(Lease, Outcome<T>)>) -> Vec<Filled> {
        if loaded.is_empty() {
            return Vec::new();
        }
        let (mut pipe, mut kept) = (redis::pipe(), Vec::with_capacity(loaded.len()));
        for (lease, value) in &loaded {
            let (bytes, time) = match value {
                Outcome::Loaded(Some(value)) => (lease.write(Some(value)), ttl::of(T::TYPE)),
                Outcome::Loaded(None) if self.markers.admits(Instant::now()) => {
                    (lease.write::<T>(None), ttl::NOT_FOUND)
                }
                // No bytes: nothing is stored.
                Outcome::Loaded(None) | Outcome::GivenBack => (Vec::new(), ttl::NOT_FOUND),
            };
            kept.push(!bytes.is_empty());
            invoke(&mut pipe, &FILL, &lease.name)
                .arg(&*lease.bytes)
                .arg(bytes)
                .arg(millis(ttl::jittered(time)));
        }
        let stored = self.link().call(Operation::Fill, async |mut redis| {
            pipe.query_async::<Vec<bool>>(&mut redis).await
        });
        let Ok((stored, _)) = stored.await else {
            self.failed::<T>(Operation::Fill, kept.len());
            return vec![Filled::Unkept; kept.len()];
        };
        let became = |(kept, stored)| match (kept, stored) {
            (false, _) => Filled::Unkept,
            (true, true) => Filled::Stored,
            (true, false) => Filled::Overtaken,
        };
        kept.into_iter().zip(stored).map(became).collect()
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
}

impl Lease {
    fn write<T: Cacheable>(&self, value: Option<&Arc<T>>) -> Vec<u8> {
        let Name { value: name, .. } = &self.name;
        match value {
            None => entry::write(name, T::SCHEMA, &self.stamp, 0, None),
            Some(value) => {
                let body = |out: &mut Vec<u8>| value.encode(out);
                entry::write(name, T::SCHEMA, &self.stamp, value.version(), Some(&body))
            }
        }
    }
}

/// Adds a call of a script; its arguments follow.
fn invoke<'a>(pipe: &'a mut Pipeline, script: &Script, name: &Name) -> &'a mut Pipeline {
    let keys = name.keys();
    pipe.cmd("EVALSHA").arg(script.get_hash()).arg(keys.count()).arg(&name.value);
    if let Some(generation) = &name.generation {
        pipe.arg(generation);
    }
    pipe
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

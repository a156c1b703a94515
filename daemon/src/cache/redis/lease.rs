//! The duty to load a value: taken by a script, and given up by storing what was loaded.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use redis::{Pipeline, Script};
use watchfire_shared::cache::Operation;

use super::entry::{self, Stamp, Token};
use super::link::{Failure, Link};
use super::{Damaged, Name, Redis, Unusable, millis, read};
use crate::cache::key::Key;
use crate::cache::value::Cacheable;
use crate::cache::{self, Claim, Filled, Look, Outcome, ttl};
use crate::lifecycle::spawn_detached;
use crate::store::installation::Moment;

pub static CLAIM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("claim.lua")));
pub static FILL: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("fill.lua")));
pub static REMOVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("remove.lua")));
/// A generation outlives every page that carries it; one that ends early costs the pages.
const GENERATION: Duration = Duration::from_hours(1);

/// The duty to load a value, and how to store it.
pub struct Lease {
    name: Name,
    bytes: Bytes,
    stamp: Stamp,
    /// Which Redis has given it. Another may hold a copy, and what was forgotten since is not
    /// forgotten there.
    redis: Arc<str>,
    asked: Arc<Asked>,
}

/// Leases that were asked for together. Those under which nothing was sent to be stored when this goes
/// are given back: who finds one waits for a load, and there is none.
struct Asked {
    link: Link,
    token: Token,
    /// Where one may stand.
    names: Mutex<HashSet<String>>,
}

impl Redis {
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
        let asked = Arc::new(Asked::new(self.link().clone(), token, &names));
        let claimed = asked.link.call(Operation::Lease, async |mut redis| {
            pipe.query_async::<Vec<(Bytes, u64)>>(&mut redis).await
        });
        let (found, redis) = match claimed.await {
            Ok((found, redis)) if moment.redis.as_ref() == Some(&redis) => (found, redis),
            other => {
                if let Err(Failure::Open | Failure::Away) = other {
                    asked.names().clear();
                }
                self.failed::<T>(Operation::Lease, keys.len());
                return keys.iter().map(|_| Claim::Failed).collect();
            }
        };
        let (mut claims, mut damaged) = (Vec::with_capacity(names.len()), Vec::new());
        for (name, (bytes, foreign)) in names.into_iter().zip(found) {
            (0..foreign).for_each(|_| self.recorder.corrupt(T::TYPE));
            if let Some(stamp) = entry::own_lease(&bytes, &token) {
                let (redis, asked) = (redis.clone(), asked.clone());
                let lease = Lease { name, bytes, stamp, redis, asked };
                claims.push(Claim::Lead(cache::Lease::Redis(lease)));
                continue;
            }
            asked.names().remove(&name.value);
            // The script has held it against the stamp already. One older than what is known is
            // about to be forgotten: nobody else need load it for that.
            let look = entry::stamp(&bytes).map(|stamp| read(&name, Some(&bytes), &stamp, known));
            claims.push(match look {
                Some(Ok(Look::Hit(value))) => Claim::Found(value),
                Some(Ok(Look::Leased)) => Claim::Leased,
                Some(Ok(Look::Miss | Look::Failed)) | None => Claim::Failed,
                Some(Err(Damaged)) => {
                    damaged.push(Unusable { name: name.value, bytes });
                    Claim::Failed
                }
            });
        }
        self.remove::<T>(&damaged).await;
        claims
    }

    /// Stores what was loaded under its leases, and gives those back under which nothing is to be
    /// stored. Answers what became of each.
    pub async fn fill<T: Cacheable>(&self, loaded: Vec<(Lease, Outcome<T>)>) -> Vec<Filled> {
        let mut pipe = redis::pipe();
        let mut sent = Vec::with_capacity(loaded.len());
        let mut filled = vec![Filled::Unkept; loaded.len()];
        for (at, (lease, value)) in loaded.into_iter().enumerate() {
            let (bytes, time) = match value {
                Outcome::Loaded(Some(value)) => (lease.write(Some(&value)), ttl::of(T::TYPE)),
                Outcome::Loaded(None) if self.markers.admits(Instant::now()) => {
                    (lease.write::<T>(None), ttl::NOT_FOUND)
                }
                Outcome::Loaded(None) | Outcome::GivenBack => continue,
            };
            invoke(&mut pipe, &FILL, &lease.name)
                .arg(&*lease.bytes)
                .arg(bytes)
                .arg(millis(ttl::jittered(time)));
            sent.push((at, lease));
        }
        if sent.is_empty() {
            return filled;
        }
        let stored = self.link().call(Operation::Fill, async |mut redis| {
            pipe.query_async::<Vec<bool>>(&mut redis).await
        });
        let Ok((stored, redis)) = stored.await else {
            self.failed::<T>(Operation::Fill, sent.len());
            return filled;
        };
        for ((at, lease), stored) in sent.into_iter().zip(stored) {
            lease.asked.names().remove(&lease.name.value);
            let proven = stored && lease.redis == redis;
            filled[at] = if proven { Filled::Stored } else { Filled::Overtaken };
        }
        filled
    }
}

impl Asked {
    fn new(link: Link, token: Token, names: &[Name]) -> Self {
        let names = names.iter().map(|name| name.value.clone()).collect();
        Self { link, token, names: Mutex::new(names) }
    }

    fn names(&self) -> MutexGuard<'_, HashSet<String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let names = std::mem::take(&mut *self.names());
        if names.is_empty() {
            return;
        }
        let (link, token) = (self.link.clone(), self.token);
        spawn_detached(async move {
            // Where this fails, they end by themselves.
            link.remove(names.iter().map(|name| (name, &token[..]))).await.ok();
        });
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
pub fn invoke<'a>(pipe: &'a mut Pipeline, script: &Script, name: &Name) -> &'a mut Pipeline {
    let keys = name.keys();
    pipe.cmd("EVALSHA").arg(script.get_hash()).arg(keys.count()).arg(&name.value);
    if let Some(generation) = &name.generation {
        pipe.arg(generation);
    }
    pipe
}

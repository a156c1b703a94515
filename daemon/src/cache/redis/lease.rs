//! The duty to load a value: taken by a script, and given up by storing what was loaded.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use redis::{Pipeline, Script};
use watchfire_shared::cache::Operation;

use super::entry::{self, Stamp, Token};
use super::{Damaged, Name, Redis, millis, read};
use crate::cache::key::Key;
use crate::cache::value::Cacheable;
use crate::cache::{self, Claim, Filled, Look, Outcome, ttl};
use crate::store::installation::Moment;

pub static CLAIM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("claim.lua")));
pub static FILL: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("fill.lua")));
/// A generation outlives every page that carries it; one that ends early costs the pages.
const GENERATION: Duration = Duration::from_hours(1);

/// The duty to load a value, and how to store it.
pub struct Lease {
    name: Name,
    bytes: Bytes,
    stamp: Stamp,
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
        let (mut claims, mut damaged) = (Vec::with_capacity(names.len()), Vec::new());
        for (name, (bytes, foreign)) in names.iter().zip(found) {
            (0..foreign).for_each(|_| self.recorder.corrupt(T::TYPE));
            claims.push(match entry::own_lease(&bytes, &token) {
                Some(stamp) => {
                    let name = name.clone();
                    Claim::Lead(cache::Lease::Redis(Lease { name, bytes, stamp }))
                }
                // The script has held it against the stamp already. One older than what is known is
                // about to be forgotten: nobody else need load it for that.
                None => match entry::stamp(&bytes) {
                    None => Claim::Failed,
                    Some(stamp) => match read(name, Some(&bytes), &stamp, known) {
                        Ok(Look::Hit(value)) => Claim::Found(value),
                        Ok(Look::Leased) => Claim::Leased,
                        Ok(Look::Miss | Look::Failed) => Claim::Failed,
                        Err(Damaged) => {
                            damaged.push(&name.value);
                            Claim::Failed
                        }
                    },
                },
            });
        }
        self.remove::<T>(&damaged).await;
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

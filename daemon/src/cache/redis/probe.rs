//! Whether Redis keeps what it is given, and what it says of itself.

use std::time::Duration;

use bytes::Bytes;
use redis::InfoDict;
use watchfire_shared::cache::RedisFigures;

use super::entry::{self, Stamp, Token};
use super::lease::{CLAIM, FILL, invoke};
use super::link::{Elsewhere, Failure};
use super::{Name, Redis, key, millis};
use crate::store::installation::{self, Moment};

/// A probe that was cut off leaves its value for so long.
const LEFT: Duration = Duration::from_secs(10);
/// Nothing else is written with this schema, and the name is the probe's own.
const SCHEMA: u16 = 0;

impl Redis {
    /// Goes the way of a value: it is claimed, stored, read, compared and removed, under a name of
    /// this process's own. Checks also that this is the Redis recorded in the database.
    pub async fn probe(&self) -> Result<(), Failure> {
        let name = Name { value: key::probe(self.log, self.instance), generation: None };
        let (token, value): (Token, Token) = (rand::random(), rand::random());
        let lease = entry::lease(SCHEMA, &Stamp::plain(0), &token);
        let mut pipe = redis::pipe();
        pipe.cmd("DEL").arg(&name.value).ignore();
        invoke(&mut pipe, &CLAIM, &name)
            .arg(&0_i64.to_be_bytes())
            .arg(&entry::lease_head(SCHEMA))
            .arg(&token)
            .arg(millis(LEFT))
            .ignore();
        invoke(&mut pipe, &FILL, &name).arg(lease).arg(&value).arg(millis(LEFT)).ignore();
        pipe.cmd("MGET").arg(&name.value);
        pipe.cmd("DEL").arg(&name.value).ignore();
        let probed = self
            .link()
            .ask(async |mut redis| pipe.query_async::<(Vec<Option<Bytes>>,)>(&mut redis).await);
        let ((found,), redis) = probed.await?;
        if found != [Some(Bytes::copy_from_slice(&value))] {
            return Err(Failure::Forgetful);
        }
        match installation::moment(&self.db).await {
            Ok(Moment { redis: recorded, .. }) if recorded.as_ref() != Some(&redis) => {
                Err(Failure::Elsewhere(Elsewhere::of(recorded.as_deref(), &redis)))
            }
            // Whether the database answers is another question.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// What Redis says of itself; none when it does not answer.
    pub async fn figures(&self) -> Option<RedisFigures> {
        let info = self.link().ask(async |mut redis| {
            let mut pipe = redis::pipe();
            pipe.cmd("INFO").arg("memory").arg("stats").cmd("DBSIZE");
            pipe.query_async::<(InfoDict, u64)>(&mut redis).await
        });
        let ((info, keys), _) = info.await.ok()?;
        Some(RedisFigures {
            used_memory: info.get("used_memory").unwrap_or(0),
            max_memory: info.get("maxmemory").unwrap_or(0),
            keys,
            evictions: info.get("evicted_keys").unwrap_or(0),
            expirations: info.get("expired_keys").unwrap_or(0),
            ..RedisFigures::default()
        })
    }
}

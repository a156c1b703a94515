//! What an administrator asks of Redis: which names there are, and to remove those nobody reads. By
//! `SCAN`, which holds nobody up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use redis::{AsyncConnectionConfig, FromRedisValue, Pipeline, RedisResult};
use tokio::time::timeout;
use watchfire_shared::cache::{CacheKey, CacheType, Holds, PurgeIn};
use watchfire_shared::ids::JournalId;

use super::super::operate::{NamePart, schema_of};
use super::entry::{self, Stamp};
use super::link::{Elsewhere, Failure};
use super::{Redis, key, millis};
use crate::store::installation::Moment;

/// Names looked through at a time.
const STEP: u32 = 500;
/// Where few names match, a page ends after so long with what was found.
const PAGE: Duration = Duration::from_secs(2);
/// Kind and stamp of an entry are among its first bytes.
const HEAD: i32 = 27;
/// Removes a name under which the same begins as was read.
const UNLINK_SAME: &str = "if redis.call('getrange', KEYS[1], 0, ARGV[2]) == ARGV[1] then \
     return redis.call('unlink', KEYS[1]) end return 0";

/// Of names that are given to us by number.
type Described = Result<Vec<CacheKey>, Failure>;

impl Redis {
    /// About `limit` names of this journal from a cursor on, 0 at first, and the cursor of the next
    /// page. A name may come twice when others are added meanwhile.
    pub async fn keys(
        &self,
        moment: &Moment,
        kind: Option<&str>,
        mut cursor: u64,
        limit: u32,
    ) -> Result<(Vec<CacheKey>, u64), Failure> {
        let pattern = match kind {
            Some(kind) => format!("{}*:{kind}:*", key::of_log(self.log)),
            None => format!("{}*", key::of_log(self.log)),
        };
        let (begun, wanted) = (Instant::now(), usize::try_from(limit).unwrap_or(usize::MAX));
        let mut names = Vec::new();
        loop {
            let found;
            (cursor, found) = self.scan(&pattern, cursor, limit).await?;
            // The pattern's word may also stand among the parameters of a list.
            let of_kind = |name: &String| {
                kind.is_none_or(|kind| NamePart::of(name).is_some_and(|part| part.kind == kind))
            };
            names.extend(found.into_iter().filter(of_kind));
            if cursor == 0 || names.len() >= wanted || begun.elapsed() > PAGE {
                break;
            }
        }
        Ok((self.describe(moment, names).await?, cursor))
    }

    /// What stands under these names; those that are gone are left out.
    pub async fn describe(&self, moment: &Moment, names: Vec<String>) -> Described {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let lists = key::generation(key::Guard::Lists, self.log).unwrap_or_default();
        let asked: Vec<String> = names.iter().cloned().chain([lists]).collect();
        let (mut heads, redis) = self.heads(&asked).await?;
        if moment.redis.as_ref() != Some(&redis) {
            return Err(Failure::Elsewhere(Elsewhere::of(moment.redis.as_deref(), &redis)));
        }
        let sizes = self.sizes(&names).await?;
        let left = |pipe: &mut Pipeline, name: &str| {
            pipe.cmd("PTTL").arg(name);
        };
        let (times, _) = self.each::<i64>(&names, left).await?;
        let lists = heads.pop().and_then(|bytes| Stamp::of_generation(&bytes, moment.epoch));
        let each = names.into_iter().zip(heads).zip(sizes.into_iter().zip(times));
        let there = each.filter_map(|((name, head), (bytes, left))| {
            let part = NamePart::of(&name)?;
            let holds = holds(&part, &head, moment.epoch, lists);
            let (kind, schema) = (part.kind.to_owned(), part.schema);
            // -1 is one without an end; -2 says that it ended just now.
            let left = u32::try_from(left).ok().map(|left| f64::from(left) / 1e3);
            bytes.map(|bytes| CacheKey { name, kind, schema, holds, bytes, seconds_left: left })
        });
        Ok(there.collect())
    }

    /// Removes what nobody reads: how many names, and their bytes.
    pub async fn purge(&self, moment: &Moment, purge: PurgeIn) -> Result<(u64, u64), Failure> {
        let pattern = if purge.others { "wf:*".to_owned() } else { key::of_log(self.log) + "*" };
        let (mut cursor, mut removed, mut bytes) = (0, 0, 0);
        loop {
            let found;
            (cursor, found) = self.scan(&pattern, cursor, STEP).await?;
            let (dead, others): (Vec<String>, Vec<String>) =
                found.into_iter().partition(|name| is_dead(name, self.log, purge));
            if !dead.is_empty() {
                bytes += self.sizes(&dead).await?.into_iter().flatten().sum::<u64>();
                removed += self.unlink(&dead).await?;
            }
            if purge.old {
                let (names, size) = self.purge_older(moment.epoch, others).await?;
                (removed, bytes) = (removed + names, bytes + size);
            }
            if cursor == 0 {
                return Ok((removed, bytes));
            }
        }
    }

    /// Removes those of these names that are ours and of an older epoch. What was stored meanwhile
    /// stays: the script removes what was looked at and nothing else.
    async fn purge_older(&self, epoch: i64, names: Vec<String>) -> Result<(u64, u64), Failure> {
        let ours = |name: &String| NamePart::of(name).is_some_and(|part| part.is_of(self.log));
        let names: Vec<String> = names.into_iter().filter(ours).collect();
        if names.is_empty() {
            return Ok((0, 0));
        }
        let (heads, sizes) = (self.heads(&names).await?.0, self.sizes(&names).await?);
        let (mut pipe, mut bytes) = (redis::pipe(), Vec::new());
        for ((name, head), size) in names.iter().zip(&heads).zip(sizes) {
            if entry::epoch(head).is_some_and(|of| of < epoch) {
                pipe.cmd("EVAL").arg(UNLINK_SAME).arg(1).arg(name).arg(&head[..]).arg(HEAD);
                bytes.push(size.unwrap_or(0));
            }
        }
        if bytes.is_empty() {
            return Ok((0, 0));
        }
        let removed =
            self.link().ask(async |mut redis| pipe.query_async::<Vec<u64>>(&mut redis).await);
        let (removed, _) = removed.await?;
        let size = removed.iter().zip(bytes).map(|(removed, bytes)| removed * bytes);
        Ok((removed.iter().sum(), size.sum()))
    }

    async fn scan(
        &self,
        pattern: &str,
        cursor: u64,
        count: u32,
    ) -> Result<(u64, Vec<String>), Failure> {
        let scanned = self.link().ask(async |mut redis| {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(count);
            scan.query_async::<(u64, Vec<Vec<u8>>)>(&mut redis).await
        });
        let ((cursor, names), _) = scanned.await?;
        // Ours are text.
        let names = names.into_iter().filter_map(|name| String::from_utf8(name).ok());
        Ok((cursor, names.collect()))
    }

    /// How each begins; nothing for one that is gone.
    async fn heads(&self, names: &[String]) -> Result<(Vec<Bytes>, Arc<str>), Failure> {
        let head = |pipe: &mut Pipeline, name: &str| {
            pipe.cmd("GETRANGE").arg(name).arg(0).arg(HEAD);
        };
        self.each(names, head).await
    }

    /// Bytes of each; none for one that is gone.
    async fn sizes(&self, names: &[String]) -> Result<Vec<Option<u64>>, Failure> {
        let size = |pipe: &mut Pipeline, name: &str| {
            pipe.cmd("MEMORY").arg("USAGE").arg(name);
        };
        Ok(self.each(names, size).await?.0)
    }

    /// One command for each name, together; nothing for what is of another type than ours.
    async fn each<T: FromRedisValue + Default>(
        &self,
        names: &[String],
        command: impl Fn(&mut Pipeline, &str),
    ) -> Result<(Vec<T>, Arc<str>), Failure> {
        let mut pipe = redis::pipe();
        for name in names {
            command(&mut pipe, name);
        }
        pipe.ignore_errors();
        let asked = self
            .link()
            .ask(async |mut redis| pipe.query_async::<Vec<RedisResult<T>>>(&mut redis).await);
        let (each, redis) = asked.await?;
        Ok((each.into_iter().map(Result::unwrap_or_default).collect(), redis))
    }

    /// Removes these names; how many were there.
    pub async fn unlink(&self, names: &[String]) -> Result<u64, Failure> {
        let unlinked = self.link().ask(async |mut redis| {
            redis::cmd("UNLINK").arg(names).query_async::<u64>(&mut redis).await
        });
        Ok(unlinked.await?.0)
    }

    /// What stands under a name, as it is.
    pub async fn get(&self, name: &str) -> Result<Option<Bytes>, Failure> {
        let got = self.link().ask(async |mut redis| {
            redis::cmd("GET").arg(name).query_async::<Option<Bytes>>(&mut redis).await
        });
        Ok(got.await?.0)
    }

    /// As [`Self::get`], on a connection opened for it.
    pub async fn get_unpooled(&self, name: &str) -> Result<Option<Bytes>, Failure> {
        let limit = self.reach.connect_timeout;
        let asked = async {
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(limit))
                .set_response_timeout(None);
            let client = &self.reach.client;
            let mut redis = client.get_multiplexed_async_connection_with_config(&config).await?;
            redis::cmd("GET").arg(name).query_async::<Option<Bytes>>(&mut redis).await
        };
        let got = timeout(limit, asked).await.map_err(|_| Failure::Late(limit))?;
        got.map_err(|error| Failure::Redis(Arc::new(error)))
    }

    /// Sets a name, whatever stands there.
    pub async fn set(&self, name: &str, bytes: &[u8], time: Duration) -> Result<(), Failure> {
        let set = self.link().ask(async |mut redis| {
            let mut set = redis::cmd("SET");
            set.arg(name).arg(bytes).arg("PX").arg(millis(time)).exec_async(&mut redis).await
        });
        set.await.map(drop)
    }
}

/// What stands there for those who ask in this epoch, while lists carry this generation.
fn holds(name: &NamePart, head: &[u8], epoch: i64, lists: Option<Stamp>) -> Holds {
    if name.kind == "generation" {
        let valid = Stamp::of_generation(head, epoch).is_some();
        return if valid { Holds::Generation } else { Holds::Stale };
    }
    let Ok(kind) = name.kind.parse::<CacheType>() else { return Holds::Other };
    if schema_of(kind) != Some(name.schema) {
        return Holds::OtherSchema;
    }
    let valid = match kind {
        CacheType::IncidentList | CacheType::Counts => lists,
        _ => Some(Stamp::plain(epoch)),
    };
    match head.first() {
        None => Holds::Other,
        _ if valid.is_none() || entry::stamp(head) != valid => Holds::Stale,
        Some(&entry::VALUE) => Holds::Value,
        Some(&entry::NOT_FOUND) => Holds::NotFound,
        Some(&entry::LEASE) => Holds::Lease,
        _ => Holds::Other,
    }
}

impl NamePart<'_> {
    /// Of this journal, and of a type that carries its epoch.
    fn is_of(&self, log: JournalId) -> bool {
        self.log == log && (self.kind == "generation" || self.kind.parse::<CacheType>().is_ok())
    }
}

/// Whether a name is one of those to be removed. A newer version's are not ours to judge.
fn is_dead(name: &str, log: JournalId, purge: PurgeIn) -> bool {
    let Some(part) = NamePart::of(name) else { return false };
    if part.log != log {
        return purge.others;
    }
    let schema = match part.kind {
        "generation" => Some(key::GENERATION_SCHEMA),
        kind => kind.parse().ok().and_then(schema_of),
    };
    purge.old && schema.is_some_and(|schema| part.schema < schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn only_older_schemas_and_other_journals_are_dead() {
        let (own, other) = (JournalId(Uuid::from_u128(1)), JournalId(Uuid::from_u128(2)));
        let name = |log, rest: &str| format!("{}{rest}", key::of_log(log));
        let (old, others) = (
            PurgeIn { old: true, ..PurgeIn::default() },
            PurgeIn { others: true, ..PurgeIn::default() },
        );
        for (log, rest, by_old, by_others) in [
            (own, "1:incident:x", false, false),
            (own, "0:incident:x", true, false),
            (own, "9:incident:x", false, false),
            (own, "0:generation:lists", true, false),
            (own, "1:generation:lists", false, false),
            (own, "0:unheard_of:x", false, false),
            (own, "no schema", false, false),
            (other, "1:incident:x", false, true),
            (other, "0:incident:x", false, true),
        ] {
            let name = name(log, rest);
            assert_eq!(is_dead(&name, own, old), by_old, "{name}");
            assert_eq!(is_dead(&name, own, others), by_others, "{name}");
        }
        assert!(!is_dead("wf:of-somebody:1:incident:x", own, others), "no journal has this name");
    }
}

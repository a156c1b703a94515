//! What an administrator may ask of the cache, wherever it is.

use std::time::Instant;

use uuid::Uuid;
use watchfire_shared::cache::{CacheKey, CacheType, PurgeIn, Purged};
use watchfire_shared::ids::{IncidentId, JournalId};
use watchfire_shared::page::Page;
use watchfire_shared::stats::{Counts, Stats};
use watchfire_shared::user::UserOut;

use super::key::{self, Subject};
use super::value::Cacheable;
use super::{Backend, Cache, Sheet};
use crate::store::installation::Moment;
use crate::store::listing::IdPage;

/// Why the cache cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum Inoperable {
    #[error("there is no cache")]
    Missing,
    #[error("Redis did not do it: {0}")]
    Away(String),
    #[error("the cursor is of another list")]
    Cursor,
}

impl Inoperable {
    pub(super) fn away(failure: impl std::fmt::Display) -> Self {
        Self::Away(failure.to_string())
    }
}

/// Names of one type or of all, from a cursor on.
#[derive(Debug, Default)]
pub struct Asked {
    pub kind: Option<String>,
    pub cursor: Option<String>,
    pub limit: u32,
}

impl Cache {
    /// Names of this installation, with what stands there at this moment.
    pub async fn keys(
        &self,
        log: JournalId,
        moment: &Moment,
        asked: Asked,
    ) -> Result<Page<CacheKey>, Inoperable> {
        let Asked { kind, cursor, limit } = asked;
        match &self.backend {
            Backend::None(_) => Err(Inoperable::Missing),
            Backend::Redis(redis) => {
                let cursor = cursor.map_or(Ok(0), |text| text.parse());
                let cursor = cursor.map_err(|_| Inoperable::Cursor)?;
                let page = redis.keys(moment, kind.as_deref(), cursor, limit).await;
                let (items, next) = page.map_err(Inoperable::away)?;
                Ok(Page { items, next_cursor: (next != 0).then(|| next.to_string()) })
            }
            Backend::Memory(memory) => {
                let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                let mut keys = memory.keys(log, moment.epoch, Instant::now());
                keys.retain(|key| {
                    kind.as_ref().is_none_or(|kind| key.kind == *kind)
                        && cursor.as_ref().is_none_or(|after| key.name > *after)
                });
                let more = keys.len() > limit;
                keys.truncate(limit);
                let last = keys.last().filter(|_| more).map(|key| key.name.clone());
                Ok(Page { items: keys, next_cursor: last })
            }
        }
    }

    /// What stands under one name of this installation.
    pub async fn key(
        &self,
        log: JournalId,
        moment: &Moment,
        name: &str,
    ) -> Result<Option<CacheKey>, Inoperable> {
        if let Backend::None(_) = self.backend {
            return Err(Inoperable::Missing);
        }
        if NamePart::of(name).is_none_or(|part| part.log != log) {
            return Ok(None);
        }
        match &self.backend {
            Backend::None(_) => Ok(None),
            Backend::Redis(redis) => {
                let keys = redis.describe(moment, vec![name.to_owned()]).await;
                Ok(keys.map_err(Inoperable::away)?.pop())
            }
            Backend::Memory(memory) => {
                let keys = memory.keys(log, moment.epoch, Instant::now());
                Ok(keys.into_iter().find(|key| key.name == name))
            }
        }
    }

    /// Removes what nobody reads any more. In process there is nothing of other installations.
    pub async fn purge(&self, moment: &Moment, purge: PurgeIn) -> Result<Purged, Inoperable> {
        match &self.backend {
            Backend::None(_) => Err(Inoperable::Missing),
            Backend::Redis(redis) if purge.old || purge.others => {
                let (removed, bytes) =
                    redis.purge(moment, purge).await.map_err(Inoperable::away)?;
                Ok(Purged { removed, bytes, epoch_raised: false })
            }
            Backend::Memory(memory) if purge.old => {
                let (removed, bytes) = memory.purge(moment.epoch, Instant::now());
                Ok(Purged { removed, bytes, epoch_raised: false })
            }
            Backend::Redis(_) | Backend::Memory(_) => Ok(Purged::default()),
        }
    }
}

/// What a name says.
pub(super) struct NamePart<'a> {
    pub log: JournalId,
    pub schema: u16,
    pub kind: &'a str,
}

impl<'a> NamePart<'a> {
    /// None for a name that no version of ours gives.
    pub fn of(name: &'a str) -> Option<Self> {
        let mut parts = name.strip_prefix("wf:")?.splitn(4, ':');
        let log = JournalId(Uuid::try_parse(parts.next()?).ok()?);
        let schema = parts.next()?.parse().ok()?;
        let kind = parts.next()?;
        parts.next().map(|_| Self { log, schema, kind })
    }
}

impl Subject {
    pub(super) const fn kind(&self) -> CacheType {
        match self {
            Self::Incident(_) => CacheType::Incident,
            Self::List(_) => CacheType::IncidentList,
            Self::Counts => CacheType::Counts,
            Self::Reference(_) => CacheType::Reference,
            Self::User(_) => CacheType::User,
            Self::Stats => CacheType::Stats,
        }
    }

    /// As it would be called in Redis.
    pub(super) fn name(&self, log: JournalId) -> String {
        let kind = self.kind();
        key::text(log, schema_of(kind).unwrap_or_default(), kind.as_str(), self)
    }
}

/// The shape this version reads of a type; none where it keeps none.
pub(super) const fn schema_of(kind: CacheType) -> Option<u16> {
    match kind {
        CacheType::Incident => Some(Sheet::SCHEMA),
        CacheType::IncidentList => Some(IdPage::SCHEMA),
        CacheType::Counts => Some(Counts::SCHEMA),
        CacheType::Reference => Some(IncidentId::SCHEMA),
        CacheType::User => Some(UserOut::SCHEMA),
        CacheType::Stats => Some(Stats::SCHEMA),
        CacheType::Score => None,
    }
}

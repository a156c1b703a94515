//! The cache, as an administrator looks into it and clears it out.

use serde_json::Value;
use watchfire_shared::cache::{CacheDemo, CacheKey, PurgeIn, Purged};
use watchfire_shared::page::Page;
use watchfire_shared::problem::{Code, FieldError};
use watchfire_shared::user::Role;

use super::{Answer, Caller, Error, Inner, Result};
use crate::cache::{Asked, Inoperable};
use crate::store::{Touched, idempotency, installation};

impl Answer for CacheDemo {
    fn touched(&self) -> Option<Touched> {
        None
    }
}

impl Answer for Purged {
    fn touched(&self) -> Option<Touched> {
        None
    }
}

impl Inner {
    /// A page of names; `kind` is a word as it stands in a name.
    pub async fn cache_keys(&self, caller: &Caller, asked: Asked) -> Result<Page<CacheKey>> {
        caller.require(Role::Admin)?;
        Ok(self.cache.keys(self.log_id, caller.moment(), asked).await?)
    }

    pub async fn cache_key(&self, caller: &Caller, name: &str) -> Result<CacheKey> {
        caller.require(Role::Admin)?;
        let key = self.cache.key(self.log_id, caller.moment(), name).await?;
        key.ok_or_else(|| {
            Error::refused(
                Code::NotFound,
                "Nothing stands under this name in the cache: it was never read, forgotten or \
                 has ended. `watchfire cache keys` lists what there is.",
            )
        })
    }

    /// Removes what nobody reads; everything by raising the epoch, which no late fill survives.
    pub async fn purge_cache(&self, caller: &Caller, purge: PurgeIn) -> Result<Purged> {
        caller.require(Role::Admin)?;
        if purge == PurgeIn::default() {
            return Err(Error::refused(
                Code::Validation,
                "Say what to remove: old, others or all must be true.",
            ));
        }
        let work = async {
            if self.cache.kind() == "none" {
                return Err(Inoperable::Missing.into());
            }
            if purge.all {
                installation::raise_epoch_now(&self.db).await?;
            }
            let purged = self.cache.purge(&installation::moment(&self.db).await?, purge).await?;
            Ok(Purged { epoch_raised: purge.all, ..purged })
        };
        self.once(caller, work).await
    }

    /// Runs what is no single transaction; a repeat with the same idempotency key gets the first
    /// answer. Two that run at once both do the work, and both get the answer of the first.
    pub(super) async fn once<T: Answer + Sync>(
        &self,
        caller: &Caller,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.still_may(caller).await?;
        if let Some(kept) = self.kept(caller).await? {
            return serde_json::from_value(kept).map_err(Error::internal);
        }
        let answer = work.await?;
        self.transact(caller, move |_| Box::pin(async move { Ok(answer) })).await
    }

    /// What was answered to this request before.
    async fn kept(&self, caller: &Caller) -> Result<Option<Value>> {
        let Some(key) = &caller.idempotency else { return Ok(None) };
        let request = self.request(caller, key);
        match idempotency::earlier(&self.db, &request).await? {
            Some(kept) if kept.request_hash != request.hash => Err(super::used_otherwise()),
            kept => Ok(kept.map(|kept| kept.answer.0)),
        }
    }
}

impl From<Inoperable> for Error {
    fn from(error: Inoperable) -> Self {
        match error {
            Inoperable::Missing => Self::refused(
                Code::Conflict,
                "This daemon has no cache, every read is the database's: set WATCHFIRE_REDIS_URL \
                 to a Redis 7 or later for all daemons and start them again.",
            ),
            Inoperable::Away(_) => Self::Unavailable {
                reason: format!("{error}; reads go to the database meanwhile"),
                retry_after: 1,
                source: None,
            },
            Inoperable::Cursor => Self::Refused {
                code: Code::InvalidCursor,
                detail: "The cursor belongs to another list; start at the first page.".to_owned(),
                errors: vec![FieldError::new("cursor", "does not belong to this list")],
            },
        }
    }
}

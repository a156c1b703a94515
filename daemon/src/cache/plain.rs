//! Cache-aside as it is usually written: look, and on a miss load and store; what is stored ends by
//! time alone. The demonstration measures [`Cache::read_through`] beside it; nothing else reads here.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use moka::sync::Cache as Moka;
use watchfire_shared::ids::JournalId;

use super::operate::Inoperable;
use super::redis::Redis;
use super::value::Cacheable;
use super::{Backend, Cache, key};
use crate::clock;
use crate::store::StoreError;

/// One value under a name of its own.
pub struct Plain<T> {
    place: Place<T>,
    time: Duration,
}

enum Place<T> {
    Memory(Moka<(), Arc<T>>),
    Redis { redis: Arc<Redis>, name: String },
}

impl Cache {
    /// A place for one value where this cache keeps its own, for so long.
    pub fn plain<T: Cacheable>(
        &self,
        log: JournalId,
        time: Duration,
    ) -> Result<Plain<T>, Inoperable> {
        match &self.backend {
            Backend::None(_) => Err(Inoperable::Missing),
            Backend::Memory(_) => Ok(Plain::in_process(time)),
            Backend::Redis(redis) => {
                let (redis, name) = (redis.clone(), key::demo(log, clock::new_id()));
                Ok(Plain { place: Place::Redis { redis, name }, time })
            }
        }
    }
}

impl<T: Cacheable> Plain<T> {
    pub fn in_process(time: Duration) -> Self {
        Self { place: Place::Memory(Moka::builder().time_to_live(time).build()), time }
    }

    /// Whether each look goes over the wire.
    pub const fn is_remote(&self) -> bool {
        matches!(self.place, Place::Redis { .. })
    }

    pub async fn read_through<Fut>(
        &self,
        load: impl FnOnce() -> Fut,
    ) -> Result<Option<Arc<T>>, StoreError>
    where
        Fut: Future<Output = Result<Option<T>, StoreError>>,
    {
        if let Ok(Some(value)) = self.get().await {
            return Ok(Some(value));
        }
        let Some(value) = load().await?.map(Arc::new) else { return Ok(None) };
        // Who cannot store has the value nevertheless.
        self.set(value.clone()).await.ok();
        Ok(Some(value))
    }

    pub async fn get(&self) -> Result<Option<Arc<T>>, Inoperable> {
        match &self.place {
            Place::Memory(memory) => Ok(memory.get(&())),
            Place::Redis { redis, name } => {
                Ok(decode(redis.get(name).await.map_err(Inoperable::away)?))
            }
        }
    }

    /// As [`Self::get`], on a connection opened for it.
    pub async fn get_unpooled(&self) -> Result<Option<Arc<T>>, Inoperable> {
        match &self.place {
            Place::Memory(_) => self.get().await,
            Place::Redis { redis, name } => {
                Ok(decode(redis.get_unpooled(name).await.map_err(Inoperable::away)?))
            }
        }
    }

    pub async fn set(&self, value: Arc<T>) -> Result<(), Inoperable> {
        match &self.place {
            Place::Memory(memory) => memory.insert((), value),
            Place::Redis { redis, name } => {
                let mut bytes = value.version().to_be_bytes().to_vec();
                value.encode(&mut bytes);
                redis.set(name, &bytes, self.time).await.map_err(Inoperable::away)?;
            }
        }
        Ok(())
    }

    /// What cannot be removed ends by its time.
    pub async fn remove(&self) {
        match &self.place {
            Place::Memory(memory) => memory.invalidate(&()),
            Place::Redis { redis, name } => drop(redis.unlink(from_ref(name)).await),
        }
    }
}

fn decode<T: Cacheable>(bytes: Option<Bytes>) -> Option<Arc<T>> {
    let bytes = bytes?;
    let (version, _) = bytes.split_first_chunk()?;
    let body = bytes.slice(version.len()..);
    T::decode(i64::from_be_bytes(*version), body).map(Arc::new)
}

//! Values that can be cached: as what, in which shape, and how they become bytes and back.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use watchfire_shared::cache::CacheType;
use watchfire_shared::ids::IncidentId;
use watchfire_shared::stats::{Counts, Stats};
use watchfire_shared::user::UserOut;

use crate::store::listing::{IdPage, Place};

/// A value that can be cached.
pub trait Cacheable: Send + Sync + Sized + 'static {
    const TYPE: CacheType;
    /// Raised when the shape changes: old entries are then never read.
    const SCHEMA: u16;
    /// Rough size in bytes.
    fn weight(&self) -> usize;
    /// What a reader compares with what it has already seen; 0 where nothing counts versions.
    fn version(&self) -> i64 {
        0
    }
    /// Appends what stands in Redis behind the header.
    fn encode(&self, out: &mut Vec<u8>);
    /// None for bytes that no value of this shape has.
    fn decode(version: i64, body: Bytes) -> Option<Self>;
}

/// A value that stands in Redis as JSON.
trait Json: Serialize + DeserializeOwned + Send + Sync + 'static {
    const TYPE: CacheType;
    const SCHEMA: u16;
    fn weight(&self) -> usize;
}

impl<T: Json> Cacheable for T {
    const TYPE: CacheType = <T as Json>::TYPE;
    const SCHEMA: u16 = <T as Json>::SCHEMA;

    fn weight(&self) -> usize {
        Json::weight(self)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        // Plain data of ours; were it ever refused, the empty body would be found damaged and deleted.
        if serde_json::to_writer(&mut *out, self).is_err() {
            out.truncate(begin);
        }
    }

    fn decode(_: i64, body: Bytes) -> Option<Self> {
        serde_json::from_slice(&body).ok()
    }
}

impl Json for Counts {
    const TYPE: CacheType = CacheType::Counts;
    const SCHEMA: u16 = 2;

    fn weight(&self) -> usize {
        256
    }
}

impl Json for Stats {
    const TYPE: CacheType = CacheType::Stats;
    const SCHEMA: u16 = 1;

    fn weight(&self) -> usize {
        256
    }
}

/// A profile, without the last sign-in: that moves without a fact.
impl Json for UserOut {
    const TYPE: CacheType = CacheType::User;
    const SCHEMA: u16 = 1;

    fn weight(&self) -> usize {
        192 + self.name.len() + self.email.as_ref().map_or(0, String::len)
    }
}

impl Cacheable for IdPage {
    const TYPE: CacheType = CacheType::IncidentList;
    const SCHEMA: u16 = 1;

    fn weight(&self) -> usize {
        128 + self.ids.len() * 16
    }

    /// `total 8 · next's key 8 and id 16, or an id of zeros · ids`: a page is read by everybody.
    fn encode(&self, out: &mut Vec<u8>) {
        let next = self.next.unwrap_or(Place { key: 0, id: IncidentId(Uuid::nil()) });
        out.extend_from_slice(&self.total.to_be_bytes());
        out.extend_from_slice(&next.key.to_be_bytes());
        out.extend_from_slice(next.id.0.as_bytes());
        for id in &self.ids {
            out.extend_from_slice(id.0.as_bytes());
        }
    }

    fn decode(_: i64, body: Bytes) -> Option<Self> {
        let (total, rest) = body.split_first_chunk::<8>()?;
        let (key, rest) = rest.split_first_chunk::<8>()?;
        let (ids, []) = rest.as_chunks::<16>() else { return None };
        let mut ids = ids.iter().map(|id| IncidentId(Uuid::from_bytes(*id)));
        let id = ids.next()?;
        let next = Place { key: i64::from_be_bytes(*key), id };
        Some(Self {
            ids: ids.collect(),
            next: (!id.0.is_nil()).then_some(next),
            total: i64::from_be_bytes(*total),
        })
    }
}

impl Cacheable for IncidentId {
    const TYPE: CacheType = CacheType::Reference;
    const SCHEMA: u16 = 1;

    fn weight(&self) -> usize {
        16
    }

    /// What a reference stands for never changes: it is as new as anything anybody has seen.
    fn version(&self) -> i64 {
        i64::MAX
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }

    fn decode(_: i64, body: Bytes) -> Option<Self> {
        Uuid::from_slice(&body).ok().map(Self)
    }
}

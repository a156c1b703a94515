//! Which names this process holds.

use std::time::Instant;

use watchfire_shared::cache::{CacheKey, Holds};
use watchfire_shared::ids::JournalId;

use super::super::operate::schema_of;
use super::{Entry, Memory, Subject};

impl Memory {
    /// All of them in the order of their names, for those who ask in this epoch.
    pub fn keys(&self, log: JournalId, epoch: i64, now: Instant) -> Vec<CacheKey> {
        let held = self.entries.iter();
        let mut keys: Vec<CacheKey> =
            held.map(|(subject, entry)| self.describe(&subject, &entry, log, epoch, now)).collect();
        keys.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        keys
    }

    /// Removes what nobody reads any more; how many there were and their bytes.
    pub fn purge(&self, epoch: i64, now: Instant) -> (u64, u64) {
        let (mut removed, mut bytes) = (0, 0);
        for (subject, entry) in &self.entries {
            if !self.is_valid(&subject, &entry, epoch, now) {
                // What was stored in its place meanwhile is loaded once more.
                self.entries.invalidate(&*subject);
                removed += 1;
                bytes += Self::bytes(&subject, &entry);
            }
        }
        (removed, bytes)
    }

    fn bytes(subject: &Subject, entry: &Entry) -> u64 {
        u64::from(entry.weight) + u64::try_from(subject.weight()).unwrap_or(0)
    }

    fn describe(
        &self,
        subject: &Subject,
        entry: &Entry,
        log: JournalId,
        epoch: i64,
        now: Instant,
    ) -> CacheKey {
        let valid = self.is_valid(subject, entry, epoch, now);
        CacheKey {
            name: subject.name(log),
            kind: subject.kind().to_string(),
            schema: schema_of(subject.kind()).unwrap_or_default(),
            holds: match entry.value {
                _ if !valid => Holds::Stale,
                Some(_) => Holds::Value,
                None => Holds::NotFound,
            },
            bytes: Self::bytes(subject, entry),
            seconds_left: Some(entry.ends.saturating_duration_since(now).as_secs_f64()),
        }
    }
}

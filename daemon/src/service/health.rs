//! How this process and what it depends on are.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use watchfire_shared::cache::CacheStats;
use watchfire_shared::health::{Health, HealthStatus, Part, Parts};
use watchfire_shared::user::Role;

use super::{Caller, Inner, Result};
use crate::clock;
use crate::store::StoreError;

/// Remembers since when each part is as it is.
pub struct Watch {
    since: Mutex<HashMap<&'static str, (HealthStatus, DateTime<Utc>)>>,
    started: DateTime<Utc>,
}

impl Watch {
    pub fn new() -> Self {
        Self { since: Mutex::default(), started: clock::now() }
    }

    fn part(
        &self,
        name: &'static str,
        kind: &str,
        status: HealthStatus,
        reason: Option<String>,
    ) -> Part {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = since.entry(name).or_insert((HealthStatus::Healthy, self.started));
        if entry.0 != status {
            *entry = (status, clock::now());
        }
        Part { status, kind: kind.to_owned(), reason, since: entry.1 }
    }
}

impl Inner {
    /// Whether the database answers and is migrated. Asked with everybody else's authority, so that
    /// nobody can flood the database with it, and an answer does not take longer.
    pub async fn ready(&self) -> bool {
        self.authorities.ping().await.is_ok()
    }

    pub async fn health(&self) -> Health {
        let database = match self.authorities.ping().await {
            Ok(()) => self.health.part("database", self.db.kind(), HealthStatus::Healthy, None),
            Err(error) => {
                let reason = match &*error {
                    StoreError::Unavailable { reason, .. } => reason,
                    _ => "the database answers errors",
                };
                let reason = Some((*reason).to_owned());
                self.health.part("database", self.db.kind(), HealthStatus::Unhealthy, reason)
            }
        };
        let healthy = |name, kind| self.health.part(name, kind, HealthStatus::Healthy, None);
        Health {
            status: database.status,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            parts: Parts {
                cache: healthy("cache", self.cache.kind()),
                cache_integrity: healthy("cache_integrity", self.cache.kind()),
                broker: healthy("broker", self.policy.transport.as_str()),
                worker: healthy("worker", "none"),
                database,
            },
        }
    }

    /// This process's counters, now.
    pub fn cache_stats(&self, caller: &Caller) -> Result<CacheStats> {
        caller.require(Role::Viewer)?;
        Ok(self.cache.stats())
    }
}

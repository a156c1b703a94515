//! How this process and what it depends on are.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use watchfire_shared::health::{Health, HealthStatus, Part, Parts, Trouble};

use super::{Inner, Transport};
use crate::clock;
use crate::store::StoreError;

/// Why nothing is known of other processes.
const SILENT: &str = "nobody can be asked: the database does not answer";

/// Remembers since when each part is as it is, and what was wrong with it last.
pub struct Watch {
    seen: Mutex<HashMap<&'static str, Seen>>,
    started: DateTime<Utc>,
}

struct Seen {
    status: HealthStatus,
    since: DateTime<Utc>,
    last_trouble: Option<Box<Trouble>>,
}

impl Watch {
    pub fn new() -> Self {
        Self { seen: Mutex::default(), started: clock::now() }
    }

    fn part(
        &self,
        name: &'static str,
        kind: &str,
        status: HealthStatus,
        reason: Option<String>,
    ) -> Part {
        let healthy = HealthStatus::Healthy;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.entry(name).or_insert_with(|| Seen {
            status: healthy,
            since: self.started,
            last_trouble: None,
        });
        let now = clock::now();
        if seen.status != status {
            (seen.status, seen.since) = (status, now);
        }
        if let Some(reason) = reason.clone() {
            seen.last_trouble = Some(Box::new(Trouble { reason, at: now }));
        }
        let last_trouble = seen.last_trouble.clone();
        Part { status, kind: kind.to_owned(), reason, since: seen.since, last_trouble }
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
        let broker = self.broker().await;
        let worker = self.worker().await;
        let cache = self.degraded("cache", self.cache.kind(), self.cache.trouble());
        let probed = self.cache.probe().await.err();
        let cache_integrity = self.degraded("cache_integrity", self.cache.kind(), probed);
        let parts = [&database, &cache, &cache_integrity, &broker, &worker];
        Health {
            status: parts.map(|part| part.status).into_iter().max().unwrap_or(database.status),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            parts: Parts { cache, cache_integrity, broker, worker, database },
        }
    }

    /// A part that is healthy unless there is trouble with it.
    fn degraded(&self, name: &'static str, kind: &str, trouble: Option<String>) -> Part {
        let status = trouble.as_ref().map_or(HealthStatus::Healthy, |_| HealthStatus::Degraded);
        self.health.part(name, kind, status, trouble)
    }

    /// Whether events get out: as whoever publishes says, wherever that is.
    async fn broker(&self) -> Part {
        let kind = self.policy.transport.as_str();
        let trouble = match self.policy.transport {
            Transport::Journal => None,
            Transport::Kafka => match self.fleet.all().await {
                Err(_) => Some(SILENT.to_owned()),
                Ok(fleet) => {
                    let mut relays = fleet.into_iter().filter_map(|process| process.figures.relay);
                    match relays.find(|relay| relay.leading) {
                        Some(relay) => relay.trouble,
                        None => Some("no process publishes".to_owned()),
                    }
                }
            },
        };
        self.degraded("broker", kind, trouble)
    }

    /// Whether events are handled: as whoever handles them says.
    async fn worker(&self) -> Part {
        let workers: Result<Vec<_>, _> =
            self.fleet.all().await.map(|fleet| {
                fleet.into_iter().filter_map(|process| process.figures.worker).collect()
            });
        let (kind, trouble) = match workers.as_deref() {
            Err(_) => ("unknown", Some(SILENT.to_owned())),
            Ok([]) => ("none", Some("no worker runs: start `watchfired worker`".to_owned())),
            Ok(workers @ [first, ..]) => {
                (first.source.as_str(), workers.iter().find_map(|worker| worker.trouble.clone()))
            }
        };
        self.degraded("worker", kind, trouble)
    }
}

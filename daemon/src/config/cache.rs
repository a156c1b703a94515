//! What is cached where, and how long the cache is waited for.

use std::time::Duration;

use serde::Deserialize;

use super::{Environment, Result, Url, named, wrong};

#[derive(Debug, Clone)]
pub struct Cache {
    /// What the cache in the daemon's own process may hold, in bytes.
    pub max_bytes: u64,
    /// Incidents stored after a start before anybody asks for them, at most; 0: none.
    pub warm: u32,
    /// How long a reader waits for a load before reading beside it.
    pub patience: Duration,
    /// None: in the process with `SQLite`, nothing with `PostgreSQL`.
    pub redis: Option<Redis>,
}

/// How Redis is reached and how long it is waited for; see the file's settings.
#[derive(Debug, Clone)]
pub struct Redis {
    pub url: Url,
    pub connections: usize,
    pub connect_timeout: Duration,
    pub operation_timeout: Duration,
    pub forget_timeout: Duration,
    pub lease: Duration,
    pub breaker_failures: u32,
    pub breaker_open: Duration,
    pub breaker_open_max: Duration,
}

/// The `[cache]` section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CacheFile {
    max_bytes: u64,
    warm: u32,
    /// Longer than any healthy load takes.
    patience_ms: u64,
    redis_url: Option<String>,
    /// Lookups take turns on each, and a failed forgetting is tried again on the other.
    connections: usize,
    /// A handshake, with TLS on a busy machine.
    connect_timeout_ms: u64,
    /// Some five hundred times what a lookup takes: whoever is later is not well.
    operation_timeout_ms: u64,
    /// Both tries of forgetting together, before the epoch is raised.
    forget_timeout_ms: u64,
    /// A process that died while it loaded a value keeps others from storing it for so long.
    lease_ms: u64,
    breaker_failures: u32,
    breaker_open_seconds: u64,
    breaker_open_max_seconds: u64,
}

impl Default for CacheFile {
    fn default() -> Self {
        Self {
            max_bytes: 64 * 1024 * 1024,
            warm: 100,
            patience_ms: 500,
            redis_url: None,
            connections: 2,
            connect_timeout_ms: 1000,
            operation_timeout_ms: 50,
            forget_timeout_ms: 1000,
            lease_ms: 5000,
            breaker_failures: 5,
            breaker_open_seconds: 2,
            breaker_open_max_seconds: 60,
        }
    }
}

impl CacheFile {
    pub fn read(self, embedded: bool, env: Environment) -> Result<Cache> {
        for (name, value) in [
            ("patience_ms", self.patience_ms),
            ("connections", self.connections as u64),
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("operation_timeout_ms", self.operation_timeout_ms),
            ("forget_timeout_ms", self.forget_timeout_ms),
            ("lease_ms", self.lease_ms),
            ("breaker_failures", self.breaker_failures.into()),
            ("breaker_open_seconds", self.breaker_open_seconds),
        ] {
            if value == 0 {
                let name = format!("cache.{name} in the configuration file");
                return Err(wrong(&name, "must be above 0"));
            }
        }
        if self.breaker_open_max_seconds < self.breaker_open_seconds {
            return Err(wrong(
                "cache.breaker_open_max_seconds in the configuration file",
                "must be at least cache.breaker_open_seconds",
            ));
        }
        let url = self.url(embedded, env)?;
        let redis = url.map(|url| Redis {
            url,
            connections: self.connections,
            connect_timeout: Duration::from_millis(self.connect_timeout_ms),
            operation_timeout: Duration::from_millis(self.operation_timeout_ms),
            forget_timeout: Duration::from_millis(self.forget_timeout_ms),
            lease: Duration::from_millis(self.lease_ms),
            breaker_failures: self.breaker_failures,
            breaker_open: Duration::from_secs(self.breaker_open_seconds),
            breaker_open_max: Duration::from_secs(self.breaker_open_max_seconds),
        });
        let patience = Duration::from_millis(self.patience_ms);
        Ok(Cache { max_bytes: self.max_bytes, warm: self.warm, patience, redis })
    }

    fn url(&self, embedded: bool, env: Environment) -> Result<Option<Url>> {
        let name = named("WATCHFIRE_REDIS_URL", "cache.redis_url", env);
        let Some(url) = env("WATCHFIRE_REDIS_URL").or_else(|| self.redis_url.clone()) else {
            return Ok(None);
        };
        let known = url.starts_with("redis://") || url.starts_with("rediss://");
        if !known || redis::Client::open(url.as_str()).is_err() {
            return Err(wrong(
                &name,
                "must be redis://user:password@host:port/number, or rediss:// for TLS",
            ));
        }
        if embedded {
            return Err(wrong(
                &name,
                "is for PostgreSQL: with SQLite the one daemon caches in its own process; remove it, \
                 or set WATCHFIRE_DATABASE_URL to the PostgreSQL that daemons share",
            ));
        }
        Ok(Some(Url(url)))
    }
}

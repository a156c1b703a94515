//! Whether the cache keeps what it is given: a value is written, read, compared and removed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::{Backend, Cache};

/// An answer is good for everybody who asks within this time.
const REUSED: Duration = Duration::from_secs(1);

/// What the last probe found, and when; a failure in a sentence.
pub type LastProbe = Arc<Mutex<Option<(Instant, Result<(), String>)>>>;

impl Cache {
    /// Probes, or answers what the last probe found when that was just now; one at a time.
    pub async fn probe(&self) -> Result<(), String> {
        let Backend::Redis(redis) = &self.backend else { return Ok(()) };
        let mut last = self.probed.lock().await;
        if let Some((at, found)) = &*last
            && at.elapsed() < REUSED
        {
            return found.clone();
        }
        let found = redis.probe().await.map_err(|failure| failure.to_string());
        *last = Some((Instant::now(), found.clone()));
        found
    }

    /// Why reads go to the database although there is a cache; none when they need not.
    pub fn trouble(&self) -> Option<String> {
        let Backend::Redis(redis) = &self.backend else { return None };
        let reason = match (redis.is_up(), self.recorder.open_because()) {
            (true, None) => return None,
            (_, Some(reason)) => reason,
            (false, None) => {
                redis.why_down().map_or_else(|| "not connected".into(), |why| why.to_string())
            }
        };
        Some(format!("Redis does not answer ({reason}); reads go to the database"))
    }
}

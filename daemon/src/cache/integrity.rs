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
        // That there is no connection says less than why there is none.
        let down = redis.why_down().map(|why| why.to_string());
        let reason = match down.or_else(|| self.recorder.open_because()) {
            Some(reason) => reason,
            None if redis.is_up() => return None,
            None => "not connected yet".to_owned(),
        };
        Some(format!("Redis is not used ({reason}); reads go to the database"))
    }
}

//! How publication goes, as this process sees it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use watchfire_shared::process::RelayFigures;

use crate::rate::Rate;

/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Publishing(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    leading: bool,
    trouble: Option<String>,
    sent: Rate,
}

impl Publishing {
    pub fn lead(&self, leading: bool) {
        if !leading {
            // Another's to tell from now on.
            gauges(0, 0, 0.0);
        }
        let mut state = self.state();
        state.leading = leading;
        state.trouble = None;
    }

    /// Why it does not get on, or that it does.
    pub fn tell(&self, trouble: Option<String>) {
        let mut state = self.state();
        match (&state.trouble, &trouble) {
            (None, Some(trouble)) => tracing::warn!(trouble, "publication does not get on"),
            (Some(_), None) => tracing::info!("publication gets on again"),
            _ => {}
        }
        state.trouble = trouble;
    }

    pub fn sent(&self, count: usize) {
        self.state().sent.count(Instant::now(), count);
    }

    pub fn figures(&self) -> RelayFigures {
        let state = self.state();
        RelayFigures {
            rate_1m: state.sent.a_second(Instant::now()),
            leading: state.leading,
            trouble: state.trouble.clone(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What waits, for whoever collects metrics from the one that publishes.
pub fn gauges(pending: i64, failed: i64, oldest_seconds: f64) {
    let count = |count: i64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    metrics::gauge!("outbox_pending_events").set(count(pending));
    metrics::gauge!("outbox_failed_events").set(count(failed));
    metrics::gauge!("outbox_oldest_pending_seconds").set(oldest_seconds);
}

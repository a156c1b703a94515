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
        let mut state = self.state();
        state.leading = leading;
        state.trouble = None;
    }

    /// Why it does not get on, or that it does.
    pub fn tell(&self, trouble: Option<String>) {
        self.state().trouble = trouble;
    }

    pub fn sent(&self, count: usize) {
        self.state().sent.count(Instant::now(), count);
    }

    pub fn figures(&self) -> RelayFigures {
        let mut state = self.state();
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

//! What the breaker did.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use watchfire_shared::cache::{BreakerChange, BreakerState};

/// Changes kept.
const KEPT: usize = 10;

#[derive(Default)]
pub struct Changes(VecDeque<BreakerChange>);

impl Changes {
    /// False where it was so before.
    pub fn note(&mut self, state: BreakerState, at: DateTime<Utc>, reason: Option<String>) -> bool {
        if self.state() == state {
            return false;
        }
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(BreakerChange { state, at, reason });
        true
    }

    /// Off until somebody tells of one.
    pub fn state(&self) -> BreakerState {
        self.0.back().map_or(BreakerState::Off, |change| change.state)
    }

    /// The newest last.
    pub fn all(&self) -> Vec<BreakerChange> {
        self.0.iter().cloned().collect()
    }
}

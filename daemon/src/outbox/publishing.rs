//! How publication goes, as this process sees it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use watchfire_shared::process::RelayFigures;

/// What a rate is measured over.
const MINUTE: Duration = Duration::from_mins(1);

/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Publishing(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    leading: bool,
    trouble: Option<String>,
    /// Batches of the last minute: when, and how many.
    sent: VecDeque<(Instant, usize)>,
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
        self.state().sent(Instant::now(), count);
    }

    pub fn figures(&self) -> RelayFigures {
        let mut state = self.state();
        RelayFigures {
            rate_1m: state.rate(Instant::now()),
            leading: state.leading,
            trouble: state.trouble.clone(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn sent(&mut self, now: Instant, count: usize) {
        self.sent.push_back((now, count));
        self.forget_old(now);
    }

    /// Events a second over the last minute.
    fn rate(&mut self, now: Instant) -> f64 {
        self.forget_old(now);
        let count: usize = self.sent.iter().map(|(_, count)| count).sum();
        f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / MINUTE.as_secs_f64()
    }

    fn forget_old(&mut self, now: Instant) {
        while self.sent.front().is_some_and(|(at, _)| now.duration_since(*at) > MINUTE) {
            self.sent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_minute() {
        let mut state = State::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        state.sent(at(0), 600);
        state.sent(at(30), 60);
        for (seconds, rate) in [(30, 11.0), (61, 1.0), (121, 0.0)] {
            assert!((state.rate(at(seconds)) - rate).abs() < 1e-9, "after {seconds} s");
        }
    }
}

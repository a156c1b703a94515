//! Gives the cache up for a while when it fails again and again, so that nobody waits for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use watchfire_shared::cache::BreakerState;

use super::stats::Recorder;

/// When it opens, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it stays open at first; doubled each time its probe fails.
    pub pause: Duration,
    pub longest_pause: Duration,
}

pub struct Breaker {
    settings: Settings,
    state: Mutex<State>,
    recorder: Arc<Recorder>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
        pause: Duration,
    },
    /// One operation is on its way to find out.
    HalfOpen {
        pause: Duration,
    },
}

impl Breaker {
    pub fn new(settings: Settings, recorder: Arc<Recorder>) -> Self {
        recorder.breaker(BreakerState::Closed, None);
        Self { settings, state: Mutex::new(State::Closed { failures: 0 }), recorder }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an operation may be tried now; whoever may says how it ended.
    pub fn admits(&self, now: Instant) -> bool {
        let mut state = self.state();
        match *state {
            State::Closed { .. } => true,
            State::Open { until, pause } if until <= now => {
                *state = State::HalfOpen { pause };
                self.recorder.breaker(BreakerState::HalfOpen, None);
                true
            }
            State::Open { .. } | State::HalfOpen { .. } => false,
        }
    }

    /// An operation was given up before it ended. Where it was to find out, the next one is.
    pub fn abandoned(&self, now: Instant) {
        let mut state = self.state();
        if let State::HalfOpen { pause } = *state {
            *state = State::Open { until: now, pause };
        }
    }

    /// An operation went well, or a new connection answered.
    pub fn succeeded(&self) {
        let mut state = self.state();
        let was_closed = matches!(*state, State::Closed { .. });
        *state = State::Closed { failures: 0 };
        if !was_closed {
            self.recorder.breaker(BreakerState::Closed, None);
        }
    }

    /// True when this failure opened it: what it was tried on is not worth keeping.
    pub fn failed(&self, now: Instant, reason: &str) -> bool {
        let mut state = self.state();
        let pause = match *state {
            State::Closed { failures } if failures + 1 < self.settings.failures => {
                *state = State::Closed { failures: failures + 1 };
                return false;
            }
            State::Closed { .. } => self.settings.pause,
            // Sent before it opened: nothing new.
            State::Open { .. } => return false,
            State::HalfOpen { pause } => (pause * 2).min(self.settings.longest_pause),
        };
        *state = State::Open { until: now + pause, pause };
        self.recorder.breaker(BreakerState::Open, Some(reason.to_owned()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        failures: 3,
        pause: Duration::from_secs(2),
        longest_pause: Duration::from_secs(5),
    };

    fn breaker() -> (Breaker, Instant) {
        (Breaker::new(SETTINGS, Arc::default()), Instant::now())
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let (breaker, now) = breaker();
        for _ in 0..5 {
            assert!(!breaker.failed(now, "late"));
            assert!(!breaker.failed(now, "late"));
            breaker.succeeded();
        }
        assert!(breaker.admits(now));
        assert!(!breaker.failed(now, "late"));
        assert!(!breaker.failed(now, "late"));
        assert!(breaker.failed(now, "late"));
        assert!(!breaker.admits(now));
    }

    #[test]
    fn a_probe_that_was_given_up_leaves_the_place_to_the_next() {
        let (breaker, now) = breaker();
        for _ in 0..3 {
            breaker.failed(now, "late");
        }
        let now = now + SETTINGS.pause;
        assert!(breaker.admits(now));
        breaker.abandoned(now);
        assert!(breaker.admits(now));
        breaker.succeeded();
        breaker.abandoned(now);
        assert!(breaker.admits(now), "it stays closed");
    }

    #[test]
    fn one_probe_goes_through_after_a_pause_that_doubles() {
        let (breaker, mut now) = breaker();
        for _ in 0..3 {
            breaker.failed(now, "late");
        }
        for pause in [2, 4, 5, 5] {
            assert!(!breaker.admits(now + Duration::from_millis(pause * 1000 - 1)));
            now += Duration::from_secs(pause);
            assert!(breaker.admits(now), "a probe after {pause} s");
            assert!(!breaker.admits(now), "only one");
            assert!(breaker.failed(now, "still late"));
        }
        breaker.succeeded();
        assert!(breaker.admits(now));
        assert!(!breaker.failed(now, "late"), "failures before it closed do not count");
    }
}

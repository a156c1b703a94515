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
        since: Instant,
        until: Instant,
        pause: Duration,
    },
    /// One operation is on its way to find out.
    HalfOpen {
        /// When it opened: what was sent before says nothing of now.
        since: Instant,
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
            State::Open { since, until, pause } if until <= now => {
                *state = State::HalfOpen { since, pause };
                self.recorder.breaker(BreakerState::HalfOpen, None);
                true
            }
            State::Open { .. } | State::HalfOpen { .. } => false,
        }
    }

    /// An operation was given up before it ended. Where it was to find out, the next one is.
    pub fn abandoned(&self, now: Instant) {
        let mut state = self.state();
        if let State::HalfOpen { since, pause } = *state {
            *state = State::Open { since, until: now, pause };
        }
    }

    /// An operation that was sent then went well, or a new connection answered.
    pub fn succeeded(&self, sent: Instant) {
        let mut state = self.state();
        match *state {
            State::Closed { .. } => *state = State::Closed { failures: 0 },
            State::Open { since, .. } | State::HalfOpen { since, .. } if since > sent => {}
            State::Open { .. } | State::HalfOpen { .. } => {
                *state = State::Closed { failures: 0 };
                self.recorder.breaker(BreakerState::Closed, None);
            }
        }
    }

    /// An operation that was sent then came to nothing. True when this opened it: what it was tried
    /// on is not worth keeping.
    pub fn failed(&self, sent: Instant, now: Instant, reason: &str) -> bool {
        let mut state = self.state();
        let pause = match *state {
            State::HalfOpen { since, pause } if since <= sent => pause * 2,
            _ => return self.count(state, now, reason),
        };
        self.open(&mut state, now, pause.min(self.settings.longest_pause), reason);
        true
    }

    /// There is no connection to try it on. True when this opened it; one that has opened has its
    /// probe to find out.
    pub fn unreachable(&self, now: Instant, reason: &str) -> bool {
        self.count(self.state(), now, reason)
    }

    fn count(&self, mut state: MutexGuard<'_, State>, now: Instant, reason: &str) -> bool {
        let State::Closed { failures } = *state else { return false };
        if failures + 1 < self.settings.failures {
            *state = State::Closed { failures: failures + 1 };
            return false;
        }
        self.open(&mut state, now, self.settings.pause, reason);
        true
    }

    fn open(&self, state: &mut State, now: Instant, pause: Duration, reason: &str) {
        *state = State::Open { since: now, until: now + pause, pause };
        self.recorder.breaker(BreakerState::Open, Some(reason.to_owned()));
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
            assert!(!breaker.failed(now, now, "late"));
            assert!(!breaker.failed(now, now, "late"));
            breaker.succeeded(now);
        }
        assert!(breaker.admits(now));
        assert!(!breaker.failed(now, now, "late"));
        assert!(!breaker.failed(now, now, "late"));
        assert!(breaker.failed(now, now, "late"));
        assert!(!breaker.admits(now));
    }

    #[test]
    fn a_probe_that_was_given_up_leaves_the_place_to_the_next() {
        let (breaker, now) = breaker();
        for _ in 0..3 {
            breaker.failed(now, now, "late");
        }
        let now = now + SETTINGS.pause;
        assert!(breaker.admits(now));
        breaker.abandoned(now);
        assert!(breaker.admits(now));
        breaker.succeeded(now);
        breaker.abandoned(now);
        assert!(breaker.admits(now), "it stays closed");
    }

    #[test]
    fn one_probe_goes_through_after_a_pause_that_doubles() {
        let (breaker, mut now) = breaker();
        for _ in 0..3 {
            breaker.failed(now, now, "late");
        }
        for pause in [2, 4, 5, 5] {
            assert!(!breaker.admits(now + Duration::from_millis(pause * 1000 - 1)));
            now += Duration::from_secs(pause);
            assert!(breaker.admits(now), "a probe after {pause} s");
            assert!(!breaker.admits(now), "only one");
            assert!(breaker.failed(now, now, "still late"));
        }
        breaker.succeeded(now);
        assert!(breaker.admits(now));
        assert!(!breaker.failed(now, now, "late"), "failures before it closed do not count");
    }

    #[test]
    fn what_was_sent_before_it_opened_neither_closes_it_nor_lengthens_its_pause() {
        let (breaker, sent) = breaker();
        let now = sent + Duration::from_millis(1);
        for _ in 0..3 {
            breaker.failed(now, now, "late");
        }
        breaker.succeeded(sent);
        assert!(!breaker.admits(now), "it is open still");
        let later = now + SETTINGS.pause;
        assert!(breaker.admits(later));
        breaker.succeeded(sent);
        assert!(!breaker.failed(sent, later, "late"), "that was not the probe");
        assert!(!breaker.unreachable(later, "refused"), "nor is that");
        assert!(!breaker.admits(later), "the probe is on its way");
        breaker.succeeded(later);
        assert!(breaker.admits(later));
    }
}

//! How many a second, over the last minute.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a rate is measured over.
const MINUTE: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
pub struct Rate {
    /// Batches of the last minute: when, and how many.
    counted: VecDeque<(Instant, usize)>,
}

impl Rate {
    pub fn count(&mut self, now: Instant, count: usize) {
        self.counted.push_back((now, count));
        self.forget_old(now);
    }

    /// A second, over the last minute.
    pub fn a_second(&mut self, now: Instant) -> f64 {
        self.forget_old(now);
        let count: usize = self.counted.iter().map(|(_, count)| count).sum();
        f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / MINUTE.as_secs_f64()
    }

    fn forget_old(&mut self, now: Instant) {
        while self.counted.front().is_some_and(|(at, _)| now.duration_since(*at) > MINUTE) {
            self.counted.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_minute() {
        let mut rate = Rate::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        rate.count(at(0), 600);
        rate.count(at(30), 60);
        for (seconds, expected) in [(30, 11.0), (61, 1.0), (121, 0.0)] {
            assert!((rate.a_second(at(seconds)) - expected).abs() < 1e-9, "after {seconds} s");
        }
    }
}

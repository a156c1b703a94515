//! How many a second, over the last minute.

use std::time::Instant;

/// What a rate is measured over, in seconds.
const MINUTE: u32 = 60;
const SECONDS: usize = 60;

/// One count for each second of the last minute, however many are counted.
#[derive(Debug)]
pub struct Rate {
    begun: Instant,
    /// The second each place was counted in, and how many.
    seconds: [(u64, u64); SECONDS],
}

impl Default for Rate {
    fn default() -> Self {
        Self { begun: Instant::now(), seconds: [(0, 0); SECONDS] }
    }
}

impl Rate {
    pub fn count(&mut self, now: Instant, count: usize) {
        let second = self.second(now);
        let place = usize::try_from(second % u64::from(MINUTE)).unwrap_or(0);
        let (counted_in, counted) = &mut self.seconds[place];
        if *counted_in != second {
            (*counted_in, *counted) = (second, 0);
        }
        *counted += count as u64;
    }

    /// A second, over the last minute.
    pub fn a_second(&self, now: Instant) -> f64 {
        let now = self.second(now);
        let recent =
            self.seconds.iter().filter(|(second, _)| now - second.min(&now) < MINUTE.into());
        let count: u64 = recent.map(|(_, count)| count).sum();
        f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / f64::from(MINUTE)
    }

    /// Seconds since the first, from 1 on: 0 is never.
    fn second(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.begun).as_secs() + 1
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_minute() {
        let mut rate = Rate::default();
        let at = |seconds| rate.begun + Duration::from_secs(seconds);
        let (start, later) = (at(0), at(30));
        let expected = [(30, 11.0), (59, 11.0), (60, 1.0), (90, 0.0)].map(|(s, r)| (at(s), r));
        rate.count(start, 300);
        rate.count(start, 300);
        rate.count(later, 60);
        for (when, expected) in expected {
            assert!((rate.a_second(when) - expected).abs() < 1e-9, "{expected}");
        }
    }
}

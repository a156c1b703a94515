//! How long to wait before the next try.

use std::time::Duration;

/// The first wait.
pub const FIRST: Duration = Duration::from_millis(200);
/// The longest wait.
pub const LONGEST: Duration = Duration::from_secs(10);

/// Doubles from [`FIRST`] to [`LONGEST`]; each wait is drawn from its upper half, so that clients
/// that lost the same daemon do not come back in one wave.
#[derive(Debug, Default, Clone)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait; `luck` is between 0 and 1.
    pub fn next(&mut self, luck: f64) -> Duration {
        let doubled = FIRST.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        doubled.min(LONGEST).mul_f64(0.5 + 0.5 * luck.clamp(0.0, 1.0))
    }

    /// After a success.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_longest_and_stays_there() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..8).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        for _ in 0..100 {
            assert_eq!(backoff.next(1.0), LONGEST);
        }
        backoff.reset();
        assert_eq!(backoff.next(1.0), FIRST);
    }

    #[test]
    fn luck_moves_a_wait_within_its_upper_half() {
        for luck in [0.0, 0.3, 1.0, 7.0, -1.0] {
            let wait = Backoff::default().next(luck);
            assert!(wait >= FIRST / 2 && wait <= FIRST, "{wait:?}");
        }
    }
}

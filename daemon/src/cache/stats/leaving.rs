//! What leaves the cache by itself. Whoever keeps it counts since their own start; what is judged is
//! the last minutes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What is judged.
const LATE: Duration = Duration::from_mins(5);

/// How much went for want of room, and how much ended by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Left {
    pub evictions: u64,
    pub expirations: u64,
}

#[derive(Default)]
pub struct Leaving {
    /// As it was read last.
    last: Option<Left>,
    /// Since the first look.
    total: Left,
    /// What that was at each look of the last minutes, and at the one before.
    past: VecDeque<(Instant, Left)>,
}

impl Left {
    fn each(self, other: Self, of: fn(u64, u64) -> u64) -> Self {
        Self {
            evictions: of(self.evictions, other.evictions),
            expirations: of(self.expirations, other.expirations),
        }
    }
}

impl Leaving {
    /// Takes what was read now; answers what is new. What is less than before began anew.
    pub fn note(&mut self, read: Left, now: Instant) -> Left {
        let grown = |now: u64, before| now.checked_sub(before).unwrap_or(now);
        let new = self.last.replace(read).map_or(Left::default(), |last| read.each(last, grown));
        self.total = self.total.each(new, u64::saturating_add);
        let old = |(at, _): &(Instant, Left)| now.saturating_duration_since(*at) >= LATE;
        while self.past.get(1).is_some_and(old) {
            self.past.pop_front();
        }
        self.past.push_back((now, self.total));
        new
    }

    /// In the last five minutes, or since the first look when that was later.
    pub fn of_late(&self) -> Left {
        let then = self.past.front().map_or(self.total, |(_, then)| *then);
        self.total.each(then, u64::saturating_sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_late_is_what_left_in_the_last_five_minutes_whoever_began_anew() {
        let begun = Instant::now();
        let mut leaving = Leaving::default();
        let mut note = |second, evictions, expirations| {
            let read = Left { evictions, expirations };
            let new = leaving.note(read, begun + Duration::from_secs(second));
            let late = leaving.of_late();
            [new.evictions, new.expirations, late.evictions, late.expirations]
        };
        // What was before the first look is nobody's.
        assert_eq!(note(0, 1_000, 50), [0, 0, 0, 0]);
        assert_eq!(note(10, 1_010, 51), [10, 1, 10, 1]);
        assert_eq!(note(290, 1_010, 60), [0, 9, 10, 10]);
        // It was started again.
        assert_eq!(note(300, 5, 0), [5, 0, 15, 10]);
        assert_eq!(note(310, 5, 0), [0, 0, 5, 9]);
        assert_eq!(note(1_000, 7, 0), [2, 0, 2, 0]);
    }
}

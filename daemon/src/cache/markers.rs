//! How many not-found markers one process may leave in the cache: whoever asks for what does not exist,
//! again and again under other names, must not push out what does.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::ttl;

/// Markers of one process that are there at the same time, at most about twice as many.
const MOST: u32 = 10_000;

/// Those left since a moment.
#[derive(Default)]
pub struct Markers(Mutex<Option<(Instant, u32)>>);

impl Markers {
    /// Whether one more may be left now; counts it.
    pub fn admits(&self, now: Instant) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = match *left {
            Some((since, count)) if now.duration_since(since) < ttl::NOT_FOUND => (since, count),
            _ => (now, 0),
        };
        let admitted = count < MOST;
        *left = Some((since, count + u32::from(admitted)));
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_and_no_more_until_the_first_have_ended() {
        let (markers, now) = (Markers::default(), Instant::now());
        for _ in 0..MOST {
            assert!(markers.admits(now));
        }
        assert!(!markers.admits(now + ttl::NOT_FOUND / 2));
        assert!(markers.admits(now + ttl::NOT_FOUND));
    }
}

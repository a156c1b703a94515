//! When the screen is drawn: at once, then at most 60 times a second. What a key did is seen at once all
//! the same: its frame takes the turn of the next one.

use std::time::Duration;

use tokio::time::Instant;

/// Between two frames.
pub const FRAME: Duration = Duration::from_micros(16_667);

pub struct Frames {
    next: Instant,
    /// The last one was drawn before its turn.
    early: bool,
}

impl Frames {
    pub fn new(now: Instant) -> Self {
        Self { next: now, early: false }
    }

    /// The turn of the next one.
    pub const fn next(&self) -> Instant {
        self.next
    }

    /// Whether one may be drawn now, which shows what a key did or not.
    pub fn may_draw(&self, now: Instant, key: bool) -> bool {
        now >= self.next || (key && !self.early)
    }

    pub fn drawn(&mut self, now: Instant) {
        self.early = now < self.next;
        self.next = if self.early { self.next } else { now } + FRAME;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_drawn_at_once_and_the_frame_after_it_waits_for_two_turns() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut frames = Frames::new(start);
        assert!(frames.may_draw(at(0), false));
        frames.drawn(at(0));
        assert!(!frames.may_draw(at(5), false));
        assert!(frames.may_draw(at(5), true));
        frames.drawn(at(5));
        // Another key in the same turn has to wait, and so has everything else.
        assert!(!frames.may_draw(at(6), true));
        assert!(!frames.may_draw(at(32), false));
        assert!(frames.may_draw(at(34), false));
        frames.drawn(at(34));
        assert!(frames.may_draw(at(35), true));
    }

    /// However often something happens and keys are pressed.
    #[test]
    fn there_are_sixty_frames_a_second_at_most() {
        let start = Instant::now();
        for keys in [false, true] {
            let (mut frames, mut drawn) = (Frames::new(start), 0);
            for millisecond in 0..1_000 {
                let now = start + Duration::from_millis(millisecond);
                if frames.may_draw(now, keys) {
                    frames.drawn(now);
                    drawn += 1;
                }
            }
            assert!((55..=62).contains(&drawn), "{drawn}, with keys: {keys}");
        }
    }
}

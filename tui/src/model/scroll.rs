//! Scrolling through entries that grow at the end (log lines, the timeline). The place is the key of
//! the lowest visible entry, not a row number, so nothing moves when entries arrive.

use crate::action::Move;

/// Where a growing pane stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tail {
    /// The key of the lowest visible entry; none follows the end.
    pub anchor: Option<i64>,
}

/// What scrolling needs to know of the pane.
pub struct Extent<'a> {
    /// Keys of the entries, ascending.
    pub keys: &'a [i64],
    /// Rows on the screen.
    pub rows: usize,
    /// Rows that an entry takes, by index.
    pub height: &'a dyn Fn(usize) -> usize,
}

impl Extent<'_> {
    /// The lowest visible entry when the first one is at the top.
    fn first_page(&self) -> usize {
        let mut used = 0;
        let mut last = 0;
        for index in 0..self.keys.len() {
            used += (self.height)(index);
            if used > self.rows {
                break;
            }
            last = index;
        }
        last
    }
}

impl Tail {
    pub const fn follows(self) -> bool {
        self.anchor.is_none()
    }

    /// The index of the lowest visible entry; none when there are no entries.
    pub fn bottom(self, keys: &[i64]) -> Option<usize> {
        let last = keys.len().checked_sub(1)?;
        Some(match self.anchor {
            None => last,
            Some(key) => keys.partition_point(|k| *k <= key).saturating_sub(1),
        })
    }

    /// Entries below the lowest visible one.
    pub fn below(self, keys: &[i64]) -> usize {
        self.bottom(keys).map_or(0, |bottom| keys.len() - 1 - bottom)
    }

    pub fn go(&mut self, step: Move, extent: &Extent<'_>) {
        let Some(bottom) = self.bottom(extent.keys) else {
            return;
        };
        let last = extent.keys.len() - 1;
        let half = (extent.rows / 2).max(1);
        let page = extent.rows.saturating_sub(1).max(1);
        let wanted = match step {
            Move::Down => bottom + 1,
            Move::Up => bottom.saturating_sub(1),
            Move::HalfDown => bottom + half,
            Move::HalfUp => bottom.saturating_sub(half),
            Move::PageDown => bottom + page,
            Move::PageUp => bottom.saturating_sub(page),
            Move::First => 0,
            Move::Last => last,
        };
        let wanted = wanted.max(extent.first_page());
        self.anchor = if wanted >= last { None } else { extent.keys.get(wanted).copied() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(tail: &mut Tail, keys: &[i64], steps: &[Move]) {
        for step in steps {
            let extent = Extent { keys, rows: 4, height: &|_| 1 };
            tail.go(*step, &extent);
        }
    }

    #[test]
    fn what_is_read_stays_when_entries_arrive() {
        let mut keys: Vec<i64> = (1..=10).collect();
        let mut tail = Tail::default();
        go(&mut tail, &keys, &[Move::Up, Move::Up]);
        assert_eq!(tail.bottom(&keys), Some(7));
        keys.extend(11..=20);
        assert_eq!((tail.bottom(&keys), tail.below(&keys)), (Some(7), 12));
        go(&mut tail, &keys, &[Move::Last]);
        assert!(tail.follows());
    }

    #[test]
    fn the_top_is_the_first_full_page() {
        let keys: Vec<i64> = (1..=10).collect();
        let mut tail = Tail::default();
        go(&mut tail, &keys, &[Move::First, Move::Up, Move::Up]);
        assert_eq!(tail.bottom(&keys), Some(3));
        go(&mut tail, &keys, &[Move::Down]);
        assert_eq!(tail.bottom(&keys), Some(4));
    }

    #[test]
    fn few_entries_do_not_scroll() {
        let mut tail = Tail::default();
        go(&mut tail, &[1, 2], &[Move::Up, Move::PageUp]);
        assert!(tail.follows());
        go(&mut tail, &[], &[Move::Up]);
        assert_eq!(tail.bottom(&[]), None);
    }
}

//! Which of the lines held are shown. Every line is looked at once, when it comes or in slices while
//! time passes; what was found is kept, so that drawing asks nobody again.

use std::collections::VecDeque;

use super::lines::{Lines, as_count, as_number};
use crate::sift::{Around, Wanted};

/// Numbers of lines, ascending: all of the lines held, or those listed.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    All { first: i64, len: usize },
    Listed(&'a VecDeque<i64>),
}

impl Shown<'_> {
    pub fn len(&self) -> usize {
        match self {
            Self::All { len, .. } => *len,
            Self::Listed(numbers) => numbers.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the line at a place.
    pub fn at(&self, index: usize) -> Option<i64> {
        match self {
            Self::All { first, len } => (index < *len).then(|| first + as_number(index)),
            Self::Listed(numbers) => numbers.get(index).copied(),
        }
    }

    /// How many lines stand before this number.
    pub fn before(&self, number: i64) -> usize {
        match self {
            Self::All { first, len } => as_count(number.saturating_sub(*first)).min(*len),
            Self::Listed(numbers) => numbers.partition_point(|other| *other < number),
        }
    }

    /// The place of the line with this number, or of the nearest one before it; the first one if
    /// there is none before.
    pub fn place_of(&self, number: i64) -> usize {
        self.before(number.saturating_add(1)).saturating_sub(1)
    }
}

#[derive(Debug, Default)]
pub struct Sieve {
    wanted: Wanted,
    /// Lines that pass.
    hits: VecDeque<i64>,
    /// Lines shown, where not all are.
    shown: VecDeque<i64>,
    /// The numbers from `low` up to `high` were looked at.
    low: i64,
    high: i64,
}

impl Sieve {
    pub const fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Begins anew with other wishes: no line has been looked at.
    pub fn restart(&mut self, wanted: Wanted, lines: &Lines) {
        let end = lines.numbers().end;
        let (hits, shown) = (VecDeque::new(), VecDeque::new());
        *self = Self { wanted, hits, shown, low: end, high: end };
    }

    pub fn shown<'a>(&'a self, lines: &Lines) -> Shown<'a> {
        if self.wanted.sieves() && self.wanted.around != Around::Everything {
            Shown::Listed(&self.shown)
        } else {
            Shown::All { first: lines.numbers().start, len: lines.len() }
        }
    }

    /// The lines that pass.
    pub fn hits<'a>(&'a self, lines: &Lines) -> Shown<'a> {
        if self.wanted.sieves() {
            Shown::Listed(&self.hits)
        } else {
            Shown::All { first: lines.numbers().start, len: lines.len() }
        }
    }

    /// Whether a line passes, or only stands around one that does.
    pub fn is_hit(&self, number: i64) -> bool {
        !self.wanted.sieves() || self.hits.binary_search(&number).is_ok()
    }

    /// Lines that wait to be looked at.
    pub fn backlog(&self, lines: &Lines) -> usize {
        if !self.wanted.sieves() {
            return 0;
        }
        let held = lines.numbers();
        as_count(self.low - held.start) + as_count(held.end - self.high)
    }

    /// Looks at new lines, then at older ones, the newest first; at most `budget` of them.
    pub fn look(&mut self, lines: &Lines, budget: usize) {
        if !self.wanted.sieves() {
            return;
        }
        let held = lines.numbers();
        let mut left = budget;
        while self.high < held.end && left > 0 {
            self.look_at_newer(lines);
            left -= 1;
        }
        while self.low > held.start && left > 0 {
            self.look_at_older(lines);
            left -= 1;
        }
    }

    /// Lines are no longer held.
    pub fn forget(&mut self, lines: &Lines) {
        let held = lines.numbers();
        for list in [&mut self.hits, &mut self.shown] {
            while list.front().is_some_and(|number| *number < held.start) {
                list.pop_front();
            }
            while list.back().is_some_and(|number| *number >= held.end) {
                list.pop_back();
            }
        }
        self.low = self.low.clamp(held.start, held.end);
        self.high = self.high.clamp(self.low, held.end);
    }

    fn passes(&self, lines: &Lines, number: i64) -> bool {
        lines.get(number).is_some_and(|line| self.wanted.passes(line.level, line.message))
    }

    fn reach(&self) -> Option<i64> {
        match self.wanted.around {
            Around::Nothing => Some(0),
            Around::Lines(count) => Some(i64::from(count)),
            Around::Everything => None,
        }
    }

    fn look_at_newer(&mut self, lines: &Lines) {
        let number = self.high;
        self.high += 1;
        let hit = self.passes(lines, number);
        let Some(reach) = self.reach() else {
            if hit {
                self.hits.push_back(number);
            }
            return;
        };
        if hit {
            let last = self.shown.back().copied().unwrap_or(i64::MIN);
            let from = (number - reach).max(last.saturating_add(1)).max(lines.numbers().start);
            self.shown.extend(from..=number);
            self.hits.push_back(number);
        } else if self.hits.back().is_some_and(|hit| number - hit <= reach) {
            self.shown.push_back(number);
        }
    }

    fn look_at_older(&mut self, lines: &Lines) {
        self.low -= 1;
        let number = self.low;
        let hit = self.passes(lines, number);
        let Some(reach) = self.reach() else {
            if hit {
                self.hits.push_front(number);
            }
            return;
        };
        if hit {
            let first = self.shown.front().copied().unwrap_or(i64::MAX);
            let to = (number + reach).min(first.saturating_sub(1)).min(lines.numbers().end - 1);
            for shown in (number..=to).rev() {
                self.shown.push_front(shown);
            }
            self.hits.push_front(number);
        } else if self.hits.front().is_some_and(|hit| hit - number <= reach)
            && self.shown.front().is_none_or(|first| *first > number)
        {
            self.shown.push_front(number);
        }
    }
}

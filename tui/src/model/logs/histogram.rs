//! How many lines of which level there were when: of the lines held, kept up as they come and go.

use watchfire_shared::log::Level;

/// Steps of time at most. When they do not reach any more, each takes twice as long.
const STEPS_MAX: usize = 512;
/// Microseconds of the shortest step.
const SHORTEST: i64 = 1_000;

type Counts = [u32; Level::ALL.len()];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// Microseconds: when the first step begins, and how long each is.
    start: i64,
    step: i64,
    steps: std::collections::VecDeque<Counts>,
    total: [i64; Level::ALL.len()],
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            start: 0,
            step: SHORTEST,
            steps: std::collections::VecDeque::new(),
            total: [0; Level::ALL.len()],
        }
    }
}

impl Histogram {
    pub const fn total(&self, level: Level) -> i64 {
        self.total[level as usize]
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub fn add(&mut self, at: i64, level: Level) {
        self.total[level as usize] += 1;
        if self.steps.is_empty() {
            self.start = at.div_euclid(self.step) * self.step;
            self.steps.push_back(Counts::default());
        }
        while self.index(at).is_none() {
            if !self.extend(at) {
                self.halve();
            }
        }
        if let Some(counts) = self.index(at).and_then(|index| self.steps.get_mut(index)) {
            counts[level as usize] = counts[level as usize].saturating_add(1);
        }
    }

    /// A line that was added is held no more.
    pub fn remove(&mut self, at: i64, level: Level) {
        let Some(counts) = self.index(at).and_then(|index| self.steps.get_mut(index)) else {
            return;
        };
        counts[level as usize] = counts[level as usize].saturating_sub(1);
        self.total[level as usize] -= 1;
        self.trim();
    }

    /// The time that the steps with lines cover, in microseconds.
    pub fn span(&self) -> Option<(i64, i64)> {
        let end = self.step.checked_mul(i64::try_from(self.steps.len()).ok()?)?;
        (!self.is_empty()).then(|| (self.start, self.start.saturating_add(end)))
    }

    /// The same counts in at most so many columns, each of as many steps; the last may have fewer.
    pub fn columns(&self, columns: usize) -> Vec<Counts> {
        let steps = self.steps.len().div_ceil(columns.max(1)).max(1);
        let mut out = vec![Counts::default(); self.steps.len().div_ceil(steps)];
        for (index, counts) in self.steps.iter().enumerate() {
            for (sum, count) in out[index / steps].iter_mut().zip(counts) {
                *sum = sum.saturating_add(*count);
            }
        }
        out.truncate(columns);
        out
    }

    fn index(&self, at: i64) -> Option<usize> {
        let index = at.checked_sub(self.start)?.div_euclid(self.step);
        usize::try_from(index).ok().filter(|index| *index < self.steps.len())
    }

    /// Adds steps up to this time; says whether there is room for them.
    fn extend(&mut self, at: i64) -> bool {
        let Some(distance) = at.checked_sub(self.start) else {
            return false;
        };
        let index = distance.div_euclid(self.step);
        let held = i64::try_from(self.steps.len()).unwrap_or(i64::MAX);
        let most = i64::try_from(STEPS_MAX).unwrap_or(i64::MAX);
        if index >= 0 {
            if index >= most {
                return false;
            }
            for _ in held..=index {
                self.steps.push_back(Counts::default());
            }
        } else {
            if held.saturating_sub(index) > most {
                return false;
            }
            for _ in index..0 {
                self.steps.push_front(Counts::default());
            }
            self.start += index * self.step;
        }
        true
    }

    /// Each step takes twice as long.
    fn halve(&mut self) {
        let step = self.step.saturating_mul(2);
        let odd = self.start.div_euclid(self.step).rem_euclid(2) == 1;
        if odd {
            self.steps.push_front(Counts::default());
            self.start -= self.step;
        }
        let mut joined = std::collections::VecDeque::with_capacity(self.steps.len() / 2 + 1);
        for (index, counts) in self.steps.iter().enumerate() {
            if index % 2 == 0 {
                joined.push_back(*counts);
            } else if let Some(last) = joined.back_mut() {
                for (sum, count) in last.iter_mut().zip(counts) {
                    *sum = sum.saturating_add(*count);
                }
            }
        }
        self.steps = joined;
        self.step = step;
    }

    /// Steps without lines at the ends say nothing.
    fn trim(&mut self) {
        while self.steps.front().is_some_and(|counts| *counts == Counts::default()) {
            self.steps.pop_front();
            self.start += self.step;
        }
        while self.steps.back().is_some_and(|counts| *counts == Counts::default()) {
            self.steps.pop_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sums(histogram: &Histogram, columns: usize) -> u32 {
        histogram.columns(columns).iter().flatten().sum()
    }

    #[test]
    fn it_shows_when_there_was_how_much() {
        let mut histogram = Histogram::default();
        for second in 0..10 {
            histogram.add(second * 1_000_000, Level::Info);
        }
        histogram.add(9_500_000, Level::Error);
        let columns = histogram.columns(10);
        assert_eq!(columns.len(), 10);
        assert_eq!(columns[9], [0, 0, 1, 0, 1, 0]);
        assert_eq!((histogram.total(Level::Info), histogram.total(Level::Error)), (10, 1));
    }

    #[test]
    fn what_is_gone_is_not_counted_and_its_time_not_shown() {
        let mut histogram = Histogram::default();
        histogram.add(0, Level::Warn);
        histogram.add(3_600_000_000, Level::Warn);
        histogram.remove(0, Level::Warn);
        let (start, end) = histogram.span().expect("a line");
        assert!(start <= 3_600_000_000 && end - start < 60_000_000, "{start} {end}");
        histogram.remove(3_600_000_000, Level::Warn);
        assert_eq!((histogram.span(), histogram.total(Level::Warn)), (None, 0));
    }

    proptest! {
        #[test]
        fn every_line_held_is_in_it_whatever_its_time(
            times in proptest::collection::vec((any::<i64>(), 0_usize..6), 1..60),
            columns in 1_usize..40,
        ) {
            let mut histogram = Histogram::default();
            // As far as times are told: within what a date can hold.
            let lines: Vec<(i64, Level)> = times
                .into_iter()
                .map(|(at, level)| (at / 1_024, Level::ALL[level]))
                .collect();
            for (at, level) in &lines {
                histogram.add(*at, *level);
                prop_assert!(histogram.steps.len() <= STEPS_MAX);
            }
            prop_assert_eq!(sums(&histogram, columns) as usize, lines.len());
            let half = lines.len() / 2;
            for (at, level) in &lines[..half] {
                histogram.remove(*at, *level);
            }
            prop_assert_eq!(sums(&histogram, columns) as usize, lines.len() - half);
            for (at, level) in &lines[half..] {
                histogram.remove(*at, *level);
            }
            prop_assert!(histogram.is_empty());
        }
    }
}

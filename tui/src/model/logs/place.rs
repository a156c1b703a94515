//! Where a log pane stands: a line that the cursor is on, and the lowest line that is visible. Both
//! are numbers of lines, so nothing moves when lines come or go.

use crate::action::Move;

use super::sieve::Shown;

/// None in both follows the newest line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    cursor: Option<i64>,
    bottom: Option<i64>,
}

/// The rows there are, and how many of them each line takes.
pub struct Extent<'a> {
    pub shown: Shown<'a>,
    pub rows: usize,
    /// Rows of the line with this number: at least one, at most `rows`.
    pub height: &'a dyn Fn(i64) -> usize,
}

/// What is visible, as places among the lines shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub first: usize,
    /// Behind the last visible one.
    pub end: usize,
    pub cursor: usize,
}

impl Extent<'_> {
    fn height(&self, index: usize) -> usize {
        self.shown.at(index).map_or(1, |number| (self.height)(number).max(1))
    }

    /// The first line of a page that ends with this one.
    fn up_from(&self, bottom: usize) -> usize {
        let mut first = bottom;
        let mut used = self.height(bottom);
        while first > 0 {
            used += self.height(first - 1);
            if used > self.rows {
                break;
            }
            first -= 1;
        }
        first
    }

    /// Behind the last line of a page that begins with this one.
    fn down_from(&self, first: usize) -> usize {
        let mut end = first + 1;
        let mut used = self.height(first);
        while end < self.shown.len() {
            used += self.height(end);
            if used > self.rows {
                break;
            }
            end += 1;
        }
        end
    }
}

impl Place {
    pub const fn follows(self) -> bool {
        self.cursor.is_none()
    }

    /// The line of the cursor; none when it follows.
    pub const fn held_at(self) -> Option<i64> {
        self.cursor
    }

    pub const fn follow(&mut self) {
        *self = Self { cursor: None, bottom: None };
    }

    /// Puts the cursor on a line, and the line in sight.
    pub fn put(&mut self, number: i64) {
        let bottom = self.bottom.map_or(number, |bottom| bottom.max(number));
        *self = Self { cursor: Some(number), bottom: Some(bottom) };
    }

    /// Puts the cursor on a line that is visible: nothing moves. On the last of all it follows.
    pub fn point(&mut self, number: i64, extent: &Extent<'_>) {
        let bottom = self.window(extent).and_then(|window| extent.shown.at(window.end - 1));
        *self = if extent.shown.place_of(number) + 1 >= extent.shown.len() {
            Self::default()
        } else {
            Self { cursor: Some(number), bottom }
        };
    }

    /// None when there is no line.
    pub fn window(self, extent: &Extent<'_>) -> Option<Window> {
        let last = extent.shown.len().checked_sub(1)?;
        let place_of = |number: Option<i64>| number.map_or(last, |it| extent.shown.place_of(it));
        let cursor = place_of(self.cursor);
        let bottom = if self.follows() { last } else { place_of(self.bottom).max(cursor) };
        let first = extent.up_from(bottom);
        Some(if cursor < first {
            Window { first: cursor, end: extent.down_from(cursor), cursor }
        } else if first == 0 {
            // The page has room below its bottom.
            Window { first, end: extent.down_from(0), cursor }
        } else {
            Window { first, end: bottom + 1, cursor }
        })
    }

    pub fn go(&mut self, step: Move, extent: &Extent<'_>) {
        let Some(window) = self.window(extent) else {
            return;
        };
        let last = extent.shown.len() - 1;
        let visible = window.end - window.first;
        let (half, page) = ((visible / 2).max(1), visible.saturating_sub(1).max(1));
        let cursor = match step {
            Move::Down => window.cursor + 1,
            Move::Up => window.cursor.saturating_sub(1),
            Move::HalfDown => window.cursor + half,
            Move::HalfUp => window.cursor.saturating_sub(half),
            Move::PageDown => window.cursor + page,
            Move::PageUp => window.cursor.saturating_sub(page),
            Move::First => 0,
            Move::Last => last,
        };
        let bottom = match step {
            Move::HalfDown => window.end - 1 + half,
            Move::PageDown => window.end - 1 + page,
            Move::HalfUp => (window.end - 1).saturating_sub(half),
            Move::PageUp => (window.end - 1).saturating_sub(page),
            _ => window.end - 1,
        };
        if cursor >= last {
            self.follow();
            return;
        }
        let moved = Self {
            cursor: extent.shown.at(cursor),
            bottom: extent.shown.at(bottom.max(cursor).min(last)),
        };
        // What is visible now decides where the page ends.
        let window = moved.window(extent);
        let bottom = window.and_then(|window| extent.shown.at(window.end - 1));
        *self = Self { bottom, ..moved };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(len: usize, height: &dyn Fn(i64) -> usize) -> Extent<'_> {
        Extent { shown: Shown::All { first: 1, len }, rows: 4, height }
    }

    fn after(place: &mut Place, len: usize, steps: &[Move]) -> (usize, usize, usize) {
        for step in steps {
            place.go(*step, &extent(len, &|_| 1));
        }
        let window = place.window(&extent(len, &|_| 1)).expect("lines");
        (window.first, window.cursor, window.end)
    }

    #[test]
    fn the_cursor_moves_within_the_page_and_takes_it_along_at_its_ends() {
        let mut place = Place::default();
        assert_eq!(after(&mut place, 10, &[]), (6, 9, 10));
        assert_eq!(after(&mut place, 10, &[Move::Up, Move::Up]), (6, 7, 10));
        assert_eq!(after(&mut place, 10, &[Move::Up, Move::Up]), (5, 5, 9));
        assert_eq!(after(&mut place, 10, &[Move::Down]), (5, 6, 9));
        assert_eq!(after(&mut place, 10, &[Move::First]), (0, 0, 4));
        assert_eq!(after(&mut place, 10, &[Move::PageDown]), (3, 3, 7));
        assert_eq!(after(&mut place, 10, &[Move::HalfDown]), (5, 5, 9));
        assert_eq!(after(&mut place, 10, &[Move::PageUp]), (2, 2, 6));
        assert_eq!(after(&mut place, 10, &[Move::Last]), (6, 9, 10));
        assert!(place.follows());
    }

    #[test]
    fn what_is_read_stays_when_lines_come_and_go() {
        let mut place = Place::default();
        assert_eq!(after(&mut place, 10, &[Move::Up, Move::Up]), (6, 7, 10));
        assert_eq!(after(&mut place, 30, &[]), (6, 7, 10));
        let dropped = Extent { shown: Shown::All { first: 6, len: 25 }, rows: 4, height: &|_| 1 };
        let window = place.window(&dropped).expect("lines");
        assert_eq!((window.first, window.cursor, window.end), (1, 2, 5));
        let gone = Extent { shown: Shown::All { first: 20, len: 5 }, rows: 4, height: &|_| 1 };
        let window = place.window(&gone).expect("lines");
        assert_eq!((window.first, window.cursor, window.end), (0, 0, 4));
    }

    #[test]
    fn lines_of_several_rows_fit_the_page_whole() {
        let height = |number: i64| if number == 8 { 3 } else { 1 };
        let mut place = Place::default();
        let tall = extent(10, &height);
        let window = place.window(&tall).expect("lines");
        assert_eq!((window.first, window.end), (8, 10));
        place.put(8);
        let window = place.window(&tall).expect("lines");
        assert_eq!((window.first, window.end, window.cursor), (6, 8, 7));
    }

    #[test]
    fn few_lines_do_not_scroll() {
        let mut place = Place::default();
        assert_eq!(after(&mut place, 2, &[Move::Up, Move::PageUp]), (0, 0, 2));
        place.go(Move::Up, &extent(0, &|_| 1));
        assert_eq!(place.window(&extent(0, &|_| 1)), None);
    }
}

//! How the rows of the screen are shared out. The view draws by these numbers and `update` scrolls by
//! them, so that both speak of the same page.

/// From this width on words are written out and panes stand side by side.
pub const WIDE: u16 = 120;
/// From this width on the list shows the selected incident beside it.
pub const SIDE: u16 = 150;

/// Rows of the list screen, from the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListRows {
    pub query: u16,
    pub header: u16,
    pub rows: u16,
    /// The rule and the one-line answer below it.
    pub answer: u16,
    pub foot: u16,
}

/// What there is no room for goes in this order: the answer, the header, the query, the foot.
pub fn list_rows(height: u16) -> ListRows {
    let foot = u16::from(height >= 3);
    let query = u16::from(height >= 5);
    let header = u16::from(height >= 7);
    let answer = if height >= 10 { 2 } else { 0 };
    ListRows {
        query,
        header,
        rows: height.saturating_sub(1 + query + header + answer + foot),
        answer,
        foot,
    }
}

/// Rows of the content of an opened incident: below head, title and tabs, above the foot.
pub fn detail_rows(height: u16) -> u16 {
    height.saturating_sub(if height >= 8 { 5 } else { 4 })
}

/// The row that this content begins at.
pub fn detail_top(height: u16) -> u16 {
    height.saturating_sub(detail_rows(height) + 1)
}

/// Rows of a screen between head and foot.
pub const fn screen_rows(height: u16) -> u16 {
    height.saturating_sub(if height >= 3 { 2 } else { 1 })
}

/// Rows of a log pane, from the top: what is shown, when there was how much, the lines. What else may
/// stand there one day takes its rows here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRows {
    pub header: u16,
    pub histogram: u16,
    pub lines: u16,
}

/// The lines come first; the histogram has a second row for the errors alone where there is room.
pub const fn log_rows(height: u16) -> LogRows {
    let histogram = match height {
        ..8 => 0,
        8..24 => 1,
        _ => 2,
    };
    let header = if height > 0 { 1 } else { 0 };
    LogRows { header, histogram, lines: height - header - histogram }
}

/// Rows of a page that lies on the screen, below head and title, above the foot.
pub fn page_rows(height: u16) -> usize {
    usize::from(height.saturating_sub(3)).max(1)
}

/// What stands between two areas that are side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wall {
    /// The list and the selected incident.
    List,
    /// A tab of the opened incident and its log pane.
    Opened,
    /// What happens, and how it gets on.
    Events,
}

impl Wall {
    /// From this width on there is one.
    pub const fn from_width(self) -> u16 {
        match self {
            Self::List => SIDE,
            Self::Opened | Self::Events => WIDE,
        }
    }

    /// Columns that the areas on the left and on the right have at least.
    const fn least(self) -> (u16, u16) {
        match self {
            Self::List => (70, 30),
            Self::Opened | Self::Events => (40, 40),
        }
    }

    /// Free columns between the left area and the right one, the wall being the last of them; the
    /// wall beside the list is its neighbour's own first column.
    const fn between(self) -> u16 {
        match self {
            Self::List => 0,
            Self::Opened | Self::Events => 2,
        }
    }
}

/// What a share is counted in.
const WHOLE: u32 = 1_000;

/// Where the walls stand: the share of the width on the left of each that was moved, so that it stays
/// where it is when the window gets another size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Walls([Option<u32>; 3]);

impl Walls {
    /// Columns of the areas on both sides; 0 on the right where nothing stands beside the left one.
    pub fn columns(self, wall: Wall, width: u16) -> (u16, u16) {
        if width < wall.from_width() {
            return (width, 0);
        }
        let usual = match wall {
            Wall::List => u32::from(width - (width / 3).min(70)),
            Wall::Opened | Wall::Events => u32::from(width) * 45 / 100,
        };
        let moved = |share: u32| (share * u32::from(width) + WHOLE / 2) / WHOLE;
        let left = self.0[wall as usize].map_or(usual, moved);
        let (least, right) = wall.least();
        let left = u16::try_from(left).unwrap_or(u16::MAX);
        let left = left.clamp(least, width - wall.between() - right);
        (left, width - wall.between() - left)
    }

    /// The column of the wall itself, where there is one.
    pub fn place(self, wall: Wall, width: u16) -> Option<u16> {
        let (left, right) = self.columns(wall, width);
        (right > 0).then_some(left + wall.between().saturating_sub(1))
    }

    /// Moves a wall to a column, as far as both sides keep their least width.
    pub fn put(&mut self, wall: Wall, column: u16, width: u16) {
        let left = u32::from(column.saturating_sub(wall.between().saturating_sub(1)));
        let width = u32::from(width.max(1));
        self.0[wall as usize] = Some((left * WHOLE + width / 2) / width);
        let (left, _) = self.columns(wall, u16::try_from(width).unwrap_or(u16::MAX));
        self.0[wall as usize] = Some((u32::from(left) * WHOLE + width / 2) / width);
    }
}

/// Rows of the events screen between head and foot, without the rules between them. From [`WIDE`] on
/// the feed stands on the left of the other two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventsRows {
    pub feed: u16,
    pub pipeline: u16,
    pub letters: u16,
}

/// `pipeline` and `letters` are the rows they would like to have. The pipeline comes first, then the
/// letters; the feed takes what is left, and at least as much as the letters.
pub fn events_rows(size: (u16, u16), pipeline: usize, letters: usize) -> EventsRows {
    let rows = |wanted: usize, most: u16| u16::try_from(wanted).unwrap_or(most).min(most);
    let content = size.1.saturating_sub(1 + u16::from(size.1 >= 3));
    if size.0 >= WIDE {
        let pipeline = rows(pipeline, content.saturating_sub(1) / 2);
        let letters = content.saturating_sub(pipeline + 1);
        return EventsRows { feed: content, pipeline, letters };
    }
    let room = content.saturating_sub(2);
    let pipeline = rows(pipeline, room * 2 / 5);
    let letters = rows(letters, (room - pipeline) / 2);
    let rules = u16::from(pipeline > 0) + u16::from(letters > 0);
    EventsRows { feed: content.saturating_sub(pipeline + letters + rules), pipeline, letters }
}

/// Lines of the feed: where there is room it has a title.
pub const fn feed_lines(rows: u16) -> u16 {
    if rows < 3 { rows } else { rows - 1 }
}

/// A sheet of `rows` lines that rises from the foot, its rule not counted: the row of the rule, and
/// the rows it takes with it. It never covers head and foot.
pub fn sheet(height: u16, rows: u16) -> (u16, u16) {
    let taken = rows.saturating_add(1).min(height.saturating_sub(2));
    (height.saturating_sub(taken + 1), taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_stands_where_it_was_put_and_leaves_room_on_both_sides() {
        for wall in [Wall::List, Wall::Opened, Wall::Events] {
            for width in wall.from_width()..500 {
                let mut walls = Walls::default();
                let (least, right) = wall.least();
                assert!(walls.place(wall, width).is_some());
                for column in [0, least + 10, width - right - 10, width] {
                    walls.put(wall, column, width);
                    let (left, beside) = walls.columns(wall, width);
                    assert!(left >= least && beside >= right, "{wall:?} {width} {column}");
                    assert_eq!(left + wall.between() + beside, width);
                    let put = walls.place(wall, width).expect("a wall");
                    let inside = (least + 2..width - right - 2).contains(&column);
                    assert!(!inside || put == column, "{wall:?} {width}: {put} for {column}");
                }
            }
            assert_eq!(Walls::default().place(wall, wall.from_width() - 1), None);
        }
    }

    #[test]
    fn another_width_keeps_the_share() {
        let mut walls = Walls::default();
        walls.put(Wall::Opened, 120, 200);
        walls.columns(Wall::Opened, 80);
        assert_eq!(walls.place(Wall::Opened, 400), Some(239));
        assert_eq!(walls.place(Wall::Opened, 200), Some(120));
    }
}

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

/// Columns of an opened incident: the tab's content, and the log pane beside it (0: not shown).
pub fn detail_columns(width: u16) -> (u16, u16) {
    if width < WIDE {
        return (width, 0);
    }
    // A free column and the wall stand between them.
    let left = (u32::from(width) * 45 / 100).try_into().unwrap_or(width);
    (left, width - left - 2)
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
    if detail_columns(size.0).1 > 0 {
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

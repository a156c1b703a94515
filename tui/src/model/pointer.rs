//! The mouse, where the terminal was asked for it, and what stands under it. Rows and columns are those
//! that the view draws by.

use chrono::{DateTime, TimeDelta, Utc};
use watchfire_shared::ids::IncidentId;

use super::detail::Tab;
use super::groups::Line;
use super::layout::{self, Wall};
use super::logs;
use super::{Model, Screen};

/// A second click within this time is one with the first.
const TWICE: TimeDelta = TimeDelta::milliseconds(400);

#[derive(Debug, Default)]
pub struct Pointer {
    /// The terminal is to tell of it.
    pub captured: bool,
    /// The wall that moves with it.
    pub drags: Option<Wall>,
    /// The incident that was clicked on last.
    clicked: Option<(IncidentId, DateTime<Utc>)>,
}

impl Pointer {
    pub fn new(captured: bool) -> Self {
        Self { captured, ..Self::default() }
    }

    /// A click on an incident; says whether it is the second one on the same.
    pub fn click(&mut self, id: IncidentId, now: DateTime<Utc>) -> bool {
        let twice = self.clicked.is_some_and(|(other, at)| other == id && now - at <= TWICE);
        self.clicked = (!twice).then_some((id, now));
        twice
    }
}

/// What stands somewhere on a screen on which nothing lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    Query,
    List(Option<IncidentId>),
    /// The label of a tab.
    Label(Tab),
    /// What a tab shows that has no lines to choose.
    Tab(Tab),
    /// A log pane, on this line.
    Lines(Option<i64>),
    Feed,
    /// How events get on, and what could not be handled.
    Letters,
    People,
    Wall(Wall),
    Nothing,
}

impl Model {
    /// The wall that the screen has, where it is wide enough for one.
    pub const fn wall(&self) -> Option<Wall> {
        match self.screen {
            Screen::Incidents => Some(Wall::List),
            Screen::Detail => Some(Wall::Opened),
            Screen::Events => Some(Wall::Events),
            Screen::Logs | Screen::Cache | Screen::Health | Screen::People => None,
        }
    }

    pub fn under(&self, column: u16, row: u16) -> Under {
        let (width, height) = self.size;
        let rows = layout::screen_rows(height);
        if column >= width || row == 0 || row > rows {
            return Under::Nothing;
        }
        match self.screen {
            Screen::Incidents => self.under_list(column, row),
            Screen::Detail => self.under_opened(column, row),
            Screen::Events => self.under_events(column, row),
            Screen::Logs => Under::Lines(self.line_below(row - 1, rows)),
            Screen::People => Under::People,
            Screen::Cache | Screen::Health => Under::Nothing,
        }
    }

    fn under_list(&self, column: u16, row: u16) -> Under {
        let shares = layout::list_rows(self.size.1);
        if row <= shares.query {
            return Under::Query;
        }
        let top = 1 + shares.query + shares.header;
        let wall = self.walls.place(Wall::List, self.size.0);
        if row >= top + shares.rows {
            return Under::Nothing;
        }
        match wall {
            Some(wall) if column == wall => return Under::Wall(Wall::List),
            Some(wall) if column > wall => return Under::Nothing,
            _ => {}
        }
        let line = row.checked_sub(top).and_then(|below| {
            let mut lines = self.list.lines(usize::from(shares.rows));
            lines.nth(usize::from(below))
        });
        match line {
            Some(Line::Row(id)) => Under::List(Some(id)),
            Some(Line::Head(_)) | None => Under::List(None),
        }
    }

    fn under_opened(&self, column: u16, row: u16) -> Under {
        let (width, height) = self.size;
        let Some(detail) = &self.detail else {
            return Under::Nothing;
        };
        if row == 2 {
            let label = self.known.get(detail.id).and_then(|it| detail.tab_at(it, column, width));
            return label.map_or(Under::Nothing, Under::Label);
        }
        let Some(below) = row.checked_sub(layout::detail_top(height)) else {
            return Under::Nothing;
        };
        let rows = layout::detail_rows(height);
        match self.walls.place(Wall::Opened, width) {
            Some(wall) if column == wall => Under::Wall(Wall::Opened),
            Some(wall) if column > wall => Under::Lines(self.line_below(below, rows)),
            Some(_) if detail.tab == Tab::Logs => Under::Tab(Tab::Timeline),
            None if detail.tab == Tab::Logs => Under::Lines(self.line_below(below, rows)),
            _ => Under::Tab(detail.tab),
        }
    }

    fn under_events(&self, column: u16, row: u16) -> Under {
        let shares = self.events.rows(self.size);
        match self.walls.place(Wall::Events, self.size.0) {
            Some(wall) if column == wall => Under::Wall(Wall::Events),
            Some(wall) if column > wall => Under::Letters,
            None if row > shares.feed => Under::Letters,
            _ => Under::Feed,
        }
    }

    /// The line that stands so many rows below the beginning of the log pane, which has `rows`.
    fn line_below(&self, below: u16, rows: u16) -> Option<i64> {
        let shares = layout::log_rows(rows);
        let row = below.checked_sub(shares.header + shares.histogram)?;
        logs::line_at(self, row)
    }
}

//! The rows of the incident list in columns:
//!
//! ```text
//!  PRI      REF      STATUS       AGE  TITLE                 SERVICE     WHO
//! ▌▲▲ crit ◆INC-204  ○ open     !  2m  Checkout latency p9…  checkout    –
//! ```

use ratatui::style::Style;
use watchfire_shared::incident::{Incident, Status};
use watchfire_shared::page::{Sort, SortKey};

use crate::model::columns::Column;
use crate::model::commands::Cell;
use crate::model::words::number;
use crate::model::{Model, age};
use crate::safe::SafeText;
use crate::theme::{Theme, short_priority, short_status};

use super::paint::Pen;

/// Which columns there is room for, and how wide they are.
pub struct Table {
    columns: Vec<(Column, usize)>,
    /// The whole word of a status.
    long_status: bool,
}

const GAP: usize = 2;

/// What leaves when it gets narrow, the first first. The others stay.
const LEAVING: [Column; 5] =
    [Column::Score, Column::Logs, Column::Alerts, Column::Who, Column::Service];

impl Table {
    pub fn new(width: usize, model: &Model) -> Self {
        let chosen = model.list.columns.as_ref().unwrap_or(&model.setup.columns);
        let wanted = if model.list.wide { chosen.all() } else { chosen.0.clone() };
        let mut table = Self {
            columns: wanted.iter().map(|column| (*column, usual(*column, width))).collect(),
            long_status: width >= 100,
        };
        table.set(Column::Reference, longest_reference(model));
        // The bar on the left, and an empty column on the right.
        let room = width.saturating_sub(2);
        for column in LEAVING {
            if table.width() + least_title(column, model.list.wide) > room {
                table.columns.retain(|(it, _)| *it != column);
            }
        }
        table.set(Column::Title, room.saturating_sub(table.width()));
        table
    }

    fn set(&mut self, column: Column, width: usize) {
        for (_, it) in self.columns.iter_mut().filter(|(it, _)| *it == column) {
            *it = width;
        }
    }

    /// Whether there is no room for a title in its column, or no such column.
    pub fn cuts(&self, title: &str) -> bool {
        let room = self.columns.iter().find(|(column, _)| *column == Column::Title);
        room.is_none_or(|(_, room)| SafeText::line(title).width() > *room)
    }

    /// Of everything but the title.
    fn width(&self) -> usize {
        self.spaced().map(|(gap, _, width)| gap + width).sum()
    }

    /// Each column with the gap before it and its width.
    fn spaced(&self) -> impl Iterator<Item = (usize, Column, usize)> {
        let before = self.columns.iter().map(|(column, _)| Some(*column));
        let before = std::iter::once(None).chain(before);
        self.columns.iter().zip(before).map(|((column, width), before)| {
            let gap = match (before, column) {
                // The status ends with a mark that is seldom there.
                (None, _) | (Some(Column::Status), Column::Age) => 0,
                _ => GAP,
            };
            (gap, *column, *width)
        })
    }

    /// The column that the list is ordered by has an arrow.
    pub fn header(&self, pen: &mut Pen, sort: Sort) {
        let dim = pen.theme.dim();
        let arrow = pen.theme.order(sort.reversed);
        let titled = |title: &str, by| {
            if sort.by == by { format!("{title}{arrow}") } else { title.to_owned() }
        };
        pen.gap(1);
        for (gap, column, width) in self.spaced() {
            pen.gap(gap);
            match column {
                Column::Priority => pen.cell(&titled("PRI", SortKey::Priority), width, dim),
                Column::Reference => pen.cell(&titled("REF", SortKey::Reference), width, dim),
                Column::Status => pen.cell("STATUS", width, dim),
                Column::Age => pen.number(&titled("AGE", SortKey::Created), width, dim),
                Column::Title => pen.cell("TITLE", width, dim),
                Column::Service => pen.cell("SERVICE", width, dim),
                Column::Who => pen.cell("WHO", width, dim),
                Column::Alerts => pen.number("ALERTS", width, dim),
                Column::Logs => pen.number("LOGS", width, dim),
                Column::Score => pen.number(&titled("SCORE", SortKey::Score), width, dim),
            }
        }
    }

    pub fn row(&self, pen: &mut Pen, model: &Model, incident: &Incident) {
        #[cfg(test)]
        super::drawn::row();
        let theme = pen.theme;
        let selected = model.list.selected == Some(incident.id);
        if selected {
            pen.style_line(theme.selected());
        }
        pen.text(if selected { theme.bar() } else { " " }, theme.accent());
        for (gap, column, width) in self.spaced() {
            if column == Column::Reference && gap > 0 && model.marks.contains(incident.id) {
                pen.gap(gap - 1);
                pen.text(theme.mark(), theme.accent());
            } else {
                pen.gap(gap);
            }
            self.cell(pen, model, incident, column, width);
        }
    }

    fn cell(
        &self,
        pen: &mut Pen,
        model: &Model,
        incident: &Incident,
        column: Column,
        width: usize,
    ) {
        let theme = pen.theme;
        let id = incident.id;
        // Rows that do not answer what stands in the query bar.
        let stale = !model.list.loaded || model.list.query.mistake.is_some();
        let faded = stale || model.list.ghost == Some(id);
        let closed = faded || incident.status == Status::Closed;
        let pick = |style| if closed { theme.dim() } else { style };
        match column {
            Column::Priority => {
                priority(pen, model, incident, pick(theme.priority(incident.priority)));
            }
            Column::Reference => {
                let fresh = model.list.is_fresh(id, model.now);
                let accented = fresh || model.marks.contains(id);
                let style = if accented { theme.accent() } else { theme.dim() };
                pen.cell(&incident.reference.to_string(), width, style);
            }
            Column::Status => {
                self.status(pen, model, incident, width, pick(theme.status(incident.status)));
            }
            Column::Age => {
                pen.number(&age::age(incident.created_at, model.now), width, theme.dim());
            }
            Column::Title => {
                let pending = model.commands.is_pending(id, Cell::Title);
                let title = if pending { theme.pending() } else { &incident.title };
                pen.cell(title, width, pick(theme.plain()));
            }
            Column::Service => pen.cell(&incident.service, width, pick(theme.plain())),
            Column::Who => pen.cell(&who(model, incident, theme), width, pick(theme.work())),
            Column::Alerts => pen.number(&nonzero(incident.firing_alerts), width, theme.dim()),
            Column::Logs => pen.number(&nonzero(incident.log_count), width, theme.dim()),
            Column::Score => {
                let score = incident.score.map(|score| format!("{score:.0}"));
                pen.number(&score.unwrap_or_default(), width, theme.dim());
            }
        }
    }

    fn status(
        &self,
        pen: &mut Pen,
        model: &Model,
        incident: &Incident,
        width: usize,
        style: Style,
    ) {
        let theme = pen.theme;
        let status = incident.status;
        let word = if self.long_status { status.as_str() } else { short_status(status) };
        let pending = model.commands.is_pending(incident.id, Cell::Status);
        let word = if pending { theme.pending() } else { word };
        let glyph = theme.status_glyph(status);
        let room = width.saturating_sub(2);
        // Where the word has no room the sign says it, also that it waits.
        let text = match room {
            0..=3 if pending => theme.pending().to_owned(),
            0..=3 => glyph.to_owned(),
            _ => format!("{glyph} {word}"),
        };
        pen.cell(&text, room, style);
        pen.gap(1);
        pen.cell(if incident.firing_alerts > 0 { "!" } else { "" }, 1, theme.bad());
    }
}

/// Columns of a cell; the title takes what is left.
const fn usual(column: Column, width: usize) -> usize {
    let wide = width >= 120;
    match column {
        Column::Priority | Column::Reference => 7,
        Column::Status => match width {
            100.. => 17,
            56.. => 12,
            _ => 3,
        },
        Column::Age => 4,
        Column::Title => 0,
        Column::Service => {
            if wide {
                16
            } else {
                10
            }
        }
        Column::Who => {
            if wide {
                12
            } else {
                8
            }
        }
        Column::Alerts | Column::Score => 6,
        Column::Logs => 8,
    }
}

/// What the title keeps before a column goes.
const fn least_title(column: Column, wide: bool) -> usize {
    match column {
        _ if wide => 12,
        Column::Service | Column::Who => 20,
        _ => 34,
    }
}

fn longest_reference(model: &Model) -> usize {
    let visible = model.list.visible(model.list_height()).iter();
    let incidents = visible.filter_map(|id| model.known.get(*id));
    let widths = incidents.map(|incident| incident.reference.to_string().len());
    widths.max().unwrap_or(0).max(usual(Column::Reference, 0))
}

fn nonzero(value: i64) -> String {
    if value == 0 { String::new() } else { number(value) }
}

fn priority(pen: &mut Pen, model: &Model, incident: &Incident, style: Style) {
    let theme = pen.theme;
    let pending = model.commands.is_pending(incident.id, Cell::Priority);
    pen.cell(theme.priority_glyph(incident.priority), 2, style);
    pen.gap(1);
    let word = if pending { theme.pending() } else { short_priority(incident.priority) };
    pen.cell(word, 4, style);
}

/// Who works on it, as a cell.
fn who(model: &Model, incident: &Incident, theme: Theme) -> String {
    if model.commands.is_pending(incident.id, Cell::Who) {
        return theme.pending().to_owned();
    }
    match &incident.assigned_to {
        Some(user) => user.name.clone(),
        None => theme.none().to_owned(),
    }
}

//! The rows of the incident list in columns:
//!
//! ```text
//!  PRI      REF      STATUS       AGE  TITLE                 SERVICE     WHO
//! ▌▲▲ crit ◆INC-204  ○ open     !  2m  Checkout latency p9…  checkout    –
//! ```

use ratatui::style::Style;
use watchfire_shared::incident::{Incident, Status};

use crate::model::commands::Cell;
use crate::model::words::number;
use crate::model::{Model, age};
use crate::theme::{Theme, short_priority, short_status};

use super::paint::Pen;

/// Which columns there is room for, and how wide they are. They leave from the right: score, logs,
/// alerts, who, service.
pub struct Table {
    reference: usize,
    status: usize,
    long_status: bool,
    title: usize,
    service: usize,
    who: usize,
    alerts: usize,
    logs: usize,
    score: usize,
}

const GAP: usize = 2;

impl Table {
    pub fn new(width: usize, model: &Model) -> Self {
        let visible = model.list.visible(model.list_height());
        let reference = visible
            .iter()
            .filter_map(|id| model.known.get(*id))
            .map(|incident| incident.reference.to_string().len())
            .max()
            .unwrap_or(0)
            .max(7);
        let long_status = width >= 100;
        let status = match (long_status, width >= 56) {
            (true, _) => 15,
            (false, true) => 10,
            (false, false) => 1,
        };
        // Bar, priority, firing mark, age, and the gaps between and behind them.
        let fixed = 1 + 7 + GAP + reference + GAP + status + 2 + 4 + GAP;
        let mut room = width.saturating_sub(fixed + 1);
        let mut take = |columns: usize, title: usize| {
            let fits = room >= columns + GAP + title;
            if fits {
                room -= columns + GAP;
            }
            if fits { columns } else { 0 }
        };
        let wide = width >= 120;
        let service = take(if wide { 16 } else { 10 }, 20);
        let who = take(if wide { 12 } else { 8 }, 20);
        let alerts = take(6, 34);
        let logs = take(8, 34);
        let score = take(5, 34);
        Self { reference, status, long_status, title: room, service, who, alerts, logs, score }
    }

    pub fn header(&self, pen: &mut Pen) {
        let dim = pen.theme.dim();
        pen.gap(1);
        pen.cell("PRI", 7 + GAP, dim);
        pen.cell("REF", self.reference + GAP, dim);
        pen.cell("STATUS", self.status + 2, dim);
        pen.number("AGE", 4, dim);
        pen.gap(GAP);
        pen.cell("TITLE", self.title, dim);
        for (width, text) in [(self.service, "SERVICE"), (self.who, "WHO")] {
            if width > 0 {
                pen.gap(GAP);
                pen.cell(text, width, dim);
            }
        }
        let numbers = [(self.alerts, "ALERTS"), (self.logs, "LOGS"), (self.score, "SCORE")];
        for (width, text) in numbers {
            if width > 0 {
                pen.gap(GAP);
                pen.number(text, width, dim);
            }
        }
    }

    pub fn row(&self, pen: &mut Pen, model: &Model, incident: &Incident) {
        let theme = pen.theme;
        let id = incident.id;
        let selected = model.list.selected == Some(id);
        let faded = model.list.ghost == Some(id) || !model.list.loaded;
        let closed = faded || incident.status == Status::Closed;
        let pick = |style| if closed { theme.dim() } else { style };
        let base = pick(theme.plain());
        if selected {
            pen.style_line(theme.bold());
        }
        pen.text(if selected { theme.bar() } else { " " }, theme.accent());
        priority(pen, model, incident, pick(theme.priority(incident.priority)));
        let fresh = model.list.is_fresh(id, model.now);
        let marked = model.marks.contains(id);
        let style = match (marked, fresh) {
            (true, _) => theme.marked(),
            (false, true) => theme.accent(),
            (false, false) => theme.dim(),
        };
        pen.text(if marked { theme.mark() } else { " " }, style);
        pen.cell(&incident.reference.to_string(), self.reference + GAP, style);
        self.status(pen, model, incident, pick(theme.status(incident.status)));
        let firing = if incident.firing_alerts > 0 { "!" } else { "" };
        pen.cell(firing, 1, theme.bad());
        pen.number(&age::age(incident.created_at, model.now), 4, theme.dim());
        pen.gap(GAP);
        let pending = model.commands.is_pending(id, Cell::Title);
        let title = if pending { theme.pending() } else { &incident.title };
        pen.cell(title, self.title, base);
        if self.service > 0 {
            pen.gap(GAP);
            pen.cell(&incident.service, self.service, base);
        }
        if self.who > 0 {
            pen.gap(GAP);
            pen.cell(&who(model, incident, theme), self.who, pick(theme.work()));
        }
        self.numbers(pen, incident);
    }

    fn status(&self, pen: &mut Pen, model: &Model, incident: &Incident, style: Style) {
        let theme = pen.theme;
        let status = incident.status;
        let word = if self.long_status { status.as_str() } else { short_status(status) };
        let pending = model.commands.is_pending(incident.id, Cell::Status);
        let word = if pending { theme.pending() } else { word };
        let text = format!("{} {word}", theme.status_glyph(status));
        pen.cell(&text, self.status, style);
        pen.gap(1);
    }

    fn numbers(&self, pen: &mut Pen, incident: &Incident) {
        let dim = pen.theme.dim();
        let score = incident.score.map(|score| format!("{score:.0}"));
        for (width, value) in [
            (self.alerts, nonzero(incident.firing_alerts)),
            (self.logs, nonzero(incident.log_count)),
            (self.score, score.unwrap_or_default()),
        ] {
            if width > 0 {
                pen.gap(GAP);
                pen.number(&value, width, dim);
            }
        }
    }
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
    // The mark takes the column before the reference.
    pen.cell(word, 4 + GAP - 1, style);
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

//! One incident, opened:
//!
//! ```text
//!  INC-204 Checkout latency p99 over 4 s              ▲▲ crit  ◐ investigating  dana
//!  Overview  [Timeline 9]  Alerts 2  Logs 1,204                   times in UTC+02:00
//! ──────────────────────────────────────────────────────────────────────────────────
//!     20:41:07 system        alert fired    CheckoutSlow i-a
//!     20:42:10 dana          investigating
//! ```
//!
//! From 120 columns on the log pane stands on the right of the other tabs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use watchfire_shared::incident::Incident;

use crate::action::Action;
use crate::event::Failure;
use crate::keymap::Context;
use crate::model::commands::Cell;
use crate::model::detail::{Detail, Tab};
use crate::model::layout::Wall;
use crate::model::overview::instead;
use crate::model::{Model, layout};
use crate::theme::{Theme, short_priority};

use super::paint::{Pen, rule, wrapped};
use super::{Cursor, alerts, assessment, logs, overview, rows, time, timeline};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model) -> Cursor {
    let theme = Theme::new(model);
    let detail = model.detail.as_ref()?;
    let incident = model.known.get(detail.id)?;
    title(&mut Pen::new(buf, area, 1, theme), model, incident);
    tabs(&mut Pen::new(buf, area, 2, theme), model, detail, incident);
    let height = layout::detail_rows(area.height);
    let top = layout::detail_top(area.height);
    if top > 3 {
        rule(buf, area, 3, theme);
    }
    let content = rows(area, top, height);
    let (left, right) = model.walls.columns(Wall::Opened, area.width);
    let pane = Rect { width: left, ..content };
    if right == 0 {
        return tab(buf, pane, model, detail, incident, detail.tab);
    }
    // With the log pane beside it, the tab of the logs shows what happened on the left.
    let left_tab = match detail.tab {
        Tab::Logs => Tab::Timeline,
        other => other,
    };
    tab(buf, pane, model, detail, incident, left_tab);
    for row in 0..content.height {
        let wall = Rect { x: content.x + left + 1, width: 1, ..content };
        Pen::new(buf, wall, row, theme).text(theme.wall(), theme.dim());
    }
    let beside = Rect { x: content.x + left + 2, width: right, ..content };
    if detail.shows_patterns() {
        assessment::patterns(buf, beside, model, detail);
        return None;
    }
    logs::render(buf, beside, model, &detail.logs, detail.tab == Tab::Logs)
}

fn tab(
    buf: &mut Buffer,
    area: Rect,
    model: &Model,
    detail: &Detail,
    incident: &Incident,
    tab: Tab,
) -> Cursor {
    match tab {
        Tab::Overview => {
            let instead = instead(&detail.read, model.now);
            overview::render(buf, area, model, incident, instead, detail.overview_top);
            if let Some(failure) = &detail.read.failure {
                let known = detail.read.value.is_some();
                says_below(buf, area, model, known, failure);
            }
        }
        Tab::Timeline => timeline::render(buf, area, model, detail),
        Tab::Alerts => alerts::render(buf, area, model, detail),
        Tab::Assessment => assessment::render(buf, area, model, detail, incident),
        Tab::Logs if detail.shows_patterns() => assessment::patterns(buf, area, model, detail),
        Tab::Logs => return logs::render(buf, area, model, &detail.logs, true),
    }
    None
}

fn title(pen: &mut Pen, model: &Model, incident: &Incident) {
    let theme = pen.theme;
    let pending = |cell, text: String| {
        if model.commands.is_pending(incident.id, cell) { theme.pending().to_owned() } else { text }
    };
    pen.gap(1);
    pen.text(&incident.reference.to_string(), theme.bold());
    pen.gap(1);
    pen.keep_free(1);
    if pen.room() > 50 {
        let name = incident.assigned_to.as_ref().map(|user| user.name.clone());
        let who = name.unwrap_or_else(|| "nobody".to_owned());
        pen.right(&pending(Cell::Who, who), theme.work());
        pen.keep_free(1);
    }
    if model.known.is_deleted(incident.id) {
        pen.right("deleted", theme.bad());
        pen.keep_free(1);
    } else if pen.room() > 24 {
        let word = pending(Cell::Status, incident.status.to_string());
        let glyph = theme.status_glyph(incident.status);
        pen.right(&format!("{glyph} {word}"), theme.status(incident.status));
        pen.keep_free(1);
        let word = pending(Cell::Priority, short_priority(incident.priority).to_owned());
        let glyph = theme.priority_glyph(incident.priority);
        pen.right(&format!("{glyph} {word}"), theme.priority(incident.priority));
        pen.keep_free(1);
    }
    pen.text(&incident.title, theme.bold());
}

fn tabs(pen: &mut Pen, model: &Model, detail: &Detail, incident: &Incident) {
    let theme = pen.theme;
    let (labels, pad) = detail.labels(incident, model.size.0);
    let taken: usize = labels.iter().map(|(_, label)| label.len() + 3).sum();
    let zone = time::zone(model);
    if pen.room() > taken + zone.len() {
        pen.keep_free(1);
        pen.right(&zone, theme.dim());
    }
    for (tab, text) in labels {
        if tab == detail.tab {
            pen.text(&format!("[{text}]"), theme.accent());
        } else {
            pen.text(&format!("{pad}{text}{pad}"), theme.dim());
        }
        pen.gap(1);
    }
}

/// Why it could not be read, or not again, below what is shown.
pub fn says_below(buf: &mut Buffer, area: Rect, model: &Model, known: bool, failure: &Failure) {
    let theme = Theme::new(model);
    let mut pen = Pen::new(buf, area, area.height.saturating_sub(1), theme);
    pen.gap(1);
    pen.text(if known { "not read again: " } else { "" }, theme.dim());
    pen.text(&failure.message, theme.bad());
}

/// What a pane says instead of its content; false when there is content to show.
pub fn says_instead(
    buf: &mut Buffer,
    area: Rect,
    model: &Model,
    is_loading: bool,
    failure: Option<&Failure>,
    empty: Option<&str>,
) -> bool {
    let theme = Theme::new(model);
    let mut say = |row, text: &str, style| wrapped(buf, area, row, text, (theme, style));
    if let Some(failure) = failure {
        let below = say(0, &failure.message, theme.bad());
        if let Some(key) = model.key(Context::List, Action::Reload) {
            say(below, &format!("{key} tries again"), theme.dim());
        }
        return true;
    }
    if is_loading {
        say(0, "Loading …", theme.dim());
        return true;
    }
    if let Some(text) = empty {
        say(0, text, theme.dim());
        return true;
    }
    false
}

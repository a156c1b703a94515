//! The log pane:
//!
//! ```text
//!  following · ≥ warn · /timeout
//!  20:45:58 error api        timeout after 4003 ms  attempt=3
//!  20:45:59 warn  lb         retry 3 of 3
//!                                                                    17 new below ↓
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use watchfire_shared::log::LogEntry;

use crate::model::Model;
use crate::model::detail::{Detail, Tab};
use crate::model::logs::LogPane;
use crate::model::words::number;
use crate::theme::Theme;

use super::detail::says_instead;
use super::paint::Pen;
use super::{Cursor, field, rows, time};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, detail: &Detail) -> Cursor {
    let theme = Theme::new(model);
    let pane = &detail.logs;
    let has_keys = detail.tab == Tab::Logs;
    let cursor = header(&mut Pen::new(buf, area, 0, theme), pane, has_keys);
    let body = rows(area, 1, area.height.saturating_sub(1));
    let Some(bottom) = pane.tail.bottom(pane.seqs()) else {
        let loading = pane.loading_at().is_some_and(|at| at <= model.now);
        let empty = pane.loaded.then(|| nothing(pane));
        says_instead(buf, body, model, loading, pane.failure.as_ref(), empty.as_deref());
        return cursor;
    };
    let height = usize::from(body.height);
    let first = (bottom + 1).saturating_sub(height);
    let shown = pane.lines().range(first..).take(height);
    let stamps: Vec<String> =
        shown.clone().map(|entry| time::stamp(model, entry.occurred_at)).collect();
    let width = stamps.iter().map(String::len).max().unwrap_or(0);
    for (row, (entry, stamp)) in shown.zip(&stamps).enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        let mut pen = Pen::new(buf, body, row, theme);
        pen.gap(1);
        pen.number(stamp, width, theme.dim());
        pen.gap(1);
        line(&mut pen, entry);
    }
    below(buf, body, pane, theme);
    cursor
}

fn header(pen: &mut Pen, pane: &LogPane, has_keys: bool) -> Cursor {
    let theme = pen.theme;
    pen.gap(1);
    let name = if pane.tail.follows() { "following" } else { "held" };
    let style = if has_keys { theme.accent() } else { theme.dim() };
    pen.text(name, style);
    if let Some(level) = pane.min_level {
        pen.text(&format!(" {} ", theme.dot()), theme.dim());
        pen.text(&format!("{} {level}", theme.at_least()), theme.level(level));
    }
    if pane.editing {
        pen.text(&format!(" {} /", theme.dot()), theme.accent());
        return field::line(pen, &pane.field, true, theme.plain(), None);
    }
    if !pane.search.is_empty() {
        pen.text(&format!(" {} /", theme.dot()), theme.dim());
        pen.text(&pane.search, theme.plain());
    }
    if let Some(failure) = pane.failure.as_ref().filter(|_| pane.loaded) {
        pen.text(&format!(" {} ", theme.dot()), theme.dim());
        pen.text(&failure.message, theme.bad());
    }
    None
}

/// Why there are no lines.
fn nothing(pane: &LogPane) -> String {
    if pane.min_level.is_some() || !pane.search.is_empty() {
        "No line passes the filter: V shows lower levels, / changes the search.".to_owned()
    } else {
        "No log lines yet: POST them to /v1/incidents/{id}/logs with an ingest key.".to_owned()
    }
}

fn line(pen: &mut Pen, entry: &LogEntry) {
    let theme = pen.theme;
    pen.cell(entry.level.as_str(), 5, theme.level(entry.level));
    pen.gap(1);
    if pen.room() > 40 {
        pen.cell(&entry.source, 10, theme.dim());
        pen.gap(1);
    }
    pen.text(&entry.message, theme.plain());
    for (name, value) in &entry.fields {
        if pen.room() < 12 {
            break;
        }
        let value = match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        pen.gap(2);
        pen.text(&format!("{name}={value}"), theme.dim());
    }
}

fn below(buf: &mut Buffer, area: Rect, pane: &LogPane, theme: Theme) {
    if pane.tail.follows() || area.height < 2 {
        return;
    }
    let held = i64::try_from(pane.tail.below(pane.seqs())).unwrap_or(i64::MAX);
    let unread = (pane.known_last - pane.covered).max(0);
    let new = held.saturating_add(unread);
    if new > 0 {
        let mut pen = Pen::new(buf, area, area.height - 1, theme);
        pen.keep_free(1);
        let text = format!(" {} below {} (f follows)", number(new), theme.down());
        pen.right(&text, theme.accent());
    }
}

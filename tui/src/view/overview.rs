//! What is known about an incident, in words:
//!
//! ```text
//!  status        ◐ investigating
//!  priority      ▲▲ critical
//!  assigned to   dana
//!  opened        20:41:07, 14m ago, by alertmanager
//!  alerts        2 firing
//!  region        eu
//! ```

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use watchfire_shared::incident::Incident;

use crate::model::overview::{self, Line};
use crate::model::words::{count, number};
use crate::model::{Model, age};
use crate::theme::Theme;

use super::paint::Pen;
use super::time;

/// Columns of the names.
const NAMES: usize = 14;

pub fn render(
    buf: &mut Buffer,
    area: Rect,
    model: &Model,
    incident: &Incident,
    instead: Option<&'static str>,
    top: usize,
) {
    let theme = Theme::new(model);
    let lines = overview::lines(incident, area.width, instead);
    let shown = lines.iter().skip(top).take(usize::from(area.height));
    for (row, line) in shown.enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        let mut pen = Pen::new(buf, area, row, theme);
        pen.gap(1);
        draw(&mut pen, model, incident, line);
    }
}

fn draw(pen: &mut Pen, model: &Model, incident: &Incident, line: &Line) {
    let theme = pen.theme;
    let (name, value, style) = match line {
        Line::Blank => return,
        Line::Text(text) => {
            pen.text(text.as_str(), theme.plain());
            return;
        }
        Line::Instead(text) => {
            pen.text(text, theme.dim());
            return;
        }
        Line::Label(name, value) => (name.as_str(), value.clone(), theme.plain()),
        Line::Status => {
            let glyph = theme.status_glyph(incident.status);
            let style = theme.status(incident.status);
            ("status", format!("{glyph} {}", incident.status), style)
        }
        Line::Priority => {
            let glyph = theme.priority_glyph(incident.priority);
            let style = theme.priority(incident.priority);
            ("priority", format!("{glyph} {}", incident.priority), style)
        }
        Line::Assignee => match &incident.assigned_to {
            Some(user) => ("assigned to", user.name.clone(), theme.work()),
            None => ("assigned to", "nobody".to_owned(), theme.dim()),
        },
        Line::Service => match incident.service.as_str() {
            "" => ("service", theme.none().to_owned(), theme.dim()),
            service => ("service", service.to_owned(), theme.plain()),
        },
        Line::Opened => {
            let text = moment(model, incident.created_at);
            let by = format!("{text}, by {}", incident.created_by.name);
            ("opened", by, theme.plain())
        }
        Line::Acknowledged => optional(model, "acknowledged", incident.acknowledged_at, theme),
        Line::Resolved => optional(model, "resolved", incident.resolved_at, theme),
        Line::Closed => optional(model, "closed", incident.closed_at, theme),
        Line::Alerts => alerts(incident, theme),
        Line::LogLines => ("log lines", number(incident.log_count), theme.plain()),
        Line::Score => {
            let score = incident.score.unwrap_or_default();
            ("impact score", format!("{score:.0}"), theme.plain())
        }
    };
    pen.cell(name, NAMES - 1, theme.dim());
    pen.gap(1);
    pen.text(&value, style);
}

fn optional(
    model: &Model,
    name: &'static str,
    at: Option<DateTime<Utc>>,
    theme: Theme,
) -> (&'static str, String, Style) {
    let text = at.map_or_else(String::new, |at| moment(model, at));
    (name, text, theme.plain())
}

/// `20:41:07, 14m ago`.
fn moment(model: &Model, at: DateTime<Utc>) -> String {
    format!("{}, {} ago", time::stamp(model, at), age::age(at, model.now))
}

fn alerts(incident: &Incident, theme: Theme) -> (&'static str, String, Style) {
    match incident.firing_alerts {
        0 => ("alerts", "none firing".to_owned(), theme.plain()),
        n if incident.still_firing() => {
            let text = format!("{} still firing at source", count(n, "alert", "alerts"));
            ("alerts", text, theme.asks())
        }
        n => ("alerts", format!("{} firing", number(n)), theme.bad()),
    }
}

//! The alerts of an incident, two lines each:
//!
//! ```text
//!  ! firing    CheckoutSlow i-a                 critical  since 20:41:07  ×200  last 5s ago
//!              region=eu team=payments · p99 over 4 s for 10 minutes
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use watchfire_shared::alert::{Alert, AlertStatus};

use crate::model::detail::Detail;
use crate::model::words::number;
use crate::model::{Model, age, tell};
use crate::theme::Theme;

use super::detail::says_instead;
use super::paint::Pen;
use super::time;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, detail: &Detail) {
    let theme = Theme::new(model);
    let slot = &detail.alerts;
    let alerts = slot.value.as_deref().unwrap_or_default();
    if alerts.is_empty() {
        let loading = slot.loading_at().is_some_and(|at| at <= model.now);
        let failure = slot.failure.as_ref();
        let empty = slot.value.as_ref().map(|_| "No alert belongs to this incident.");
        says_instead(buf, area, model, loading, failure, empty);
        return;
    }
    let room = usize::from(area.height / 2).max(1);
    for (index, alert) in alerts.iter().skip(detail.alerts_top).take(room).enumerate() {
        let row = u16::try_from(index * 2).unwrap_or(u16::MAX);
        first(&mut Pen::new(buf, area, row, theme), model, alert);
        second(&mut Pen::new(buf, area, row.saturating_add(1), theme), alert);
    }
}

fn first(pen: &mut Pen, model: &Model, alert: &Alert) {
    let theme = pen.theme;
    pen.gap(1);
    let (mark, style) = match alert.status {
        AlertStatus::Firing => ("! firing", theme.bad()),
        AlertStatus::Resolved if theme.unicode() => ("✓ resolved", theme.over()),
        AlertStatus::Resolved => ("+ resolved", theme.over()),
    };
    pen.cell(mark, 12, style);
    pen.keep_free(1);
    let seen = format!("last {} ago", age::age(alert.last_seen_at, model.now));
    pen.right(&seen, theme.dim());
    if alert.repeats > 0 {
        let repeats = format!("{}{}", theme.times(), number(alert.repeats + 1));
        pen.keep_free(1);
        pen.right(&repeats, theme.plain());
    }
    if pen.room() > 40 {
        let since = match alert.ends_at.filter(|_| alert.status == AlertStatus::Resolved) {
            Some(end) => format!("until {}", time::stamp(model, end)),
            None => format!("since {}", time::stamp(model, alert.starts_at)),
        };
        pen.keep_free(1);
        pen.right(&since, theme.dim());
    }
    if pen.room() > 44 {
        pen.keep_free(1);
        pen.right(&alert.severity, theme.dim());
    }
    pen.text(&tell::alert_name(alert), theme.bold());
}

fn second(pen: &mut Pen, alert: &Alert) {
    let theme = pen.theme;
    pen.gap(13);
    let told = ["alertname", "instance", "severity"];
    let labels: Vec<String> = alert
        .labels
        .iter()
        .filter(|(name, _)| !told.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let text =
        ["summary", "description", "message"].iter().find_map(|name| alert.annotations.get(*name));
    pen.text(&labels.join(" "), theme.dim());
    if let Some(text) = text {
        if !labels.is_empty() {
            pen.text(&format!(" {} ", theme.dot()), theme.dim());
        }
        pen.text(text, theme.plain());
    }
}

//! What stands beside the figures: the processes, what the breaker did, and the parts.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use watchfire_shared::cache::{BreakerChange, BreakerState, CacheStats, ProcessCache};
use watchfire_shared::health::{Health, HealthStatus, Part};

use crate::model::Model;
use crate::model::cache::{amount, breaker, changed, percent};
use crate::model::health::{is_well, named_parts};
use crate::theme::Theme;

use super::super::events::{heading, named};
use super::super::paint::Pen;
use super::super::time::{stamp, zone};
use super::types::whole;

const NAME: usize = 24;

pub fn render(
    buf: &mut Buffer,
    area: Rect,
    model: &Model,
    stats: &CacheStats,
    health: Option<&Health>,
) {
    let theme = Theme::new(model);
    for row in 0..area.height {
        Pen::new(buf, area, row, theme).text(theme.wall(), theme.dim());
    }
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    let mut row = 0;
    let mut next = |line: &dyn Fn(&mut Pen)| {
        line(&mut Pen::new(buf, area, row, theme));
        row += 1;
    };
    next(&|pen| processes(pen, None));
    for of_process in &stats.fleet.processes {
        next(&|pen| processes(pen, Some(of_process)));
    }
    if !stats.breaker_changes.is_empty() {
        next(&|_| {});
        next(&|pen| {
            heading(pen, "Breaker", None);
            pen.text(&zone(model), theme.dim());
        });
        for of_breaker in stats.breaker_changes.iter().rev() {
            next(&|pen| change(pen, model, of_breaker));
        }
    }
    if let Some(health) = health {
        next(&|_| {});
        next(&|pen| heading(pen, "Parts", None));
        for (name, of_part) in named_parts(health) {
            next(&|pen| part(pen, name, of_part));
        }
    }
}

fn change(pen: &mut Pen, model: &Model, change: &BreakerChange) {
    let theme = pen.theme;
    pen.gap(1);
    pen.cell(&stamp(model, change.at), 13, theme.dim());
    pen.cell(breaker(change.state), 11, state_style(change.state, theme));
    pen.text(&changed(change), theme.plain());
}

/// The heading of the processes, or one of them.
fn processes(pen: &mut Pen, process: Option<&ProcessCache>) {
    const COLUMNS: [(&str, usize); 3] = [("hits", 10), ("misses", 10), ("rate", 7)];
    let theme = pen.theme;
    pen.gap(1);
    let Some(process) = process else {
        pen.cell("Processes, in all", NAME, theme.bold());
        for (name, width) in COLUMNS {
            whole(pen, name, width, theme.dim());
        }
        return;
    };
    let counts = &process.counts;
    pen.cell(&process.name, NAME, theme.plain());
    let rate = percent(counts.hits, counts.misses);
    let rate = rate.unwrap_or_else(|| theme.none().to_owned());
    let values = [amount(counts.hits), amount(counts.misses), rate];
    for (value, (_, width)) in values.iter().zip(COLUMNS) {
        whole(pen, value, width, theme.plain());
    }
    pen.gap(2);
    if process.breaker != BreakerState::Off {
        pen.text(breaker(process.breaker), state_style(process.breaker, theme));
    }
}

fn state_style(state: BreakerState, theme: Theme) -> Style {
    match state {
        BreakerState::Open | BreakerState::HalfOpen => theme.asks(),
        BreakerState::Closed | BreakerState::Off => theme.dim(),
    }
}

pub fn part(pen: &mut Pen, name: &str, part: &Part) {
    let theme = pen.theme;
    named(pen, name);
    let style = match part.status {
        HealthStatus::Healthy => theme.over(),
        HealthStatus::Degraded => theme.asks(),
        HealthStatus::Unhealthy => theme.bad(),
    };
    pen.cell(part.status.as_str(), 11, style);
    pen.text(&part.kind, theme.plain());
    if let Some(reason) = &part.reason {
        pen.gap(2);
        pen.text(reason, theme.dim());
    }
}

/// Those that are well, on one line; of the cache's integrity only trouble is worth the room.
pub fn healthy(pen: &mut Pen, health: &Health) {
    let theme = pen.theme;
    let well = named_parts(health).into_iter();
    let well = well.filter(|(name, part)| is_well(part) && *name != "integrity");
    let well: Vec<String> = well.map(|(name, part)| format!("{name} {}", part.kind)).collect();
    named(pen, "healthy");
    pen.text(&well.join(&format!(" {} ", theme.dot())), theme.dim());
}

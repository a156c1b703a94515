//! The cache screen. It teaches: the formula with today's numbers, the band in words, the likeliest
//! cause beside a bad rate. Judged are the last five minutes; counters are since the start.
//!
//! ```text
//!  hit rate   93.4 %  excellent   ███████████████████░   breaker closed since 14:02:11
//!  lately     now 95.0 · 1m 92.8 · 5m 93.4 %      lookup p95 0.004 ms  ▂▃▅▇▇▇▇▇▇▇
//!  in all     41,203 reads saved · 41,004 hits (512 not-found) · 199 shared
//!
//!  by type           5m %  p95 ms      hits    misses     fills refused  over 5 min
//!  incident          97.4   0.004    38,120     1,010     1,004       6  ▂▃▅▇▇▇▇▇▇▇
//!  incident_list     72.7   0.009     2,411       903       903       0  ▅▅▃▂▂▃▅▆▆▆
//!
//!  average    0.025 ms = 0.931 × 0.004 + 0.069 × (0.004 + 0.310)
//! ```
//!
//! Where there is room, the processes, the breaker's changes and the parts stand at the right.

mod figures;
mod side;
mod types;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use watchfire_shared::cache::{CacheStats, CacheType, Cause, TypeStats};
use watchfire_shared::health::{Health, Part};

use crate::model::Model;
use crate::model::cache::{NO_CACHE, NONE, broken};
use crate::model::health::{is_well, named_parts};
use crate::theme::Theme;

use super::detail::says_instead;
use super::paint::Pen;
use super::rows;

/// Columns of the figures where something stands beside them.
const MAIN: u16 = 106;
/// Columns beside them, at least and at most.
const BESIDE: (u16, u16) = (56, 90);
/// From so many rows on there is a line for each part of the installation.
const TALL: u16 = 30;

/// One line of the figures.
#[derive(Clone, Copy)]
enum Line<'a> {
    Rate,
    Lately,
    Saved,
    Held,
    Redis,
    Writes,
    Errors,
    Broken,
    Fleet,
    Types,
    Type(CacheType, &'a TypeStats),
    Unasked,
    Cause(Cause),
    Average,
    Without,
    Part(&'static str, &'a Part),
    Healthy(&'a Health),
    Says(&'static str),
    Gap,
}

pub fn render(buf: &mut Buffer, area: Rect, model: &Model) {
    let theme = Theme::new(model);
    let content = rows(area, 2, area.height.saturating_sub(3));
    let health = model.health.value.as_deref();
    let slot = &model.cache.stats;
    let Some(stats) = slot.value.as_deref() else {
        let loading = slot.loading_at().is_some_and(|at| at <= model.now);
        says_instead(buf, content, model, loading, slot.failure.as_ref(), None);
        return;
    };
    let beside = content.width.checked_sub(MAIN).filter(|columns| *columns >= BESIDE.0);
    let beside = beside.map_or(0, |columns| columns.min(BESIDE.1));
    let main = Rect { width: content.width - beside, ..content };
    let mut lines = figures_of(stats);
    if beside > 0 {
        let side = Rect { x: main.right(), width: beside, ..content };
        side::render(buf, side, model, stats, health);
    } else if let Some(health) = health {
        lines.push(Line::Gap);
        lines.extend(parts_of(health, area.height >= TALL));
    }
    for (row, line) in fitted(lines, main.height).into_iter().enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        draw(&mut Pen::new(buf, main, row, theme), model, stats, line);
    }
}

fn figures_of(stats: &CacheStats) -> Vec<Line<'_>> {
    use Line::{
        Average, Broken, Errors, Fleet, Gap, Held, Lately, Rate, Redis, Saved, Types, Writes,
    };
    if stats.kind == NONE {
        return NO_CACHE.map(Line::Says).to_vec();
    }
    let mut lines = vec![Rate];
    lines.extend(broken(stats).map(|_| Broken));
    lines.extend([Lately, Saved, if stats.kind == "redis" { Redis } else { Held }, Writes, Errors]);
    if stats.fleet.processes.len() > 1 {
        lines.push(Fleet);
    }
    lines.extend([Gap, Types]);
    for (kind, of_type) in &stats.by_type {
        lines.push(Line::Type(*kind, of_type));
        lines.extend(stats.cause_of(*kind).map(Line::Cause));
    }
    if stats.counts.total == 0 {
        lines.push(Line::Unasked);
        return lines;
    }
    lines.extend([Gap, Average, Line::Without]);
    lines
}

/// Each part on a line of its own; or those that are well together on one.
fn parts_of(health: &Health, each: bool) -> Vec<Line<'_>> {
    let named = named_parts(health);
    if each {
        return named.map(|(name, part)| Line::Part(name, part)).to_vec();
    }
    let ill = named.into_iter().filter(|(_, part)| !is_well(part));
    ill.map(|(name, part)| Line::Part(name, part)).chain([Line::Healthy(health)]).collect()
}

/// As many lines as there is room for: first types nobody asked for leave, then what separates.
fn fitted(mut lines: Vec<Line<'_>>, height: u16) -> Vec<Line<'_>> {
    let leaves: [fn(&Line<'_>) -> bool; 2] = [
        |line| matches!(line, Line::Type(_, of_type) if types::is_unasked(of_type)),
        |line| matches!(line, Line::Gap),
    ];
    for leaves in leaves {
        if lines.len() > usize::from(height) {
            lines.retain(|line| !leaves(line));
        }
    }
    lines
}

fn draw(pen: &mut Pen, model: &Model, stats: &CacheStats, line: Line<'_>) {
    match line {
        Line::Rate => figures::rate(pen, model, stats),
        Line::Lately => figures::lately(pen, stats),
        Line::Saved => figures::saved(pen, stats),
        Line::Held => figures::held(pen, stats),
        Line::Redis => figures::redis(pen, stats),
        Line::Writes => figures::writes(pen, stats),
        Line::Errors => figures::errors(pen, stats),
        Line::Broken => figures::breaker(pen, model, stats),
        Line::Fleet => figures::fleet(pen, stats),
        Line::Types => types::heading(pen),
        Line::Type(kind, of_type) => types::row(pen, stats, kind, of_type),
        Line::Unasked => types::unasked(pen),
        Line::Cause(cause) => types::cause(pen, cause),
        Line::Average => figures::average(pen, stats),
        Line::Without => figures::without(pen, stats),
        Line::Part(name, part) => side::part(pen, name, part),
        Line::Healthy(health) => side::healthy(pen, health),
        Line::Says(text) => {
            pen.gap(1);
            pen.text(text, if text == NO_CACHE[0] { pen.theme.asks() } else { pen.theme.dim() });
        }
        Line::Gap => {}
    }
}

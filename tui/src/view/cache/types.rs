//! The types of value, a row each, and why one of them is found too seldom.

use ratatui::style::Style;
use watchfire_shared::cache::{CacheStats, CacheType, Cause, TypeStats, Window};

use crate::model::cache::{amount, explained, millis, rate_of};

use super::super::paint::Pen;
use super::figures::{band_style, gauge, trend};

const NAMES: usize = 14;
const RATE: &str = "5m %";
/// They leave from the right where there is no room.
const COLUMNS: [(&str, usize); 6] =
    [(RATE, 7), ("p95 ms", 8), ("hits", 10), ("misses", 10), ("fills", 10), ("refused", 8)];
const TREND: usize = 10;
/// Cells of the gauge beside the rate, where there is room for it.
const GAUGE: usize = 5;

/// Columns of all but the gauge and the cause.
fn taken() -> usize {
    1 + NAMES + COLUMNS.iter().map(|(_, width)| width).sum::<usize>() + 2 + TREND
}

fn has_gauge(room: usize) -> bool {
    room > taken() + GAUGE
}

pub fn heading(pen: &mut Pen) {
    let dim = pen.theme.dim();
    pen.gap(1);
    let gauge = has_gauge(pen.room() + 1);
    pen.cell("by type", NAMES, dim);
    for (name, width) in COLUMNS {
        whole(pen, name, width, dim);
        if name == RATE && gauge {
            pen.gap(1 + GAUGE);
        }
    }
    if pen.room() >= TREND + 2 {
        pen.gap(2);
        pen.text("over 5 min", dim);
    }
}

pub fn row(pen: &mut Pen, stats: &CacheStats, kind: CacheType, of_type: &TypeStats) {
    let theme = pen.theme;
    let counts = &of_type.counts;
    let none = || theme.none().to_owned();
    let usual = if is_unasked(of_type) { theme.dim() } else { theme.plain() };
    let gauged = has_gauge(pen.room());
    pen.gap(1);
    pen.cell(kind.as_str(), NAMES, usual);
    let Window { counts: recent, lookup } = &of_type.recent;
    let values = [
        rate_of(recent).unwrap_or_else(none),
        if lookup.p99 > 0.0 { millis(lookup.p95) } else { none() },
        amount(counts.hits),
        amount(counts.misses),
        amount(counts.fills),
        amount(counts.fills_refused),
    ];
    for (value, (name, width)) in values.iter().zip(COLUMNS) {
        let style = if name == RATE { band_style(recent, theme) } else { usual };
        whole(pen, value, width, style);
        if name == RATE && gauged {
            pen.gap(1);
            match rate_of(recent) {
                Some(_) => gauge(pen, recent.hit_rate, GAUGE, style),
                None => pen.gap(GAUGE),
            }
        }
    }
    if pen.room() >= TREND + 2 {
        pen.gap(2);
        trend(pen, &of_type.trend);
    }
    if let Some(cause) = stats.cause_of(kind)
        && fits_beside(pen.room(), cause)
    {
        pen.gap(2);
        pen.text(cause.as_str(), theme.asks());
    }
}

/// Below its row, where there is room beside it too: then the words stand there, and here what to do.
pub fn cause(pen: &mut Pen, cause: Cause) {
    let (style, dim) = (pen.theme.asks(), pen.theme.dim());
    let gauge = if has_gauge(pen.room()) { 1 + GAUGE } else { 0 };
    let beside = fits_beside(pen.room().saturating_sub(taken() + gauge), cause);
    pen.gap(3);
    if beside {
        pen.text(cause.advice(), dim);
    } else {
        pen.text(&explained(cause), style);
    }
}

fn fits_beside(room: usize, cause: Cause) -> bool {
    room >= cause.as_str().len() + 3
}

pub fn unasked(pen: &mut Pen) {
    let dim = pen.theme.dim();
    pen.gap(1);
    pen.text("nobody has read anything since this process started", dim);
}

pub fn is_unasked(of_type: &TypeStats) -> bool {
    of_type.counts.total == 0 && of_type.counts.errors.is_empty()
}

/// A number, or nothing at all: half of one would be another number.
pub fn whole(pen: &mut Pen, text: &str, width: usize, style: Style) {
    if pen.room() >= width {
        pen.number(text, width, style);
    } else {
        pen.gap(width);
    }
}

//! What holds for all types together, a line each.

use ratatui::style::Style;
use watchfire_shared::cache::{Band, BreakerState, CacheCounts, CacheStats};

use crate::model::Model;
use crate::model::cache::{self, broken, hit_rate, millis, rate_of, verdict, why_broken};
use crate::model::slot::Note;
use crate::theme::Theme;

use super::super::events::named;
use super::super::paint::Pen;
use super::super::time::stamp;

/// Cells of the gauge, at most.
const GAUGE: usize = 20;

/// Of the last five minutes.
pub fn rate(pen: &mut Pen, model: &Model, stats: &CacheStats) {
    let theme = pen.theme;
    named(pen, "hit rate");
    pen.keep_free(1);
    let (state, style) = state(model, stats, theme);
    // The rate and its word come first.
    if pen.room() >= 26 + state.chars().count() {
        pen.right(&state, style);
    }
    let rate = hit_rate(stats);
    match &rate {
        Some(rate) => pen.text(&format!("{rate} %"), theme.bold()),
        None => pen.text(theme.none(), theme.dim()),
    }
    let recent = stats.recent();
    let style = if stats.in_use() { band_style(&recent, theme) } else { theme.bad() };
    pen.gap(2);
    pen.text(verdict(stats), style);
    pen.gap(2);
    let cells = pen.room().saturating_sub(1).min(GAUGE);
    if cells >= 8 && rate.is_some() {
        gauge(pen, recent.hit_rate, cells, style);
    }
}

pub fn gauge(pen: &mut Pen, rate: f64, cells: usize, style: Style) {
    let theme = pen.theme;
    let full = full_cells(rate, cells);
    pen.fill(theme.full(), full, style);
    pen.fill(theme.empty(), cells - full, theme.dim());
}

/// Half a cell counts as a whole one.
fn full_cells(rate: f64, cells: usize) -> usize {
    let of = f64::from(u32::try_from(cells).unwrap_or(u32::MAX));
    let reached = |cell: &u32| rate * of >= f64::from(*cell) + 0.5;
    (0..u32::try_from(cells).unwrap_or(u32::MAX)).filter(reached).count()
}

/// What is to be said about the whole: that it is old, the breaker, or where the cache is.
fn state(model: &Model, stats: &CacheStats, theme: Theme) -> (String, Style) {
    if let Some(Note::Old { age, .. }) = model.cache.stats.note(model.now) {
        return (format!("{} {} s old", theme.old(), age.num_seconds()), theme.asks());
    }
    let since = stats.breaker_changes.last();
    let since = since.map(|change| format!(" since {}", stamp(model, change.at)));
    let breaker = format!("breaker {}", cache::breaker(stats.breaker));
    match stats.breaker {
        BreakerState::Off => (format!("in {}", stats.kind), theme.dim()),
        BreakerState::Closed => (breaker + &since.unwrap_or_default(), theme.dim()),
        BreakerState::Open | BreakerState::HalfOpen => (breaker, theme.asks()),
    }
}

/// Since when the breaker is open, and why.
pub fn breaker(pen: &mut Pen, model: &Model, stats: &CacheStats) {
    let Some(change) = broken(stats) else { return };
    let asks = pen.theme.asks();
    named(pen, "breaker");
    let why = why_broken(stats).map(|why| format!(", {why}")).unwrap_or_default();
    let (state, at) = (cache::breaker(change.state), stamp(model, change.at));
    pen.text(&format!("{state} since {at}{why}"), asks);
}

pub fn lately(pen: &mut Pen, stats: &CacheStats) {
    let theme = pen.theme;
    named(pen, "lately");
    for (name, part) in [("now", ""), ("1m", theme.dot()), ("5m", theme.dot())] {
        let counts = stats.window(name).counts;
        let unit = if counts.is_failing() { "" } else { " %" };
        let rate = rate_of(&counts).map(|rate| rate + unit);
        let rate = rate.unwrap_or_else(|| theme.none().to_owned());
        if !part.is_empty() {
            pen.text(&format!(" {part} "), theme.dim());
        }
        pen.text(&format!("{name} "), theme.dim());
        pen.text(&rate, theme.plain());
    }
    pen.gap(3);
    if stats.trend.iter().any(Option::is_some) && pen.room() > stats.trend.len() {
        trend(pen, &stats.trend);
        pen.gap(3);
    }
    let lookup = stats.window("5m").lookup;
    if lookup.p99 > 0.0 {
        let [p50, p95, p99] = [lookup.p50, lookup.p95, lookup.p99].map(millis);
        let dot = theme.dot();
        let all = format!("p50 {p50} {dot} p95 {p95} {dot} p99 {p99} ms");
        let p95 = format!("p95 {p95} ms");
        for text in [all, p95] {
            if pen.room() > text.chars().count() {
                pen.text(&text, theme.plain());
                return;
            }
        }
    }
}

/// Hit rates as a curve, a gap where nothing was asked.
pub fn trend(pen: &mut Pen, trend: &[Option<f64>]) {
    let theme = pen.theme;
    for rate in trend {
        match rate {
            Some(rate) => pen.text(theme.block(*rate), theme.over()),
            None => pen.text(theme.unasked(), theme.dim()),
        }
    }
}

pub fn saved(pen: &mut Pen, stats: &CacheStats) {
    list(pen, "in all", &cache::saved(&stats.counts), pen.theme.plain());
}

pub fn held(pen: &mut Pen, stats: &CacheStats) {
    list(pen, "holds", &cache::held(stats), pen.theme.plain());
}

pub fn redis(pen: &mut Pen, stats: &CacheStats) {
    match &stats.redis {
        Some(redis) => list(pen, "redis", &cache::redis(redis), pen.theme.plain()),
        None => list(pen, "redis", &["it does not say how it is".to_owned()], pen.theme.asks()),
    }
}

pub fn writes(pen: &mut Pen, stats: &CacheStats) {
    list(pen, "writes", &cache::writes(&stats.counts), pen.theme.plain());
}

pub fn errors(pen: &mut Pen, stats: &CacheStats) {
    let errors = cache::errors(&stats.counts);
    if errors.is_empty() {
        list(pen, "errors", &["none".to_owned()], pen.theme.dim());
    } else {
        list(pen, "errors", &errors, pen.theme.asks());
    }
}

pub fn fleet(pen: &mut Pen, stats: &CacheStats) {
    list(pen, "fleet", &cache::fleet(stats), pen.theme.plain());
}

pub fn average(pen: &mut Pen, stats: &CacheStats) {
    let theme = pen.theme;
    named(pen, "average");
    pen.text(&format!("{} ms", millis(stats.t_average)), theme.bold());
    pen.text(&format!("  = {}", cache::formula(stats, theme.times())), theme.plain());
}

pub fn without(pen: &mut Pen, stats: &CacheStats) {
    let dim = pen.theme.dim();
    named(pen, "");
    let database = millis(stats.t_db);
    let text = format!("since the start; a miss asks both; without a cache {database} ms");
    pen.text(&text, dim);
}

fn list(pen: &mut Pen, name: &str, parts: &[String], style: Style) {
    let dot = format!(" {} ", pen.theme.dot());
    named(pen, name);
    pen.text(&parts.join(&dot), style);
}

pub fn band_style(counts: &CacheCounts, theme: Theme) -> Style {
    match counts.band() {
        _ if counts.is_failing() => theme.bad(),
        Some(Band::Excellent | Band::Good) => theme.over(),
        Some(Band::Fair | Band::Poor) => theme.asks(),
        Some(Band::NotWorking) => theme.bad(),
        None => theme.dim(),
    }
}

//! The cache screen. It teaches: the formula with today's numbers, the band in words, the likeliest
//! cause beside a bad rate.
//!
//! ```text
//!  hit rate    93.1 %  excellent  ███████████████████░        breaker closed
//!  saved       41,203 database reads · 199 stampedes · 512 not-founds
//!  by type             hits   misses   rate    fills  refused
//!  incident          38,120    1,010   97.4    1,004        6
//!  average     0.52 ms  = 0.31 + 6.9 % × 3.10                without a cache 3.10 ms
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use watchfire_shared::cache::{BreakerState, CacheCounts, CacheStats};
use watchfire_shared::health::{Health, HealthStatus, Part};

use crate::model::Model;
use crate::model::cache::{band, cause};
use crate::model::words::{count, number};
use crate::theme::Theme;

use super::detail::says_instead;
use super::paint::Pen;
use super::rows;

const NAMES: usize = 15;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model) {
    let theme = Theme::new(model.look);
    let content = rows(area, 2, area.height.saturating_sub(3));
    let slot = &model.cache.stats;
    let mut row = 0;
    match &slot.value {
        None => {
            let loading = slot.loading_at().is_some_and(|at| at <= model.now);
            says_instead(buf, content, theme, loading, slot.failure.as_ref(), None);
            row += 2;
        }
        Some(stats) => {
            row += totals(buf, content, model, stats, theme);
            row += by_type(buf, content, row + 1, stats, theme) + 1;
            row += average(buf, content, row + 1, stats, theme) + 1;
        }
    }
    if let Some(health) = &model.cache.health.value {
        parts(buf, content, row + 1, health, theme);
    }
}

fn totals(buf: &mut Buffer, area: Rect, model: &Model, stats: &CacheStats, theme: Theme) -> u16 {
    let counts = &stats.counts;
    let mut pen = Pen::new(buf, area, 0, theme);
    pen.gap(1);
    pen.cell("hit rate", NAMES, theme.dim());
    pen.keep_free(1);
    let breaker = format!("breaker {}", stats.breaker);
    let style = match stats.breaker {
        BreakerState::Open | BreakerState::HalfOpen => theme.asks(),
        BreakerState::Closed | BreakerState::Off => theme.dim(),
    };
    if pen.room() > 50 {
        pen.right(&breaker, style);
    }
    let rate = counts.hit_rate;
    pen.text(&format!("{:.1} %", rate * 100.0), theme.bold());
    pen.gap(2);
    pen.cell(band(counts), 16, band_style(counts, theme));
    if pen.room() > 24 {
        for step in 0..20 {
            let full = rate * 20.0 > f64::from(step) + 0.5;
            pen.text(if full { theme.full() } else { theme.empty() }, theme.dim());
        }
    }
    let mut pen = Pen::new(buf, area, 1, theme);
    pen.gap(1);
    pen.cell("saved", NAMES, theme.dim());
    let dot = theme.dot();
    let text = format!(
        "{} {dot} {} {dot} {}",
        count(signed(counts.hits), "database read", "database reads"),
        count(signed(counts.waits_saved), "stampede", "stampedes"),
        count(signed(counts.negative_hits), "not-found", "not-founds"),
    );
    pen.text(&text, theme.plain());
    let mut pen = Pen::new(buf, area, 2, theme);
    pen.gap(1);
    pen.cell("holds", NAMES, theme.dim());
    let errors: u64 = stats.counts.errors.values().sum();
    let text = format!(
        "{} {dot} {} {dot} {} {dot} {}",
        count(signed(stats.entries), "entry", "entries"),
        bytes(stats.bytes),
        count(signed(counts.invalidations), "invalidation", "invalidations"),
        count(signed(errors), "error", "errors"),
    );
    pen.text(&text, if errors > 0 { theme.asks() } else { theme.plain() });
    curve(&mut Pen::new(buf, area, 3, theme), model);
    4
}

fn curve(pen: &mut Pen, model: &Model) {
    let theme = pen.theme;
    pen.gap(1);
    pen.cell("while open", NAMES, theme.dim());
    if model.cache.history.is_empty() {
        pen.text("a curve of the hit rate begins here", theme.dim());
        return;
    }
    let room = pen.room().saturating_sub(1);
    let skip = model.cache.history.len().saturating_sub(room);
    for rate in model.cache.history.iter().skip(skip) {
        match rate {
            Some(rate) => pen.text(theme.block(*rate), theme.over()),
            None => pen.text(theme.dot(), theme.dim()),
        }
    }
}

fn by_type(buf: &mut Buffer, area: Rect, top: u16, stats: &CacheStats, theme: Theme) -> u16 {
    let mut pen = Pen::new(buf, area, top, theme);
    pen.gap(1);
    pen.cell("by type", NAMES, theme.dim());
    for (name, width) in COLUMNS {
        whole_number(&mut pen, name, width, theme.dim());
    }
    let mut row = 1;
    for (kind, of_type) in &stats.by_type {
        let counts = &of_type.counts;
        let mut pen = Pen::new(buf, area, top + row, theme);
        pen.gap(1);
        pen.cell(kind.as_str(), NAMES, theme.plain());
        let rate = if counts.hits + counts.misses == 0 {
            theme.none().to_owned()
        } else {
            format!("{:.1}", counts.hit_rate * 100.0)
        };
        let values = [
            number(signed(counts.hits)),
            number(signed(counts.misses)),
            rate,
            number(signed(counts.fills)),
            number(signed(counts.fills_refused)),
        ];
        for (value, (_, width)) in values.iter().zip(COLUMNS) {
            whole_number(&mut pen, value, width, theme.plain());
        }
        if let Some(cause) = cause(counts) {
            pen.gap(2);
            pen.text(cause, theme.asks());
        }
        row += 1;
    }
    row
}

const COLUMNS: [(&str, usize); 5] =
    [("hits", 9), ("misses", 8), ("rate", 6), ("fills", 8), ("refused", 9)];

/// A number, or nothing at all: half of one would be another number.
fn whole_number(pen: &mut Pen, text: &str, width: usize, style: Style) {
    if pen.room() >= width {
        pen.number(text, width, style);
    } else {
        pen.gap(width);
    }
}

/// The formula of the average access, with its numbers.
fn average(buf: &mut Buffer, area: Rect, top: u16, stats: &CacheStats, theme: Theme) -> u16 {
    let mut pen = Pen::new(buf, area, top, theme);
    pen.gap(1);
    pen.cell("average access", NAMES, theme.dim());
    pen.text(&format!("{:.3} ms", stats.t_average), theme.bold());
    let hit = stats.counts.hit_rate;
    let times = theme.times();
    let formula = format!(
        "  = {hit:.3} {times} {:.3} + {:.3} {times} ({:.3} + {:.3})",
        stats.t_cache,
        1.0 - hit,
        stats.t_cache,
        stats.t_db
    );
    pen.text(&formula, theme.plain());
    let mut pen = Pen::new(buf, area, top + 1, theme);
    pen.gap(1 + NAMES);
    let text = format!("a miss is a lookup and the database; without a cache {:.3} ms", stats.t_db);
    pen.text(&text, theme.dim());
    2
}

fn parts(buf: &mut Buffer, area: Rect, top: u16, health: &Health, theme: Theme) {
    let parts = &health.parts;
    let named: [(&str, &Part); 5] = [
        ("database", &parts.database),
        ("cache", &parts.cache),
        ("integrity", &parts.cache_integrity),
        ("broker", &parts.broker),
        ("worker", &parts.worker),
    ];
    for (row, (name, part)) in named.into_iter().enumerate() {
        let row = top.saturating_add(u16::try_from(row).unwrap_or(u16::MAX));
        let mut pen = Pen::new(buf, area, row, theme);
        pen.gap(1);
        pen.cell(name, NAMES, theme.dim());
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
}

fn band_style(counts: &CacheCounts, theme: Theme) -> Style {
    match band(counts) {
        "excellent" | "good" => theme.over(),
        "fair" | "poor" => theme.asks(),
        _ => theme.dim(),
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// `1.2 MiB`.
fn bytes(value: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match value {
        ..KIB => format!("{value} B"),
        KIB..MIB => format!("{} KiB", value / KIB),
        _ => format!("{}.{} MiB", value / MIB, value % MIB * 10 / MIB),
    }
}

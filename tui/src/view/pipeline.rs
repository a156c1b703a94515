//! How events get on:
//!
//! ```text
//!  Pipeline
//!  committed ──────────→ positioned ──────────→ published ──────────→ handled
//!                 0                   12 4s                   31
//!  transport  kafka · 41.2/s · led by host-a:4711 · 2 failed · 120,431 published
//!  worker     host-b:99  kafka  lag 31  40.1/s
//!  daemons    host-a:4711, host-c:12
//! ```

use std::time::Duration;

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use watchfire_shared::outbox::OutboxStatus;
use watchfire_shared::process::{Fleet, Process, WorkerFigures};

use crate::model::pipeline::{Line, daemons};
use crate::model::words::number;
use crate::model::{Model, age};
use crate::safe::SafeText;
use crate::theme::Theme;

use super::events::{heading, named};
use super::paint::Pen;

const STATIONS: [&str; 4] = ["committed", "positioned", "published", "handled"];
/// Columns of an arrow, with what stands below it, at most.
const ARROW: usize = 14;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model) {
    let theme = Theme::new(model);
    let pipeline = &model.events.pipeline;
    for (row, line) in pipeline.lines().into_iter().enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        draw(&mut Pen::new(buf, area, row, theme), model, line);
    }
}

fn draw(pen: &mut Pen, model: &Model, line: Line<'_>) {
    match line {
        Line::Title => heading(pen, "Pipeline", model.events.pipeline.note(model.now)),
        Line::Stations => stations(pen, model),
        Line::Counts => counts(pen, model),
        Line::Transport(outbox) => transport(pen, outbox),
        Line::Trouble(process, trouble) => {
            named(pen, "relay");
            pen.text(&format!("{}: {trouble}", process.name), pen.theme.asks());
        }
        Line::Worker(process, figures) => worker(pen, process, figures),
        Line::NoWorker => {
            named(pen, "workers");
            pen.text("none is heard of: nothing is handled", pen.theme.asks());
        }
        Line::Daemons(fleet) => all_daemons(pen, fleet),
    }
}

fn stations(pen: &mut Pen, model: &Model) {
    let theme = pen.theme;
    let columns = arrow_columns(pen.room());
    pen.gap(1);
    for (index, station) in STATIONS.into_iter().enumerate() {
        if index > 0 {
            let gaps = usize::from(columns >= 3);
            pen.gap(gaps);
            pen.fill(theme.rule(), columns.saturating_sub(2 * gaps + 1), theme.dim());
            pen.text(theme.arrow(), theme.dim());
            pen.gap(gaps);
        }
        let unneeded = station == "published" && is_journal(model);
        pen.text(station, if unneeded { theme.dim() } else { theme.bold() });
    }
}

/// What waits between two stations: its number, and how long the oldest one has waited.
struct Waiting {
    what: &'static str,
    number: Option<i64>,
    age: Option<TimeDelta>,
    /// Nobody waits here.
    unneeded: bool,
}

fn waiting(model: &Model) -> [Waiting; 3] {
    let outbox = model.events.pipeline.outbox.value.as_deref();
    let waits = |what, number, age, unneeded| Waiting { what, number, age, unneeded };
    [
        waits("unpositioned", outbox.map(|outbox| outbox.unpositioned), None, false),
        waits(
            "pending",
            outbox.map(|outbox| outbox.pending),
            outbox.and_then(|outbox| seconds(outbox.oldest_pending_seconds?)),
            is_journal(model),
        ),
        waits("lag", model.events.pipeline.lag(), None, false),
    ]
}

impl Waiting {
    fn text(&self, theme: Theme) -> String {
        match (self.number, self.age) {
            (Some(_), _) if self.unneeded => "not needed".to_owned(),
            (None, _) => theme.none().to_owned(),
            (Some(n), Some(age)) if n > 0 => format!("{} {}", number(n), age::of(age)),
            (Some(n), _) => number(n),
        }
    }

    fn style(&self, theme: Theme) -> Style {
        match self.number {
            Some(1..) if !self.unneeded => theme.asks(),
            _ => theme.dim(),
        }
    }
}

/// Below its arrow each, or in words where the arrows are too short for a whole number.
fn counts(pen: &mut Pen, model: &Model) {
    let theme = pen.theme;
    let columns = arrow_columns(pen.room());
    let all = waiting(model);
    let widest = all.iter().map(|one| SafeText::line(&one.text(theme)).width()).max();
    pen.gap(1);
    if widest.unwrap_or(0) > columns {
        for (index, one) in all.iter().enumerate() {
            if index > 0 {
                pen.text(&format!(" {} ", theme.dot()), theme.dim());
            }
            pen.text(&format!("{} {}", one.what, one.text(theme)), one.style(theme));
        }
        return;
    }
    for (station, one) in STATIONS.into_iter().zip(&all) {
        pen.gap(station.len());
        let text = one.text(theme);
        let before = (columns - SafeText::line(&text).width()) / 2;
        pen.gap(before);
        pen.cell(&text, columns - before, one.style(theme));
    }
}

fn arrow_columns(room: usize) -> usize {
    let words: usize = STATIONS.iter().map(|station| station.len()).sum();
    (room.saturating_sub(words + 2) / 3).clamp(1, ARROW)
}

fn is_journal(model: &Model) -> bool {
    model.events.pipeline.outbox.value.as_ref().is_some_and(|outbox| outbox.transport == "journal")
}

fn transport(pen: &mut Pen, outbox: &OutboxStatus) {
    let theme = pen.theme;
    named(pen, "transport");
    if outbox.transport == "journal" {
        pen.text("journal: read where it is, published nowhere", theme.plain());
        return;
    }
    pen.text(&outbox.transport, theme.plain());
    let dot = theme.dot();
    pen.text(&format!(" {dot} {:.1}/s {dot} ", outbox.rate_1m), theme.plain());
    match &outbox.leader {
        Some(leader) => pen.text(&format!("led by {leader}"), theme.plain()),
        None => pen.text("nobody leads", theme.asks()),
    }
    if outbox.failed > 0 {
        pen.text(&format!(" {dot} {} failed", number(outbox.failed)), theme.bad());
    }
    pen.text(&format!(" {dot} {} published", number(outbox.published)), theme.plain());
}

fn worker(pen: &mut Pen, process: &Process, figures: &WorkerFigures) {
    let theme = pen.theme;
    named(pen, "worker");
    pen.text(&process.name, theme.plain());
    let text =
        format!("  {}  lag {}  {:.1}/s", figures.source, number(figures.lag), figures.rate_1m);
    pen.text(&text, theme.plain());
    if let Some(trouble) = &figures.trouble {
        pen.gap(2);
        pen.text(trouble, theme.asks());
    }
}

fn all_daemons(pen: &mut Pen, fleet: &Fleet) {
    let names: Vec<&str> = daemons(fleet).map(|process| process.name.as_str()).collect();
    named(pen, "daemons");
    if names.is_empty() {
        pen.text("none is heard of", pen.theme.asks());
    } else {
        pen.text(&names.join(", "), pen.theme.plain());
    }
}

/// None for what is no length of time.
fn seconds(value: f64) -> Option<TimeDelta> {
    TimeDelta::from_std(Duration::try_from_secs_f64(value).ok()?).ok()
}

//! How the daemon is, a part a line; below one that is ill, why, and what to do:
//!
//! ```text
//!  Health  ! degraded   watchfired 0.1.0
//!
//!  ✓ database    healthy     3d  postgres   last trouble 2h ago: no answer within 5 s
//!  ✓ cache       healthy     3d  redis
//!  ! worker      degraded   14m  none
//!      no worker runs: start `watchfired worker`
//!      → Events wait and none is lost: `watchfire processes` says who works.
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use watchfire_shared::health::{Health, HealthStatus, Part};

use crate::model::commands::Tone;
use crate::model::health::{advice, is_well, named_parts};
use crate::model::slot::Note;
use crate::model::{Model, age};
use crate::safe::SafeText;
use crate::theme::Theme;

use super::detail::says_instead;
use super::events::heading;
use super::paint::Pen;
use super::rows;

/// Columns before what is said about a part that is ill.
const INDENT: usize = 5;

/// One line of the page.
enum Line<'a> {
    Part(&'static str, &'a Part),
    Reason(SafeText),
    Advice(SafeText, bool),
    Gap,
}

pub fn render(buf: &mut Buffer, area: Rect, model: &Model) {
    let theme = Theme::new(model);
    let content = rows(area, 1, area.height.saturating_sub(2));
    let slot = &model.health;
    let Some(health) = slot.value.as_deref() else {
        let loading = slot.loading_at().is_some_and(|at| at <= model.now);
        let below = rows(content, 1, content.height.saturating_sub(1));
        heading(&mut Pen::new(buf, content, 0, theme), "Health", None);
        says_instead(buf, below, model, loading, slot.failure.as_ref(), None);
        return;
    };
    let note = slot.note(model.now);
    // What was true a while ago is told, and not vouched for.
    let current = !matches!(note, Some(Note::Old { .. }));
    let mut pen = Pen::new(buf, content, 0, theme);
    pen.gap(1);
    pen.text("Health  ", theme.bold());
    status(&mut pen, health.status, current);
    pen.text(&format!("  watchfired {}  ", health.version), theme.dim());
    heading(&mut pen, "", note);
    let lines = fitted(lines(health, content.width), content.height.saturating_sub(1));
    for (row, line) in lines.into_iter().enumerate() {
        let row = u16::try_from(row + 1).unwrap_or(u16::MAX);
        draw(&mut Pen::new(buf, content, row, theme), model, &line, current);
    }
}

fn lines(health: &Health, width: u16) -> Vec<Line<'_>> {
    let room = usize::from(width).saturating_sub(INDENT + 3).max(8);
    let mut lines = vec![Line::Gap];
    for (name, part) in named_parts(health) {
        lines.push(Line::Part(name, part));
        if is_well(part) {
            continue;
        }
        let reason = part.reason.iter().flat_map(|reason| SafeText::line(reason).wrap(room));
        lines.extend(reason.map(Line::Reason));
        let advice = SafeText::line(advice(name, part)).wrap(room).into_iter().enumerate();
        lines.extend(advice.map(|(index, line)| Line::Advice(line, index == 0)));
        lines.push(Line::Gap);
    }
    lines
}

/// Where there is no room for everything, what separates leaves first.
fn fitted(mut lines: Vec<Line<'_>>, height: u16) -> Vec<Line<'_>> {
    let leaves: [fn(&Line<'_>) -> bool; 2] =
        [|line| matches!(line, Line::Gap), |line| matches!(line, Line::Advice(..))];
    for leaves in leaves {
        if lines.len() > usize::from(height) {
            lines.retain(|line| !leaves(line));
        }
    }
    lines
}

fn draw(pen: &mut Pen, model: &Model, line: &Line<'_>, current: bool) {
    let theme = pen.theme;
    match line {
        Line::Part(name, of_part) => part(pen, model, name, of_part, current),
        Line::Reason(text) => {
            pen.gap(INDENT);
            pen.text(text.as_str(), theme.plain());
        }
        Line::Advice(text, first) => {
            pen.gap(INDENT);
            pen.cell(if *first { theme.arrow() } else { "" }, 2, theme.accent());
            pen.text(text.as_str(), theme.plain());
        }
        Line::Gap => {}
    }
}

fn part(pen: &mut Pen, model: &Model, name: &str, part: &Part, current: bool) {
    let theme = pen.theme;
    pen.gap(1);
    let (glyph, style) = look(theme, part.status, current);
    pen.cell(glyph, 2, style);
    pen.cell(name, 11, theme.plain());
    pen.cell(part.status.as_str(), 10, style);
    pen.number(&age::age(part.since, model.now), 4, theme.dim());
    pen.gap(2);
    pen.cell(&part.kind, 10, theme.plain());
    if let Some(last) = part.last_trouble.as_ref().filter(|_| is_well(part)) {
        let ago = age::age(last.at, model.now);
        pen.text(&format!("last trouble {ago} ago: {}", last.reason), theme.dim());
    }
}

fn status(pen: &mut Pen, status: HealthStatus, current: bool) {
    let (glyph, style) = look(pen.theme, status, current);
    let was = if current { "" } else { "was " };
    pen.text(&format!("{glyph} {was}{status}"), style);
}

fn look(theme: Theme, status: HealthStatus, current: bool) -> (&'static str, Style) {
    let (tone, style) = match status {
        HealthStatus::Healthy => (Tone::Good, theme.over()),
        HealthStatus::Degraded => (Tone::Warning, theme.asks()),
        HealthStatus::Unhealthy => (Tone::Bad, theme.bad()),
    };
    (theme.tone_glyph(tone), if current { style } else { theme.dim() })
}

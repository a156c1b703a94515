//! What happened, the newest at the bottom:
//!
//! ```text
//!     20:41:07 system        alert fired    CheckoutSlow i-a
//!     20:42:10 dana          investigating
//!  11-20 20:44 dana          commented
//!                            rolling back 1.42
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Model;
use crate::model::detail::Detail;
use crate::model::tell::{self, TIME_COLUMNS, WHO_COLUMNS};
use crate::model::words::count;
use crate::theme::Theme;

use super::detail::says_instead;
use super::paint::Pen;
use super::time;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, detail: &Detail) {
    let theme = Theme::new(model);
    let timeline = &detail.timeline;
    let Some(bottom) = timeline.tail.bottom(timeline.versions()) else {
        let state = &timeline.state;
        let loading = state.loading_at().is_some_and(|at| at <= model.now);
        let failure = state.failure.as_ref();
        let empty = state.value.map(|()| "Nothing has happened yet.");
        says_instead(buf, area, model, loading, failure, empty);
        return;
    };
    let rows = usize::from(area.height);
    let width = usize::from(area.width);
    let height = |at: usize| tell::wrapped(&tell::tell(&timeline.facts()[at]), width).len();
    let (first, over) = first_shown(bottom, rows, height);
    let mut row = 0;
    let mut at = first;
    // From the first visible fact on; what is below the anchor fills the rows that stay free.
    while row < rows && at < timeline.facts().len() {
        // The top fact may have more lines than there is room for: its last ones are shown.
        let skip = if at == first { over } else { 0 };
        row += draw(buf, area, row, model, detail, at, skip);
        at += 1;
    }
    let below = timeline.facts().len().saturating_sub(at);
    if below > 0 && area.height > 1 {
        let text = format!(
            "{} {}",
            count(i64::try_from(below).unwrap_or(0), "more", "more"),
            theme.down()
        );
        let mut pen = Pen::new(buf, area, area.height - 1, theme);
        pen.keep_free(1);
        pen.right(&text, theme.accent());
    }
}

/// The topmost entry when `bottom` is the lowest one and `rows` are there, and how many of its lines
/// have no room.
fn first_shown(bottom: usize, rows: usize, height: impl Fn(usize) -> usize) -> (usize, usize) {
    let mut used = height(bottom);
    for at in (0..bottom).rev() {
        let more = used + height(at);
        if more > rows {
            return (at + 1, used.saturating_sub(rows));
        }
        used = more;
    }
    (0, used.saturating_sub(rows))
}

/// Draws one fact from `row` on, without its first `skip` lines; says how many rows it took.
fn draw(
    buf: &mut Buffer,
    area: Rect,
    row: usize,
    model: &Model,
    detail: &Detail,
    at: usize,
    skip: usize,
) -> usize {
    let theme = Theme::new(model);
    let fact = &detail.timeline.facts()[at];
    let told = tell::tell(fact);
    let lines = tell::wrapped(&told, usize::from(area.width));
    for (index, (line, quoted)) in lines.iter().enumerate().skip(skip) {
        let target = u16::try_from(row + index - skip).unwrap_or(u16::MAX);
        let mut pen = Pen::new(buf, area, target, theme);
        if index == 0 {
            pen.number(&time::stamp(model, fact.occurred_at), TIME_COLUMNS - 1, theme.dim());
            pen.gap(1);
            pen.cell(&told.who, WHO_COLUMNS - 1, theme.plain());
            pen.gap(1);
        } else {
            pen.gap(TIME_COLUMNS + WHO_COLUMNS);
        }
        let style = if *quoted { theme.plain() } else { theme.tone(told.tone) };
        pen.text(line.as_str(), style);
    }
    lines.len() - skip
}

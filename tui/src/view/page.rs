//! A text that lies on the screen and scrolls:
//!
//! ```text
//!  INC-204 as JSON                                           1-21 of 34 · j k move
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::slot::Slot;
use crate::model::{Model, layout};
use crate::safe::SafeText;
use crate::theme::Theme;

use super::detail::says_instead;
use super::paint::{Pen, clear};
use super::rows;

/// The page below the head with its title and, when not all of it fits, the lines on the screen.
/// Returns its body and the first of its lines to draw.
pub fn frame(
    buf: &mut Buffer,
    area: Rect,
    theme: Theme,
    title: &str,
    lines: usize,
    top: usize,
) -> (Rect, usize) {
    let page = rows(area, 1, area.height.saturating_sub(2));
    clear(buf, page);
    let shown = layout::page_rows(area.height);
    let top = top.min(lines.saturating_sub(shown));
    let mut pen = Pen::new(buf, page, 0, theme);
    pen.gap(1);
    if lines > shown {
        let (first, last, dot) = (top + 1, top + shown, theme.dot());
        pen.right(&format!("{first}-{last} of {lines} {dot} j k move "), theme.dim());
    }
    pen.text(title, theme.bold());
    (rows(page, 1, page.height.saturating_sub(1)), top)
}

pub fn render(
    buf: &mut Buffer,
    area: Rect,
    model: &Model,
    title: &str,
    lines: &[SafeText],
    top: usize,
) {
    let theme = Theme::new(model);
    let (body, top) = frame(buf, area, theme, title, lines.len(), top);
    for (row, line) in (0..body.height).zip(&lines[top..]) {
        let mut pen = Pen::new(buf, body, row, theme);
        pen.gap(1);
        pen.text(line.as_str(), theme.plain());
    }
}

/// The same before there is anything to read, or when it could not be read.
pub fn unread(buf: &mut Buffer, area: Rect, model: &Model, title: &str, slot: &Slot<()>) {
    let (body, _) = frame(buf, area, Theme::new(model), title, 0, 0);
    let loading = slot.loading_at().is_some_and(|at| at <= model.now);
    says_instead(buf, body, model, loading, slot.failure.as_ref(), None);
}

//! The cache at work: asked for first, then measured, then explained.
//!
//! ```text
//!  The cache at work                                          1-20 of 30 · j k move
//!
//!  Stampede  200 reads at once of an incident nobody has read yet
//!                      database reads  all ms  p50 ms  p95 ms
//!  no cache                       200    91.2    52.1    88.0
//!  plain cache-aside              200    93.8    54.0    90.4
//!  Watchfire                        1    4.10    3.98    4.02
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Model;
use crate::model::demonstration::{self, ASKS, Line};
use crate::theme::Theme;

use super::paint::{Pen, clear};
use super::rows;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, top: usize) {
    let theme = Theme::new(model);
    let page = rows(area, 1, area.height.saturating_sub(2));
    clear(buf, page);
    let slot = &model.cache.demo;
    let lines = slot.value.as_deref().map(demonstration::lines);
    let shown = demonstration::shown(area.height);
    let top = top.min(lines.as_ref().map_or(0, |lines| lines.len().saturating_sub(shown)));
    let mut pen = Pen::new(buf, page, 0, theme);
    pen.keep_free(1);
    if let Some(lines) = lines.as_ref().filter(|lines| lines.len() > shown) {
        let (first, last, dot) = (top + 1, top + shown, theme.dot());
        pen.right(&format!("{first}-{last} of {} {dot} j k move", lines.len()), theme.dim());
    }
    pen.gap(1);
    pen.text("The cache at work", theme.bold());
    if let Some(asked) = slot.asked {
        let seconds = (model.now - asked.at).num_seconds().max(0);
        pen.text(&format!("  {} measuring, {seconds} s", theme.pending()), theme.work());
    } else if let Some(failure) = &slot.failure {
        pen.text(&format!("  {}", failure.message), theme.bad());
    }
    let body = rows(page, 2, page.height.saturating_sub(2));
    let Some(lines) = lines else {
        for (row, text) in (0..).zip(ASKS) {
            let mut pen = Pen::new(buf, body, row, theme);
            pen.gap(1);
            pen.text(text, theme.plain());
        }
        return;
    };
    for (row, line) in (0..body.height).zip(&lines[top..]) {
        let mut pen = Pen::new(buf, body, row, theme);
        pen.gap(1);
        match line {
            Line::Title(title, says) => {
                pen.text(title, theme.bold());
                pen.gap(2);
                pen.text(says, theme.plain());
            }
            Line::Head(text) => pen.text(text, theme.dim()),
            Line::Row(text) => pen.text(text, theme.plain()),
            Line::Gap => {}
        }
    }
}

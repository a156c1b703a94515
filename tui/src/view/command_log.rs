//! What was sent and what became of it, the newest first:
//!
//! ```text
//!  20:45:58  ✗ INC-204 resolve refused: status is resolved now, by robin 12s ago
//!  20:44:10  ✓ INC-201 closed
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Model;
use crate::safe::SafeText;
use crate::theme::Theme;

use super::paint::{Pen, clear};
use super::{rows, time};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, top: usize) {
    let theme = Theme::new(model);
    let page = rows(area, 1, area.height.saturating_sub(2));
    clear(buf, page);
    let mut pen = Pen::new(buf, page, 0, theme);
    pen.gap(1);
    pen.text("Commands, the newest first", theme.bold());
    if model.commands.entries.is_empty() {
        let mut pen = Pen::new(buf, page, 2, theme);
        pen.gap(1);
        pen.text("Nothing has been sent yet.", theme.dim());
    }
    let mut row = 1;
    for sent in model.commands.entries.iter().rev().skip(top) {
        if row >= page.height {
            break;
        }
        let mut pen = Pen::new(buf, page, row, theme);
        pen.number(&time::stamp(model, sent.at), 12, theme.dim());
        pen.gap(1);
        let Some((tone, text)) = &sent.result else {
            pen.text(theme.pending(), theme.plain());
            pen.gap(1);
            pen.text(&sent.what.words(), theme.plain());
            row += 1;
            continue;
        };
        pen.text(theme.tone_glyph(*tone), theme.tone(*tone));
        pen.gap(1);
        let room = pen.room().saturating_sub(1);
        let x = pen.x();
        for line in SafeText::line(text).wrap(room) {
            let cell = Rect { x, width: page.right().saturating_sub(x), ..page };
            Pen::new(buf, cell, row, theme).text(line.as_str(), theme.tone(*tone));
            row = row.saturating_add(1);
        }
    }
}

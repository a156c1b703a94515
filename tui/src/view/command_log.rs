//! What was sent and what became of it, the newest first:
//!
//! ```text
//!  20:45:58  ✗ INC-204 resolve refused: status is resolved now, by robin 12s ago
//!              $ watchfire resolve INC-204
//!  20:44:10  ✓ INC-201 closed
//!              $ watchfire close INC-201
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Model;
use crate::model::commands::{Sent, Tone};
use crate::safe::SafeText;
use crate::theme::Theme;

use super::paint::{Pen, clear};
use super::{rows, time};

/// Columns before the text of an entry.
const INDENT: usize = 15;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, top: usize) {
    let theme = Theme::new(model);
    let page = rows(area, 1, area.height.saturating_sub(2));
    clear(buf, page);
    let mut pen = Pen::new(buf, page, 0, theme);
    pen.gap(1);
    pen.text("Commands, the newest first", theme.bold());
    if model.commands.entries.is_empty() && model.mistakes.is_empty() {
        let mut pen = Pen::new(buf, page, 2, theme);
        pen.gap(1);
        pen.text("Nothing has been sent yet.", theme.dim());
    }
    let mut row = 1;
    for mistake in model.mistakes.iter().skip(top) {
        row = told(buf, page, row, Tone::Warning, mistake, theme);
    }
    let top = top.saturating_sub(model.mistakes.len());
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
            row = shell(buf, page, row + 1, sent, theme);
            continue;
        };
        row = told(buf, page, row, *tone, text, theme);
        row = shell(buf, page, row, sent, theme);
    }
}

/// What became of something, behind its column; returns the next free row.
fn told(buf: &mut Buffer, page: Rect, row: u16, tone: Tone, text: &str, theme: Theme) -> u16 {
    let cell = rows(page, row, page.height);
    let cell = Rect {
        x: cell.x + narrow(INDENT).saturating_sub(2).min(cell.width),
        width: cell.width.saturating_sub(narrow(INDENT - 2)),
        ..cell
    };
    let mut pen = Pen::new(buf, cell, 0, theme);
    pen.text(theme.tone_glyph(tone), theme.tone(tone));
    let lines = SafeText::line(text).wrap(usize::from(cell.width).saturating_sub(3));
    for (at, line) in (0..cell.height).zip(&lines) {
        let mut pen = Pen::new(buf, cell, at, theme);
        pen.gap(2);
        pen.text(line.as_str(), theme.tone(tone));
    }
    row.saturating_add(narrow(lines.len()))
}

fn narrow(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

/// The line of a shell that does the same; returns the next free row.
fn shell(buf: &mut Buffer, page: Rect, row: u16, sent: &Sent, theme: Theme) -> u16 {
    let Some(line) = sent.what.line().filter(|_| row < page.height) else {
        return row;
    };
    let mut pen = Pen::new(buf, page, row, theme);
    pen.gap(INDENT);
    pen.text(&format!("$ {line}"), theme.dim());
    row.saturating_add(1)
}

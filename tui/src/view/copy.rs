//! What goes to the clipboard, in a sheet above the foot:
//!
//! ```text
//! ──────────────────────────────────────────────
//!  Copy what of INC-204?
//! ▌reference  INC-204
//!  link       http://127.0.0.1:4911/v1/incidents/INC-204
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Model;
use crate::model::copy::{COPY_MAX, CopyBox, Piece};
use crate::model::words::{count, number};
use crate::theme::Theme;

use super::chooses;
use super::paint::{Pen, clear, rule};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, chooser: &CopyBox) {
    let theme = Theme::new(model);
    let pieces = chooser.pieces(model);
    let Some((choices, sheet, body)) = chooses(area, model) else {
        return;
    };
    clear(buf, sheet);
    rule(buf, sheet, 0, theme);
    let mut pen = Pen::new(buf, sheet, 1, theme);
    pen.gap(1);
    pen.text(&format!("Copy what of {}?", chooser.reference), theme.bold());
    let shown = pieces.iter().enumerate().skip(choices.first);
    for (row, (index, (piece, text))) in (0..body.height).zip(shown) {
        let mut pen = Pen::new(buf, body, row, theme);
        let here = Some(index) == choices.chosen;
        pen.text(if here { theme.bar() } else { " " }, theme.accent());
        pen.cell(piece.name(), 9, if here { theme.bold() } else { theme.plain() });
        pen.gap(2);
        pen.keep_free(1);
        match (piece, text) {
            (_, Err(why)) => pen.text(why, theme.asks()),
            (Piece::Json, Ok(text)) => pen.text(&size(text), theme.dim()),
            (_, Ok(text)) => pen.text(text, theme.dim()),
        }
    }
}

fn size(text: &str) -> String {
    let bytes = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
    let size = count(bytes(text.len()), "byte", "bytes");
    if text.len() > COPY_MAX {
        format!("{size}: too much, a terminal takes {}", number(bytes(COPY_MAX)))
    } else {
        size
    }
}

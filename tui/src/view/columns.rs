//! The columns of the list to choose from, in a sheet above the foot; the list shows each choice at once:
//!
//! ```text
//! ──────────────────────────────────────────────
//!  Columns of the list
//! ▌[x] priority
//!  [ ] score
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Model;
use crate::model::columns::ColumnsBox;
use crate::theme::Theme;

use super::chooses;
use super::paint::{Pen, clear, rule};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, columns: &ColumnsBox) {
    let theme = Theme::new(model);
    let Some((choices, sheet, body)) = chooses(area, model) else {
        return;
    };
    clear(buf, sheet);
    rule(buf, sheet, 0, theme);
    let mut pen = Pen::new(buf, sheet, 1, theme);
    pen.gap(1);
    pen.text("Columns of the list", theme.bold());
    pen.gap(2);
    pen.text("from left to right; what has no room leaves from the right", theme.dim());
    let shown = columns.columns.iter().enumerate().skip(choices.first);
    for (row, (index, (column, is_shown))) in (0..body.height).zip(shown) {
        let mut pen = Pen::new(buf, body, row, theme);
        let here = Some(index) == choices.chosen;
        pen.text(if here { theme.bar() } else { " " }, theme.accent());
        let style = match (here, is_shown) {
            (true, _) => theme.bold(),
            (false, true) => theme.plain(),
            (false, false) => theme.dim(),
        };
        let mark = if *is_shown { "x" } else { " " };
        pen.text(&format!("[{mark}] {}", column.name()), style);
    }
}

//! The question before a command of one's own runs, in a sheet above the foot; each line is what is
//! run, as a shell would take it:
//!
//! ```text
//! ─────────────────────────────────────────────────────────────────────
//!  Run restart on 2 incidents?
//!  INC-204  kubectl rollout restart deploy/checkout
//!  INC-199  kubectl rollout restart deploy/db
//!  INC-198  not run: has no service
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Model;
use crate::model::own::Sure;
use crate::theme::Theme;

use super::paint::{Pen, clear, rule};
use super::{rows, sheet};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, sure: &Sure) {
    let theme = Theme::new(model);
    let lines = sure.lines();
    let sheet = sheet(area, u16::try_from(lines.len() + 1).unwrap_or(u16::MAX - 1));
    clear(buf, sheet);
    rule(buf, sheet, 0, theme);
    let body = rows(sheet, 2, sheet.height.saturating_sub(2));
    let visible = usize::from(body.height).max(1);
    let top = sure.top.min(lines.len().saturating_sub(visible));
    let mut pen = Pen::new(buf, sheet, 1, theme);
    pen.gap(1);
    pen.keep_free(1);
    if lines.len() > visible {
        let last = (top + visible).min(lines.len());
        pen.right(&format!("{}-{last} of {}", top + 1, lines.len()), theme.dim());
    }
    pen.text(&sure.question(), theme.bold());
    for (row, (reference, text, runs)) in (0..body.height).zip(&lines[top..]) {
        let mut pen = Pen::new(buf, body, row, theme);
        pen.gap(1);
        pen.keep_free(1);
        let reference = reference.to_string();
        pen.cell(&reference, reference.len().max(7) + 2, theme.bold());
        pen.text(text, if *runs { theme.plain() } else { theme.asks() });
    }
}

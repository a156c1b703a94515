//! The daemons one can go to, in a sheet above the foot:
//!
//! ```text
//! ──────────────────────────────────────────────
//!  Which daemon?
//!  / pr
//! ▌prod              incidents.example.com
//!  preview           127.0.0.1:4912            here
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Model;
use crate::model::chooser::{Chooser, Named, Progress, is_here};
use crate::theme::Theme;

use super::paint::{Pen, clear, rule};
use super::{Cursor, chooses, field};

/// Columns of a name.
const NAME: usize = 18;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, chooser: &Chooser) -> Cursor {
    let theme = Theme::new(model);
    let entries = chooser.entries(&model.setup.contexts);
    let (choices, sheet, body) = chooses(area, model)?;
    clear(buf, sheet);
    rule(buf, sheet, 0, theme);
    let mut pen = Pen::new(buf, sheet, 1, theme);
    pen.gap(1);
    pen.text("Which daemon?", theme.bold());
    pen.gap(2);
    match &chooser.progress {
        Progress::Choosing => {}
        Progress::Going(name) => pen.text(&format!("Going to {name} …"), theme.dim()),
        Progress::Failed(why) => pen.text(why, theme.bad()),
    }
    let mut pen = Pen::new(buf, sheet, 2, theme);
    pen.gap(1);
    pen.text("/ ", theme.accent());
    let cursor = field::line(&mut pen, &chooser.field, true, theme.plain(), None);
    let shown = entries.iter().enumerate().skip(choices.first);
    for (row, (index, named)) in (0..body.height).zip(shown) {
        let chosen = Some(index) == choices.chosen;
        line(&mut Pen::new(buf, body, row, theme), model, named, chosen);
    }
    if entries.is_empty() {
        let mut pen = Pen::new(buf, body, 0, theme);
        pen.gap(1);
        pen.text("No daemon has such a name; esc stays here", theme.dim());
    }
    cursor
}

fn line(pen: &mut Pen, model: &Model, named: &Named, chosen: bool) {
    let theme = pen.theme;
    pen.text(if chosen { theme.bar() } else { " " }, theme.accent());
    if is_here(model, named) {
        pen.right("here ", theme.dim());
    }
    let style = if model.look.colour { theme.of(named.ink) } else { theme.plain() };
    let style = if chosen { style.patch(theme.bold()) } else { style };
    pen.cell(named.name(), NAME, style);
    pen.gap(1);
    pen.text(&named.address, theme.dim());
}

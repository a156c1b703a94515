//! The help page, printed from the keymap: it lists every binding and cannot say anything else. Two
//! columns fit 80×24; below that it scrolls.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::keymap::{BINDINGS, Binding, Group, key_name};
use crate::model::Model;
use crate::theme::Theme;

use super::paint::{Pen, clear};
use super::rows;

enum Line {
    Title(&'static str),
    Binding(&'static Binding),
    Blank,
}

/// Columns of the keys.
const KEYS: usize = 17;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, top: usize) {
    let theme = Theme::new(model.look);
    let page = rows(area, 1, area.height.saturating_sub(2));
    clear(buf, page);
    let height = usize::from(page.height).max(1);
    let lines = lines();
    let columns = (page.width / 38).clamp(1, 3);
    let width = page.width / columns;
    let shown = lines.len().div_ceil(usize::from(columns)).max(height);
    let top = top.min(lines.len().saturating_sub(height * usize::from(columns)));
    // A column takes as many lines as there are rows; what is left over scrolls.
    let per_column = if lines.len() <= height * usize::from(columns) {
        height
    } else {
        shown.min(height)
    };
    for (index, line) in lines.iter().skip(top).enumerate() {
        let column = index / per_column;
        if column >= usize::from(columns) {
            break;
        }
        let row = u16::try_from(index % per_column).unwrap_or(u16::MAX);
        let x = page.x + width * u16::try_from(column).unwrap_or(0);
        let cell = Rect { x, width, ..page };
        draw(&mut Pen::new(buf, cell, row, theme), line);
    }
}

fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for group in Group::ALL {
        if !lines.is_empty() {
            lines.push(Line::Blank);
        }
        lines.push(Line::Title(group.title()));
        let bindings = BINDINGS.iter().filter(|binding| binding.group == group);
        lines.extend(bindings.map(Line::Binding));
    }
    lines
}

fn draw(pen: &mut Pen, line: &Line) {
    let theme = pen.theme;
    pen.gap(1);
    match line {
        Line::Blank => {}
        Line::Title(title) => pen.text(title, theme.bold()),
        Line::Binding(binding) => {
            let keys: Vec<String> = binding
                .keys
                .iter()
                .map(|key| key_name(*key, theme.unicode()))
                .collect();
            pen.cell(&keys.join(" "), KEYS, theme.accent());
            pen.gap(1);
            pen.text(binding.help, theme.plain());
        }
    }
}

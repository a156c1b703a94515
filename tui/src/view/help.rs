//! The help page, printed from the keymap: it lists every binding and cannot say anything else. In
//! two columns it fits 80×24; on less it scrolls.
//!
//! ```text
//!  Incident                                Screens
//!  a r               investigate, resolve  enter             open the incident
//!  c R               twice: close, reopen  esc               back; clear
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::keymap::{BINDINGS, Binding, Group, key_name};
use crate::model::Model;
use crate::theme::Theme;

use super::paint::{Pen, clear};
use super::rows;

/// Columns of the keys at least.
const KEYS: usize = 17;
/// Columns of the page's columns at least.
const COLUMN: u16 = 38;

enum Line {
    Title(&'static str),
    /// The bindings of one line.
    Bindings(Vec<&'static Binding>),
    Blank,
}

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, top: usize) {
    let theme = Theme::new(model.look);
    let page = rows(area, 1, area.height.saturating_sub(2));
    clear(buf, page);
    let height = usize::from(page.height).max(1);
    let columns = arrange(usize::from((page.width / COLUMN).clamp(1, 3)), height);
    let tallest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let top = top.min(tallest.saturating_sub(height));
    let width = page.width / u16::try_from(columns.len().max(1)).unwrap_or(1);
    for (index, column) in columns.iter().enumerate() {
        let x = page.x + width * u16::try_from(index).unwrap_or(0);
        let cell = Rect { x, width, ..page };
        for (row, line) in column.iter().skip(top).take(height).enumerate() {
            let row = u16::try_from(row).unwrap_or(u16::MAX);
            draw(&mut Pen::new(buf, cell, row, theme), line);
        }
    }
}

/// The groups in columns of `height` lines; the last column takes what is left and scrolls.
fn arrange(columns: usize, height: usize) -> Vec<Vec<Line>> {
    let mut out = vec![Vec::new()];
    for group in Group::ALL {
        let lines = lines(group);
        let used = out.last().map_or(0, Vec::len);
        if used > 0 && used + 1 + lines.len() > height && out.len() < columns {
            out.push(Vec::new());
        }
        if let Some(column) = out.last_mut() {
            if !column.is_empty() {
                column.push(Line::Blank);
            }
            column.extend(lines);
        }
    }
    out
}

fn lines(group: Group) -> Vec<Line> {
    let mut lines = vec![Line::Title(group.title())];
    for binding in BINDINGS.iter().filter(|binding| binding.group == group) {
        match lines.last_mut() {
            Some(Line::Bindings(bindings)) if binding.shares_line => bindings.push(binding),
            _ => lines.push(Line::Bindings(vec![binding])),
        }
    }
    lines
}

fn draw(pen: &mut Pen, line: &Line) {
    let theme = pen.theme;
    pen.gap(1);
    match line {
        Line::Blank => {}
        Line::Title(title) => pen.text(title, theme.bold()),
        Line::Bindings(bindings) => {
            let keys: Vec<String> = bindings
                .iter()
                .flat_map(|binding| binding.keys)
                .map(|key| key_name(*key, theme.unicode()))
                .collect();
            let keys = keys.join(" ");
            let help: Vec<&str> = bindings.iter().map(|binding| binding.help).collect();
            pen.cell(&keys, KEYS.max(keys.chars().count()), theme.accent());
            pen.gap(1);
            pen.text(&help.join(", "), theme.plain());
        }
    }
}

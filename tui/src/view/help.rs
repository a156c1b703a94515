//! The help page, printed from the keymap: it lists every binding and cannot say anything else. In
//! two columns it fits 80×24; on less it scrolls.
//!
//! ```text
//!  Incident                                Screens
//!  a r               investigate, resolve  enter             open the incident
//!  c R               twice: close, reopen  esc               back; clear
//! ```

use std::iter;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::keymap::{Bound, Group, Keymap, key_name};
use crate::model::Model;
use crate::theme::Theme;

use super::paint::{Pen, clear};
use super::rows;

/// Columns of the keys at least.
const KEYS: usize = 17;
/// Columns of the page's columns at least.
const COLUMN: u16 = 38;

enum Line<'a> {
    Title(&'static str),
    /// The bindings of one line.
    Bindings(Vec<&'a Bound>),
    Blank,
}

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, top: usize) {
    let theme = Theme::new(model);
    let page = rows(area, 1, area.height.saturating_sub(2));
    clear(buf, page);
    let height = usize::from(page.height).max(1);
    let columns =
        arrange(&model.setup.keymap, usize::from((page.width / COLUMN).clamp(1, 3)), height);
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
fn arrange(keymap: &Keymap, columns: usize, height: usize) -> Vec<Vec<Line<'_>>> {
    let mut out = vec![Vec::new()];
    for group in Group::ALL {
        let lines = lines(keymap, group);
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

/// What has no key any more is left out.
fn lines(keymap: &Keymap, group: Group) -> Vec<Line<'_>> {
    let mut lines = vec![Vec::new()];
    for bound in keymap.bound().iter().filter(|bound| bound.binding.group == group) {
        if !bound.binding.shares_line {
            lines.push(Vec::new());
        }
        if let Some(line) = lines.last_mut().filter(|_| !bound.keys.is_empty()) {
            line.push(bound);
        }
    }
    let lines = lines.into_iter().filter(|line| !line.is_empty()).map(Line::Bindings);
    iter::once(Line::Title(group.title())).chain(lines).collect()
}

fn draw(pen: &mut Pen, line: &Line<'_>) {
    let theme = pen.theme;
    pen.gap(1);
    match line {
        Line::Blank => {}
        Line::Title(title) => pen.text(title, theme.bold()),
        Line::Bindings(bindings) => {
            let keys = bindings.iter().flat_map(|bound| &bound.keys);
            let mut keys: Vec<String> = keys.map(|key| key_name(*key, theme.unicode())).collect();
            // What means two things in two places stands there once.
            keys.dedup();
            let keys = keys.join(" ");
            let help: Vec<&str> = bindings.iter().map(|bound| bound.binding.help).collect();
            pen.cell(&keys, KEYS.max(keys.chars().count()), theme.accent());
            pen.gap(1);
            pen.text(&help.join(", "), theme.plain());
        }
    }
}

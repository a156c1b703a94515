//! The help page. On a screen of 80×24 the keys of the view fit; the others are further down.
//!
//! ```text
//!  Keys                                                      1-21 of 34 · j k move
//!  Of this view
//!  Incident                                Screens
//!  a r               investigate, resolve  enter             open the incident
//!  c R               twice: close, reopen  esc               back; clear
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::keymap::{Bound, Context, key_name};
use crate::model::Model;
use crate::model::help::{self, Line};
use crate::theme::Theme;

use super::page;
use super::paint::Pen;

/// Columns of the keys at least.
const KEYS: usize = 17;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, of: Context, top: usize) {
    let theme = Theme::new(model);
    let lines = help::page(&model.setup, of, area.width);
    let (body, top) = page::frame(buf, area, theme, "Keys", lines.len(), top);
    for (row, cells) in (0..body.height).zip(&lines[top..]) {
        let width = body.width / u16::try_from(cells.len().max(1)).unwrap_or(1);
        for (index, line) in (0u16..).zip(cells) {
            let cell = Rect { x: body.x + width * index, width, ..body };
            draw(&mut Pen::new(buf, cell, row, theme), line);
        }
    }
}

fn draw(pen: &mut Pen, line: &Line<'_>) {
    let theme = pen.theme;
    pen.gap(1);
    match line {
        Line::Blank => {}
        Line::Heading(title) => pen.text(title, theme.dim()),
        Line::Title(title) => pen.text(title, theme.bold()),
        Line::Own(command) => {
            let key = command.key.map(|key| key_name(key, theme.unicode()));
            let keys = key.unwrap_or_else(|| format!(":{}", command.name));
            pen.cell(&keys, KEYS.max(keys.chars().count()), theme.accent());
            if command.key.is_some() {
                pen.gap(1);
                pen.text(&command.name, theme.plain());
            }
        }
        Line::Bindings(bindings) => {
            let keys = bindings.iter().flat_map(|bound| &bound.keys);
            let mut keys: Vec<String> = keys.map(|key| key_name(*key, theme.unicode())).collect();
            // What means two things in two places stands there once.
            keys.dedup();
            // What has no key is called by its name.
            let keyless = |bound: &&&Bound| bound.keys.is_empty();
            let names = bindings.iter().filter(keyless);
            keys.extend(names.map(|bound| format!(":{}", bound.binding.hint)));
            let keys = keys.join(" ");
            let help: Vec<&str> = bindings.iter().map(|bound| bound.binding.help).collect();
            pen.cell(&keys, KEYS.max(keys.chars().count()), theme.accent());
            pen.gap(1);
            pen.text(&help.join(", "), theme.plain());
        }
    }
}

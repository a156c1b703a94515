//! Actions by name, in a sheet above the foot:
//!
//! ```text
//! ──────────────────────────────────────────────
//!  On INC-204 ○ open  Checkout latency p99 over 4 s
//!  : res
//! ▌resolve           resolve it                  r
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::keymap::{Context, key_name};
use crate::model::Model;
use crate::model::palette::{Entry, Offer, Palette, Pick};
use crate::theme::{Theme, short_status};

use super::paint::{Pen, clear, rule};
use super::{Cursor, chooses, field};

/// Columns of a name.
const NAME: usize = 16;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, palette: &Palette) -> Cursor {
    let theme = Theme::new(model);
    let entries = palette.entries(&model.setup, &model.palette_history);
    let (choices, sheet, body) = chooses(area, model)?;
    clear(buf, sheet);
    rule(buf, sheet, 0, theme);
    title(&mut Pen::new(buf, sheet, 1, theme), model, palette);
    let mut pen = Pen::new(buf, sheet, 2, theme);
    pen.gap(1);
    pen.text(": ", theme.dim());
    let cursor = field::line(&mut pen, &palette.field, true, theme.plain(), None);
    let shown = entries.iter().enumerate().skip(choices.first);
    for (row, (index, line)) in (0..body.height).zip(shown) {
        let chosen = Some(index) == choices.chosen;
        entry(&mut Pen::new(buf, body, row, theme), model, line, chosen);
    }
    if entries.is_empty() {
        let mut pen = Pen::new(buf, body, 0, theme);
        pen.gap(1);
        let text = match palette.offer {
            Offer::Everything => "No action has such a name; esc closes",
            Offer::Views => "No view has such a name; esc closes",
        };
        pen.text(text, theme.dim());
    }
    cursor
}

/// What it is about: the incident that was selected, as it stands now.
fn title(pen: &mut Pen, model: &Model, palette: &Palette) {
    let theme = pen.theme;
    pen.gap(1);
    let Some((id, reference)) = palette.subject else {
        let text = match palette.offer {
            Offer::Everything => "Do what?",
            Offer::Views => "Which view?",
        };
        pen.text(text, theme.bold());
        return;
    };
    // What many can be done to is, after a question that lists them; the rest to the one.
    let on = match model.marks.len() {
        marked @ 1.. if palette.from == Context::List => {
            format!("On {marked} marked, or on {reference} ")
        }
        _ => format!("On {reference} "),
    };
    pen.text(&on, theme.bold());
    if let Some(incident) = model.known.get(id) {
        let glyph = theme.status_glyph(incident.status);
        let status = format!("{glyph} {}  ", short_status(incident.status));
        pen.text(&status, theme.status(incident.status));
        pen.text(&incident.title, theme.plain());
    }
}

fn entry(pen: &mut Pen, model: &Model, entry: &Entry, here: bool) {
    let theme = pen.theme;
    let bound = model.setup.keymap.bound().iter();
    let keys = bound.filter(|b| entry.binding.is_some_and(|it| std::ptr::eq(b.binding, it)));
    let own = model.setup.commands.iter().filter(|it| entry.pick == Pick::Own(it.name.clone()));
    let keys = keys.flat_map(|bound| &bound.keys).copied().chain(own.filter_map(|it| it.key));
    let keys: Vec<String> = keys.map(|key| key_name(key, theme.unicode())).collect();
    pen.text(if here { theme.bar() } else { " " }, theme.accent());
    pen.right(&format!("{} ", keys.join(" ")), theme.accent());
    let style = if entry.forbidden { theme.dim() } else { theme.plain() };
    pen.cell(&entry.name, NAME, if here { theme.bold() } else { style });
    if entry.forbidden {
        pen.gap(2);
        pen.text("not as it stands", theme.dim());
    } else if !entry.name.contains(&entry.help) {
        // What only repeats the name says nothing.
        pen.gap(2);
        pen.text(&entry.help, theme.dim());
    }
}

//! Actions by name.

use crate::action::{Action, Move};
use crate::keymap::{Binding, Context, Group};
use crate::model::commands::Tone;
use crate::model::input::TextField;
use crate::model::palette::Palette;
use crate::model::{Model, Overlay};

use super::detail::scrolled;
use super::{Out, keys};

/// Rows of a page.
const PAGE: usize = 10;

pub fn open(model: &mut Model, from: Context) {
    let subject = model.subject().map(|incident| (incident.id, incident.reference));
    let field = TextField::default();
    model.overlay = Some(Overlay::Palette(Palette { from, subject, field, chosen: None }));
}

pub fn go(model: &mut Model, step: Move) {
    if let Some(Overlay::Palette(palette)) = &mut model.overlay {
        let entries = palette.entries(&model.palette_history);
        let last = entries.len().saturating_sub(1);
        let at = scrolled(palette.place(&entries), step, PAGE, last);
        palette.chosen = entries.get(at).map(|binding| binding.action);
    }
}

/// Runs what is chosen, on the incident that was selected when the palette was opened.
pub fn run(model: &mut Model, out: &mut Out) {
    let Some(Overlay::Palette(palette)) = &model.overlay else {
        return;
    };
    let entries = palette.entries(&model.palette_history);
    let Some(binding) = entries.get(palette.place(&entries)).copied() else {
        model.flash(Tone::Neutral, "No action has such a name");
        return;
    };
    let (from, subject) = (palette.from, palette.subject);
    model.overlay = None;
    model.palette_history.remember(binding.action);
    let now = model.subject().map(|incident| incident.id);
    match subject {
        Some((id, reference)) if is_about_incident(binding) && now != Some(id) => {
            let text = format!("Nothing done: {reference} is not selected any more");
            model.flash(Tone::Warning, text);
        }
        None if is_about_incident(binding) && now.is_some() => {
            model.flash(Tone::Warning, "Nothing done: no incident was selected then");
        }
        _ => keys::act(model, binding.action, from, out),
    }
}

fn is_about_incident(binding: &Binding) -> bool {
    let about = binding.group == Group::Incident && binding.action != Action::NewIncident;
    about || binding.action == Action::Open
}

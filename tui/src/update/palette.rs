//! Actions by name.

use watchfire_shared::ids::{IncidentId, Reference};

use crate::action::{Action, Move, Place, Step};
use crate::effect::Effect;
use crate::keymap::{Binding, Context, Group};
use crate::model::commands::Tone;
use crate::model::input::TextField;
use crate::model::palette::{Offer, Palette, Pick};
use crate::model::{Model, Overlay};

use super::detail::scrolled;
use super::{Out, chooser, keys, own, views};

/// Rows of a page.
const PAGE: usize = 10;

pub fn open(model: &mut Model, from: Context) {
    let subject = model.subject().map(|incident| (incident.id, incident.reference));
    let field = TextField::default();
    let many = from == Context::List && !model.marks.is_empty();
    let status = model.subject().filter(|_| !many).map(|incident| incident.status);
    let allowed = |step: &Step| status.is_none_or(|status| step.is_possible(status));
    let forbidden = Step::ALL.into_iter().filter(|step| !allowed(step)).collect();
    let palette =
        Palette { from, subject, forbidden, offer: Offer::Everything, field, chosen: None };
    model.overlay = Some(Overlay::Palette(palette));
}

/// The same of saved views alone.
pub fn open_views(model: &mut Model, from: Context) {
    open(model, from);
    if let Some(Overlay::Palette(palette)) = &mut model.overlay {
        palette.offer = Offer::Views;
        palette.subject = None;
    }
}

pub fn go(model: &mut Model, step: Move) {
    if let Some(Overlay::Palette(palette)) = &mut model.overlay {
        let entries = palette.entries(&model.setup, &model.palette_history);
        let last = entries.len().saturating_sub(1);
        let at = scrolled(palette.place(&entries), step, PAGE, last);
        palette.chosen = entries.get(at).map(|entry| entry.pick.clone());
    }
}

/// Runs what is chosen, on the incident that was selected when the palette was opened.
pub fn run(model: &mut Model, out: &mut Out) {
    let Some(Overlay::Palette(palette)) = &model.overlay else {
        return;
    };
    let entries = palette.entries(&model.setup, &model.palette_history);
    let Some(entry) = entries.get(palette.place(&entries)) else {
        model.flash(Tone::Neutral, "No action has such a name");
        return;
    };
    let (from, subject) = (palette.from, palette.subject);
    model.overlay = None;
    model.palette_history.remember(entry.pick.clone());
    out.push(Effect::Remember(model.remembered()));
    match (&entry.pick, entry.binding) {
        (Pick::Context(name), _) => chooser::go_to(model, name, out),
        (Pick::View(name), _) => views::show(model, name, out),
        (Pick::Own(name), _) => {
            if is_still(model, subject) {
                own::named(model, name, out);
            }
        }
        (Pick::Output, _) => own::show_last(model),
        (Pick::Action(_), Some(binding)) => act(model, binding, from, subject, out),
        (Pick::Action(_), None) => {}
    }
}

fn act(
    model: &mut Model,
    binding: &Binding,
    from: Context,
    subject: Option<(IncidentId, Reference)>,
    out: &mut Out,
) {
    if !is_about_incident(binding) || is_still(model, subject) {
        keys::act(model, binding.action, from, out);
    }
}

/// Whether what was selected then still is; otherwise the flash says so.
fn is_still(model: &mut Model, subject: Option<(IncidentId, Reference)>) -> bool {
    let now = model.subject().map(|incident| incident.id);
    let why = match subject {
        Some((id, _)) if now == Some(id) => return true,
        None if now.is_none() => return true,
        Some((_, reference)) => format!("Nothing done: {reference} is not selected any more"),
        None => "Nothing done: no incident was selected then".to_owned(),
    };
    model.flash(Tone::Warning, why);
    false
}

fn is_about_incident(binding: &Binding) -> bool {
    let about = binding.group == Group::Incident && binding.action != Action::NewIncident;
    about || matches!(binding.action, Action::Open | Action::Go(Place::Incident))
}

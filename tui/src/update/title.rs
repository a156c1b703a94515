//! Another title for an incident.

use watchfire_shared::incident::Incident;
use watchfire_shared::incident::rules::Refusal;

use crate::effect::Command;
use crate::model::commands::{Cell, Deed, Tone};
use crate::model::forms::TitleBox;
use crate::model::input::TextField;
use crate::model::{Model, Overlay};

use super::{Out, batch, commands};

pub fn open(model: &mut Model) {
    if batch::is_meant(model) {
        model.flash(Tone::Neutral, "A title is for one incident: esc clears the marks");
        return;
    }
    let Some(incident) = commands::subject(model, Some(Cell::Title)) else {
        return;
    };
    let begun = model.titles.remove(&incident.id);
    model.overlay = Some(Overlay::Title(TitleBox {
        incident: incident.id,
        reference: incident.reference,
        field: TextField::new(begun.unwrap_or_else(|| incident.title.clone())),
        seen: incident.title,
        error: None,
    }));
}

/// Sends the title, if the incident still has the one that was there when the field opened.
pub fn submit(model: &mut Model, out: &mut Out) {
    let Some(Overlay::Title(form)) = &mut model.overlay else {
        return;
    };
    let deed = Deed::Title(form.field.text().trim().to_owned());
    let (id, seen) = (form.incident, form.seen.clone());
    let Some(incident) = commands::incident(model, id) else {
        return;
    };
    let seen = Incident { title: seen, ..incident };
    if deed.obstacle(&seen).is_some() {
        model.overlay = None;
        let text = format!("{} keeps its title", seen.reference);
        model.flash(Tone::Neutral, text);
        return;
    }
    let Some(Command::Patch { patch, .. }) = deed.command(&seen) else {
        return;
    };
    if let (Err(Refusal::Invalid(errors)), Some(Overlay::Title(form))) =
        (patch.check(), &mut model.overlay)
    {
        form.error = errors.first().map(|error| format!("A title {}", error.message));
        return;
    }
    model.overlay = None;
    commands::deliver(model, &seen, deed, out);
}

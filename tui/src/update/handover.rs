//! The handover: read, shown, copied, written to a file.

use watchfire_shared::ids::IncidentId;

use crate::action::Move;
use crate::effect::{Effect, Load, RequestId};
use crate::event::Outcome;
use crate::model::commands::Tone;
use crate::model::slot::{Purpose, Slot};
use crate::model::{Model, Overlay, handover, layout};

use super::answers::take;
use super::detail::scrolled;
use super::{Out, batch, copy};

/// With marks it is about these alone.
pub fn open(model: &mut Model, out: &mut Out) {
    let marked = batch::is_meant(model).then(|| model.marks.in_order(&model.list));
    read(model, marked.unwrap_or_default(), out);
}

/// Reads it anew: an old one must not be handed over.
fn read(model: &mut Model, chosen: Vec<IncidentId>, out: &mut Out) {
    let since = model.now - model.span.length();
    let load = if chosen.is_empty() {
        Load::Handover { since }
    } else {
        Load::HandoverOf { ids: chosen.clone(), since }
    };
    let asked = Some(model.requests.load(load, model.now, out));
    model.handover = Slot { asked, ..Slot::default() };
    model.overlay = Some(Overlay::Handover { chosen, top: 0 });
}

/// The same of a longer shift, or a shorter one.
pub fn turn_span(model: &mut Model, longer: bool, out: &mut Out) {
    let Some(Overlay::Handover { chosen, .. }) = &model.overlay else {
        return;
    };
    let Some(span) = model.span.next(longer) else {
        let end = if longer { "longest" } else { "shortest" };
        let text = format!("This is the {end} span; `watchfire handover --since` knows others");
        model.flash(Tone::Neutral, text);
        return;
    };
    let chosen = chosen.clone();
    model.span = span;
    read(model, chosen, out);
}

pub fn answered(model: &mut Model, request: RequestId, outcome: Outcome) {
    let answer = match outcome {
        Outcome::Handover(shift) => Ok(*shift),
        Outcome::Failed(failure) => Err(failure),
        _ => return,
    };
    model.dirty |= take(&mut model.handover, request, answer, model.now);
}

pub fn scroll(model: &mut Model, step: Move) {
    let (width, height) = model.size;
    let page = layout::page_rows(height);
    let last = handover::lines(model, width).len().saturating_sub(page);
    if let Some(Overlay::Handover { top, .. }) = &mut model.overlay {
        *top = scrolled(*top, step, page, last);
    }
}

pub fn copy(model: &mut Model, out: &mut Out) {
    match handover::text(model) {
        Some(text) => copy::send(model, "The handover", text, out),
        None => model.flash(Tone::Neutral, "Nothing copied: the shift is not read yet"),
    }
}

pub fn save(model: &mut Model, out: &mut Out) {
    let Some((shift, text)) = model.handover.value.as_ref().zip(handover::text(model)) else {
        model.flash(Tone::Neutral, "Nothing written: the shift is not read yet");
        return;
    };
    let name = shift.as_of.format("handover-%Y-%m-%d-%H%M.md").to_string();
    let request = model.requests.open(Purpose::Save);
    out.push(Effect::Save { request, name, text });
}

pub fn saved(model: &mut Model, outcome: Outcome) {
    match outcome {
        Outcome::Saved(file) => model.flash(Tone::Good, format!("Written to {file}")),
        Outcome::Failed(failure) => model.flash(Tone::Bad, failure.message),
        _ => {}
    }
}

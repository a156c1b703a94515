//! The clipboard, and the incident as JSON.

use watchfire_shared::ids::{IncidentId, Reference};

use crate::action::Move;
use crate::effect::{Effect, Load};
use crate::model::commands::Tone;
use crate::model::copy::{COPY_MAX, CopyBox, Piece, json, json_lines, visible_line};
use crate::model::words::count;
use crate::model::{Model, Overlay, Screen, layout};

use super::Out;
use super::detail::scrolled;

pub fn open(model: &mut Model, out: &mut Out) {
    if let Some(Overlay::Json { incident, .. }) = model.overlay {
        copy_json(model, incident, out);
        return;
    }
    if model.screen == Screen::Logs {
        match visible_line(model) {
            Some(line) => send(model, "The log line", line, out),
            None => model.flash(Tone::Neutral, "No log line is selected"),
        }
        return;
    }
    let Some((incident, reference)) = subject(model, out) else {
        return;
    };
    let line = visible_line(model);
    let chosen = Piece::Reference;
    model.overlay = Some(Overlay::Copy(CopyBox { incident, reference, line, chosen }));
}

pub fn open_json(model: &mut Model, out: &mut Out) {
    if let Some((incident, reference)) = subject(model, out) {
        model.overlay = Some(Overlay::Json { incident, reference, top: 0 });
    }
}

/// The selected incident, asked for once more: a row of the list has no description.
fn subject(model: &mut Model, out: &mut Out) -> Option<(IncidentId, Reference)> {
    let subject = model.subject().map(|incident| (incident.id, incident.reference));
    match subject {
        None => model.flash(Tone::Neutral, "No incident is selected"),
        Some((id, _)) if !model.known.is_deleted(id) => {
            model.requests.load(Load::Incident(id), model.now, out);
        }
        Some(_) => {}
    }
    subject
}

pub fn go(model: &mut Model, step: Move) {
    let Some(Overlay::Copy(chooser)) = &model.overlay else {
        return;
    };
    let pieces = chooser.pieces(model);
    let at = pieces.iter().position(|(piece, _)| *piece == chooser.chosen).unwrap_or(0);
    let to = scrolled(at, step, pieces.len(), pieces.len().saturating_sub(1));
    let wanted = pieces.get(to).map(|(piece, _)| *piece);
    if let (Some(Overlay::Copy(chooser)), Some(wanted)) = (&mut model.overlay, wanted) {
        chooser.chosen = wanted;
    }
}

pub fn scroll_json(model: &mut Model, step: Move) {
    let (width, height) = model.size;
    if let Some(Overlay::Json { incident, top, .. }) = &mut model.overlay {
        let lines = model.known.get(*incident).map_or(0, |i| json_lines(i, width).len());
        let page = layout::page_rows(height);
        *top = scrolled(*top, step, page, lines.saturating_sub(page));
    }
}

pub fn confirm(model: &mut Model, out: &mut Out) {
    let Some(Overlay::Copy(chooser)) = &model.overlay else {
        return;
    };
    let (reference, chosen) = (chooser.reference, chooser.chosen);
    let text = chooser.pieces(model).into_iter().find(|(piece, _)| *piece == chosen);
    model.overlay = None;
    match text {
        Some((piece, text)) => send(model, &format!("{reference} {}", piece.name()), text, out),
        None => model.flash(Tone::Warning, format!("Nothing copied: {reference} is gone")),
    }
}

fn copy_json(model: &mut Model, id: IncidentId, out: &mut Out) {
    let known = model.known.get(id).map(|incident| (incident.reference, json(incident)));
    if let Some((reference, text)) = known {
        send(model, &format!("{reference} JSON"), text, out);
    }
}

/// Hands a text to the terminal, and says so: whether the terminal took it, nobody can know.
pub fn send(model: &mut Model, what: &str, text: String, out: &mut Out) {
    let bytes = |bytes: usize| count(i64::try_from(bytes).unwrap_or(i64::MAX), "byte", "bytes");
    if text.len() > COPY_MAX {
        let (has, most) = (bytes(text.len()), bytes(COPY_MAX));
        let text = format!("Nothing copied: {what} has {has}, a terminal takes {most}");
        model.flash(Tone::Warning, text);
        return;
    }
    let said = format!("{what} sent to the clipboard of your terminal, {}", bytes(text.len()));
    out.push(Effect::Copy(text));
    model.flash(Tone::Good, said);
}

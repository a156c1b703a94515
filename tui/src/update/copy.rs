//! The clipboard, and the incident as JSON.

use watchfire_shared::ids::{IncidentId, Reference};

use crate::action::Move;
use crate::effect::{Effect, Load, RequestId};
use crate::event::Outcome;
use crate::model::commands::Tone;
use crate::model::copy::{COPY_MAX, CopyBox, Piece, json, json_lines, lack, visible_line, whole};
use crate::model::slot::Slot;
use crate::model::words::count;
use crate::model::{Model, Overlay, Screen, layout};

use super::Out;
use super::detail::scrolled;

pub fn open(model: &mut Model, out: &mut Out) {
    if let Some(Overlay::Json { incident, .. }) = model.overlay {
        copy_json(model, incident, out);
        return;
    }
    let line = visible_line(model);
    if model.screen == Screen::Logs && of_line(model).is_none() {
        // Nobody knows yet what its incident is called.
        match line {
            Some(line) => send(model, "The log line", line, out),
            None => model.flash(Tone::Neutral, "No log line is selected"),
        }
        return;
    }
    let Some((incident, reference)) = subject(model) else {
        return;
    };
    let (whole, chosen) = (read(model, incident, out), Piece::Reference);
    model.overlay = Some(Overlay::Copy(CopyBox { incident, reference, line, whole, chosen }));
}

pub fn open_json(model: &mut Model, out: &mut Out) {
    if let Some((incident, reference)) = subject(model) {
        let whole = read(model, incident, out);
        model.overlay = Some(Overlay::Json { incident, reference, whole, top: 0 });
    }
}

/// The selected incident, or that of the selected line; otherwise the flash says that there is none.
fn subject(model: &mut Model) -> Option<(IncidentId, Reference)> {
    let subject = model.subject().map(|incident| (incident.id, incident.reference));
    let subject = subject.or_else(|| of_line(model));
    if subject.is_none() {
        model.flash(Tone::Neutral, "No incident is selected");
    }
    subject
}

/// The incident of the line that the cursor is on among those of all, where it is known.
fn of_line(model: &Model) -> Option<(IncidentId, Reference)> {
    let pane = Some(&model.across.pane).filter(|_| model.screen == Screen::Logs)?;
    let incident = model.known.get(pane.current()?.incident)?;
    Some((incident.id, incident.reference))
}

/// Asks for all of an incident: a row of the list has no description. What was read as a whole before
/// is shown until the answer, and what is deleted will not come any more.
fn read(model: &mut Model, id: IncidentId, out: &mut Out) -> Slot<()> {
    let mut whole = Slot::default();
    let opened = model.detail.as_ref().filter(|detail| detail.id == id);
    let known = opened.is_some_and(|detail| detail.read.value.is_some());
    let deleted = model.known.is_deleted(id);
    if known || deleted {
        whole.fill((), model.now);
    }
    if !deleted {
        whole.asked = Some(model.requests.load(Load::Incident(id), model.now, out));
    }
    whole
}

/// The page of JSON is read once more.
pub fn read_again(model: &mut Model, out: &mut Out) {
    let Some(Overlay::Json { incident, whole, .. }) = &model.overlay else {
        return;
    };
    if whole.asked.is_none() {
        let (incident, failure) = (*incident, whole.failure.is_some());
        let again = read(model, incident, out);
        if let Some(whole) = whole_mut(model).filter(|_| failure) {
            *whole = again;
        }
    }
}

/// An answer that belongs to another log says nothing: the question stands.
pub fn ask_again(model: &mut Model, request: RequestId, out: &mut Out) {
    let id = match &model.overlay {
        Some(Overlay::Json { incident, .. }) => *incident,
        Some(Overlay::Copy(chooser)) => chooser.incident,
        _ => return,
    };
    if whole(model).is_some_and(|whole| whole.waits_for(request)) {
        let again = read(model, id, out);
        if let Some(whole) = whole_mut(model) {
            *whole = again;
        }
    }
}

fn whole_mut(model: &mut Model) -> Option<&mut Slot<()>> {
    match &mut model.overlay {
        Some(Overlay::Json { whole, .. }) => Some(whole),
        Some(Overlay::Copy(chooser)) => Some(&mut chooser.whole),
        _ => None,
    }
}

/// All of an incident has come, or could not be read.
pub fn answered(model: &mut Model, request: RequestId, outcome: &Outcome) {
    let now = model.now;
    let Some(whole) = whole_mut(model).filter(|whole| whole.waits_for(request)) else {
        return;
    };
    match outcome {
        Outcome::Incident(_) => whole.fill((), now),
        Outcome::Failed(failure) => whole.fail(failure.clone()),
        _ => whole.asked = None,
    }
    model.dirty = true;
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
    if let Some(Overlay::Json { incident, top, whole, .. }) = &mut model.overlay {
        let incident = model.known.get(*incident).filter(|_| whole.value.is_some());
        let lines = incident.map_or(0, |i| json_lines(i, width).len());
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
    if let Some((_, Err(why))) = &text {
        // It may come: the box stays.
        model.flash(Tone::Warning, format!("Nothing copied: {reference} {why}"));
        return;
    }
    model.overlay = None;
    match text {
        Some((piece, Ok(text))) => send(model, &format!("{reference} {}", piece.name()), text, out),
        _ => model.flash(Tone::Warning, format!("Nothing copied: {reference} is gone")),
    }
}

fn copy_json(model: &mut Model, id: IncidentId, out: &mut Out) {
    if let Some(Overlay::Json { reference, whole, .. }) = &model.overlay
        && let Some(why) = lack(whole)
    {
        let text = format!("Nothing copied: {reference} {why}");
        model.flash(Tone::Warning, text);
        return;
    }
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
    let to = if model.in_tmux {
        "clipboard through tmux (with set-clipboard or allow-passthrough on)"
    } else {
        "clipboard of your terminal"
    };
    let said = format!("{what} sent to the {to}, {}", bytes(text.len()));
    out.push(Effect::Copy(text));
    model.flash(Tone::Good, said);
}

//! Decisions about dead letters, and about events that could not be published. Each is about the letter that was seen, wherever its row is now.

use watchfire_shared::dead_letter::DeadLetter;
use watchfire_shared::user::Role;

use crate::effect::Command;
use crate::model::commands::{self as sent, Deed, Tone};
use crate::model::forms::ReasonBox;
use crate::model::input::TextField;
use crate::model::letters::{Letter, LetterId};
use crate::model::{Model, Overlay};

use super::{Out, commands};

/// Characters of a reason.
const REASON_MAX: usize = 1_000;

/// The selected letter if it may be decided about; otherwise the flash says why not.
fn subject(model: &mut Model) -> Option<Letter> {
    if model.me.as_ref().is_some_and(|me| me.role < Role::Admin) {
        let text = "Only an admin decides about this";
        model.flash(Tone::Warning, text);
        return None;
    }
    let Some(letter) = model.events.letters.selected().cloned() else {
        model.flash(Tone::Neutral, "Nothing is selected that could be decided about");
        return None;
    };
    let name = letter.name();
    let (tone, text) = if model.events.letters.is_gone(letter.id()) {
        (Tone::Warning, format!("Nothing done: {name} does not wait any more"))
    } else if model.commands.is_deciding(letter.id()) {
        (Tone::Neutral, format!("{name}: still waiting for the last answer"))
    } else if !letter.waits() {
        (Tone::Neutral, format!("Nothing done: {name} is {} already", letter.state()))
    } else {
        return Some(letter);
    };
    model.flash(tone, text);
    None
}

pub fn redrive(model: &mut Model, out: &mut Out) {
    if let Some(letter) = subject(model) {
        let command = match letter.id() {
            LetterId::Failed(id) => Command::Retry(id),
            LetterId::Parked(id) => Command::Redrive(id),
        };
        let deed = Deed::Redrive(sent::Letter { id: letter.id(), name: letter.name() });
        commands::send_alone(model, deed, command, out);
    }
}

/// Discarding is final: it takes a reason.
pub fn open_discard(model: &mut Model) {
    let Some(letter) = subject(model) else {
        return;
    };
    let Letter::Parked(DeadLetter { id, .. }) = letter else {
        let text = format!("Nothing done: what follows {} would be lost with it", letter.name());
        model.flash(Tone::Warning, text);
        return;
    };
    let begun = model.events.letters.reasons.remove(&letter.id()).unwrap_or_default();
    model.overlay = Some(Overlay::Reason(ReasonBox {
        letter: id,
        name: letter.name(),
        field: TextField::new(begun),
        error: None,
    }));
}

/// What was written stays for the next time.
pub fn leave_discard(model: &mut Model) {
    if let Some(Overlay::Reason(form)) = model.overlay.take()
        && !form.field.text().trim().is_empty()
    {
        let text = format!("Not discarded: the reason for {} is kept", form.name);
        model
            .events
            .letters
            .reasons
            .insert(LetterId::Parked(form.letter), form.field.text().to_owned());
        model.flash(Tone::Neutral, text);
    }
}

pub fn submit_discard(model: &mut Model, out: &mut Out) {
    let Some(Overlay::Reason(form)) = &mut model.overlay else {
        return;
    };
    let reason = form.field.text().trim().to_owned();
    form.error = match reason.chars().count() {
        0 => Some("a reason is needed"),
        1..=REASON_MAX => None,
        _ => Some("at most 1,000 characters"),
    };
    if form.error.is_some() {
        return;
    }
    let dead = form.letter;
    let letter = sent::Letter { id: LetterId::Parked(dead), name: form.name.clone() };
    model.overlay = None;
    if model.events.letters.get(letter.id).is_none() {
        let text = format!("Nothing done: {} does not wait any more", letter.name);
        model.flash(Tone::Warning, text);
        return;
    }
    let command = Command::Discard { id: dead, reason: reason.clone() };
    commands::send_alone(model, Deed::Discard(letter, reason), command, out);
}

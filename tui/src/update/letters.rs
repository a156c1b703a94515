//! Decisions about dead letters. Each is about the letter that was seen, wherever its row is now.

use watchfire_shared::dead_letter::{DeadLetter, DeadLetterState};
use watchfire_shared::user::Role;

use crate::effect::Command;
use crate::model::commands::{Deed, Letter, Tone};
use crate::model::forms::ReasonBox;
use crate::model::input::TextField;
use crate::model::letters::name;
use crate::model::{Model, Overlay};

use super::{Out, commands};

/// Characters of a reason.
const REASON_MAX: usize = 1_000;

/// The selected letter if it may be decided about; otherwise the flash says why not.
fn subject(model: &mut Model) -> Option<DeadLetter> {
    if model.me.as_ref().is_some_and(|me| me.role < Role::Admin) {
        let text = "Only an admin decides about dead letters";
        model.flash(Tone::Warning, text);
        return None;
    }
    let Some(letter) = model.events.letters.selected().cloned() else {
        model.flash(Tone::Neutral, "No dead letter is selected");
        return None;
    };
    let name = name(&letter);
    let (tone, text) = if model.events.letters.is_gone(letter.id) {
        (Tone::Warning, format!("Nothing done: {name} does not wait any more"))
    } else if model.commands.is_deciding(letter.id) {
        (Tone::Neutral, format!("{name}: still waiting for the last answer"))
    } else if letter.state != DeadLetterState::Waiting {
        (Tone::Neutral, format!("Nothing done: {name} is {} already", letter.state))
    } else {
        return Some(letter);
    };
    model.flash(tone, text);
    None
}

pub fn redrive(model: &mut Model, out: &mut Out) {
    if let Some(letter) = subject(model) {
        let deed = Deed::Redrive(Letter { id: letter.id, name: name(&letter) });
        commands::send_alone(model, deed, Command::Redrive(letter.id), out);
    }
}

/// Discarding is final: it takes a reason.
pub fn open_discard(model: &mut Model) {
    let Some(letter) = subject(model) else {
        return;
    };
    let begun = model.events.letters.reasons.remove(&letter.id).unwrap_or_default();
    model.overlay = Some(Overlay::Reason(ReasonBox {
        letter: letter.id,
        name: name(&letter),
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
        model.events.letters.reasons.insert(form.letter, form.field.text().to_owned());
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
    let letter = Letter { id: form.letter, name: form.name.clone() };
    model.overlay = None;
    if model.events.letters.get(letter.id).is_none() {
        let text = format!("Nothing done: {} does not wait any more", letter.name);
        model.flash(Tone::Warning, text);
        return;
    }
    let command = Command::Discard { id: letter.id, reason: reason.clone() };
    commands::send_alone(model, Deed::Discard(letter, reason), command, out);
}

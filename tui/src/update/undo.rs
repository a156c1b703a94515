//! Undoing the last action by its inverse, under the guard of what the action had made.

use crate::effect::RequestId;
use crate::model::batch::{Item, Question};
use crate::model::commands::Tone;
use crate::model::{Model, Overlay};

use super::{Out, batch, commands};

pub fn undo(model: &mut Model, out: &mut Out) {
    if !commands::may_change(model) || batch::is_busy(model) {
        return;
    }
    model.undo.pass_by();
    let before = model.undo.words_before();
    let Some(action) = model.undo.last() else {
        model.flash(Tone::Neutral, "Nothing to undo");
        return;
    };
    if let Some(obstacle) = action.obstacle() {
        let passes = !action.is_waiting();
        let next = before.filter(|_| passes);
        let next = next.map_or_else(String::new, |words| format!("; once more undoes {words}"));
        model.flash(Tone::Warning, format!("{obstacle}{next}"));
        // What lasts is said once, and then passed by.
        if let Some(action) = model.undo.last_mut() {
            action.said = passes;
        }
        return;
    }
    let words = &action.words;
    match action.inverse.as_slice() {
        [one] => {
            let one = one.clone();
            send_one(model, one, out);
        }
        many => {
            let question = Question {
                text: format!("Undo {words}?"),
                doing: "undoing",
                past: "undone".to_owned(),
                items: many.to_vec(),
                apart: Vec::new(),
                top: 0,
                undoes: true,
            };
            model.overlay = Some(Overlay::Question(question));
        }
    }
}

fn send_one(model: &mut Model, item: Item, out: &mut Out) {
    if let Some(cell) = item.deed.cell()
        && model.commands.is_pending(item.seen.id, cell)
    {
        let text = format!("{}: still waiting for the last answer", item.seen.reference);
        model.flash(Tone::Neutral, text);
        return;
    }
    send(model, item, out);
}

/// Sends the inverse of one part of the last action, which is that part no more.
pub fn send(model: &mut Model, item: Item, out: &mut Out) -> Option<RequestId> {
    let request = commands::send_deed(model, &item.seen, item.deed.clone(), out)?;
    if let Some(action) = model.undo.last_mut() {
        action.inverse.retain(|other| other.seen.id != item.seen.id);
    }
    model.undo.undoing(request, item);
    Some(request)
}

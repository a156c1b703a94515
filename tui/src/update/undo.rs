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
    let Some(action) = model.undo.last() else {
        model.flash(Tone::Neutral, "Nothing to undo");
        return;
    };
    let words = &action.words;
    let obstacle = if action.is_waiting() {
        Some(format!("{words}: still waiting for the answer"))
    } else if let Some(why) = action.lasting {
        Some(format!("{words} cannot be undone: {why}"))
    } else if action.inverse.is_empty() {
        Some(format!("{words}: nobody knows whether it happened; look before you undo it"))
    } else {
        None
    };
    if let Some(text) = obstacle {
        model.flash(Tone::Warning, text);
        return;
    }
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

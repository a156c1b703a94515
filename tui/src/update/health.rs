//! How the daemon is: read while a screen that says it is visible.

use crate::effect::{Load, RequestId};
use crate::event::Outcome;
use crate::model::Model;

use super::Out;
use super::answers::take;

pub fn refresh(model: &mut Model, out: &mut Out) {
    if model.health.asked.is_none() {
        model.health.asked = Some(model.requests.load(Load::Health, model.now, out));
    }
}

pub fn answered(model: &mut Model, request: RequestId, outcome: Outcome) {
    let answer = match outcome {
        Outcome::Health(health) => Ok(health),
        Outcome::Failed(failure) => Err(failure),
        _ => return,
    };
    let slot = &mut model.health;
    let before = (slot.value.clone(), slot.failure.clone());
    let was_late = slot.note(model.now).is_some();
    if take(slot, request, answer, model.now) {
        model.dirty |= was_late || before != (slot.value.clone(), slot.failure.clone());
    }
}

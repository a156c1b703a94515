//! The cache's demonstration: it is asked for twice, because everybody sees its incident.

use watchfire_shared::user::Role;

use crate::effect::{Load, RequestId};
use crate::event::Outcome;
use crate::model::commands::Tone;
use crate::model::{Model, Overlay};

use super::Out;
use super::answers::take;

pub fn open(model: &mut Model) {
    if model.me.as_ref().is_some_and(|me| me.role < Role::Admin) {
        model.flash(Tone::Warning, "Only an admin runs the demonstration");
        return;
    }
    model.overlay = Some(Overlay::Demonstration { top: 0 });
}

/// Runs it, unless it runs.
pub fn run(model: &mut Model, out: &mut Out) {
    if model.cache.demo.asked.is_some() {
        return;
    }
    model.overlay = Some(Overlay::Demonstration { top: 0 });
    model.cache.demo.asked = Some(model.requests.load(Load::CacheDemo, model.now, out));
}

pub fn answered(model: &mut Model, request: RequestId, outcome: Outcome) {
    let answer = match outcome {
        Outcome::CacheDemo(demo) => Ok(demo),
        Outcome::Failed(failure) => Err(failure),
        _ => return,
    };
    model.dirty |= take(&mut model.cache.demo, request, answer, model.now);
}

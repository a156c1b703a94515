//! The cache screen: read while it is visible.

use crate::effect::{Load, RequestId};
use crate::event::Outcome;
use crate::model::Model;

use super::Out;
use super::answers::take;
use super::health;

pub fn refresh(model: &mut Model, out: &mut Out) {
    if model.cache.stats.asked.is_none() {
        model.cache.stats.asked = Some(model.requests.load(Load::CacheStats, model.now, out));
    }
    health::refresh(model, out);
}

pub fn answered(model: &mut Model, request: RequestId, outcome: Outcome) {
    let panel = &mut model.cache;
    match outcome {
        Outcome::CacheStats(stats) if panel.stats.waits_for(request) => {
            model.dirty |= panel.stats.value.as_ref() != Some(&stats);
            panel.stats.fill(stats, model.now);
        }
        Outcome::Failed(failure) => {
            model.dirty |= panel.stats.failure.as_ref() != Some(&failure);
            take(&mut panel.stats, request, Err(failure), model.now);
        }
        _ => {}
    }
}

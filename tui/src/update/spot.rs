//! Coming back to the view before.

use crate::action::Place;
use crate::model::commands::Tone;
use crate::model::spot::Spot;
use crate::model::{Model, Screen};

use super::{Out, detail, keys, query, timers};

/// A key has been pressed at `before`; where it led elsewhere, `-` leads back.
pub fn remember(model: &mut Model, before: Spot) {
    if !before.is_same_view(&Spot::of(model)) {
        model.last_spot = Some(before);
    }
}

pub fn return_to_last(model: &mut Model, out: &mut Out) {
    match model.last_spot.clone() {
        None => model.flash(Tone::Neutral, "There is no view before this one yet"),
        Some(Spot::List { query }) => {
            model.screen = Screen::Incidents;
            query::show(model, query, out);
            timers::watch_pane(model);
        }
        Some(Spot::Detail { id, .. }) if model.known.is_deleted(id) => {
            model.flash(Tone::Warning, "The incident of the last view was deleted");
        }
        Some(Spot::Detail { id, tab, from }) => {
            detail::open_from(model, id, from, out);
            if let Some(detail) = &mut model.detail {
                detail.tab = tab;
            }
        }
        Some(Spot::Logs) => keys::go_to(model, Place::Logs, out),
        Some(Spot::Cache) => keys::go_to(model, Place::Cache, out),
        Some(Spot::Events) => keys::go_to(model, Place::Events, out),
        Some(Spot::Health) => keys::go_to(model, Place::Health, out),
        Some(Spot::People) => keys::go_to(model, Place::People, out),
    }
}

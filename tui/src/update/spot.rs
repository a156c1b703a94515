//! Coming back to the view before.

use crate::action::Place;
use crate::model::commands::Tone;
use crate::model::spot::Spot;
use crate::model::{Model, Screen};

use super::{Out, detail, keys, logs, query, timers};

/// A key has been pressed at `before`; where it led elsewhere, `-` leads back.
pub fn remember(model: &mut Model, before: Spot) {
    if !before.is_same_view(&Spot::of(model)) {
        match &before {
            Spot::Detail { id, .. } => model.last_incident = Some(*id),
            Spot::List { .. } => model.last_incident = model.list.selected,
            _ => {}
        }
        model.last_spot = Some(before);
    }
}

/// The incident that is selected, or was when the list was left, or was open.
pub fn to_incident(model: &mut Model, out: &mut Out) {
    let id = match model.screen {
        Screen::Detail => return,
        Screen::Incidents => model.list.selected,
        // A line of the logs is of an incident.
        Screen::Logs if model.across.pane.current().is_some() => {
            return logs::across::open_incident(model, out);
        }
        _ => model.last_incident,
    };
    match id.filter(|id| model.known.get(*id).is_some()) {
        None => model.flash(Tone::Neutral, "No incident is selected"),
        Some(id) if model.known.is_deleted(id) => {
            model.flash(Tone::Warning, "This incident was deleted");
        }
        Some(id) => detail::open(model, id, out),
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

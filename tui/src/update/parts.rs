//! Answers about the opened incident: each part takes its own.

use watchfire_shared::ids::IncidentId;

use crate::effect::RequestId;
use crate::event::{Failure, Outcome};
use crate::model::Model;
use crate::model::commands::Tone;
use crate::model::detail::Detail;
use crate::model::known::Known;

use super::detail::{ask_alerts, ask_timeline, opened};
use super::stream::{self, Learnt};
use super::{Out, copy};

/// Alerts read at most; an incident with more shows the first of them.
const ALERTS_MAX: usize = 1_000;

pub fn incident_answered(model: &mut Model, request: RequestId, id: IncidentId, outcome: Outcome) {
    copy::answered(model, request, &outcome);
    match outcome {
        Outcome::Incident(incident) => {
            let learnt = stream::learn(model, &incident, Known::read_whole);
            model.dirty |= learnt != Learnt::Nothing;
            if learnt == Learnt::Place {
                stream::placed(model, &incident);
            }
            let now = model.now;
            if let Some(detail) = opened(model, id)
                && detail.read.waits_for(request)
            {
                let news = detail.read.value.is_none() || detail.read.failure.is_some();
                detail.read.fill((), now);
                model.dirty |= news;
            }
        }
        Outcome::Failed(failure) => incident_failed(model, request, id, failure),
        _ => {}
    }
}

fn incident_failed(model: &mut Model, request: RequestId, id: IncidentId, failure: Failure) {
    if failure.is_gone() {
        if let Some(incident) = model.known.get(id).cloned() {
            let reference = incident.reference;
            if stream::deleted(model, &incident) {
                model.flash(Tone::Warning, format!("{reference} does not exist any more"));
            }
        }
        return;
    }
    if let Some(detail) = opened(model, id)
        && detail.read.waits_for(request)
    {
        let news = detail.read.failure.as_ref() != Some(&failure);
        detail.read.fail(failure);
        model.dirty |= news;
    }
}

pub fn timeline_answered(
    model: &mut Model,
    request: RequestId,
    id: IncidentId,
    outcome: Outcome,
    out: &mut Out,
) {
    let now = model.now;
    let waits = |detail: &mut Detail| detail.timeline.state.waits_for(request);
    if !opened(model, id).is_some_and(waits) {
        return;
    }
    if let Outcome::Timeline(page) = &outcome {
        page.items.iter().for_each(|fact| model.known.count(fact));
    }
    let Some(detail) = opened(model, id) else {
        return;
    };
    let timeline = &mut detail.timeline;
    let first = timeline.state.value.is_none();
    let mut news = false;
    match outcome {
        Outcome::Timeline(page) => {
            for fact in page.items {
                news |= timeline.add(fact);
            }
            // To the end: what is too much leaves at the beginning.
            if let Some(cursor) = page.next_cursor {
                ask_timeline(model, Some(cursor), out);
            } else {
                timeline.state.fill((), now);
                news |= first;
            }
        }
        Outcome::Failed(failure) => {
            news = timeline.state.failure.as_ref() != Some(&failure);
            timeline.state.fail(failure);
        }
        _ => timeline.state.asked = None,
    }
    model.dirty |= news;
}

pub fn alerts_answered(
    model: &mut Model,
    request: RequestId,
    id: IncidentId,
    outcome: Outcome,
    out: &mut Out,
) {
    let now = model.now;
    let Some(detail) = opened(model, id).filter(|detail| detail.alerts.waits_for(request)) else {
        return;
    };
    let mut news = false;
    match outcome {
        Outcome::Alerts(page) => {
            detail.alerts_incoming.extend(page.items);
            if let Some(cursor) = page.next_cursor
                && detail.alerts_incoming.len() < ALERTS_MAX
            {
                ask_alerts(model, Some(cursor), out);
                return;
            }
            let alerts = std::mem::take(&mut detail.alerts_incoming);
            news = detail.alerts.value.as_ref() != Some(&alerts);
            detail.alerts.fill(alerts, now);
        }
        Outcome::Failed(failure) => {
            news = detail.alerts.failure.as_ref() != Some(&failure);
            detail.alerts.fail(failure);
        }
        _ => detail.alerts.asked = None,
    }
    model.dirty |= news;
}

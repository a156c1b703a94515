//! The log lines of all incidents: the newest by one request, then what the stream tells of, incident
//! by incident, while somebody looks.

use watchfire_shared::event::{Event, Fact};
use watchfire_shared::ids::IncidentId;

use crate::effect::{Load, RequestId};
use crate::event::{Failure, Outcome};
use crate::model::commands::Tone;
use crate::model::detail::Tab;
use crate::model::logs::across::Told;
use crate::model::logs::lines::as_number;
use crate::model::logs::{self, FIRST, Fetch, JUMP, PAGE};
use crate::model::{Model, Screen};
use crate::update::detail;

use super::filter::stand_at;
use super::{Out, Which, is_near_end, look_further};

/// The screen is opened, or everything is read again.
pub fn refresh(model: &mut Model, out: &mut Out) {
    catch_up(model, out);
    name_visible(model, out);
}

pub fn open(model: &mut Model, out: &mut Out) {
    model.screen = Screen::Logs;
    refresh(model, out);
}

/// Another log: nothing of the old one is true.
pub fn forget(model: &mut Model) {
    let wanted = model.across.pane.wanted().clone();
    model.across = logs::across::Across::default();
    model.across.pane.begin(wanted);
}

/// The stream begins anew: what it would have told meanwhile is to be found otherwise.
pub fn interrupt(model: &mut Model) {
    model.across.pane.beyond.newer |= model.across.pane.loaded;
}

/// What is on its way may be older than the connection that begins.
pub fn forget_asked(model: &mut Model) {
    model.across.pane.asked = None;
}

pub fn hear(model: &mut Model, event: &Event, out: &mut Out) {
    let Some((id, Fact::LogAttached { first_seq, last_seq, .. })) =
        event.incident_id().map(|id| (id, &event.fact))
    else {
        return;
    };
    // Before the first look nothing is held that could be continued.
    if model.across.pane.loaded || model.across.pane.asked.is_some() {
        model.across.hear(id, *first_seq, *last_seq);
        catch_up(model, out);
    }
    model.dirty |= model.screen == Screen::Logs;
}

/// Reads what comes next, while the screen is open.
pub fn catch_up(model: &mut Model, out: &mut Out) {
    if model.screen != Screen::Logs || model.across.pane.asked.is_some() {
        return;
    }
    let near_end = is_near_end(model, Which::Across);
    let pane = &model.across.pane;
    let far_behind = pane.unread() > JUMP || pane.beyond.newer;
    if !pane.loaded || (pane.place.follows() && far_behind) {
        ask_newest(model, out);
        return;
    }
    if !near_end {
        return;
    }
    if pane.beyond.newer {
        ask(model, Fetch::Newer, None, out);
        return;
    }
    while let Some(told) = model.across.next() {
        if told.after < told.last {
            ask(model, Fetch::Newer, Some(told), out);
            return;
        }
        // What was told of came otherwise.
        model.across.was_read(told, None);
    }
}

/// Asks for older lines, where there may be some.
pub fn ask_older(model: &mut Model, out: &mut Out) {
    ask(model, Fetch::Older, None, out);
}

/// Begins anew with the filter as it is.
pub fn ask_newest(model: &mut Model, out: &mut Out) {
    model.across.begin();
    ask(model, Fetch::Newest, None, out);
}

fn ask(model: &mut Model, fetch: Fetch, told: Option<Told>, out: &mut Out) {
    let pane = &model.across.pane;
    let (min_level, q) = pane.wanted().of_daemon();
    let q = q.to_owned();
    let (before, after, limit) = match fetch {
        Fetch::Newest | Fetch::UpTo => (None, None, FIRST),
        Fetch::Older => (pane.lines().first_id(), None, PAGE),
        Fetch::Newer => (None, pane.lines().last_id(), PAGE),
    };
    let load = match told {
        Some(Told { incident: id, after, .. }) => {
            Load::Logs { id, before: None, after: Some(after), min_level, q, limit }
        }
        None => Load::AllLogs { before, after, min_level, q, limit },
    };
    let asked = model.requests.load(load, model.now, out);
    model.across.pane.asked = Some((asked, fetch));
    model.across.pane.asked_up_to = told.map_or(0, |told| told.last);
}

/// An answer to a question of this screen; `of` is the incident it was about, none for all of them.
pub fn answered(
    model: &mut Model,
    request: RequestId,
    of: Option<IncidentId>,
    limit: u32,
    outcome: Outcome,
    out: &mut Out,
) {
    let now = model.now;
    let across = &mut model.across;
    let Some((_, fetch)) = across.pane.asked.filter(|(asked, _)| asked.request == request) else {
        return;
    };
    across.pane.asked = None;
    match outcome {
        Outcome::Logs(mut answer) => {
            model.dirty = true;
            across.pane.failure = None;
            across.pane.loaded = true;
            let full = answer.items.len() >= limit as usize || answer.next_cursor.is_some();
            let last = answer.items.last().map(|entry| entry.seq).filter(|_| full);
            if fetch == Fetch::Older {
                across.pane.reach -= as_number(answer.items.len());
                across.pane.beyond.older = full;
                if across.pane.prepend(&answer.items, now) {
                    across.lose_end();
                }
            } else {
                across.keep_new(&mut answer.items);
                across.pane.append(&answer.items, now);
                match (fetch, of) {
                    (Fetch::Newer, Some(incident)) => {
                        let up_to = across.pane.asked_up_to;
                        across.was_read(Told { incident, after: 0, last: up_to }, last);
                    }
                    (Fetch::Newer, None) => across.pane.beyond.newer = full,
                    _ => across.pane.beyond.older = full,
                }
            }
            look_further(model, Which::Across, out);
            catch_up(model, out);
            name_visible(model, out);
        }
        Outcome::Failed(failure) => failed(model, of, failure, out),
        _ => {}
    }
}

fn failed(model: &mut Model, of: Option<IncidentId>, failure: Failure, out: &mut Out) {
    if let Some(incident) = of.filter(|_| failure.is_gone()) {
        // Deleted, and its lines with it.
        let last = model.across.pane.asked_up_to;
        model.across.was_read(Told { incident, after: 0, last }, None);
        catch_up(model, out);
        return;
    }
    model.dirty |= model.across.pane.failure.as_ref() != Some(&failure);
    model.across.pane.failure = Some(failure);
    model.across.pane.seeks_older = false;
}

/// Lines say of which incident they are: what nobody knows yet is asked for, once.
pub fn name_visible(model: &mut Model, out: &mut Out) {
    if model.screen != Screen::Logs {
        return;
    }
    let visible: Option<Vec<IncidentId>> = logs::measure_here(model, |pane, extent| {
        let window = pane.place.window(extent);
        let numbers = window.into_iter().flat_map(|window| window.first..window.end);
        let lines = numbers.filter_map(|index| pane.lines().get(extent.shown.at(index)?));
        lines.map(|line| line.incident).collect()
    });
    for incident in visible.unwrap_or_default() {
        if model.across.reference(incident).is_some() {
            continue;
        }
        if let Some(reference) = model.known.get(incident).map(|known| known.reference) {
            model.across.name(incident, reference);
        } else if model.across.named.insert(incident) {
            model.requests.load(Load::Incident(incident), model.now, out);
        }
    }
}

/// An incident was read for its reference, or could not be; one that is gone is not asked for again.
pub fn named(model: &mut Model, id: IncidentId, is_gone: bool) {
    match model.known.get(id).map(|incident| incident.reference) {
        Some(reference) if model.across.named.contains(&id) => {
            model.across.name(id, reference);
            model.dirty |= model.screen == Screen::Logs;
        }
        None if !is_gone => {
            model.across.named.remove(&id);
        }
        _ => {}
    }
}

/// Opens the incident of the line that the cursor is on, at its logs.
pub fn open_incident(model: &mut Model, out: &mut Out) {
    let pane = &model.across.pane;
    let Some((incident, seq)) = pane.current().map(|line| (line.incident, line.seq)) else {
        return;
    };
    let held = !pane.follows();
    if model.known.is_deleted(incident) {
        model.flash(Tone::Warning, "This incident was deleted");
        return;
    }
    detail::choose(model, incident);
    if held {
        stand_at(model, seq, out);
    } else if let Some(detail) = &mut model.detail {
        detail.logs.place.follow();
    }
    detail::open_from(model, incident, Screen::Logs, out);
    if let Some(detail) = &mut model.detail {
        detail.tab = Tab::Logs;
        detail.assessments.patterns = false;
    }
}

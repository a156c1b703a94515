//! The incident list: reading pages, moving the cursor.

use std::collections::HashSet;

use watchfire_shared::filter::FilterError;
use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::Incident;
use watchfire_shared::page::{DEFAULT_LIMIT, IncidentPage, MAX_INCIDENTS};
use watchfire_shared::problem::Code;

use crate::action::Move;
use crate::effect::{Load, RequestId};
use crate::event::{Failure, Outcome};
use crate::model::Model;
use crate::model::known::Known;
use crate::model::list::{Entered, FRESH_FOR, Fetch, ROWS_MAX};
use crate::model::matching;
use crate::model::window::{End, Seam, Window};

use super::stream::{self, Learnt};
use super::{Out, paging, timers};

/// The next page is asked for when the cursor is this near to the last row held, or to the first.
const NEAR_END: usize = 20;

/// Reads the list again from the top; what is shown stays until the answer. While it is being read
/// already it is read once more afterwards: a slow daemon would never finish answering otherwise.
pub fn reload(model: &mut Model, out: &mut Out) {
    if model.list.is_reloading() {
        model.list.reload_at = None;
        model.list.again = true;
    } else {
        reload_now(model, out);
    }
}

/// The same, and what is on its way counts no more.
pub fn reload_now(model: &mut Model, out: &mut Out) {
    model.list.reload_at = None;
    model.list.again = false;
    model.list.incoming.clear();
    model.list.incoming_seams.clear();
    model.list.arrived.clear();
    let start = model.list.window.start.clone();
    ask(model, start, Fetch::Reload, out);
}

/// Reads the rows around the screen once more, of a list that is too long to be read as a whole
/// because time passes.
pub fn reload_around(model: &mut Model, out: &mut Out) {
    // Groups stand in another order than pages.
    let short = model.list.rows.len() <= MAX_INCIDENTS as usize || model.list.group.is_some();
    if short || !model.list.loaded {
        reload(model, out);
        return;
    }
    let (stretch, cursor) = model.list.stretch_of_screen(model.list_height());
    model.list.stretch = stretch;
    model.list.incoming.clear();
    model.list.arrived.clear();
    ask(model, cursor, Fetch::Around, out);
}

fn ask(model: &mut Model, cursor: Option<String>, fetch: Fetch, out: &mut Out) {
    let wanted = model.list.rows.len() + usize::from(fetch == Fetch::More);
    let limit = u32::try_from(wanted).unwrap_or(MAX_INCIDENTS);
    let load = Load::Incidents {
        filter: model.list.query.applied.clone(),
        sort: model.list.reading(),
        cursor,
        limit: limit.clamp(DEFAULT_LIMIT, MAX_INCIDENTS),
    };
    let asked = model.requests.load(load, model.now, out);
    model.list.asked = Some((asked, fetch));
}

/// Reads on where the cursor comes near to what is not held.
pub fn more_if_near_end(model: &mut Model, out: &mut Out) {
    let list = &model.list;
    let full = list.group.is_some() && list.rows.len() >= ROWS_MAX;
    if list.asked.is_some() || !list.loaded || full {
        return;
    }
    let selected = list.selected_index().unwrap_or(0);
    let reach = selected.max(list.offset + model.list_height());
    let below = reach + NEAR_END >= list.rows.len();
    let above = selected.min(list.offset) <= NEAR_END;
    let (on, back) = match list.window.end {
        End::Top => (below, above),
        End::Bottom => (above, below),
    };
    if let Some(cursor) = list.window.next.clone().filter(|_| on) {
        ask(model, Some(cursor), Fetch::More, out);
    } else if let Some(passed) = list.window.passed.last().filter(|_| back) {
        let start = passed.start.clone();
        model.list.incoming.clear();
        ask(model, start, Fetch::Back, out);
    }
}

/// Goes to an end of the whole list: where its rows are not held they are read from there.
fn jump(model: &mut Model, end: End, out: &mut Out) {
    model.list.begin(end);
    model.list.landing = Some(end);
    model.dirty = true;
    reload_now(model, out);
}

/// Takes the answer to a page; one to an older question is dropped.
pub fn answered(model: &mut Model, request: RequestId, outcome: Outcome, out: &mut Out) {
    let Some((asked, fetch)) = model.list.asked else {
        return;
    };
    if asked.request != request {
        return;
    }
    match outcome {
        Outcome::Incidents(page) => take_page(model, *page, fetch, out),
        Outcome::Failed(failure) => fail(model, failure),
        _ => model.list.asked = None,
    }
    if !model.list.is_reloading() && std::mem::take(&mut model.list.again) {
        timers::reload_list_soon(model);
    }
}

fn take_page(model: &mut Model, page: IncidentPage, fetch: Fetch, out: &mut Out) {
    let mut differs = false;
    let mut ids = Vec::with_capacity(page.items.len());
    for incident in &page.items {
        let was_known = model.known.get(incident.id).is_some();
        let learnt = stream::learn(model, incident, Known::read);
        differs |= learnt != Learnt::Nothing;
        if was_known && learnt == Learnt::Place {
            timers::reload_counts_soon(model);
            // A reload puts it where it belongs; a further page may hold it a second time.
            if fetch == Fetch::More {
                timers::reload_list_soon(model);
            }
        }
        if !model.known.is_deleted(incident.id) {
            ids.push(incident.id);
        }
    }
    let height = model.list_height();
    let list = &mut model.list;
    list.asked = None;
    model.dirty |= list.failure.take().is_some();
    let said = (list.total, list.loaded);
    list.total = Some((page.total, page.total_exact));
    match fetch {
        Fetch::More => {
            differs |= !ids.is_empty();
            list.learn_groups(&ids, &model.known);
            paging::read_on(list, ids, page.next_cursor, height);
        }
        Fetch::Back => {
            list.learn_groups(&ids, &model.known);
            list.incoming.extend(ids);
            match paging::gap(list, page.next_cursor) {
                Some(cursor) => ask(model, Some(cursor), Fetch::Back, out),
                None => differs |= paging::read_back(list, height),
            }
        }
        Fetch::Around => {
            list.incoming.extend(ids);
            if list.incoming.len() < list.stretch.rows && page.next_cursor.is_some() {
                ask(model, page.next_cursor, Fetch::Around, out);
                return;
            }
            let read = std::mem::take(&mut list.incoming);
            let is_last = page.next_cursor.is_none();
            // What is in another place now is read again by the page that has it.
            if let Some((rows, to_the_end)) = list.with_stretch(&read, is_last, &model.known) {
                list.incoming = rows;
                // The last row that is held is one of this page: reading goes on after the page.
                if to_the_end {
                    list.window.next = page.next_cursor;
                }
                differs |= settle(model);
            }
        }
        Fetch::Reload => {
            ids.retain(|id| !list.incoming.contains(id));
            list.incoming.extend(ids);
            let wanted = list.rows.len().min(ROWS_MAX);
            let last = list.incoming.last().copied();
            if let (Some(last), Some(cursor)) = (last, page.next_cursor.clone())
                && list.incoming.len() < wanted
                && list.loaded
            {
                list.incoming_seams.push(Seam { last, cursor });
                ask(model, page.next_cursor, Fetch::Reload, out);
                return;
            }
            if list.incoming.is_empty() && list.window.start.is_some() {
                // What was held is gone: what was before it is read from the beginning.
                list.window = Window::from(list.window.end);
                reload_now(model, out);
                return;
            }
            list.window.seams = std::mem::take(&mut list.incoming_seams);
            list.window.next = page.next_cursor;
            differs |= settle(model);
        }
    }
    let list = &mut model.list;
    list.loaded_at = Some(model.now);
    model.dirty |= differs || said != (list.total, true);
    prune(model);
    more_if_near_end(model, out);
}

/// Forgets what nobody looks at, when there is much of it.
pub fn prune(model: &mut Model) {
    if model.known.is_large(model.list.rows.len()) {
        let mut shown = model.list.rows.clone();
        shown.extend(&model.list.incoming);
        shown.extend(&model.list.arrived);
        shown.extend(model.marks.in_order(&model.list));
        shown.extend(model.detail.as_ref().map(|detail| detail.id));
        shown.extend(model.last_incident);
        model.known.prune(&shown);
    }
}

/// Puts the rows of a finished reload on the screen; says whether that moved anything.
fn settle(model: &mut Model) -> bool {
    let height = model.list_height();
    let list = &mut model.list;
    let before = (list.rows.clone(), list.selected, list.ghost);
    // Another query is another list: nothing of the old one is kept.
    let keep = list.selected.filter(|_| list.loaded);
    let mut rows = std::mem::take(&mut list.incoming);
    rows.retain(|id| !model.known.is_deleted(*id));
    if list.window.end == End::Bottom {
        rows.reverse();
    }
    let ghost = keep.filter(|id| is_ghost(model, *id, &rows));
    let list = &mut model.list;
    list.learn_groups(&rows, &model.known);
    list.replace(rows, keep, height);
    list.ghost = ghost;
    list.loaded = true;
    let landed = match list.landing.take() {
        Some(End::Top) => list.rows.first(),
        Some(End::Bottom) => list.rows.last(),
        None => None,
    };
    if let Some(id) = landed.copied() {
        list.selected = Some(id);
        list.show_selected(height);
    }
    let arrived = std::mem::take(&mut list.arrived);
    for id in arrived {
        if let Some(incident) = model.known.get(id).filter(|_| !model.known.is_deleted(id))
            && model.list.insert(incident, &model.known, height) == Entered::Above
        {
            model.list.came_in(id);
        }
    }
    let list = &mut model.list;
    if keep.is_some() {
        let had: HashSet<IncidentId> = before.0.iter().copied().collect();
        let new = list.rows.iter().filter(|id| !had.contains(id)).copied();
        for id in new.collect::<Vec<_>>() {
            list.came_in(id);
        }
    } else {
        list.unseen.clear();
    }
    before != (list.rows.clone(), list.selected, list.ghost)
}

/// Whether an incident no longer belongs to a list that has been read as `rows`. Where they do not
/// reach it may well.
fn is_ghost(model: &Model, id: IncidentId, rows: &[IncidentId]) -> bool {
    if rows.contains(&id) {
        return false;
    }
    let list = &model.list;
    let Some(incident) = model.known.get(id).filter(|_| !model.known.is_deleted(id)) else {
        return true;
    };
    let known = |row: Option<&IncidentId>| row.and_then(|row| model.known.get(*row));
    let below = known(rows.last()).is_some_and(|last| list.is_beyond(incident, last));
    let above = known(rows.first()).is_some_and(|first| list.is_beyond(first, incident));
    !(below && list.window.has_below() || above && list.window.has_above())
}

fn fail(model: &mut Model, failure: Failure) {
    let list = &mut model.list;
    list.asked = None;
    let refused = failure.problem.as_ref();
    if let Some(error) = refused.and_then(|p| p.errors.iter().find(|e| e.field == "filter")) {
        let length = list.query.applied.chars().count();
        list.query.mistake =
            Some(FilterError { start: 0, end: length, message: error.message.clone() });
    }
    // The cursor of a page belongs to a list that is gone: read it from the top.
    if refused.is_some_and(|problem| problem.code == Code::InvalidCursor) {
        list.window = Window::from(list.window.end);
        timers::reload_list_soon(model);
        return;
    }
    if timers::is_passing(&failure) {
        timers::retry_list(model);
    }
    let list = &mut model.list;
    if list.failure.as_ref() != Some(&failure) {
        list.failure = Some(failure);
        model.dirty = true;
    }
}

/// Whether the list takes it in; none where only the daemon can tell.
pub fn belongs(model: &Model, incident: &Incident) -> Option<bool> {
    let filter = model.list.query.filter()?;
    matching::belongs(&filter, incident, model.me.as_ref().map(|me| me.id), model.now)
}

/// An incident changed or came into being: it may have to enter or leave the list.
pub fn changed(model: &mut Model, incident: &Incident) {
    let id = incident.id;
    let belongs = belongs(model, incident);
    if model.list.index_of(id).is_some() {
        model.dirty = true;
        // A ghost that belongs here again is an ordinary row after the reload.
        timers::reload_list_soon(model);
        return;
    }
    match belongs {
        Some(false) => {}
        None => timers::reload_list_soon(model),
        Some(true) => {
            let height = model.list_height();
            if model.list.is_reloading() {
                model.list.arrived.push(id);
            }
            let entered =
                model.list.loaded.then(|| model.list.insert(incident, &model.known, height));
            if entered == Some(Entered::Held) {
                model.list.fresh.insert(id, model.now + FRESH_FOR);
            }
            if matches!(entered, Some(Entered::Held | Entered::Above)) {
                model.list.came_in(id);
                model.dirty = true;
            }
            // What is beyond the last row comes with a page again, for which a reload has the cursor.
            if model.list.rows.len() >= ROWS_MAX && !model.list.window.has_below() {
                timers::reload_list_soon(model);
            }
        }
    }
}

pub fn go(model: &mut Model, step: Move, out: &mut Out) {
    let (height, window) = (model.list_height(), &model.list.window);
    match step {
        // Of groups the held ones are arranged; their ends are no ends of the list.
        _ if model.list.group.is_some() => model.list.go(step, height),
        Move::First if window.has_above() => return jump(model, End::Top, out),
        Move::Last if window.has_below() => return jump(model, End::Bottom, out),
        _ => model.list.go(step, height),
    }
    more_if_near_end(model, out);
}

/// A row that changed is accented as a new one is.
pub fn changed_by_others(model: &mut Model, id: IncidentId) {
    if model.list.index_of(id).is_some() {
        model.list.fresh.insert(id, model.now + FRESH_FOR);
    }
}

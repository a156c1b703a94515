//! The incident list: reading pages, moving the cursor, the query bar.

use std::collections::HashSet;

use chrono::TimeDelta;
use watchfire_shared::filter::{Filter, FilterError};
use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::Incident;
use watchfire_shared::page::{DEFAULT_LIMIT, IncidentPage, MAX_INCIDENTS, Sort, SortKey};
use watchfire_shared::problem::Code;

use crate::action::{Edit, Move};
use crate::effect::{Load, RequestId};
use crate::event::{Failure, Outcome};
use crate::model::Model;
use crate::model::commands::Tone;
use crate::model::input::TextField;
use crate::model::known::Known;
use crate::model::list::{DEFAULT_QUERY, FRESH_FOR, Fetch, ROWS_MAX};
use crate::model::matching;
use crate::model::words::sort_words;

use super::stream::{self, Learnt};
use super::{Out, timers};

/// The next page is asked for when the cursor is this near to the last row.
const NEAR_END: usize = 20;
/// After the last key in the query bar its results are shown.
const LIVE_AFTER: TimeDelta = TimeDelta::milliseconds(150);

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
    model.list.arrived.clear();
    ask(model, None, Fetch::Reload, out);
}

fn ask(model: &mut Model, cursor: Option<String>, fetch: Fetch, out: &mut Out) {
    let wanted = model.list.rows.len() + usize::from(fetch == Fetch::More);
    let limit = u32::try_from(wanted).unwrap_or(MAX_INCIDENTS);
    let load = Load::Incidents {
        filter: model.list.query.applied.clone(),
        sort: model.list.sort,
        cursor,
        limit: limit.clamp(DEFAULT_LIMIT, MAX_INCIDENTS),
    };
    let asked = model.requests.load(load, model.now, out);
    model.list.asked = Some((asked, fetch));
}

pub fn more_if_near_end(model: &mut Model, out: &mut Out) {
    let list = &model.list;
    let reach = list.selected_index().unwrap_or(0).max(list.offset + model.list_height());
    if list.asked.is_none()
        && list.loaded
        && reach + NEAR_END >= list.rows.len()
        && let Some(cursor) = list.next_cursor.clone()
    {
        ask(model, Some(cursor), Fetch::More, out);
    }
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
    let more = page.next_cursor.clone();
    match fetch {
        Fetch::More => {
            differs |= !ids.is_empty();
            list.append(ids, height);
        }
        Fetch::Reload => {
            ids.retain(|id| !list.incoming.contains(id));
            list.incoming.extend(ids);
            let wanted = list.rows.len().min(ROWS_MAX);
            if list.incoming.len() < wanted && list.loaded && more.is_some() {
                ask(model, more, Fetch::Reload, out);
                return;
            }
        }
    }
    list.next_cursor = page.next_cursor;
    list.total = Some((page.total, page.total_exact));
    if fetch == Fetch::Reload {
        differs |= settle(model);
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
    let ghost = keep.filter(|id| is_ghost(model, *id, &rows));
    let list = &mut model.list;
    list.replace(rows, keep, height);
    list.ghost = ghost;
    list.loaded = true;
    let arrived = std::mem::take(&mut list.arrived);
    for id in arrived {
        if let Some(incident) = model.known.get(id).filter(|_| !model.known.is_deleted(id)) {
            model.list.insert(incident, &model.known, height);
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

/// Whether an incident no longer belongs to a list that has been read as `rows`. Further down than
/// they reach it may well.
fn is_ghost(model: &Model, id: IncidentId, rows: &[IncidentId]) -> bool {
    if rows.contains(&id) {
        return false;
    }
    let last = rows.last().and_then(|last| model.known.get(*last));
    let beyond = match (model.known.get(id), last) {
        (Some(incident), Some(last)) => model.list.is_beyond(incident, last),
        _ => false,
    };
    model.known.is_deleted(id) || model.list.next_cursor.is_none() || !beyond
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
        list.next_cursor = None;
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

/// An incident changed or came into being: it may have to enter or leave the list.
pub fn changed(model: &mut Model, incident: &Incident) {
    let id = incident.id;
    let belongs = model.list.query.filter().and_then(|filter| {
        matching::belongs(&filter, incident, model.me.as_ref().map(|me| me.id), model.now)
    });
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
            if model.list.loaded && model.list.insert(incident, &model.known, height) {
                model.list.fresh.insert(id, model.now + FRESH_FOR);
                model.list.came_in(id);
                model.dirty = true;
            }
            // What is beyond the last row comes with a page again, for which a reload has the cursor.
            if model.list.rows.len() >= ROWS_MAX && model.list.next_cursor.is_none() {
                timers::reload_list_soon(model);
            }
        }
    }
}

pub fn go(model: &mut Model, step: Move, out: &mut Out) {
    let height = model.list_height();
    model.list.go(step, height);
    more_if_near_end(model, out);
}

// The query bar.

pub fn edit_query(model: &mut Model) {
    let query = &mut model.list.query;
    query.editing = true;
    query.before.clone_from(&query.applied);
    query.recalled = None;
    query.field = TextField::new(query.applied.clone());
    // Words are added at the end: leave a space to type after.
    if !query.applied.is_empty() && !query.applied.ends_with(' ') {
        query.field.insert(' ');
    }
    check_query(model);
}

/// Looks for a mistake in what is typed. Without one the list shows it in a moment.
pub fn check_query(model: &mut Model) {
    let query = &mut model.list.query;
    query.mistake = query.field.text().parse::<Filter>().err();
    let differs = query.field.text().trim() != query.applied;
    query.live_at =
        (query.editing && query.mistake.is_none() && differs).then(|| model.now + LIVE_AFTER);
}

/// Shows what is typed so far; the bar stays open.
pub fn show_typed(model: &mut Model, out: &mut Out) {
    model.list.query.live_at = None;
    let text = model.list.query.field.text().trim().to_owned();
    if model.list.query.mistake.is_none() && text != model.list.query.applied {
        take(model, text);
        reload_now(model, out);
    }
}

/// `up` and `down` in the bar: what was asked before.
pub fn recall_query(model: &mut Model, earlier: bool) {
    model.list.query.recall(earlier);
    check_query(model);
}

/// Back to what was shown before the bar was opened.
pub fn cancel_query(model: &mut Model, out: &mut Out) {
    let query = &mut model.list.query;
    query.editing = false;
    let (before, shown) = (query.before.clone(), query.applied.clone());
    query.field = TextField::new(before.clone());
    query.mistake = None;
    query.live_at = None;
    if before != shown {
        set_query(model, before, out);
    }
}

/// Applies what is typed; with a mistake in it the bar stays open and says what is wrong.
pub fn apply_query(model: &mut Model, out: &mut Out) {
    check_query(model);
    if model.list.query.mistake.is_some() {
        return;
    }
    let text = model.list.query.field.text().trim().to_owned();
    let query = &mut model.list.query;
    query.editing = false;
    query.live_at = None;
    query.remember(&text);
    if text == query.applied && model.list.loaded {
        // It is what is shown already.
        model.list.query.field = TextField::new(text);
    } else {
        set_query(model, text, out);
    }
}

/// `esc` in the list: back to what is shown when nothing was asked.
pub fn clear_query(model: &mut Model, out: &mut Out) {
    if model.list.query.applied != DEFAULT_QUERY {
        set_query(model, DEFAULT_QUERY.to_owned(), out);
    }
}

/// Shows what this query finds, unless it does already.
pub fn show(model: &mut Model, query: String, out: &mut Out) {
    if query != model.list.query.applied {
        set_query(model, query, out);
    }
}

fn set_query(model: &mut Model, text: String, out: &mut Out) {
    let query = &mut model.list.query;
    query.field = TextField::new(text.clone());
    query.mistake = None;
    if text != query.applied {
        take(model, text);
    }
    reload_now(model, out);
}

/// The rows are another query's from now on until they are read.
fn take(model: &mut Model, text: String) {
    let list = &mut model.list;
    list.query.applied = text;
    list.loaded = false;
    list.next_cursor = None;
    list.failure = None;
    model.dirty = true;
}

/// The next order of the list, in the direction people want it first.
pub fn next_sort(model: &mut Model, out: &mut Out) {
    let by = match model.list.sort.by {
        SortKey::Priority => SortKey::Created,
        SortKey::Created => SortKey::Updated,
        SortKey::Updated => SortKey::Score,
        SortKey::Score => SortKey::Reference,
        SortKey::Reference => SortKey::Priority,
    };
    set_sort(model, Sort { by, reversed: false }, out);
}

pub fn reverse_sort(model: &mut Model, out: &mut Out) {
    let Sort { by, reversed } = model.list.sort;
    set_sort(model, Sort { by, reversed: !reversed }, out);
}

/// The cursor stays on its incident where that is among the first rows of the new order.
fn set_sort(model: &mut Model, sort: Sort, out: &mut Out) {
    let list = &mut model.list;
    list.sort = sort;
    list.loaded = false;
    list.next_cursor = None;
    list.failure = None;
    model.flash(Tone::Neutral, sort_words(sort));
    reload_now(model, out);
}

/// Finishes the word before the cursor with the first way to go on.
pub fn complete_query(model: &mut Model) {
    let field = &mut model.list.query.field;
    let cursor = field.before_cursor().chars().count();
    let ways = Filter::complete(field.text(), cursor);
    let Some(first) = ways.first() else {
        return;
    };
    for _ in first.start..first.end {
        field.edit(Edit::Backspace);
    }
    field.paste(&first.text);
    if ways.len() == 1 && !first.text.ends_with(':') {
        field.insert(' ');
    }
    check_query(model);
}

//! The log pane: reading its ends, following, filtering.

use watchfire_shared::ids::IncidentId;
use watchfire_shared::log::Level;

use crate::action::Move;
use crate::effect::{Load, RequestId};
use crate::event::Outcome;
use crate::model::input::TextField;
use crate::model::logs::{Fetch, JUMP, LINES_MAX, LogPane, PAGE};
use crate::model::scroll::Extent;
use crate::model::{Model, layout};

use super::Out;

/// Older lines are asked for when the first one held is this near.
const NEAR_START: usize = 60;

/// Reads what is new at the end: everything on first sight, then what came after. With `again` it
/// asks even when nobody spoke of new lines.
pub fn catch_up(model: &mut Model, again: bool, out: &mut Out) {
    let Some(detail) = &mut model.detail else {
        return;
    };
    let pane = &mut detail.logs;
    if pane.asked.is_some() {
        return;
    }
    if !pane.loaded {
        ask(model, Fetch::Newest, out);
        return;
    }
    let behind = pane.known_last - pane.covered;
    if pane.tail.follows() && behind > JUMP {
        pane.restart();
        ask(model, Fetch::Newest, out);
    } else if (again || behind > 0) && (pane.tail.follows() || pane.lines().len() < LINES_MAX) {
        ask(model, Fetch::Newer, out);
    }
}

fn ask(model: &mut Model, fetch: Fetch, out: &mut Out) {
    let Some(detail) = &mut model.detail else {
        return;
    };
    let pane = &mut detail.logs;
    let (before, after) = match fetch {
        Fetch::Newest => (None, None),
        Fetch::Older => (pane.seqs().first().copied(), None),
        Fetch::Newer => (None, Some(pane.covered)),
    };
    let load = Load::Logs {
        id: detail.id,
        before,
        after,
        min_level: pane.min_level,
        q: pane.search.clone(),
        limit: PAGE,
    };
    let asked = model.requests.load(load, model.now, out);
    pane.asked = Some((asked, fetch));
    pane.asked_up_to = pane.known_last;
}

pub fn answered(
    model: &mut Model,
    request: RequestId,
    id: IncidentId,
    outcome: Outcome,
    out: &mut Out,
) {
    let Some(detail) = model.detail.as_mut().filter(|detail| detail.id == id) else {
        return;
    };
    let pane = &mut detail.logs;
    let Some((_, fetch)) = pane.asked.filter(|(asked, _)| asked.request == request) else {
        return;
    };
    pane.asked = None;
    match outcome {
        Outcome::Logs(page) => {
            let full = page.items.len() >= PAGE as usize || page.next_cursor.is_some();
            let empty = page.items.is_empty();
            let first = !pane.loaded;
            model.dirty |= first || !empty || pane.failure.is_some();
            pane.failure = None;
            pane.loaded = true;
            match fetch {
                Fetch::Older => {
                    pane.prepend(page.items);
                    pane.has_older = full;
                }
                Fetch::Newest => {
                    pane.append(page.items);
                    pane.has_older = full;
                    pane.covered = pane.covered.max(pane.asked_up_to);
                }
                Fetch::Newer => {
                    pane.append(page.items);
                    // A full page may not reach the end; then what was asked for is still to come.
                    if !full {
                        pane.covered = pane.covered.max(pane.asked_up_to);
                    }
                }
            }
            let unfinished = fetch == Fetch::Newer && full;
            catch_up(model, unfinished, out);
        }
        Outcome::Failed(failure) => {
            model.dirty |= pane.failure.as_ref() != Some(&failure);
            pane.failure = Some(failure);
        }
        _ => {}
    }
}

pub fn go(model: &mut Model, step: Move, out: &mut Out) {
    let rows = usize::from(layout::detail_rows(model.size.1)).saturating_sub(1);
    let Some(detail) = &mut model.detail else {
        return;
    };
    let pane = &mut detail.logs;
    let mut tail = pane.tail;
    tail.go(step, &Extent { keys: pane.seqs(), rows, height: &|_| 1 });
    pane.tail = tail;
    let top = tail.bottom(pane.seqs()).map_or(0, |bottom| bottom.saturating_sub(rows));
    let wants_older = top < NEAR_START && pane.has_older && pane.lines().len() < LINES_MAX;
    if wants_older && pane.asked.is_none() && !tail.follows() {
        ask(model, Fetch::Older, out);
    } else if tail.follows() {
        catch_up(model, false, out);
    }
}

/// Follows the end again, or stays where it is.
pub fn follow(model: &mut Model, out: &mut Out) {
    let Some(detail) = &mut model.detail else {
        return;
    };
    let pane: &mut LogPane = &mut detail.logs;
    if pane.tail.follows() {
        pane.tail.anchor = pane.seqs().last().copied();
    } else {
        pane.tail.anchor = None;
        catch_up(model, false, out);
    }
}

/// Only higher levels, or lower ones too; from the last one it goes round to all.
pub fn turn_level(model: &mut Model, higher: bool, out: &mut Out) {
    let Some(detail) = &mut model.detail else {
        return;
    };
    let pane = &mut detail.logs;
    let now = pane.min_level.unwrap_or(Level::Trace).rank();
    let wanted = if higher { now + 1 } else { now - 1 };
    let level = match Level::from_rank(wanted) {
        None if higher => None,
        None => Some(Level::Fatal),
        Some(Level::Trace) => None,
        Some(level) => Some(level),
    };
    pane.min_level = level;
    pane.restart();
    ask(model, Fetch::Newest, out);
}

pub fn edit_search(model: &mut Model) {
    if let Some(detail) = &mut model.detail {
        detail.tab = crate::model::detail::Tab::Logs;
        detail.logs.editing = true;
        detail.logs.field = TextField::new(detail.logs.search.clone());
    }
}

pub fn cancel_search(model: &mut Model) {
    if let Some(detail) = &mut model.detail {
        detail.logs.editing = false;
    }
}

pub fn apply_search(model: &mut Model, out: &mut Out) {
    let Some(detail) = &mut model.detail else {
        return;
    };
    let pane = &mut detail.logs;
    pane.editing = false;
    let text = pane.field.text().to_owned();
    if text != pane.search {
        pane.search = text;
        pane.restart();
        ask(model, Fetch::Newest, out);
    }
}

/// `esc` in the pane: first the search goes. Says whether there was one.
pub fn clear_search(model: &mut Model, out: &mut Out) -> bool {
    let Some(detail) = &mut model.detail else {
        return false;
    };
    if detail.logs.search.is_empty() {
        return false;
    }
    detail.logs.search.clear();
    detail.logs.restart();
    ask(model, Fetch::Newest, out);
    true
}

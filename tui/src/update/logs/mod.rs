//! Log panes: reading their ends, following, moving.

pub mod across;
mod export;
mod filter;

pub use export::{
    done as exported, edited, open as open_export, progress, submit as submit_export,
};

pub use filter::{
    apply_search, cancel_search, check_search, clear_search, edit_search, find, turn_around,
    turn_kind, turn_level,
};

use watchfire_shared::ids::IncidentId;
use watchfire_shared::log::LogEntry;
use watchfire_shared::page::Page;

use crate::action::Move;
use crate::effect::{Load, RequestId};
use crate::event::Outcome;
use crate::model::detail::Tab;
use crate::model::layout::Wall;
use crate::model::logs::{self, FIRST, Fetch, JUMP, LogPane, PAGE};
use crate::model::{Model, Screen, layout};

use super::Out;

/// Lines are asked for when the end of those held is this near.
const NEAR: usize = 60;

/// Which of the two panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Of the opened incident.
    Opened,
    /// Of all incidents.
    Across,
}

impl Which {
    /// The pane that has the keys.
    fn here(model: &Model) -> Self {
        if model.screen == Screen::Logs { Self::Across } else { Self::Opened }
    }

    fn pane(self, model: &Model) -> Option<&LogPane> {
        match self {
            Self::Opened => model.detail.as_ref().map(|detail| &detail.logs),
            Self::Across => Some(&model.across.pane),
        }
    }

    fn pane_mut(self, model: &mut Model) -> Option<&mut LogPane> {
        match self {
            Self::Opened => model.detail.as_mut().map(|detail| &mut detail.logs),
            Self::Across => Some(&mut model.across.pane),
        }
    }
}

/// The pane that has the keys.
fn pane(model: &mut Model) -> Option<&mut LogPane> {
    Which::here(model).pane_mut(model)
}

/// What a key does to the lines is to be seen: where they are on a tab of their own it is opened.
fn show(model: &mut Model) {
    let (_, beside) = model.walls.columns(Wall::Opened, model.size.0);
    if let Some(detail) = model.detail.as_mut()
        && model.screen == Screen::Detail
        && beside == 0
    {
        detail.tab = Tab::Logs;
    }
}

/// Reads what is new at the end of the opened incident: everything on first sight, then what came
/// after. With `again` it asks even when nobody spoke of new lines.
pub fn catch_up(model: &mut Model, again: bool, out: &mut Out) {
    let near_end = is_near_end(model, Which::Opened);
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
    // Whoever begins to follow wants the end, not all that lies before it.
    let far = behind > JUMP || (pane.beyond.newer && !again);
    if pane.place.follows() && far {
        pane.restart();
        ask(model, Fetch::Newest, out);
    } else if (again || behind > 0 || pane.beyond.newer) && near_end {
        ask(model, Fetch::Newer, out);
    }
}

fn catch_up_here(model: &mut Model, out: &mut Out) {
    match Which::here(model) {
        Which::Opened => catch_up(model, false, out),
        Which::Across => across::catch_up(model, out),
    }
}

/// Whether somebody could soon see the lines behind the last one held.
fn is_near_end(model: &Model, which: Which) -> bool {
    which.pane(model).is_some_and(|pane| {
        let shown = pane.shown();
        pane.place.held_at().is_none_or(|number| {
            shown.place_of(number) + NEAR + usize::from(model.size.1) >= shown.len()
        })
    })
}

fn ask(model: &mut Model, fetch: Fetch, out: &mut Out) {
    let Some(detail) = &mut model.detail else {
        return;
    };
    let pane = &mut detail.logs;
    let (before, after) = match fetch {
        Fetch::Newest => (None, None),
        Fetch::UpTo => (Some(pane.covered.saturating_add(1)), None),
        Fetch::Older => (pane.lines().first_seq(), None),
        Fetch::Newer => (None, Some(pane.covered)),
    };
    let limit = if matches!(fetch, Fetch::Newest | Fetch::UpTo) { FIRST } else { PAGE };
    let (min_level, q) = pane.wanted().of_daemon();
    let load = Load::Logs { id: detail.id, before, after, min_level, q: q.to_owned(), limit };
    let asked = model.requests.load(load, model.now, out);
    pane.asked = Some((asked, fetch));
    pane.asked_up_to = pane.known_last;
}

pub fn answered(
    model: &mut Model,
    request: RequestId,
    id: IncidentId,
    limit: u32,
    outcome: Outcome,
    out: &mut Out,
) {
    let now = model.now;
    let of_across = model.across.pane.asked.is_some_and(|(asked, _)| asked.request == request);
    if of_across {
        across::answered(model, request, Some(id), limit, outcome, out);
        return;
    }
    let Some(detail) = model.detail.as_mut().filter(|detail| detail.id == id) else {
        return;
    };
    let pane = &mut detail.logs;
    let Some((_, fetch)) = pane.asked.filter(|(asked, _)| asked.request == request) else {
        return;
    };
    pane.asked = None;
    match outcome {
        Outcome::Logs(answer) => {
            let full = answer.items.len() >= limit as usize || answer.next_cursor.is_some();
            let news = !pane.loaded || !answer.items.is_empty() || pane.failure.is_some();
            // That the lines begin here is news too.
            model.dirty |= news || (fetch == Fetch::Older && !full);
            pane.failure = None;
            pane.loaded = true;
            take(pane, fetch, answer, full, now);
            let unfinished = fetch == Fetch::Newer && full;
            look_further(model, Which::Opened, out);
            catch_up(model, unfinished, out);
        }
        Outcome::Failed(failure) => {
            model.dirty |= pane.failure.as_ref() != Some(&failure);
            pane.failure = Some(failure);
            pane.seeks_older = false;
        }
        _ => {}
    }
}

fn take(
    pane: &mut LogPane,
    fetch: Fetch,
    answer: Page<LogEntry>,
    full: bool,
    now: chrono::DateTime<chrono::Utc>,
) {
    match fetch {
        Fetch::Older => {
            pane.reach -= i64::try_from(answer.items.len()).unwrap_or(i64::MAX);
            pane.prepend_older(answer.items, now);
            pane.beyond.older = full;
        }
        Fetch::Newest => {
            pane.beyond.older = full;
            pane.append_newer(answer.items, now);
            pane.covered = pane.covered.max(pane.asked_up_to);
        }
        Fetch::UpTo => {
            pane.beyond.older = full;
            pane.append_newer(answer.items, now);
            // Nobody knows yet whether this is the end.
            pane.beyond.newer = true;
            // One stands where one stood, not at the end.
            let last = pane.lines().numbers().end - 1;
            pane.place.put(last);
        }
        Fetch::Newer => {
            pane.append_newer(answer.items, now);
            pane.beyond.newer = full;
            // A full page may not reach the end; then what was asked for is still to come.
            if !full {
                pane.covered = pane.covered.max(pane.asked_up_to);
            }
        }
    }
}

/// After a move, an answer or a look at lines that waited: reads older lines where the screen has
/// room for them or the next match may be among them.
pub fn look_further(model: &mut Model, which: Which, out: &mut Out) {
    filter::go_on_seeking(model, which);
    let Some(pane) = which.pane(model) else {
        return;
    };
    if pane.asked.is_some() || !pane.beyond.older || !pane.loaded || pane.backlog() > 0 {
        return;
    }
    let rows = usize::from(layout::screen_rows(model.size.1));
    let sparse = pane.shown().len() < rows && pane.shown().len() < pane.lines().len();
    let wanted = (sparse || pane.seeks_older) && pane.reach > 0;
    if wanted || is_near_start(model, pane) {
        match which {
            Which::Opened => ask(model, Fetch::Older, out),
            Which::Across => across::ask_older(model, out),
        }
    }
}

/// Whether somebody reads near the oldest line held.
fn is_near_start(model: &Model, pane: &LogPane) -> bool {
    let sees = |number: i64| pane.shown().place_of(number) < NEAR + usize::from(model.size.1);
    pane.place.held_at().is_some_and(sees)
}

pub fn go(model: &mut Model, step: Move, out: &mut Out) {
    let which = Which::here(model);
    let moved = logs::measure_here(model, |pane, extent| {
        let mut place = pane.place;
        place.go(step, extent);
        place
    });
    let Some((pane, place)) = which.pane_mut(model).zip(moved) else {
        return;
    };
    pane.place = place;
    let at_top = place.held_at().is_some_and(|number| pane.shown().before(number) == 0);
    if at_top {
        pane.reach = logs::REACH;
    }
    if !place.follows() {
        look_further(model, which, out);
    }
    catch_up_here(model, out);
    across::name_visible(model, out);
}

/// Puts the cursor on a line that is on the screen.
pub fn put(model: &mut Model, number: i64, out: &mut Out) {
    let which = Which::here(model);
    let placed = logs::measure_here(model, |pane, extent| {
        let mut place = pane.place;
        place.point(number, extent);
        place
    });
    if let Some((pane, place)) = which.pane_mut(model).zip(placed) {
        pane.place = place;
        look_further(model, which, out);
    }
}

/// Follows the end again, or stays where it is.
pub fn follow(model: &mut Model, out: &mut Out) {
    show(model);
    let Some(pane) = pane(model) else {
        return;
    };
    if pane.place.follows() {
        match pane.current().map(|line| line.number) {
            Some(number) => pane.place.put(number),
            None => pane.holds_next = !pane.holds_next,
        }
    } else {
        pane.place.follow();
        catch_up_here(model, out);
        across::name_visible(model, out);
    }
}

/// Lines that waited are looked at.
pub fn look(model: &mut Model, out: &mut Out) {
    let now = model.now;
    for which in [Which::Opened, Which::Across] {
        if let Some(pane) = which.pane_mut(model)
            && pane.look_at.is_some_and(|at| at <= now)
        {
            pane.look(now);
            model.dirty = true;
            look_further(model, which, out);
        }
    }
    across::name_visible(model, out);
}

pub fn turn_wrap(model: &mut Model) {
    model.log_style.wrap = !model.log_style.wrap;
}

pub fn turn_times(model: &mut Model) {
    model.log_style.times = model.log_style.times.next();
}

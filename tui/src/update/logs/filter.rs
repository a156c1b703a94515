//! What of the lines is shown: levels, the search, and what stands around.

use watchfire_shared::log::Level;

use crate::model::commands::Tone;
use crate::model::detail::Tab;
use crate::model::input::TextField;
use crate::model::logs::{Fetch, LogPane, REACH};
use crate::model::words::number;
use crate::model::{Model, Screen};
use crate::sift::pattern::{Kind, Pattern};
use crate::sift::{Around, Wanted};

use super::{Out, Which, across, ask, look_further, pane, show};

/// Shows something else. Where the daemon leaves out something else too, the lines are read again,
/// up to the one that was being read.
fn want(model: &mut Model, wanted: Wanted, out: &mut Out) {
    let (now, which) = (model.now, Which::here(model));
    let Some(pane) = pane(model) else {
        return;
    };
    if pane.loaded && wanted.of_daemon() == pane.wanted().of_daemon() {
        pane.sift(wanted, now);
        look_further(model, which, out);
        return;
    }
    if which == Which::Across {
        pane.begin(wanted);
        across::ask_newest(model, out);
        return;
    }
    let read = pane.place.held_at().and_then(|_| pane.current()).map(|line| line.seq);
    pane.begin(wanted);
    match read {
        Some(seq) => read_up_to(model, seq, out),
        None => ask(model, Fetch::Newest, out),
    }
}

/// The lines of the opened incident from the beginning of a page that ends with one of them, which is
/// stood at.
fn read_up_to(model: &mut Model, seq: i64, out: &mut Out) {
    if let Some(detail) = &mut model.detail {
        detail.logs.covered = seq;
        ask(model, Fetch::UpTo, out);
    }
}

/// Stands at a line of the opened incident, whatever was read or left out of it before.
pub fn stand_at(model: &mut Model, seq: i64, out: &mut Out) {
    if let Some(detail) = &mut model.detail {
        detail.logs.begin(Wanted::default());
        let held = model.known.get(detail.id).map_or(0, |incident| incident.log_count);
        detail.logs.known_last = detail.logs.known_last.max(held);
        read_up_to(model, seq, out);
    }
}

/// Only higher levels, or lower ones too; from the highest it goes round to all.
pub fn turn_level(model: &mut Model, higher: bool, out: &mut Out) {
    show(model);
    let Some(pane) = pane(model) else {
        return;
    };
    let now = pane.wanted().min_level.unwrap_or(Level::Trace).rank();
    let next = if higher { now + 1 } else { now - 1 };
    let min_level = match Level::from_rank(next) {
        None if higher => None,
        None => {
            model.flash(Tone::Neutral, "All levels are shown");
            return;
        }
        Some(Level::Trace) => None,
        Some(level) => Some(level),
    };
    let wanted = Wanted { min_level, ..pane.wanted().clone() };
    want(model, wanted, out);
}

/// Shows more of what stands around the lines that pass, or nothing of it.
pub fn turn_around(model: &mut Model, out: &mut Out) {
    let Some(pane) = pane(model) else {
        return;
    };
    if !pane.wanted().filters() {
        let text = "Nothing is left out: / searches, v shows fewer levels";
        model.flash(Tone::Neutral, text);
        return;
    }
    let around = pane.wanted().around.next();
    let wanted = Wanted { around, ..pane.wanted().clone() };
    want(model, wanted, out);
    model.flash(Tone::Neutral, format!("Shown: {}", around.words()));
}

pub fn edit_search(model: &mut Model) {
    if let Some(detail) = model.detail.as_mut().filter(|_| model.screen == Screen::Detail) {
        detail.tab = Tab::Logs;
        detail.assessments.patterns = false;
    }
    if let Some(pane) = pane(model) {
        let text = pane.wanted().pattern.as_ref().map_or_else(String::new, |it| it.text.clone());
        pane.search.editing = true;
        pane.search.field = TextField::new(text);
        pane.search.check();
    }
}

/// After a change of what is typed.
pub fn check_search(model: &mut Model) {
    if let Some(pane) = pane(model) {
        pane.search.check();
    }
}

/// A text as it stands, or an expression.
pub fn turn_kind(model: &mut Model) {
    if let Some(pane) = pane(model) {
        pane.search.kind = match pane.search.kind {
            Kind::Text => Kind::Expression,
            Kind::Expression => Kind::Text,
        };
        pane.search.check();
    }
}

pub fn cancel_search(model: &mut Model) {
    if let Some(pane) = pane(model) {
        pane.search.editing = false;
        if let Some(pattern) = &pane.wanted().pattern {
            pane.search.kind = pattern.kind;
        }
    }
}

/// What cannot be searched for stays in the field, with the mistake below it.
pub fn apply_search(model: &mut Model, out: &mut Out) {
    let Some(pane) = pane(model) else {
        return;
    };
    let text = pane.search.field.text();
    let pattern = match Pattern::new(text, pane.search.kind) {
        Ok(pattern) => Some(pattern).filter(|_| !text.is_empty()),
        Err(mistake) => {
            pane.search.mistake = Some(mistake);
            return;
        }
    };
    pane.search.editing = false;
    if pattern != pane.wanted().pattern {
        let wanted = Wanted { pattern, ..pane.wanted().clone() };
        want(model, wanted, out);
    }
}

/// `esc` in the pane: first the search goes. Says whether there was one.
pub fn clear_search(model: &mut Model, out: &mut Out) -> bool {
    let Some(pane) = pane(model).filter(|pane| pane.wanted().pattern.is_some()) else {
        return false;
    };
    // What stood around its matches goes with it.
    let around = Around::default();
    let wanted = Wanted { pattern: None, around, ..pane.wanted().clone() };
    want(model, wanted, out);
    true
}

/// Goes to the next line that passes, or the one before.
pub fn find(model: &mut Model, older: bool, out: &mut Out) {
    let which = Which::here(model);
    let Some(pane) = pane(model) else {
        return;
    };
    let here = here(pane);
    pane.seeks_older = false;
    if let Some(found) = hit_from(pane, here, older) {
        pane.place.put(found);
        look_further(model, which, out);
    } else if older && (pane.beyond.older || pane.backlog() > 0) {
        pane.reach = REACH;
        pane.seeks_older = true;
        look_further(model, which, out);
    } else {
        let text = if older { "No match before this line" } else { "No match after this line" };
        model.flash(Tone::Neutral, text);
    }
}

/// The line of the cursor; behind all of them where none is shown.
fn here(pane: &LogPane) -> i64 {
    pane.current().map_or(pane.lines().numbers().end, |line| line.number)
}

fn hit_from(pane: &LogPane, here: i64, older: bool) -> Option<i64> {
    let hits = pane.hits();
    let at = if older { hits.before(here).checked_sub(1)? } else { hits.before(here + 1) };
    hits.at(at)
}

/// A match was not among the lines held: looks whether it has come.
pub fn go_on_seeking(model: &mut Model, which: Which) {
    let Some(pane) = which.pane_mut(model).filter(|pane| pane.seeks_older) else {
        return;
    };
    let here = here(pane);
    if let Some(found) = hit_from(pane, here, true) {
        pane.seeks_older = false;
        pane.place.put(found);
        model.dirty = true;
    } else if pane.backlog() > 0 {
        // The rest of the lines held comes first.
    } else if !pane.beyond.older {
        pane.seeks_older = false;
        model.flash(Tone::Neutral, "No match before this line");
    } else if pane.reach <= 0 {
        pane.seeks_older = false;
        let text = format!("No match in {} older lines: once more goes on", number(REACH));
        model.flash(Tone::Neutral, text);
    }
}

//! Marking incidents in the list.

use watchfire_shared::ids::IncidentId;

use crate::action::{Mark, Move};
use crate::model::Model;
use crate::model::commands::Tone;
use crate::model::words::number;

use super::{Out, list};

pub fn mark(model: &mut Model, mark: Mark, out: &mut Out) {
    if !model.can_act() {
        model.flash(Tone::Neutral, "Nothing marked: the list of this query is not loaded yet");
        return;
    }
    let Some(selected) = model.list.selected else {
        model.flash(Tone::Neutral, "No incident is selected");
        return;
    };
    if mark != Mark::All && model.known.is_deleted(selected) {
        model.flash(Tone::Warning, "Nothing marked: this incident was deleted");
        return;
    }
    match mark {
        Mark::One => {
            model.marks.toggle(selected);
            list::go(model, Move::Down, out);
        }
        Mark::Range => range(model, selected),
        Mark::All => all(model),
    }
}

/// Marks the rows from what was marked last to the cursor; without such a row the cursor begins one.
fn range(model: &mut Model, selected: IncidentId) {
    let begin = model.marks.anchor().and_then(|id| model.list.index_of(id));
    let Some(end) = model.list.selected_index() else {
        return;
    };
    let begin = begin.unwrap_or(end);
    let rows = &model.list.rows[begin.min(end)..=begin.max(end)];
    let there = rows.iter().copied().filter(|id| !model.known.is_deleted(*id));
    model.marks.add(there, selected);
}

fn all(model: &mut Model) {
    let list = &model.list;
    let rows: Vec<IncidentId> =
        list.rows.iter().copied().filter(|id| list.ghost != Some(*id)).collect();
    model.marks.toggle_all(&rows);
    let more = !model.list.window.is_whole();
    if more && rows.iter().all(|id| model.marks.contains(*id)) {
        let loaded = number(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        let text = format!("{loaded} marked; what the query finds beyond them is not loaded yet");
        model.flash(Tone::Warning, text);
    }
}

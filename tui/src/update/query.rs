//! The query bar and the order of the list.

use chrono::TimeDelta;
use watchfire_shared::filter::Filter;
use watchfire_shared::page::{Sort, SortKey};

use crate::action::Edit;
use crate::model::Model;
use crate::model::commands::Tone;
use crate::model::input::TextField;
use crate::model::query::DEFAULT_QUERY;
use crate::model::words::sort_words;

use super::list::reload_now;
use super::{Out, views};

/// After the last key in the query bar its results are shown.
const LIVE_AFTER: TimeDelta = TimeDelta::milliseconds(150);

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
    if !views::leave(model, out) && model.list.query.applied != DEFAULT_QUERY {
        set_query(model, DEFAULT_QUERY.to_owned(), out);
    }
}

/// Shows what this query finds, unless it does already.
pub fn show(model: &mut Model, query: String, out: &mut Out) {
    if query != model.list.query.applied {
        set_query(model, query, out);
    }
}

/// The same in another order.
pub fn show_in_order(model: &mut Model, text: String, sort: Sort, out: &mut Out) {
    let query = &mut model.list.query;
    query.editing = false;
    query.live_at = None;
    model.list.sort = sort;
    take(model, text.clone());
    set_query(model, text, out);
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

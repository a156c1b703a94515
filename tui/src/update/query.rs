//! The query bar and the order of the list.

use chrono::TimeDelta;
use watchfire_shared::filter::{Filter, Test, Vocabulary};
use watchfire_shared::incident::Incident;
use watchfire_shared::page::{Sort, SortKey};

use crate::effect::Effect;
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

/// Looks for a mistake in what is typed, and for ways to go on. Without a mistake the list shows it in
/// a moment.
pub fn check_query(model: &mut Model) {
    let query = &model.list.query;
    let (text, cursor) = (query.field.text(), query.field.before_cursor().chars().count());
    let ways = Filter::complete(text, cursor, &vocabulary(model));
    model.list.query.ways = ways;
    model.list.query.taken = None;
    check_text(model);
}

/// What is known of the values that a query may ask for.
fn vocabulary(model: &Model) -> Vocabulary {
    let mut words = model.known.vocabulary();
    let users = model.users.value.iter().flatten().chain(&model.me);
    words.people.extend(users.map(|user| user.name.clone()));
    words
}

fn check_text(model: &mut Model) {
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
    out.push(Effect::Remember(model.remembered()));
    if text == model.list.query.applied && model.list.loaded {
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
    list.restart();
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
    list.restart();
    model.flash(Tone::Neutral, sort_words(sort));
    reload_now(model, out);
}

/// Finishes the word before the cursor: with the only way to go on, or with one after the other.
pub fn complete_query(model: &mut Model, back: bool) {
    let query = &mut model.list.query;
    if !query.take_way(back) {
        check_text(model);
        return;
    }
    if !query.field.before_cursor().ends_with([':', '=']) {
        query.field.insert(' ');
    }
    check_query(model);
}

/// What shares the service of the selected incident, and what shares its labels, one after the other.
pub fn related(model: &mut Model, out: &mut Out) {
    let Some(incident) = model.subject().filter(|_| model.can_act()) else {
        model.flash(Tone::Neutral, "No incident is selected");
        return;
    };
    let reference = incident.reference;
    let ways = ways_to_relate(incident);
    let now = ways.iter().position(|way| *way == model.list.query.applied);
    let next = now.map_or(0, |at| (at + 1) % ways.len().max(1));
    let Some(way) = ways.get(next).cloned() else {
        let text = format!("{reference} has neither a service nor a label to look for");
        model.flash(Tone::Neutral, text);
        return;
    };
    let place = format!("Related to {reference}, {} of {}", next + 1, ways.len());
    model.flash(Tone::Neutral, place);
    model.list.query.remember(&way);
    out.push(Effect::Remember(model.remembered()));
    show(model, way, out);
}

/// The queries by which others are found that may have the same cause; the service comes first.
fn ways_to_relate(incident: &Incident) -> Vec<String> {
    let service = (!incident.service.is_empty()).then(|| Test::Service(incident.service.clone()));
    let labels = incident
        .labels
        .iter()
        .map(|(name, value)| Test::Label { name: name.clone(), value: value.clone() });
    let tests = service.into_iter().chain(labels);
    tests
        .map(|test| format!("{DEFAULT_QUERY} {test}"))
        .filter(|way| way.parse::<Filter>().is_ok())
        .collect()
}

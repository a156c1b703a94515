//! Actions on the marked incidents: one question that lists them, then exactly those, a few at a
//! time, each under the guard of what the question showed.

use std::collections::HashSet;

use crate::action::Move;
use crate::effect::{Effect, RequestId};
use crate::model::batch::{Batch, Ended, Item, Question};
use crate::model::commands::{Deed, Tone, What};
use crate::model::slot::Purpose;
use crate::model::words::count;
use crate::model::{Model, Overlay, Screen};

use super::detail::scrolled;
use super::{Out, commands, undo};

/// Commands of a batch that are under way at the same time. One of the person in between goes beside
/// them.
const AT_ONCE: usize = 4;

/// Whether an action is meant for the marked incidents. An opened incident stands for itself.
pub fn is_meant(model: &Model) -> bool {
    model.screen == Screen::Incidents && !model.marks.is_empty()
}

/// Asks whether to do it to the marked incidents.
pub fn ask(model: &mut Model, deed: &Deed) {
    if !commands::may_change(model) || is_busy(model) {
        return;
    }
    let (mut items, mut apart) = (Vec::new(), Vec::new());
    for id in model.marks.in_order(&model.list) {
        let Some(seen) = model.known.get(id).cloned() else {
            continue;
        };
        let pending = deed.cell().is_some_and(|cell| model.commands.is_pending(id, cell));
        let waits = pending.then(|| "still waits for the last answer".to_owned());
        match waits.or_else(|| deed.obstacle(&seen)) {
            Some(why) => apart.push((seen, why)),
            None => items.push(Item { seen, deed: deed.clone() }),
        }
    }
    match apart.first() {
        Some((incident, why)) if items.is_empty() => {
            let like = apart.iter().filter(|(_, other)| other == why).count();
            let more = |n: usize, what: &str| match n {
                0 => String::new(),
                n => format!(", and {n} {what}"),
            };
            let alike = more(like - 1, "more like it");
            let others = more(apart.len() - like, "for other reasons");
            let text = format!("Nothing to do: {} {why}{alike}{others}", incident.reference);
            model.flash(Tone::Warning, text);
        }
        None if items.is_empty() => model.flash(Tone::Neutral, "No incident is marked any more"),
        _ => model.overlay = Some(Overlay::Question(Question::new(deed, items, apart))),
    }
}

/// The same with a text, which stays a draft where it cannot be asked.
pub fn ask_or_keep(model: &mut Model, deed: &Deed) {
    model.overlay = None;
    ask(model, deed);
    if let (None, Some(text)) = (&model.overlay, deed.text()) {
        text.clone_into(&mut model.marked_draft);
    }
}

/// One batch at a time.
pub fn is_busy(model: &mut Model) -> bool {
    let progress = model.batch.as_ref().map(Batch::progress);
    if let Some(progress) = &progress {
        model.flash(Tone::Neutral, format!("Nothing done: still {progress}"));
    }
    progress.is_some()
}

pub fn assign_to_me(model: &mut Model) {
    if let Some(me) = commands::myself(model) {
        ask(model, &Deed::Assign(Some(me)));
    }
}

pub fn go(question: &mut Question, step: Move) {
    question.top = scrolled(question.top, step, 10, question.length().saturating_sub(1));
}

/// The question was answered with no: what was written stays for the next time.
pub fn leave(model: &mut Model) {
    if let Some(Overlay::Question(question)) = model.overlay.take()
        && let Some(text) = question.items.first().and_then(|item| item.deed.text())
    {
        text.clone_into(&mut model.marked_draft);
        model.flash(Tone::Neutral, "Draft of the text kept");
    }
}

/// Sends what the question lists.
pub fn confirm(model: &mut Model, out: &mut Out) {
    let Some(Overlay::Question(question)) = model.overlay.take() else {
        return;
    };
    let mut held = Out::new();
    let mut open = HashSet::new();
    if !question.undoes {
        let n = i64::try_from(question.items.len()).unwrap_or(i64::MAX);
        let incidents = count(n, "incident", "incidents");
        model.undo.begin(format!("{} {incidents}", question.doing));
    }
    for item in &question.items {
        open.extend(send(model, item.clone(), question.undoes, &mut held));
    }
    if let Some(warning) = model.connection.warning(model.now) {
        model.flash(Tone::Warning, format!("{} sent, but {warning}", open.len()));
    }
    model.batch = Some(Batch::new(&question, open, held.into()));
    go_on(model, out);
}

fn send(model: &mut Model, item: Item, undoes: bool, held: &mut Out) -> Option<RequestId> {
    if undoes {
        return undo::send(model, item, held);
    }
    let Item { seen, deed } = item;
    let request = commands::send_deed(model, &seen, deed.clone(), held)?;
    let what = What { incident: Some((seen.id, seen.reference)), deed };
    model.undo.sent(request, &what, Some(&seen));
    Some(request)
}

fn go_on(model: &mut Model, out: &mut Out) {
    if let Some(batch) = &mut model.batch {
        while batch.under_way() < AT_ONCE
            && let Some(effect) = batch.held.pop_front()
        {
            out.push(effect);
        }
    }
}

/// Takes how a command ended if it is one of the batch; says whether it was.
pub fn answered(model: &mut Model, request: RequestId, ended: Ended, out: &mut Out) -> bool {
    let Some(batch) = &mut model.batch else {
        return false;
    };
    if !batch.end(request, ended) {
        return false;
    }
    model.dirty = true;
    if matches!(ended, Ended::Unsent | Ended::Unknown) {
        halt(model, "the one before had no answer");
    }
    go_on(model, out);
    if let Some(batch) = model.batch.take_if(|batch| batch.open.is_empty()) {
        let (tone, text) = batch.result();
        model.flash(tone, text);
    }
    true
}

/// What waits for its turn is not sent any more: a daemon in trouble is not asked twenty times, and
/// nothing happens after a person has left.
pub fn halt(model: &mut Model, why: &str) {
    let held = model.batch.as_mut().map(|batch| std::mem::take(&mut batch.held));
    for effect in held.into_iter().flatten() {
        let Effect::Command { request, .. } = effect else {
            continue;
        };
        let Some(Purpose::Command(what)) = model.requests.close(request) else {
            continue;
        };
        give_back(model, &what);
        let text = format!("{} not sent: {why}", what.words());
        model.commands.answered(request, Tone::Bad, text);
        model.undo.ended(request, Ended::Unsent, None);
        if let Some(batch) = &mut model.batch {
            batch.end(request, Ended::Unsent);
        }
    }
}

fn give_back(model: &mut Model, what: &What) {
    if let (Some(text), Some((id, _))) = (what.deed.text(), what.incident) {
        model.keep_draft(id, text);
    }
}

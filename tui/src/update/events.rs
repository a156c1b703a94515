//! The events screen: the stream brings what happens; how it gets on is read while it is visible.

use chrono::{DateTime, Utc};
use watchfire_shared::event::Event;
use watchfire_shared::page::MAX_INCIDENTS;

use crate::action::Move;
use crate::effect::{Load, RequestId};
use crate::event::{Failure, Outcome};
use crate::model::events::EventsPanel;
use crate::model::letters::{Kind, Letter, LetterId};
use crate::model::pipeline::same_fleet;
use crate::model::scroll::Extent;
use crate::model::slot::Slot;
use crate::model::{Model, Screen, layout};

use super::Out;
use super::answers::take;

/// Dead letters read at most: whoever has more has other worries than the rest of the list.
const LETTERS_MAX: u32 = MAX_INCIDENTS;

/// The screen is opened.
pub fn open(model: &mut Model, out: &mut Out) {
    model.screen = Screen::Events;
    model.events.letters.forget_gone();
    refresh(model, out);
}

pub fn refresh(model: &mut Model, out: &mut Out) {
    let pipeline = &model.events.pipeline;
    if pipeline.outbox.asked.is_none() {
        read_outbox(model, out);
    }
    let pipeline = &mut model.events.pipeline;
    if pipeline.fleet.asked.is_none() {
        pipeline.fleet.asked = Some(model.requests.load(Load::Processes, model.now, out));
    }
    if model.events.letters.read.asked.is_none() {
        read_letters(model, out);
    }
}

/// Reads once more where this letter came from; an answer that is on its way may be older than what
/// was just decided.
pub fn read_again(model: &mut Model, letter: LetterId, out: &mut Out) {
    match letter {
        LetterId::Failed(_) => read_outbox(model, out),
        LetterId::Parked(_) => read_letters(model, out),
    }
}

fn read_outbox(model: &mut Model, out: &mut Out) {
    let asked = model.requests.load(Load::Outbox, model.now, out);
    model.events.pipeline.outbox.asked = Some(asked);
}

fn read_letters(model: &mut Model, out: &mut Out) {
    let load = Load::DeadLetters { limit: LETTERS_MAX };
    model.events.letters.read.asked = Some(model.requests.load(load, model.now, out));
}

pub fn answered(model: &mut Model, request: RequestId, outcome: Outcome) {
    let now = model.now;
    let EventsPanel { pipeline, letters, .. } = &mut model.events;
    let news = match outcome {
        Outcome::Outbox(status) => {
            // Older answers would bring back what was decided meanwhile.
            pipeline.outbox.waits_for(request) && {
                let failed = status.items.iter().cloned().map(Letter::Failed);
                letters.replace(Kind::Failed, failed)
                    | put(&mut pipeline.outbox, request, Ok(status), PartialEq::eq, now)
            }
        }
        Outcome::Processes(fleet) => put(&mut pipeline.fleet, request, Ok(fleet), same_fleet, now),
        Outcome::DeadLetters(page) => {
            letters.read.waits_for(request) && {
                let more = page.next_cursor.is_some();
                let differs = more != std::mem::replace(&mut letters.more, more);
                let parked = page.items.into_iter().map(Letter::Parked);
                differs
                    | letters.replace(Kind::Parked, parked)
                    | put(&mut letters.read, request, Ok(()), PartialEq::eq, now)
            }
        }
        // Only the one that waits for this request takes it.
        Outcome::Failed(failure) => {
            put(&mut pipeline.outbox, request, Err(failure.clone()), PartialEq::eq, now)
                | put(&mut pipeline.fleet, request, Err(failure.clone()), PartialEq::eq, now)
                | put(&mut letters.read, request, Err(failure), PartialEq::eq, now)
        }
        _ => false,
    };
    model.dirty |= news && model.screen == Screen::Events;
}

/// Fills a slot if it waits for this request. Says whether that shows.
fn put<T>(
    slot: &mut Slot<T>,
    request: RequestId,
    answer: Result<T, Failure>,
    same: impl Fn(&T, &T) -> bool,
    now: DateTime<Utc>,
) -> bool {
    let had_note = slot.note(now).is_some();
    let news = match (&answer, &slot.value) {
        (Ok(new), Some(old)) => !same(new, old),
        (Ok(_), None) => true,
        (Err(failure), _) => slot.failure.as_ref() != Some(failure),
    };
    take(slot, request, answer, now) && (news || had_note)
}

/// A fact, as it comes.
pub fn hear(model: &mut Model, event: &Event) {
    model.events.feed.hear(event);
    model.dirty |= model.screen == Screen::Events;
}

/// The stream begins anew: what happened meanwhile was not heard, and in another log the past is
/// another one.
pub fn interrupt(model: &mut Model, other_log: bool) {
    let feed = &mut model.events.feed;
    if other_log {
        feed.clear();
    } else {
        feed.interrupt();
    }
    model.dirty |= model.screen == Screen::Events;
}

/// Lines move the cursor among the letters, pages move the feed.
pub fn go(model: &mut Model, step: Move) {
    let panel = &mut model.events;
    match step {
        Move::Down | Move::Up | Move::First | Move::Last => panel.letters.go(step),
        Move::HalfDown | Move::HalfUp | Move::PageDown | Move::PageUp => go_in_feed(model, step),
    }
}

pub fn go_in_feed(model: &mut Model, step: Move) {
    let panel = &mut model.events;
    let rows = usize::from(layout::feed_lines(panel.rows(model.size).feed));
    let feed = &mut panel.feed;
    let mut tail = feed.tail;
    tail.go(step, &Extent { keys: feed.keys(), rows, height: &|_| 1 });
    feed.tail = tail;
}

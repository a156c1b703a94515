//! What happens next: pure functions from an event and the model to the model and effects. No
//! terminal, no network, no clock: the time is an argument.

mod answers;
mod assessments;
mod batch;
mod cache;
mod choices;
mod chooser;
mod columns;
mod commands;
mod configured;
mod copy;
mod demonstration;
mod detail;
mod events;
mod forms;
mod handover;
mod health;
mod keys;
mod letters;
mod list;
mod logs;
mod marks;
mod mouse;
mod notify;
mod own;
mod paging;
mod palette;
mod parts;
mod people;
mod query;
mod spot;
mod stream;
mod timers;
mod title;
mod typing;
mod undo;
mod verdict;
mod views;
mod writing;

use chrono::{DateTime, Utc};

use crate::effect::{Effect, Load};
use crate::event::Event;
use crate::model::commands::Tone;
use crate::model::forms::SignIn;
use crate::model::people::People;
use crate::model::setup::Configured;
use crate::model::slot::Slot;
use crate::model::{Model, Screen};

/// Effects asked for so far, in order.
type Out = Vec<Effect>;

/// What the client wants first.
pub fn start(model: &mut Model) -> Vec<Effect> {
    let mut out = Out::new();
    if model.sign_in.is_none() {
        load_everything(model, &mut out);
    }
    timers::plan(model);
    out
}

/// The configuration was read again. `read` is what it says now, or every mistake in it, a line each.
pub fn configure(model: &mut Model, read: Result<Configured, &str>, now: DateTime<Utc>) {
    model.now = now.max(model.now);
    match read {
        Ok(read) => configured::adopt(model, read),
        Err(mistakes) => configured::refuse(model, mistakes),
    }
    timers::plan(model);
}

/// One could not get to the daemon that was chosen.
pub fn cannot_go(model: &mut Model, why: String, now: DateTime<Utc>) {
    model.now = now.max(model.now);
    chooser::failed(model, why);
    timers::plan(model);
}

/// Something is to be said that has no event of its own.
pub fn tell(model: &mut Model, tone: Tone, text: String, now: DateTime<Utc>) {
    model.now = now.max(model.now);
    model.flash(tone, text);
    timers::plan(model);
}

/// Takes one event.
pub fn update(model: &mut Model, event: Event, now: DateTime<Utc>) -> Vec<Effect> {
    let mut out = Out::new();
    if now < model.now {
        timers::clock_set_back(model, model.now - now);
    }
    model.now = now;
    let freshness = model.connection.freshness(model.now);
    match event {
        Event::Key(key) => {
            model.dirty = true;
            model.presses += 1;
            keys::press(model, key, &mut out);
            model.read_flash();
        }
        Event::Paste(text) => {
            model.dirty = true;
            model.presses += 1;
            typing::paste(model, &text);
        }
        Event::Mouse(event) => mouse::hear(model, event, &mut out),
        Event::Resize(width, height) => resize(model, (width, height), &mut out),
        Event::Tick => {}
        Event::Stream(said) => stream::hear(model, said, &mut out),
        Event::Progress { request, lines } => logs::progress(model, request, lines),
        Event::Done { request, outcome } => answers::done(model, request, outcome, &mut out),
    }
    timers::fire(model, &mut out);
    model.dirty |= freshness != model.connection.freshness(model.now);
    timers::plan(model);
    out
}

/// The person leaves: what waits for its turn is not sent any more.
pub fn leave(model: &mut Model) {
    batch::halt(model, "you left before its turn");
}

fn resize(model: &mut Model, size: (u16, u16), out: &mut Out) {
    if model.size == size {
        return;
    }
    model.size = size;
    model.dirty = true;
    let height = model.list_height();
    model.list.show_selected(height);
    list::more_if_near_end(model, out);
}

/// A connection begins: reads all that is on the screen, and what the head line says. Answers to
/// what was asked before it may be older.
fn load_everything(model: &mut Model, out: &mut Out) {
    list::reload_now(model, out);
    detail::forget_asked(model);
    logs::across::forget_asked(model);
    // What one may do may have changed as well.
    if model.me.is_some() {
        model.requests.load(Load::Me, model.now, out);
    }
    load_others(model, out);
}

/// Reads all that is on the screen once more; what is being read already is waited for.
fn load_again(model: &mut Model, out: &mut Out) {
    list::reload(model, out);
    load_others(model, out);
}

fn load_others(model: &mut Model, out: &mut Out) {
    if model.me.is_none() {
        model.requests.load(Load::Me, model.now, out);
    }
    load_counts(model, out);
    match model.screen {
        Screen::Detail => detail::reload(model, out),
        Screen::Cache => cache::refresh(model, out),
        Screen::Events => events::refresh(model, out),
        Screen::Health => health::refresh(model, out),
        Screen::Logs => logs::across::refresh(model, out),
        Screen::People => people::refresh(model, out),
        Screen::Incidents => {}
    }
}

/// While an answer is on its way the next question waits for it.
fn load_counts(model: &mut Model, out: &mut Out) {
    model.timers.counts = None;
    if model.counts.asked.is_some() {
        model.timers.counts_again = true;
        return;
    }
    model.counts.asked = Some(model.requests.load(Load::Counts, model.now, out));
}

/// The daemon does not know us: nothing works but signing in.
fn sign_out(model: &mut Model, message: &str) {
    model.dirty = true;
    if model.sign_in.is_none() {
        let message = format!("{}.", message.trim_end_matches('.'));
        model.sign_in = Some(SignIn::new(Some(message)));
        model.users = Slot::default();
        model.people = People::default();
        model.me = None;
    }
}

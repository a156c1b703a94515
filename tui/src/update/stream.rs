//! What the live stream says.

use chrono::TimeDelta;
use watchfire_shared::event::{Event, Fact, Hello};
use watchfire_shared::incident::Incident;

use crate::effect::Load;
use crate::event::StreamEvent;
use crate::model::Model;
use crate::model::commands::Tone;
use crate::model::connection::Link;
use crate::model::known::Known;

use super::{Out, choices, detail, events, list, load_everything, logs, notify, sign_out, timers};

pub fn hear(model: &mut Model, said: StreamEvent, out: &mut Out) {
    match said {
        StreamEvent::Connecting => model.connection.link = Link::Connecting,
        StreamEvent::Hello(hello) => {
            up(model);
            let other = model.connection.log_id.is_some_and(|log| log != hello.log_id);
            enter_log(model, hello, other);
            load_everything(model, out);
        }
        StreamEvent::Resumed => {
            up(model);
            model.notices.catching_up = true;
            load_everything(model, out);
        }
        StreamEvent::Heartbeat { .. } => {
            up(model);
            model.notices.catching_up = false;
        }
        StreamEvent::Event(event) => {
            up(model);
            events::hear(model, &event);
            notify::hear(model, &event);
            fact(model, &event, out);
        }
        StreamEvent::Resync(hello) => {
            up(model);
            let other = model.connection.log_id != Some(hello.log_id);
            enter_log(model, hello, other);
            model.known.forget_versions();
            load_everything(model, out);
            let text = "The daemon could not go on from where we were: everything was loaded again";
            model.flash(Tone::Warning, text);
        }
        StreamEvent::Lost { reason, retry_in } => {
            let retry_in = TimeDelta::from_std(retry_in).unwrap_or(TimeDelta::MAX);
            let retry_at = model.now.checked_add_signed(retry_in);
            model.connection.link = Link::Down { reason, retry_at: retry_at.unwrap_or(model.now) };
        }
        StreamEvent::Unauthenticated { reason } => {
            model.connection.link = Link::SignedOut;
            sign_out(model, &reason);
        }
    }
}

fn up(model: &mut Model) {
    model.connection.link = Link::Up;
    model.connection.heard_at = Some(model.now);
}

/// Versions count within one log; in another one everything is new.
fn enter_log(model: &mut Model, hello: Hello, other: bool) {
    model.connection.log_id = Some(hello.log_id);
    model.notices.catching_up = false;
    events::interrupt(model, other);
    logs::across::interrupt(model);
    if other {
        model.known.forget_versions();
        model.requests.begin_log();
        detail::forget(model);
        logs::across::forget(model);
    }
}

fn fact(model: &mut Model, event: &Event, out: &mut Out) {
    let Some(incident) = event.fact.incident() else {
        // People have changed: ask again when somebody is to be chosen, and what one may oneself.
        model.requests.load(Load::Me, model.now, out);
        choices::people_changed(model, out);
        return;
    };
    if let Fact::IncidentDeleted { incident } = &event.fact {
        if deleted(model, incident) && model.is_open(incident.id) {
            let text = format!("{} was deleted by {}", incident.reference, event.actor.name);
            model.flash(Tone::Warning, text);
        }
        return;
    }
    model.known.count(event);
    match learn(model, incident, Known::hear) {
        Learnt::Nothing => {}
        Learnt::Details => {
            let height = model.list_height();
            model.dirty |= model.list.visible(height).contains(&incident.id);
        }
        Learnt::Place => {
            list::changed_by_others(model, incident.id);
            placed(model, incident);
        }
    }
    detail::hear(model, event, out);
    logs::across::hear(model, event, out);
}

/// What a state of an incident was news of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learnt {
    Nothing,
    /// Something that moves it in no list.
    Details,
    /// Where it stands in lists and counts.
    Place,
}

/// Takes the state of an incident from an event or an answer: `take` is [`Known::hear`] or
/// [`Known::read`].
pub fn learn(
    model: &mut Model,
    incident: &Incident,
    take: impl FnOnce(&mut Known, &Incident) -> bool,
) -> Learnt {
    let before = model.known.get(incident.id).map(key);
    if !take(&mut model.known, incident) {
        Learnt::Nothing
    } else if before == Some(key(incident)) {
        Learnt::Details
    } else {
        Learnt::Place
    }
}

/// An incident stands somewhere else now: the list and the counts follow.
pub fn placed(model: &mut Model, incident: &Incident) {
    list::changed(model, incident);
    timers::reload_counts_soon(model);
}

/// What decides whether and where an incident stands in a list.
type Key = (
    watchfire_shared::incident::Status,
    watchfire_shared::incident::Priority,
    Option<watchfire_shared::ids::UserId>,
    String,
    String,
    watchfire_shared::incident::Labels,
);

fn key(incident: &Incident) -> Key {
    (
        incident.status,
        incident.priority,
        incident.assigned_to.as_ref().map(|user| user.id),
        incident.service.clone(),
        incident.title.clone(),
        incident.labels.clone(),
    )
}

/// An incident is gone. Whoever looks at it goes on seeing what it was, and can do nothing to it.
/// Says whether that was news.
pub fn deleted(model: &mut Model, incident: &Incident) -> bool {
    if !model.known.delete(incident) {
        return false;
    }
    model.marks.remove(incident.id);
    timers::reload_counts_soon(model);
    model.dirty |= model.list.remove(incident.id);
    model.dirty |= model.is_open(incident.id);
    true
}

//! Notices of new incidents: of those that happen while somebody is connected, never of what is read at
//! the start or caught up with after a break.

use watchfire_shared::event::{Event, Fact};
use watchfire_shared::incident::Priority;

use crate::effect::{Effect, Notify};
use crate::model::Model;

use super::{Out, list};

/// A fact, as it comes.
pub fn hear(model: &mut Model, event: &Event) {
    let (incident, is_new) = match &event.fact {
        Fact::IncidentCreated { incident } => (incident, true),
        Fact::IncidentUpdated { incident, changes } if changes.contains_key("priority") => {
            (incident, false)
        }
        _ => return,
    };
    let own = model.me.as_ref().is_some_and(|me| event.actor.id == Some(me.id.0));
    if model.notices.catching_up || own {
        return;
    }
    let critical = incident.priority == Priority::Critical;
    // Where only the daemon can tell whether it is a row of the list it may well be one.
    let told = critical || (is_new && list::belongs(model, incident) != Some(false));
    if told && model.setup.notify.of(critical) != Notify::default() {
        model.notices.add(incident.reference, &incident.title, critical);
    }
}

/// Tells what is due.
pub fn fire(model: &mut Model, out: &mut Out) {
    if let Some((critical, text)) = model.notices.take(model.now) {
        out.push(Effect::Notify { notify: model.setup.notify.of(critical), text });
    }
}

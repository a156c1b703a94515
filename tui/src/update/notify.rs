//! Notices of new critical incidents: of those that happen while somebody is connected, never of what
//! is read at the start or caught up with after a break.

use watchfire_shared::event::{Event, Fact};
use watchfire_shared::incident::Priority;

use crate::effect::Effect;
use crate::model::Model;

use super::Out;

/// A fact, as it comes.
pub fn hear(model: &mut Model, event: &Event) {
    let incident = match &event.fact {
        Fact::IncidentCreated { incident } => incident,
        Fact::IncidentUpdated { incident, changes } if changes.contains_key("priority") => incident,
        _ => return,
    };
    let own = model.me.as_ref().is_some_and(|me| event.actor.id == Some(me.id.0));
    let wanted = model.setup.notify.is_wanted() && !model.notices.catching_up && !own;
    if wanted && incident.priority == Priority::Critical {
        model.notices.add(incident.reference, &incident.title);
    }
}

/// Tells what is due.
pub fn fire(model: &mut Model, out: &mut Out) {
    if let Some(text) = model.notices.take(model.now) {
        out.push(Effect::Notify { notify: model.setup.notify, text });
    }
}

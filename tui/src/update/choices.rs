//! Choices from a list: a priority, a person.

use watchfire_shared::incident::{Incident, Priority};

use crate::action::{Move, Step};
use crate::effect::Load;
use crate::model::commands::{Cell, Deed, Tone};
use crate::model::forms::{
    About, Candidate, Choice, PRIORITIES, Picker, candidates, found, place_among, place_of,
};
use crate::model::input::TextField;
use crate::model::{Model, Overlay, Screen};

use super::detail::scrolled;
use super::{Out, batch, commands, verdict, writing};

/// What is chosen for, and the incident as it stands where it is one.
fn subject(model: &mut Model, cell: Cell) -> Option<(About, Option<Incident>)> {
    if batch::is_meant(model) {
        return commands::may_change(model).then(|| (About::Marked(model.marks.len()), None));
    }
    let incident = commands::subject(model, Some(cell))?;
    Some((About::One(incident.id, incident.reference), Some(incident)))
}

pub fn open_priority(model: &mut Model) {
    let Some((about, incident)) = subject(model, Cell::Priority) else {
        return;
    };
    let now = incident.map(|incident| incident.priority);
    let choice = Choice::Priority { now, to: now.unwrap_or(Priority::Medium) };
    model.overlay = Some(Overlay::Picker(Picker { about, choice }));
}

pub fn open_assign(model: &mut Model, out: &mut Out) {
    let Some((about, incident)) = subject(model, Cell::Who) else {
        return;
    };
    if model.users.asked.is_none() {
        ask_people(model, out);
    }
    let now = incident.and_then(|incident| incident.assigned_to);
    let choice = Choice::Assignee { now, to: None, field: TextField::default() };
    model.overlay = Some(Overlay::Picker(Picker { about, choice }));
}

/// Which step is to have a note: what the incident allows, or some of the marked ones.
pub fn open_note(model: &mut Model) {
    let Some((about, incident)) = subject(model, Cell::Status) else {
        return;
    };
    let marked = model.marks.in_order(&model.list);
    let mut seen: Vec<Incident> =
        marked.iter().filter_map(|id| model.known.get(*id).cloned()).collect();
    let now = incident.as_ref().map(|incident| incident.status);
    if let Some(incident) = incident {
        seen = vec![incident];
    }
    // What is final comes last.
    let order = [Step::Investigate, Step::Resolve, Step::Reopen, Step::HandBack, Step::Close];
    let possible = |step: &Step| seen.iter().any(|incident| step.is_possible(incident.status));
    let steps: Vec<Step> = order.into_iter().filter(possible).collect();
    match (steps.first(), seen.first()) {
        (Some(to), _) => {
            let choice = Choice::Step { now, to: *to, steps };
            model.overlay = Some(Overlay::Picker(Picker { about, choice }));
        }
        (None, Some(incident)) => {
            let text = verdict::impossible(model, Step::Resolve, incident);
            model.flash(Tone::Warning, text);
        }
        (None, None) => model.flash(Tone::Neutral, "No incident is marked any more"),
    }
}

pub fn ask_people(model: &mut Model, out: &mut Out) {
    model.users.asked = Some(model.requests.load(Load::Users, model.now, out));
}

/// People have changed: what is on its way may not know it. Who is just choosing gets them anew, and
/// everybody else when they choose.
pub fn people_changed(model: &mut Model, out: &mut Out) {
    model.users.asked = None;
    let choosing = matches!(
        &model.overlay,
        Some(Overlay::Picker(Picker { choice: Choice::Assignee { .. }, .. }))
    );
    if choosing || model.screen == Screen::People {
        ask_people(model, out);
    }
}

/// The people as the picker lists them.
fn people(model: &Model) -> Option<Vec<Candidate>> {
    let all = model.users.value.as_deref().map(candidates)?;
    match &model.overlay {
        Some(Overlay::Picker(Picker { choice: Choice::Assignee { field, .. }, .. })) => {
            Some(found(all, field.text()))
        }
        _ => Some(all),
    }
}

/// After typing, and when the people have come: who fits best is chosen.
pub fn choose_best(model: &mut Model) {
    let best = people(model).and_then(|people| people.first().cloned());
    if let Some(Overlay::Picker(Picker { choice: Choice::Assignee { to, .. }, .. })) =
        &mut model.overlay
        && let Some(best) = best
    {
        *to = best.map(|user| user.id);
    }
}

pub fn go_picker(model: &mut Model, step: Move) {
    let people = people(model).unwrap_or_default();
    let Some(Overlay::Picker(picker)) = &mut model.overlay else {
        return;
    };
    let moved = |at, count: usize| scrolled(at, step, count, count.saturating_sub(1));
    match &mut picker.choice {
        Choice::Step { to, steps, .. } => {
            let at = steps.iter().position(|step| step == to).unwrap_or(0);
            *to = steps[moved(at, steps.len())];
        }
        Choice::Priority { to, .. } => *to = PRIORITIES[moved(place_of(*to), PRIORITIES.len())],
        Choice::Assignee { to, .. } => {
            let at = place_among(&people, *to).unwrap_or(0);
            if let Some(person) = people.get(moved(at, people.len())) {
                *to = person.as_ref().map(|user| user.id);
            }
        }
    }
}

pub fn confirm_picker(model: &mut Model, out: &mut Out) {
    let Some(Overlay::Picker(picker)) = &model.overlay else {
        return;
    };
    let (about, choice) = (picker.about, picker.choice.clone());
    let deed = match &choice {
        Choice::Step { now, to, .. } => {
            let (now, to) = (*now, *to);
            model.overlay = None;
            writing::open_note(model, about, to, now, out);
            return;
        }
        Choice::Priority { to, .. } => Deed::Priority(*to),
        Choice::Assignee { to, .. } => {
            let Some(people) = people(model) else {
                model.flash(Tone::Neutral, "Nothing done: the people are not loaded yet");
                return;
            };
            let Some(chosen) = place_among(&people, *to).map(|at| people[at].clone()) else {
                let nobody = people.is_empty();
                let text = if nobody {
                    "Nobody is called so"
                } else {
                    "Nothing done: who was chosen is not active any more"
                };
                model.flash(Tone::Warning, text);
                model.overlay.take_if(|_| !nobody);
                return;
            };
            Deed::Assign(chosen)
        }
    };
    model.overlay = None;
    match about {
        About::One(id, _) => {
            if let Some(incident) = commands::incident(model, id) {
                let seen = as_seen(incident, choice);
                match deed.obstacle(&seen) {
                    None => commands::deliver(model, &seen, deed, out),
                    Some(why) => model.flash(Tone::Neutral, format!("{} {why}", seen.reference)),
                }
            }
        }
        About::Marked(_) => batch::ask(model, &deed),
    }
}

/// The incident with what the picker said of it when it opened: that is what the person chose
/// against.
fn as_seen(incident: Incident, choice: Choice) -> Incident {
    match choice {
        Choice::Priority { now, .. } => {
            Incident { priority: now.unwrap_or(incident.priority), ..incident }
        }
        Choice::Assignee { now, .. } => Incident { assigned_to: now, ..incident },
        Choice::Step { now, .. } => Incident { status: now.unwrap_or(incident.status), ..incident },
    }
}

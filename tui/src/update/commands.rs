//! Commands: each says what the person saw, and what became of it is told.

use chrono::{DateTime, Utc};
use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::{Incident, NewIncident};
use watchfire_shared::user::{Role, UserRef};

use crate::action::{Action, Step};
use crate::effect::{Command, Load, RequestId};
use crate::event::{Failure, Outcome};
use crate::model::Model;
use crate::model::batch::Ended;
use crate::model::commands::{Cell, Deed, Tone, What};
use crate::model::known::Known;

use super::stream::{self, Learnt};
use super::{Out, assessments, batch, detail, events, forms, people, verdict};

/// Whether this person may change incidents; otherwise the flash says why not.
pub fn may_change(model: &mut Model) -> bool {
    let viewer = model.me.as_ref().is_some_and(|me| me.role == Role::Viewer);
    if viewer {
        let text = "You may only read here: an admin can make you a responder";
        model.flash(Tone::Warning, text);
    }
    !viewer
}

/// The selected incident if it may be changed; otherwise the flash says why not.
pub fn subject(model: &mut Model, cell: Option<Cell>) -> Option<Incident> {
    if !may_change(model) {
        return None;
    }
    let Some(incident) = model.subject().cloned() else {
        model.flash(Tone::Neutral, "No incident is selected");
        return None;
    };
    if !model.can_act() {
        model.flash(Tone::Neutral, "Nothing done: the list of this query is not loaded yet");
        return None;
    }
    if model.known.is_deleted(incident.id) {
        let text = format!("Nothing done: {} was deleted", incident.reference);
        model.flash(Tone::Warning, text);
        return None;
    }
    if let Some(cell) = cell
        && model.commands.is_pending(incident.id, cell)
    {
        let text = format!("{}: still waiting for the last answer", incident.reference);
        model.flash(Tone::Neutral, text);
        return None;
    }
    Some(incident)
}

pub fn step(model: &mut Model, step: Step, out: &mut Out) {
    let Some(incident) = subject(model, Some(Cell::Status)) else {
        return;
    };
    if !step.is_possible(incident.status) {
        let text = verdict::impossible(model, step, &incident);
        model.flash(Tone::Warning, text);
        return;
    }
    deliver(model, &incident, Deed::Step(step, None), out);
}

/// Closed is final, so it is asked for twice: `asked` is the incident of the first time.
pub fn close(model: &mut Model, asked: Option<(IncidentId, DateTime<Utc>)>, out: &mut Out) {
    let Some(incident) = subject(model, Some(Cell::Status)) else {
        return;
    };
    let again = asked.is_some_and(|(id, until)| id == incident.id && model.now < until);
    if again || !Step::Close.is_possible(incident.status) {
        step(model, Step::Close, out);
        return;
    }
    let firing = match incident.firing_alerts {
        0 => String::new(),
        1 => "; 1 alert still fires".to_owned(),
        n => format!("; {n} alerts still fire"),
    };
    let again = match model.key(model.context(), Action::Step(Step::Close)) {
        Some(key) => format!("{key} again closes"),
        None => "Once more closes".to_owned(),
    };
    let text = format!("{again} {} for good{firing}", incident.reference);
    model.flash(Tone::Warning, text);
    model.closing = model.flash.as_ref().map(|flash| (incident.id, flash.until));
}

/// Whoever is signed in; otherwise the flash says that it is not known yet.
pub fn myself(model: &mut Model) -> Option<UserRef> {
    let me = model.me.as_ref().map(|me| UserRef { id: me.id, name: me.name.clone() });
    if me.is_none() {
        model.flash(Tone::Neutral, "Who you are is not known yet: try again when live");
    }
    me
}

pub fn assign_to_me(model: &mut Model, out: &mut Out) {
    let Some(me) = myself(model) else {
        return;
    };
    let Some(incident) = subject(model, Some(Cell::Who)) else {
        return;
    };
    if incident.assigned_to.as_ref().is_some_and(|user| user.id == me.id) {
        let text = format!("{} is yours already", incident.reference);
        model.flash(Tone::Neutral, text);
        return;
    }
    deliver(model, &incident, Deed::Assign(Some(me)), out);
}

/// Returns the request, so that the form knows its answer.
pub fn create(model: &mut Model, incident: NewIncident, out: &mut Out) -> RequestId {
    let incident = Box::new(incident);
    send_alone(model, Deed::Create(incident.clone()), Command::Create(incident), out)
}

/// Does it to an incident, if that still stands as it was `seen`.
pub fn deliver(model: &mut Model, seen: &Incident, deed: Deed, out: &mut Out) {
    let what = What { incident: Some((seen.id, seen.reference)), deed };
    model.undo.begin(what.words());
    if let Some(request) = send_deed(model, seen, what.deed.clone(), out) {
        model.undo.sent(request, &what, Some(seen));
    }
}

/// The same as a part of something larger.
pub fn send_deed(
    model: &mut Model,
    seen: &Incident,
    deed: Deed,
    out: &mut Out,
) -> Option<RequestId> {
    let command = deed.command(seen)?;
    let what = What { incident: Some((seen.id, seen.reference)), deed };
    Some(send(model, what, command, out))
}

/// Does what is about no incident that is there already.
pub fn send_alone(model: &mut Model, deed: Deed, command: Command, out: &mut Out) -> RequestId {
    let what = What { incident: None, deed };
    model.undo.begin(what.words());
    let request = send(model, what.clone(), command, out);
    model.undo.sent(request, &what, None);
    request
}

fn send(model: &mut Model, what: What, command: Command, out: &mut Out) -> RequestId {
    if let Some(warning) = model.connection.warning(model.now) {
        let text = format!("{} sent, but {warning}", what.words());
        model.flash(Tone::Warning, text);
    }
    let request = model.requests.command(command, what.clone(), out);
    model.commands.sent(request, what, model.now);
    request
}

pub fn answered(
    model: &mut Model,
    request: RequestId,
    what: &What,
    outcome: Outcome,
    out: &mut Out,
) {
    let ended = Ended::of(&outcome);
    let made =
        if let Outcome::Changed(incident) = &outcome { Some(incident.as_ref()) } else { None };
    model.undo.ended(request, ended, made);
    let (tone, text) = match outcome {
        Outcome::Changed(incident) => {
            changed(model, request, what, &incident);
            (Tone::Good, verdict::done(what, &incident))
        }
        Outcome::Commented(_) => (Tone::Good, format!("{} sent", what.words())),
        Outcome::Assessed(assessment) => {
            assessments::hear(model, &assessment, out);
            (Tone::Good, verdict::decided(what))
        }
        Outcome::Decided => (Tone::Good, verdict::decided(what)),
        Outcome::Person(user) => {
            people::changed(model, request, *user, out);
            (Tone::Good, verdict::decided(what))
        }
        Outcome::Failed(failure) => {
            give_back(model, request, what, &failure);
            check_again(model, what, out);
            let why = verdict::failed(model, what, &failure);
            if matches!(what.deed, Deed::Person { .. }) {
                people::refused(model, request, &why, out);
            }
            (Tone::Bad, why)
        }
        _ => {
            let text = format!("{}: the answer makes no sense", what.words());
            (Tone::Bad, text)
        }
    };
    if let Some(letter) = what.deed.letter() {
        events::read_again(model, letter.id, out);
    }
    model.commands.answered(request, tone, text.clone());
    if !batch::answered(model, request, ended, out) {
        model.flash(tone, text);
    }
}

fn changed(model: &mut Model, request: RequestId, what: &What, incident: &Incident) {
    let create = matches!(what.deed, Deed::Create(_));
    // The answer and the event race; whichever is first counts.
    let old = model.requests.is_of_other_log(request) && model.known.get(incident.id).is_some();
    let learnt = if old { Learnt::Nothing } else { stream::learn(model, incident, Known::read) };
    if learnt == Learnt::Place || create {
        stream::placed(model, incident);
    }
    model.dirty |= learnt != Learnt::Nothing;
    // Who has gone on to something else keeps the cursor where it is.
    if create && forms::created(model, request) && model.list.index_of(incident.id).is_some() {
        model.list.choose(incident.id);
        let height = model.list_height();
        model.list.show_selected(height);
    }
}

/// What a person wrote is never lost: it is there again when the field opens.
fn give_back(model: &mut Model, request: RequestId, what: &What, failure: &Failure) {
    if let (Some(text), Some((id, _))) = (what.deed.text(), what.incident) {
        model.keep_draft(id, text);
    }
    match (&what.deed, what.incident) {
        (Deed::Title(title), Some((id, _))) => {
            model.titles.insert(id, title.clone());
        }
        (Deed::Create(_), _) => forms::refused(model, request, failure),
        (Deed::Discard(letter, reason), _) => {
            model.events.letters.reasons.insert(letter.id, reason.clone());
        }
        _ => {}
    }
}

/// After a failure the truth is at the daemon: look.
fn check_again(model: &mut Model, what: &What, out: &mut Out) {
    let Some((id, _)) = what.incident.filter(|(id, _)| !model.known.is_deleted(*id)) else {
        return;
    };
    if model.detail.as_ref().is_some_and(|detail| detail.id == id) {
        detail::read_incident(model, out);
    } else {
        model.requests.load(Load::Incident(id), model.now, out);
    }
}

/// The incident a form was opened for, as it stands now.
pub fn incident(model: &mut Model, id: IncidentId) -> Option<Incident> {
    let incident = model.known.get(id).filter(|_| !model.known.is_deleted(id)).cloned();
    if incident.is_none() {
        model.flash(Tone::Warning, "Nothing done: this incident was deleted");
    }
    incident
}

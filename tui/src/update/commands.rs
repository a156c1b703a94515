//! Commands: each says what the person saw, and what became of it is told.

use watchfire_shared::field::Field;
use watchfire_shared::ids::{IncidentId, UserId};
use watchfire_shared::incident::{
    Expect, Incident, IncidentPatch, NewComment, NewIncident, Priority,
};
use watchfire_shared::problem::{Code, FieldError, Problem};
use watchfire_shared::user::{Role, UserRef};

use crate::action::Step;
use crate::effect::{Command, Load, RequestId};
use crate::event::{Failure, FailureKind, Outcome};
use crate::model::commands::{Cell, Deed, Tone, What};
use crate::model::{Model, Overlay, age, tell};

use super::{Out, detail, forms, list, timers};

/// The selected incident if it may be changed; otherwise the flash says why not.
pub fn subject(model: &mut Model, cell: Option<Cell>) -> Option<Incident> {
    if model.me.as_ref().is_some_and(|me| me.role == Role::Viewer) {
        let text = "You may only read here: an admin can make you a responder";
        model.flash(Tone::Warning, text);
        return None;
    }
    let Some(incident) = model.subject().cloned() else {
        model.flash(Tone::Neutral, "No incident is selected");
        return None;
    };
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
        let text = impossible(step, &incident);
        model.flash(Tone::Warning, text);
        return;
    }
    let patch = IncidentPatch {
        status: Field::Set(step.to()),
        expect: Some(Expect { status: Some(incident.status), ..Expect::default() }),
        ..IncidentPatch::default()
    };
    send_patch(model, &incident, Deed::Step(step), patch, out);
}

/// Why a step cannot be taken, and which one can.
fn impossible(step: Step, incident: &Incident) -> String {
    let ways: Vec<String> = Step::ALL
        .into_iter()
        .filter(|other| other.is_possible(incident.status))
        .map(|other| {
            let context = crate::keymap::Context::List;
            let binding = crate::keymap::binding(context, crate::action::Action::Step(other));
            binding.map_or_else(String::new, |binding| {
                let key = crate::keymap::key_name(binding.keys[0], true);
                format!("{key} {}", binding.hint)
            })
        })
        .collect();
    let reference = incident.reference;
    let status = incident.status;
    if status == step.to() {
        return format!("{reference} is {status} already");
    }
    if ways.is_empty() {
        return format!("{reference} is {status}: that is final");
    }
    format!("{reference} is {status}: {}", ways.join(" · "))
}

pub fn assign_to_me(model: &mut Model, out: &mut Out) {
    let Some(me) = model.me.as_ref().map(|me| (me.id, me.name.clone())) else {
        model.flash(Tone::Neutral, "Who you are is not known yet: try again when live");
        return;
    };
    let Some(incident) = subject(model, Some(Cell::Who)) else {
        return;
    };
    if incident.assigned_to.as_ref().is_some_and(|user| user.id == me.0) {
        let text = format!("{} is yours already", incident.reference);
        model.flash(Tone::Neutral, text);
        return;
    }
    let seen = incident.assigned_to.clone();
    assign(model, &incident, Some(me), seen.as_ref(), out);
}

/// Assigns to a person or nobody, if it is still `seen`'s.
pub fn assign(
    model: &mut Model,
    incident: &Incident,
    to: Option<(UserId, String)>,
    seen: Option<&UserRef>,
    out: &mut Out,
) {
    let patch = IncidentPatch {
        assigned_to: to.as_ref().map(|(id, _)| *id).into(),
        expect: Some(Expect { assigned_to: seen.map(|user| user.id).into(), ..Expect::default() }),
        ..IncidentPatch::default()
    };
    let deed = Deed::Assign(to.map(|(_, name)| name));
    send_patch(model, incident, deed, patch, out);
}

/// Sets the priority, if it is still `seen`.
pub fn prioritise(
    model: &mut Model,
    incident: &Incident,
    to: Priority,
    seen: Priority,
    out: &mut Out,
) {
    let patch = IncidentPatch {
        priority: Field::Set(to),
        expect: Some(Expect { priority: Some(seen), ..Expect::default() }),
        ..IncidentPatch::default()
    };
    send_patch(model, incident, Deed::Priority(to), patch, out);
}

pub fn comment(model: &mut Model, incident: &Incident, body: String, out: &mut Out) {
    let what = What {
        incident: Some((incident.id, incident.reference)),
        deed: Deed::Comment(body.clone()),
    };
    let command = Command::Comment { id: incident.id, body: NewComment { body } };
    send(model, what, command, out);
}

pub fn create(model: &mut Model, incident: NewIncident, out: &mut Out) {
    let what = What { incident: None, deed: Deed::Create(incident.title.clone()) };
    send(model, what, Command::Create(Box::new(incident)), out);
}

fn send_patch(
    model: &mut Model,
    incident: &Incident,
    deed: Deed,
    patch: IncidentPatch,
    out: &mut Out,
) {
    let what = What { incident: Some((incident.id, incident.reference)), deed };
    let command = Command::Patch { id: incident.id, patch: Box::new(patch) };
    send(model, what, command, out);
}

fn send(model: &mut Model, what: What, command: Command, out: &mut Out) {
    if let Some(warning) = model.connection.warning(model.now) {
        let text = format!("{} sent, but {warning}", what.words());
        model.flash(Tone::Warning, text);
    }
    let request = model.requests.command(command, what.clone(), out);
    model.commands.sent(request, what, model.now);
}

pub fn answered(
    model: &mut Model,
    request: RequestId,
    what: &What,
    outcome: Outcome,
    out: &mut Out,
) {
    let (tone, text) = match outcome {
        Outcome::Changed(incident) => {
            changed(model, what, &incident);
            (Tone::Good, done_words(what, &incident))
        }
        Outcome::Commented(_) => (Tone::Good, format!("{} sent", what.words())),
        Outcome::Failed(failure) => {
            give_back(model, what, &failure);
            check_again(model, what, out);
            (Tone::Bad, failed(model, what, &failure))
        }
        _ => {
            let text = format!("{}: the answer makes no sense", what.words());
            (Tone::Bad, text)
        }
    };
    model.commands.answered(request, tone, text.clone());
    model.flash(tone, text);
}

fn done_words(what: &What, incident: &Incident) -> String {
    let reference = incident.reference;
    match &what.deed {
        Deed::Step(_) => format!("{reference} {}", incident.status),
        Deed::Assign(Some(name)) => format!("{reference} assigned to {name}"),
        Deed::Assign(None) => format!("{reference} assigned to nobody"),
        Deed::Priority(_) => format!("{reference} priority {}", incident.priority),
        Deed::Create(_) => format!("{reference} created"),
        Deed::Comment(_) => format!("{reference} commented"),
    }
}

fn changed(model: &mut Model, what: &What, incident: &Incident) {
    // The answer and the event race; whichever is first counts.
    let news = model.known.read(incident);
    if news || matches!(what.deed, Deed::Create(_)) {
        list::changed(model, incident);
        timers::reload_counts_soon(model);
    }
    if matches!(what.deed, Deed::Create(_)) {
        if matches!(model.overlay, Some(Overlay::NewIncident(_))) {
            model.overlay = None;
        }
        if model.list.index_of(incident.id).is_some() {
            model.list.choose(incident.id);
            let height = model.list_height();
            model.list.show_selected(height);
        }
    }
}

/// What a person wrote is never lost: it is there again when the field opens.
fn give_back(model: &mut Model, what: &What, failure: &Failure) {
    match (&what.deed, what.incident) {
        (Deed::Comment(body), Some((id, _))) => {
            model.drafts.entry(id).or_insert_with(|| body.clone());
        }
        (Deed::Create(_), _) => forms::refused(model, failure),
        _ => {}
    }
}

/// After a failure the truth is at the daemon: look.
fn check_again(model: &mut Model, what: &What, out: &mut Out) {
    let Some((id, _)) = what.incident else {
        return;
    };
    if model.detail.as_ref().is_some_and(|detail| detail.id == id) {
        detail::read_incident(model, out);
    } else {
        model.requests.load(Load::Incident(id), model.now, out);
    }
}

/// One sentence and the next step.
fn failed(model: &Model, what: &What, failure: &Failure) -> String {
    let words = what.words();
    match failure.kind {
        FailureKind::Offline => {
            format!("{words} not sent: {}; try again when live", failure.message)
        }
        FailureKind::TimedOut => {
            format!("{words}: no answer in time, it may have happened; look before you repeat it")
        }
        FailureKind::Unauthenticated => format!("{words} not done: sign in and try again"),
        FailureKind::Unavailable => {
            format!("{words} not done: {}; try again in a moment", failure.message)
        }
        FailureKind::Unreadable => format!("{words}: {}", failure.message),
        FailureKind::Refused => match &failure.problem {
            Some(problem) => refused(model, what, problem),
            None => format!("{words} refused: {}", failure.message),
        },
    }
}

fn refused(model: &Model, what: &What, problem: &Problem) -> String {
    let words = what.words();
    match (problem.code, problem.errors.first()) {
        (Code::ExpectationFailed, Some(error)) => {
            let said = actual(model, error);
            format!("{words} refused: {said}")
        }
        (Code::Validation, Some(error)) => {
            format!("{words} refused: {} {}", error.field, error.message)
        }
        _ => format!("{words} refused: {}", problem.detail),
    }
}

/// `status is resolved now, by robin 12s ago`.
fn actual(model: &Model, error: &FieldError) -> String {
    let field = match error.field.as_str() {
        "assigned_to" => "assignee",
        other => other.strip_prefix("expect.").unwrap_or(other),
    };
    let Some(actual) = &error.actual else {
        return error.message.clone();
    };
    let by = error.changed_by.as_ref().map(|actor| format!(", by {}", actor.name));
    let ago = error.changed_at.map(|at| format!(" {} ago", age::age(at, model.now)));
    format!(
        "{field} is {} now{}{}",
        tell::word(actual),
        by.unwrap_or_default(),
        ago.unwrap_or_default()
    )
}

/// The incident a form was opened for, as it stands now.
pub fn incident(model: &mut Model, id: IncidentId) -> Option<Incident> {
    let incident = model.known.get(id).cloned();
    if incident.is_none() {
        model.flash(Tone::Warning, "This incident does not exist any more");
    }
    incident
}

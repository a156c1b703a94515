//! What became of a command, in one sentence with the next step.

use watchfire_shared::incident::Incident;
use watchfire_shared::problem::{Code, FieldError, Problem};

use crate::action::{Action, Step};
use crate::event::{Failure, FailureKind};
use crate::keymap::{Context, key_name};
use crate::model::commands::{Deed, What};
use crate::model::letters::LetterId;
use crate::model::{Model, age, tell};

/// It happened.
pub fn done(what: &What, incident: &Incident) -> String {
    let reference = incident.reference;
    match &what.deed {
        Deed::Step(_, None) => format!("{reference} {}", incident.status),
        Deed::Step(_, Some(_)) => format!("{reference} {}, with the note", incident.status),
        Deed::Assign(Some(to)) => format!("{reference} assigned to {}", to.name),
        Deed::Assign(None) => format!("{reference} assigned to nobody"),
        Deed::Priority(_) => format!("{reference} priority {}", incident.priority),
        Deed::Title(_) => format!("{reference} renamed"),
        Deed::Create(_) => format!("{reference} created"),
        Deed::Comment(_) => format!("{reference} commented"),
        Deed::Assess | Deed::Redrive(_) | Deed::Discard(..) | Deed::Person { .. } => decided(what),
    }
}

/// It was decided about a letter, a person was changed, or something was asked for.
pub fn decided(what: &What) -> String {
    match (&what.deed, what.incident) {
        (Deed::Assess, Some((_, reference))) => format!("{reference} is being assessed"),
        (Deed::Redrive(letter), _) => {
            let done = match letter.id {
                LetterId::Parked(_) => "handled",
                LetterId::Failed(_) => "published",
            };
            format!("{} will be {done} once more", letter.name)
        }
        (Deed::Discard(letter, _), _) => format!("{} discarded", letter.name),
        _ => format!("{}: done", what.words()),
    }
}

/// Why a step cannot be taken, and which one can.
pub fn impossible(model: &Model, step: Step, incident: &Incident) -> String {
    let ways: Vec<String> = Step::ALL
        .into_iter()
        .filter(|other| other.is_possible(incident.status))
        .map(|other| {
            let action = Action::Step(other);
            match model.setup.keymap.key(Context::List, action) {
                Some((key, binding)) => format!("{} {}", key_name(key, true), binding.hint),
                None => action.name().to_owned(),
            }
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

/// It did not happen, or nobody knows.
pub fn failed(model: &Model, what: &What, failure: &Failure) -> String {
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
            let message = &failure.message;
            format!("{words}: {message}; it may have happened, look before you repeat it")
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

//! What a person fills in: sign-in, new incident, comment.

use watchfire_shared::incident::rules::Refusal;
use watchfire_shared::incident::{NewComment, Priority};
use watchfire_shared::problem::FieldError;
use watchfire_shared::user::Role;

use crate::action::Edit;
use crate::effect::{Effect, RequestId, Secret};
use crate::event::{Failure, FailureKind, Outcome};
use crate::model::commands::{Deed, Tone};
use crate::model::connection::Link;
use crate::model::forms::{
    About, CommentBox, NewField, NewForm, PRIORITIES, SignInField, place_of,
};
use crate::model::input::TextField;
use crate::model::slot::Purpose;
use crate::model::{Model, Overlay};

use super::{Out, batch, commands, load_everything};

// Signing in.

pub fn turn_sign_in(model: &mut Model) {
    if let Some(form) = &mut model.sign_in {
        form.focus = match form.focus {
            SignInField::Email => SignInField::Password,
            SignInField::Password => SignInField::Email,
        };
    }
}

pub fn submit_sign_in(model: &mut Model, out: &mut Out) {
    let Some(form) = &mut model.sign_in else {
        return;
    };
    if form.asked.is_some() {
        return;
    }
    if form.email.text().trim().is_empty() {
        form.focus = SignInField::Email;
        form.message = Some("Type your e-mail address.".to_owned());
        return;
    }
    if form.password.text().is_empty() {
        form.focus = SignInField::Password;
        form.message = None;
        return;
    }
    let request = model.requests.open(Purpose::SignIn);
    form.asked = Some(request);
    form.message = None;
    out.push(Effect::SignIn {
        request,
        email: form.email.text().trim().to_owned(),
        password: Secret(form.password.text().to_owned()),
    });
}

pub fn signed_in(model: &mut Model, request: RequestId, outcome: Outcome, out: &mut Out) {
    let Some(form) = model.sign_in.as_mut().filter(|f| f.asked == Some(request)) else {
        return;
    };
    form.asked = None;
    model.dirty = true;
    if let Outcome::Failed(failure) = outcome {
        form.password.clear();
        form.focus = SignInField::Password;
        form.message = Some(match failure.kind {
            FailureKind::Unauthenticated => {
                "E-mail and password do not belong together: try again.".to_owned()
            }
            _ => format!("{}.", failure.message.trim_end_matches('.')),
        });
        return;
    }
    model.sign_in = None;
    if model.connection.link == Link::SignedOut {
        model.connection.link = Link::Connecting;
    }
    load_everything(model, out);
}

// A new incident.

pub fn open_new(model: &mut Model) {
    if model.me.as_ref().is_some_and(|me| me.role == Role::Viewer) {
        let text = "You may only read here: an admin can make you a responder";
        model.flash(Tone::Warning, text);
        return;
    }
    // What is on its way is not taken up again before its answer.
    let draft = model.new_drafts.iter().rposition(|form| form.request.is_none());
    let form = draft.map(|at| model.new_drafts.remove(at)).unwrap_or_default();
    model.overlay = Some(Overlay::NewIncident(form));
}

/// What was written stays a draft; what was sent waits for its answer without the form.
pub fn leave_new(model: &mut Model) {
    if let Some(Overlay::NewIncident(form)) = model.overlay.take()
        && !form.is_empty()
    {
        if form.request.is_none() {
            model.flash(Tone::Neutral, "Draft of the new incident kept");
        }
        model.new_drafts.push(form);
    }
}

pub fn turn_new(form: &mut NewForm, by: usize) {
    form.focus = form.focus.turn(by);
}

/// Left and right choose where the field is a choice.
pub fn edit_new(form: &mut NewForm, edit: Edit) {
    if let Some(field) = form.field() {
        field.edit(edit);
        form.edited();
        return;
    }
    let at = place_of(form.priority);
    let wanted = match edit {
        Edit::Left => at.saturating_sub(1),
        Edit::Right => at + 1,
        Edit::Start => 0,
        Edit::End => PRIORITIES.len() - 1,
        _ => at,
    };
    form.priority = PRIORITIES[wanted.min(PRIORITIES.len() - 1)];
    form.edited();
}

/// A character: text, or on the choice the first letter of a priority.
pub fn type_new(form: &mut NewForm, c: char) {
    if let Some(field) = form.field() {
        field.insert(c);
        form.edited();
        return;
    }
    let letter = |priority: &&Priority| priority.as_str().starts_with(c.to_ascii_lowercase());
    if let Some(priority) = PRIORITIES.iter().find(letter) {
        form.priority = *priority;
        form.edited();
    }
}

pub fn submit_new(model: &mut Model, out: &mut Out) {
    let Some(Overlay::NewIncident(form)) = &mut model.overlay else {
        return;
    };
    if model.commands.is_creating() {
        model.flash(Tone::Neutral, "Still waiting for the answer to the incident before");
        return;
    }
    let incident = form.incident();
    if let Err(Refusal::Invalid(errors)) = incident.check() {
        form.focus = first_wrong(&errors);
        form.errors = errors;
        return;
    }
    form.errors.clear();
    let request = commands::create(model, incident, out);
    if let Some(Overlay::NewIncident(form)) = &mut model.overlay {
        form.request = Some(request);
    }
}

/// The form that was sent with this request, if it is still open as it was sent.
fn open_form(model: &mut Model, request: RequestId) -> Option<&mut NewForm> {
    match &mut model.overlay {
        Some(Overlay::NewIncident(form)) if form.request == Some(request) => Some(form),
        _ => None,
    }
}

/// The incident came into being: its form has done its work. Says whether it was still open.
pub fn created(model: &mut Model, request: RequestId) -> bool {
    model.new_drafts.retain(|form| form.request != Some(request));
    let open = open_form(model, request).is_some();
    if open {
        model.overlay = None;
    }
    open
}

fn first_wrong(errors: &[FieldError]) -> NewField {
    NewField::ALL
        .into_iter()
        .find(|field| errors.iter().any(|error| error.field == field.name()))
        .unwrap_or(NewField::Title)
}

/// A new incident was not created: the form stays, each mistake beside its field; when it was left
/// meanwhile it is a draft again.
pub fn refused(model: &mut Model, request: RequestId, failure: &Failure) {
    let errors = failure.problem.as_ref().map(|problem| problem.errors.clone()).unwrap_or_default();
    let left = model.new_drafts.iter_mut().find(|form| form.request == Some(request));
    if let Some(form) = left {
        form.errors = errors;
        form.request = None;
    } else if let Some(form) = open_form(model, request) {
        form.errors = errors;
        form.request = None;
    }
}

// A comment.

pub fn open_comment(model: &mut Model) {
    let Some(about) = about(model) else {
        return;
    };
    let draft = match about {
        About::One(id, _) => model.drafts.remove(&id).unwrap_or_default(),
        About::Marked(_) => std::mem::take(&mut model.marked_draft),
    };
    model.overlay = Some(Overlay::Comment(CommentBox {
        about,
        field: TextField::multiline(draft),
        error: None,
    }));
}

/// What a comment is about.
pub fn about(model: &mut Model) -> Option<About> {
    if batch::is_meant(model) {
        return commands::may_change(model).then(|| About::Marked(model.marks.len()));
    }
    commands::subject(model, None).map(|incident| About::One(incident.id, incident.reference))
}

/// What was written stays a draft of its incident.
pub fn leave_comment(model: &mut Model) {
    if let Some(Overlay::Comment(comment)) = model.overlay.take()
        && !comment.field.text().trim().is_empty()
    {
        let text = format!("Draft of {} kept", comment.about);
        match comment.about {
            About::One(id, _) => model.keep_draft(id, comment.field.text()),
            About::Marked(_) => comment.field.text().clone_into(&mut model.marked_draft),
        }
        model.flash(Tone::Neutral, text);
    }
}

pub fn submit_comment(model: &mut Model, out: &mut Out) {
    let Some(Overlay::Comment(comment)) = &mut model.overlay else {
        return;
    };
    let body = NewComment { body: comment.field.text().trim().to_owned() };
    if let Err(Refusal::Invalid(errors)) = body.check() {
        comment.error = errors.first().map(|e| format!("A comment {}", e.message));
        return;
    }
    let (about, deed) = (comment.about, Deed::Comment(body.body));
    match about {
        About::One(id, _) => {
            if let Some(incident) = commands::incident(model, id) {
                model.overlay = None;
                commands::deliver(model, &incident, deed, out);
            }
        }
        About::Marked(_) => batch::ask_or_keep(model, &deed),
    }
}

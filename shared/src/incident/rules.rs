//! What an incident may become. People, sources and timers ask the same functions; the client asks
//! them to know which keys to offer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    DESCRIPTION_MAX, Incident, IncidentPatch, LABEL_NAME_MAX, LABEL_VALUE_MAX, LABELS_MAX, Labels,
    NOTE_MAX, NewIncident, SERVICE_MAX, Status, TITLE_MAX,
};
use crate::event::{Actor, ActorKind, Fact, FromTo};
use crate::field::Field;
use crate::ids::CommentId;
use crate::problem::FieldError;
use crate::user::UserRef;

impl Status {
    /// What may follow; empty for `closed`, which is final.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::Investigating],
            Self::Investigating => &[Self::Resolved, Self::Open],
            Self::Resolved => &[Self::Closed, Self::Investigating],
            Self::Closed => &[],
        }
    }

    pub fn can_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }

    /// The legal steps from here to `resolved`; `None` where there is nothing to resolve.
    pub const fn steps_to_resolved(self) -> Option<&'static [Self]> {
        match self {
            Self::Open => Some(&[Self::Investigating, Self::Resolved]),
            Self::Investigating => Some(&[Self::Resolved]),
            Self::Resolved | Self::Closed => None,
        }
    }
}

/// Why a change was refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The patch names nothing to change.
    Empty,
    /// Values that are not allowed, each with its field.
    Invalid(Vec<FieldError>),
    /// The status machine forbids it.
    Transition { from: Status, to: Status },
    /// What the caller expected does not hold; the fields carry the actual values.
    Unexpected(Vec<FieldError>),
}

/// What a patch needs that the incident does not hold: who acts, when, and who the assignee is.
#[derive(Debug, Clone)]
pub struct PatchContext<'a> {
    pub actor: &'a Actor,
    pub now: DateTime<Utc>,
    /// The person named by `assigned_to`, as read from the database.
    pub assignee: Option<UserRef>,
    /// For a note that stands alone.
    pub comment_id: CommentId,
}

impl Incident {
    /// Applies a patch and returns what became true, in order; empty when every value was equal.
    /// Equal values change nothing, and are asked before the status machine is.
    pub fn apply(
        &mut self,
        patch: &IncidentPatch,
        context: &PatchContext<'_>,
    ) -> Result<Vec<Fact>, Refusal> {
        patch.check()?;
        self.check_expect(patch)?;
        let before = self.clone();
        let now = context.now.max(self.updated_at);
        let mut facts = Vec::new();
        self.set_fields(patch);
        let changes = before.changes_to(self);
        if !changes.is_empty() {
            self.touch(now);
            facts.push(Fact::IncidentUpdated { incident: self.summary(), changes });
        }
        if let Some(wanted) = patch.assigned_to.said() {
            let to = if wanted.is_some() { context.assignee.clone() } else { None };
            if to.as_ref().map(|u| u.id) != self.assigned_to.as_ref().map(|u| u.id) {
                self.touch(now);
                facts.push(self.assign(to));
            }
        }
        let note = patch.note.as_ref().set().cloned();
        match patch.status {
            Field::Set(to) if to != self.status => {
                facts.push(self.step(to, context.actor, now, note)?);
            }
            _ => {
                if let Some(body) = note {
                    facts.push(self.comment(context.comment_id, body));
                }
            }
        }
        Ok(facts)
    }

    /// Takes one step of the status machine.
    pub fn step(
        &mut self,
        to: Status,
        actor: &Actor,
        now: DateTime<Utc>,
        note: Option<String>,
    ) -> Result<Fact, Refusal> {
        let from = self.status;
        if !from.can_become(to) {
            return Err(Refusal::Transition { from, to });
        }
        self.touch(now);
        let now = self.updated_at;
        self.status = to;
        match to {
            Status::Open => {}
            Status::Investigating => {
                self.resolved_at = None;
                // The system's own step is nobody's acknowledgement.
                if actor.kind == ActorKind::User {
                    self.acknowledged_at.get_or_insert(now);
                }
            }
            Status::Resolved => self.resolved_at = Some(now),
            Status::Closed => self.closed_at = Some(now),
        }
        self.version += 1;
        Ok(Fact::IncidentStatusChanged { incident: self.summary(), from, to, note })
    }

    /// Gives it to somebody, or to nobody.
    pub fn assign(&mut self, to: Option<UserRef>) -> Fact {
        let from = std::mem::replace(&mut self.assigned_to, to.clone());
        self.version += 1;
        Fact::IncidentAssigned { incident: self.summary(), from, to }
    }

    pub fn comment(&mut self, comment_id: CommentId, body: String) -> Fact {
        self.version += 1;
        Fact::IncidentCommented { incident: self.summary(), comment_id, body }
    }

    /// Moves `updated_at`, never backwards.
    pub fn touch(&mut self, now: DateTime<Utc>) {
        self.updated_at = self.updated_at.max(now);
    }

    fn set_fields(&mut self, patch: &IncidentPatch) {
        let before = self.clone();
        if let Field::Set(title) = &patch.title {
            title.trim().clone_into(&mut self.title);
        }
        if let Field::Set(text) = &patch.description {
            self.description = Some(text.clone());
        }
        if let Field::Set(service) = &patch.service {
            service.trim().clone_into(&mut self.service);
        }
        if let Field::Set(labels) = &patch.labels {
            self.labels.clone_from(labels);
        }
        if let Field::Set(priority) = patch.priority {
            self.priority = priority;
        }
        if before != *self {
            self.version += 1;
        }
    }

    /// What differs, for the fact. Long texts are cut: an event is no archive.
    fn changes_to(&self, new: &Self) -> BTreeMap<String, FromTo> {
        let mut changes = BTreeMap::new();
        let mut note = |field: &str, from: Value, to: Value| {
            if from != to {
                changes.insert(field.to_owned(), FromTo { from, to });
            }
        };
        note("title", json!(self.title), json!(new.title));
        note("service", json!(self.service), json!(new.service));
        note("labels", json!(self.labels), json!(new.labels));
        note("priority", json!(self.priority), json!(new.priority));
        if self.description != new.description {
            let from = excerpt(self.description.as_deref());
            changes.insert(
                "description".to_owned(),
                FromTo { from, to: excerpt(new.description.as_deref()) },
            );
        }
        changes
    }

    /// Whether what the caller saw still holds.
    fn check_expect(&self, patch: &IncidentPatch) -> Result<(), Refusal> {
        let Some(expect) = &patch.expect else {
            return Ok(());
        };
        let mut errors = Vec::new();
        let mut compare = |field: &str, expected: Value, actual: Value| {
            if expected != actual {
                let message = format!("expected {expected}, but it is {actual}");
                errors.push(FieldError {
                    actual: Some(actual),
                    version: Some(self.version),
                    ..FieldError::new(field, message)
                });
            }
        };
        if let Some(status) = expect.status {
            compare("status", json!(status), json!(self.status));
        }
        if let Some(priority) = expect.priority {
            compare("priority", json!(priority), json!(self.priority));
        }
        if let Some(title) = &expect.title {
            compare("title", json!(title), json!(self.title));
        }
        if let Some(expected) = expect.assigned_to.said() {
            let actual = self.assigned_to.as_ref();
            if expected != actual.map(|user| user.id) {
                let name = actual.map_or_else(|| "nobody".to_owned(), |user| user.name.clone());
                errors.push(FieldError {
                    actual: Some(json!(actual)),
                    version: Some(self.version),
                    ..FieldError::new("assigned_to", format!("it is assigned to {name}"))
                });
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(Refusal::Unexpected(errors)) }
    }
}

fn excerpt(text: Option<&str>) -> Value {
    let text = text.unwrap_or_default();
    json!({ "length": text.chars().count(), "start": text.chars().take(200).collect::<String>() })
}

impl IncidentPatch {
    /// Whether it names anything to change; a lone `expect` does not.
    pub fn is_empty(&self) -> bool {
        self.status.is_absent()
            && self.priority.is_absent()
            && self.assigned_to.is_absent()
            && self.title.is_absent()
            && self.description.is_absent()
            && self.service.is_absent()
            && self.labels.is_absent()
            && self.note.is_absent()
    }

    /// What can be refused without knowing the incident.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.is_empty() {
            return Err(Refusal::Empty);
        }
        let mut errors = Vec::new();
        for (field, null) in [
            ("status", self.status.is_null()),
            ("priority", self.priority.is_null()),
            ("title", self.title.is_null()),
            ("description", self.description.is_null()),
            ("service", self.service.is_null()),
            ("labels", self.labels.is_null()),
            ("note", self.note.is_null()),
        ] {
            if null {
                errors.push(FieldError::new(field, "must not be null"));
            }
        }
        if let Field::Set(title) = &self.title {
            check_title(title, &mut errors);
        }
        if let Field::Set(text) = &self.description {
            check_length("description", text, DESCRIPTION_MAX, &mut errors);
        }
        if let Field::Set(service) = &self.service {
            check_length("service", service, SERVICE_MAX, &mut errors);
        }
        if let Field::Set(labels) = &self.labels {
            check_labels(labels, &mut errors);
        }
        if let Field::Set(note) = &self.note {
            check_body("note", note, &mut errors);
        }
        refuse(errors)
    }
}

impl NewIncident {
    pub fn check(&self) -> Result<(), Refusal> {
        let mut errors = Vec::new();
        check_title(&self.title, &mut errors);
        check_length("description", &self.description, DESCRIPTION_MAX, &mut errors);
        check_length("service", &self.service, SERVICE_MAX, &mut errors);
        check_labels(&self.labels, &mut errors);
        refuse(errors)
    }
}

impl super::NewComment {
    pub fn check(&self) -> Result<(), Refusal> {
        let mut errors = Vec::new();
        check_body("body", &self.body, &mut errors);
        refuse(errors)
    }
}

fn refuse(errors: Vec<FieldError>) -> Result<(), Refusal> {
    if errors.is_empty() { Ok(()) } else { Err(Refusal::Invalid(errors)) }
}

fn check_title(title: &str, errors: &mut Vec<FieldError>) {
    if title.trim().is_empty() {
        errors.push(FieldError::new("title", "must not be empty"));
    }
    check_length("title", title.trim(), TITLE_MAX, errors);
}

fn check_body(field: &str, text: &str, errors: &mut Vec<FieldError>) {
    if text.trim().is_empty() {
        errors.push(FieldError::new(field, "must not be empty"));
    }
    check_length(field, text, NOTE_MAX, errors);
}

/// Length in characters; NUL is refused because PostgreSQL cannot store it.
fn check_length(field: &str, text: &str, max: usize, errors: &mut Vec<FieldError>) {
    let length = text.chars().count();
    if length > max {
        let message = format!("must have at most {max} characters, not {length}");
        errors.push(FieldError::new(field, message));
    }
    if text.contains('\0') {
        errors.push(FieldError::new(field, "must not contain a NUL character"));
    }
}

fn check_labels(labels: &Labels, errors: &mut Vec<FieldError>) {
    if labels.len() > LABELS_MAX {
        let message = format!("must have at most {LABELS_MAX} entries, not {}", labels.len());
        errors.push(FieldError::new("labels", message));
    }
    for (name, value) in labels {
        if name.is_empty() {
            errors.push(FieldError::new("labels", "a name must not be empty"));
        }
        check_length("labels", name, LABEL_NAME_MAX, errors);
        check_length(&format!("labels.{name}"), value, LABEL_VALUE_MAX, errors);
    }
}

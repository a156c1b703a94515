//! What an incident may become. People, sources and timers ask the same functions; the client asks
//! them to know which keys to offer.

mod check;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Incident, IncidentPatch, Status};
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
    /// The person named by `assigned_to`, as read from the database; none when nobody has that id
    /// or they were deactivated.
    pub assignee: Option<UserRef>,
    /// For a note that stands alone.
    pub comment_id: CommentId,
}

impl Incident {
    /// Applies a patch and returns what became true, in order; empty when every value was equal.
    /// Equal values change nothing, and are asked before the status machine is. A refused patch
    /// changes nothing at all.
    pub fn apply(
        &mut self,
        patch: &IncidentPatch,
        context: &PatchContext<'_>,
    ) -> Result<Vec<Fact>, Refusal> {
        patch.check()?;
        self.check_expect(patch)?;
        let mut next = self.clone();
        let facts = next.change(patch, context)?;
        *self = next;
        Ok(facts)
    }

    fn change(
        &mut self,
        patch: &IncidentPatch,
        context: &PatchContext<'_>,
    ) -> Result<Vec<Fact>, Refusal> {
        let mut facts: Vec<Fact> = self.edit(patch, context.now).into_iter().collect();
        if let Some(to) = self.new_assignee(patch, context)?.said() {
            self.touch(context.now);
            facts.push(self.assign(to));
        }
        let note = patch.note.as_ref().set().cloned();
        match (patch.status, note) {
            (Field::Set(to), note) if to != self.status => {
                facts.push(self.step(to, context.actor, context.now, note)?);
            }
            (_, Some(body)) => facts.push(self.comment(context.comment_id, body)),
            (_, None) => {}
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

    /// Sets the plain fields; none when every one of them was equal.
    fn edit(&mut self, patch: &IncidentPatch, now: DateTime<Utc>) -> Option<Fact> {
        let before = self.clone();
        if let Field::Set(title) = &patch.title {
            title.trim().clone_into(&mut self.title);
        }
        if let Field::Set(text) = &patch.description
            && self.description.as_deref().unwrap_or_default() != text
        {
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
        let changes = before.changes_to(self);
        if changes.is_empty() {
            return None;
        }
        self.touch(now);
        self.version += 1;
        Some(Fact::IncidentUpdated { incident: self.summary(), changes })
    }

    /// Whom the patch gives it to; absent when that is no change. An id without its person is
    /// refused: it must not end as "nobody".
    fn new_assignee(
        &self,
        patch: &IncidentPatch,
        context: &PatchContext<'_>,
    ) -> Result<Field<UserRef>, Refusal> {
        let Some(wanted) = patch.assigned_to.said() else {
            return Ok(Field::Absent);
        };
        if wanted == self.assigned_to.as_ref().map(|user| user.id) {
            return Ok(Field::Absent);
        }
        let Some(id) = wanted else {
            return Ok(Field::Null);
        };
        match context.assignee.as_ref().filter(|user| user.id == id) {
            Some(user) => Ok(Field::Set(user.clone())),
            None => Err(Refusal::Invalid(vec![FieldError::new(
                "assigned_to",
                "must be the id of an active person",
            )])),
        }
    }

    /// What differs, for the fact. Long texts are cut: an event is no archive.
    fn changes_to(&self, new: &Self) -> BTreeMap<String, FromTo> {
        let mut changes = BTreeMap::new();
        let mut compare = |field: &str, from: Value, to: Value| {
            if from != to {
                changes.insert(field.to_owned(), FromTo { from, to });
            }
        };
        compare("title", json!(self.title), json!(new.title));
        compare("service", json!(self.service), json!(new.service));
        compare("labels", json!(self.labels), json!(new.labels));
        compare("priority", json!(self.priority), json!(new.priority));
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

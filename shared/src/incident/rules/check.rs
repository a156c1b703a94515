//! What can be refused without knowing the incident: lengths, nulls, empty texts.

use super::Refusal;
use crate::field::Field;
use crate::incident::{
    DESCRIPTION_MAX, IncidentPatch, LABEL_NAME_MAX, LABEL_VALUE_MAX, LABELS_MAX, Labels, NOTE_MAX,
    NewComment, NewIncident, SERVICE_MAX, TITLE_MAX,
};
use crate::problem::FieldError;

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
            check_length("service", service.trim(), SERVICE_MAX, &mut errors);
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
        check_length("service", self.service.trim(), SERVICE_MAX, &mut errors);
        check_labels(&self.labels, &mut errors);
        refuse(errors)
    }
}

impl NewComment {
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

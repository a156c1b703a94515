//! What a deed does to an incident and under which guard, and how a deed to many is spoken of.

use watchfire_shared::field::Field;
use watchfire_shared::incident::{Expect, Incident, IncidentPatch, NewComment};

use super::commands::Deed;
use crate::action::Step;
use crate::effect::Command;

impl Deed {
    /// What is sent to do it to an incident that stood as it was `seen`: refused when the value that
    /// it changes is another one by now. None for what is about no incident.
    pub fn command(&self, seen: &Incident) -> Option<Command> {
        let mut patch = IncidentPatch::default();
        let mut expect = Expect::default();
        match self {
            Self::Step(step, note) => {
                patch.status = Field::Set(step.to());
                patch.note = note.clone().map_or(Field::Absent, Field::Set);
                expect.status = Some(seen.status);
            }
            Self::Assign(to) => {
                patch.assigned_to = to.as_ref().map(|user| user.id).into();
                expect.assigned_to = seen.assigned_to.as_ref().map(|user| user.id).into();
            }
            Self::Priority(to) => {
                patch.priority = Field::Set(*to);
                expect.priority = Some(seen.priority);
            }
            Self::Title(to) => {
                patch.title = Field::Set(to.clone());
                expect.title = Some(seen.title.clone());
            }
            Self::Comment(body) => {
                let body = NewComment { body: body.clone() };
                return Some(Command::Comment { id: seen.id, body });
            }
            Self::Assess => return Some(Command::Assess(seen.id)),
            Self::Create(_) | Self::Redrive(_) | Self::Discard(..) | Self::Person { .. } => {
                return None;
            }
        }
        patch.expect = Some(expect);
        Some(Command::Patch { id: seen.id, patch: Box::new(patch) })
    }

    /// Why it needs or may not be done to this incident: `is resolved already`.
    pub fn obstacle(&self, incident: &Incident) -> Option<String> {
        let assignee = incident.assigned_to.as_ref();
        match self {
            Self::Step(step, _) if step.is_possible(incident.status) => None,
            Self::Step(step, _) if step.to() == incident.status => {
                Some(format!("is {} already", incident.status))
            }
            Self::Step(..) => Some(format!("is {}", incident.status)),
            Self::Assign(None) if assignee.is_none() => Some("is nobody's already".to_owned()),
            Self::Assign(Some(to)) if assignee.is_some_and(|user| user.id == to.id) => {
                Some(format!("is {}'s already", to.name))
            }
            Self::Title(to) if *to == incident.title => Some("is called so already".to_owned()),
            Self::Priority(to) if *to == incident.priority => Some(format!("is {to} already")),
            _ => None,
        }
    }

    /// As a question about many incidents.
    pub fn question(&self, incidents: &str) -> String {
        match self {
            Self::Step(step, Some(_)) => {
                let last = if *step == Step::Close { "for good, with" } else { "with" };
                let (first, rest) = step.words().split_at(1);
                format!("{}{rest} {incidents} {last} the note?", first.to_uppercase())
            }
            Self::Step(Step::Investigate, _) => format!("Investigate {incidents}?"),
            Self::Step(Step::HandBack, _) => format!("Hand back {incidents}?"),
            Self::Step(Step::Resolve, _) => format!("Resolve {incidents}?"),
            Self::Step(Step::Reopen, _) => format!("Reopen {incidents}?"),
            Self::Step(Step::Close, _) => format!("Close {incidents} for good?"),
            Self::Assign(Some(to)) => format!("Assign {incidents} to {}?", to.name),
            Self::Assign(None) => format!("Assign {incidents} to nobody?"),
            Self::Priority(to) => format!("Give {incidents} the priority {to}?"),
            Self::Comment(_) => format!("Comment on {incidents}?"),
            Self::Assess => format!("Assess the log lines of {incidents}?"),
            _ => self.words(),
        }
    }

    /// While it is done to many: `resolving`.
    pub const fn doing(&self) -> &'static str {
        match self {
            Self::Step(Step::Investigate, _) => "taking up",
            Self::Step(Step::HandBack, _) => "handing back",
            Self::Step(Step::Resolve, _) => "resolving",
            Self::Step(Step::Reopen, _) => "reopening",
            Self::Step(Step::Close, _) => "closing",
            Self::Assign(_) => "assigning",
            Self::Priority(_) | Self::Title(_) => "changing",
            Self::Comment(_) => "commenting on",
            Self::Assess => "asking about",
            Self::Create(_) | Self::Redrive(_) | Self::Discard(..) | Self::Person { .. } => {
                "sending"
            }
        }
    }

    /// What was done to many: `resolved`.
    pub fn past(&self) -> String {
        match self {
            Self::Step(Step::HandBack, _) => "handed back".to_owned(),
            Self::Step(Step::Reopen, _) => "reopened".to_owned(),
            Self::Step(step, _) => step.to().to_string(),
            Self::Assign(Some(to)) => format!("assigned to {}", to.name),
            Self::Assign(None) => "assigned to nobody".to_owned(),
            Self::Priority(to) => format!("set to {to}"),
            Self::Title(_) => "renamed".to_owned(),
            Self::Comment(_) => "commented".to_owned(),
            Self::Assess => "being assessed".to_owned(),
            Self::Create(_) | Self::Redrive(_) | Self::Discard(..) | Self::Person { .. } => {
                "sent".to_owned()
            }
        }
    }
}

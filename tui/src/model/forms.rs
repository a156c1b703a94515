//! What a person fills in: sign-in, a new incident, a comment, and choices from a list.

use std::cmp::Reverse;
use std::fmt;

use watchfire_shared::ids::{DeadLetterId, IncidentId, Reference, UserId};
use watchfire_shared::incident::{NewIncident, Priority, Status};
use watchfire_shared::problem::FieldError;
use watchfire_shared::user::{UserOut, UserRef, UserStatus};

use crate::action::Step;
use crate::effect::RequestId;

use super::fuzzy;
use super::input::TextField;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInField {
    Email,
    Password,
}

#[derive(Clone)]
pub struct SignIn {
    pub email: TextField,
    pub password: TextField,
    pub focus: SignInField,
    /// Why it is shown, or why the last attempt failed.
    pub message: Option<String>,
    pub asked: Option<RequestId>,
}

impl SignIn {
    pub fn new(message: Option<String>) -> Self {
        Self {
            email: TextField::default(),
            password: TextField::default(),
            focus: SignInField::Email,
            message,
            asked: None,
        }
    }

    pub fn field(&mut self) -> &mut TextField {
        match self.focus {
            SignInField::Email => &mut self.email,
            SignInField::Password => &mut self.password,
        }
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("focus", &self.focus).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewField {
    Title,
    Priority,
    Service,
}

impl NewField {
    pub const ALL: [Self; 3] = [Self::Title, Self::Priority, Self::Service];

    /// The field `by` places further on, around the end.
    #[must_use]
    pub fn turn(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|field| *field == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }

    /// As the API calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Priority => "priority",
            Self::Service => "service",
        }
    }
}

/// A new incident.
#[derive(Debug, Clone)]
pub struct NewForm {
    pub title: TextField,
    pub priority: Priority,
    pub service: TextField,
    pub focus: NewField,
    pub errors: Vec<FieldError>,
    /// It was sent as it stands and waits for this answer; typing makes another form of it.
    pub request: Option<RequestId>,
}

impl Default for NewForm {
    fn default() -> Self {
        Self {
            title: TextField::default(),
            priority: Priority::Medium,
            service: TextField::default(),
            focus: NewField::Title,
            errors: Vec::new(),
            request: None,
        }
    }
}

impl NewForm {
    /// Nothing was typed that would be missed.
    pub fn is_empty(&self) -> bool {
        self.title.text().trim().is_empty() && self.service.text().trim().is_empty()
    }

    /// It is no longer what was sent, and a mistake in the field with the focus may be gone.
    pub fn edited(&mut self) {
        let focus = self.focus;
        self.request = None;
        self.errors.retain(|error| error.field != focus.name());
    }

    /// The text field with the focus; none on a choice.
    pub fn field(&mut self) -> Option<&mut TextField> {
        match self.focus {
            NewField::Title => Some(&mut self.title),
            NewField::Service => Some(&mut self.service),
            NewField::Priority => None,
        }
    }

    pub fn incident(&self) -> NewIncident {
        NewIncident {
            priority: self.priority,
            service: self.service.text().trim().to_owned(),
            ..NewIncident::titled(self.title.text().trim())
        }
    }

    /// What is wrong with a field, where something is.
    pub fn error(&self, field: NewField) -> Option<&FieldError> {
        self.errors.iter().find(|error| error.field == field.name())
    }
}

/// What a form is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    One(IncidentId, Reference),
    /// The marked incidents, as many as they were when it opened.
    Marked(usize),
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(_, reference) => write!(f, "{reference}"),
            Self::Marked(1) => f.write_str("1 marked incident"),
            Self::Marked(n) => write!(f, "{n} marked incidents"),
        }
    }
}

/// A comment being written.
#[derive(Debug, Clone)]
pub struct CommentBox {
    pub about: About,
    pub field: TextField,
    pub error: Option<String>,
}

/// Another title for an incident, being written.
#[derive(Debug, Clone)]
pub struct TitleBox {
    pub incident: IncidentId,
    pub reference: Reference,
    pub field: TextField,
    /// The title when the field opened.
    pub seen: String,
    pub error: Option<String>,
}

/// Why a dead letter is given up, being written.
#[derive(Debug, Clone)]
pub struct ReasonBox {
    pub letter: DeadLetterId,
    /// What people call it.
    pub name: String,
    pub field: TextField,
    pub error: Option<&'static str>,
}

/// A choice from a list, with what the person saw when it opened.
#[derive(Debug, Clone)]
pub struct Picker {
    pub about: About,
    pub choice: Choice,
}

/// What is chosen is a value, never a row number: the list of people may change under it.
#[derive(Debug, Clone)]
pub enum Choice {
    Priority {
        /// None for the marked incidents.
        now: Option<Priority>,
        to: Priority,
    },
    Assignee {
        now: Option<UserRef>,
        to: Option<UserId>,
        /// What was typed to find somebody.
        field: TextField,
    },
    /// A step that is to have a note.
    Step {
        /// None for the marked incidents.
        now: Option<Status>,
        to: Step,
        steps: Vec<Step>,
    },
}

/// The priorities as the picker lists them: the most urgent first.
pub const PRIORITIES: [Priority; 4] =
    [Priority::Critical, Priority::High, Priority::Medium, Priority::Low];

/// The place of a priority in [`PRIORITIES`].
pub fn place_of(priority: Priority) -> usize {
    PRIORITIES.iter().position(|p| *p == priority).unwrap_or(0)
}

/// A person to choose; none is nobody.
pub type Candidate = Option<UserRef>;

/// The place of a person in a list; none when it does not offer this one.
pub fn place_among(people: &[Candidate], wanted: Option<UserId>) -> Option<usize> {
    people.iter().position(|person| person.as_ref().map(|user| user.id) == wanted)
}

/// Whom an incident can be given to: nobody first, then the active people by name.
pub fn candidates(users: &[UserOut]) -> Vec<Candidate> {
    let mut people: Vec<Candidate> = users
        .iter()
        .filter(|user| user.status == UserStatus::Active)
        .map(|user| Some(UserRef { id: user.id, name: user.name.clone() }))
        .collect();
    people.sort_by(|a, b| a.as_ref().map(|p| &p.name).cmp(&b.as_ref().map(|p| &p.name)));
    people.insert(0, None);
    people
}

/// The people that fit what was typed, the best first.
pub fn found(mut people: Vec<Candidate>, typed: &str) -> Vec<Candidate> {
    let score = |person: &Candidate| fuzzy::score(typed, name_of(person));
    people.retain(|person| score(person).is_some());
    people.sort_by_key(|person| Reverse(score(person)));
    people
}

pub fn name_of(person: &Candidate) -> &str {
    person.as_ref().map_or("nobody", |user| user.name.as_str())
}

//! The people of the installation, and what an admin may change about one of them. The selection is
//! a person, never a row number.

use std::fmt;

use watchfire_shared::field::Field;
use watchfire_shared::ids::UserId;
use watchfire_shared::user::{Role, UserIn, UserOut, UserPatch, UserStatus};

use crate::action::PersonAction;
use crate::effect::{Command, RequestId};

use super::Model;
use super::input::TextField;

#[derive(Debug, Default)]
pub struct People {
    pub selected: Option<UserId>,
    /// What went wrong last; it stays until something else is begun.
    pub trouble: Option<String>,
}

/// The active ones first, then by name.
pub fn sorted(users: &[UserOut]) -> Vec<&UserOut> {
    let mut rows: Vec<&UserOut> = users.iter().collect();
    let gone = |user: &UserOut| user.status == UserStatus::Deactivated;
    rows.sort_by_cached_key(|user| (gone(user), user.name.to_lowercase(), user.id));
    rows
}

/// The one the cursor is on.
pub fn selected(model: &Model) -> Option<&UserOut> {
    let users = model.users.value.as_deref()?;
    users.iter().find(|user| Some(user.id) == model.people.selected)
}

/// The roles as they are chosen from.
pub const ROLES: [Role; 3] = [Role::Viewer, Role::Responder, Role::Admin];

/// What a role is for.
pub const fn may(role: Role) -> &'static str {
    match role {
        Role::Viewer => "reads everything but the e-mail addresses of others",
        Role::Responder => "also works on incidents",
        Role::Admin => "also manages people, keys and tokens, and deletes",
    }
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonField {
    Email,
    Name,
    Role,
    Password,
}

impl PersonField {
    /// As the API calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Name => "name",
            Self::Role => "role",
            Self::Password => "password",
        }
    }
}

/// What is about to be changed, as it was shown when the form opened.
#[derive(Clone)]
pub struct PersonForm {
    pub action: PersonAction,
    /// Nobody yet where somebody is added.
    pub seen: Option<UserOut>,
    pub email: TextField,
    pub name: TextField,
    pub role: Role,
    pub password: TextField,
    /// The place of the focus among [`Self::fields`].
    pub focus: usize,
    pub error: Option<String>,
    /// It was sent as it stands and waits for this answer.
    pub request: Option<RequestId>,
}

/// Without the password.
impl fmt::Debug for PersonForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonForm").field("action", &self.action).finish_non_exhaustive()
    }
}

impl PersonForm {
    pub fn new(action: PersonAction, seen: Option<UserOut>) -> Self {
        let name = seen.as_ref().map(|user| user.name.clone()).unwrap_or_default();
        Self {
            action,
            email: TextField::default(),
            name: TextField::new(name),
            role: seen.as_ref().map_or(Role::Responder, |user| user.role),
            password: TextField::default(),
            seen,
            focus: 0,
            error: None,
            request: None,
        }
    }

    pub const fn fields(&self) -> &'static [PersonField] {
        use PersonField::{Email, Name, Password, Role};
        match self.action {
            PersonAction::Add => &[Email, Name, Role, Password],
            PersonAction::Role => &[Role],
            PersonAction::Status => &[],
            PersonAction::Rename => &[Name],
            PersonAction::Password => &[Password],
        }
    }

    pub fn focused(&self) -> Option<PersonField> {
        self.fields().get(self.focus).copied()
    }

    /// The text field with the focus.
    pub fn field(&mut self) -> Option<&mut TextField> {
        match self.focused()? {
            PersonField::Email => Some(&mut self.email),
            PersonField::Name => Some(&mut self.name),
            PersonField::Password => Some(&mut self.password),
            PersonField::Role => None,
        }
    }

    /// What the person would become by it.
    pub fn status(&self) -> UserStatus {
        match self.seen.as_ref().map(|user| user.status) {
            Some(UserStatus::Active) => UserStatus::Deactivated,
            Some(UserStatus::Deactivated) | None => UserStatus::Active,
        }
    }

    /// Whether it would change nothing.
    pub fn is_idle(&self) -> bool {
        let Some(seen) = &self.seen else {
            return false;
        };
        match self.action {
            PersonAction::Role => self.role == seen.role,
            PersonAction::Rename => self.name.text().trim() == seen.name,
            PersonAction::Add | PersonAction::Status | PersonAction::Password => false,
        }
    }

    /// Whether the person still is what the form says of them.
    pub fn still_holds(&self, now: &UserOut) -> bool {
        self.seen.as_ref().is_some_and(|seen| {
            (seen.id, &seen.name, seen.role, seen.status)
                == (now.id, &now.name, now.role, now.status)
        })
    }

    pub fn command(&self) -> Command {
        let name = || self.name.text().trim().to_owned();
        let password = || self.password.text().to_owned();
        let mut patch = UserPatch::default();
        let Some(seen) = &self.seen else {
            return Command::AddPerson(Box::new(UserIn {
                email: self.email.text().trim().to_owned(),
                name: name(),
                role: self.role,
                password: password(),
            }));
        };
        match self.action {
            PersonAction::Role => patch.role = Field::Set(self.role),
            PersonAction::Status => patch.status = Field::Set(self.status()),
            PersonAction::Rename => patch.name = Field::Set(name()),
            PersonAction::Password => patch.password = Field::Set(password()),
            PersonAction::Add => {}
        }
        Command::ChangePerson { id: seen.id, patch: Box::new(patch) }
    }

    /// In words, for the command log; never the password.
    pub fn words(&self) -> String {
        let who = self.seen.as_ref().map_or_else(|| self.name.text().trim(), |user| &user.name);
        match self.action {
            PersonAction::Add => format!("add {who} as {}", self.role),
            PersonAction::Role => format!("make {who} {}", self.role),
            PersonAction::Status if self.status() == UserStatus::Active => {
                format!("let {who} in again")
            }
            PersonAction::Status => format!("deactivate {who}"),
            PersonAction::Rename => format!("rename {who} to {}", self.name.text().trim()),
            PersonAction::Password => format!("give {who} a new password"),
        }
    }
}

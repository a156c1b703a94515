//! People: administered under one row, so that two admins cannot remove each other at once.

use std::collections::BTreeMap;

use serde_json::json;
use watchfire_shared::event::{AggregateType, Fact, FromTo};
use watchfire_shared::field::Field;
use watchfire_shared::ids::UserId;
use watchfire_shared::incident::Status;
use watchfire_shared::problem::{Code, FieldError};
use watchfire_shared::user::{
    EMAIL_MAX, PASSWORD_MIN, Role, UserIn, UserOut, UserPatch, UserStatus,
};

use super::sessions::check_name;
use super::{Author, Caller, Error, Inner, Result};
use crate::cache::key;
use crate::clock;
use crate::store::people::{self, Person};
use crate::store::{StoreError, Touched, Tx, credentials, incidents, installation, outbox};

impl Inner {
    pub async fn me(&self, caller: &Caller) -> Result<UserOut> {
        let id = caller.require(Role::Viewer)?.id;
        self.profile(caller, id).await
    }

    /// Everybody; e-mails for admins only.
    pub async fn users(&self, caller: &Caller) -> Result<Vec<UserOut>> {
        caller.require(Role::Viewer)?;
        let with_email = caller.require(Role::Admin).is_ok();
        let people = people::all(&self.db).await?;
        Ok(people.iter().map(|person| person.out(with_email)).collect())
    }

    pub async fn user(&self, caller: &Caller, id: UserId) -> Result<UserOut> {
        own_or_admin(caller, id)?;
        self.profile(caller, id).await
    }

    /// Without the last sign-in, which moves without a fact; the list of people has it.
    async fn profile(&self, caller: &Caller, id: UserId) -> Result<UserOut> {
        let db = self.db.clone();
        let load = move || {
            let db = db.clone();
            async move {
                let person = people::by_id(&db, id).await?;
                Ok(person.map(|person| UserOut { last_login_at: None, ..person.out(true) }))
            }
        };
        let found = self.cache.read_through(&key::user(id), caller.moment(), None, load).await?;
        found.map(|user| (*user).clone()).ok_or_else(|| Error::not_found("user"))
    }

    pub async fn create_user(&self, caller: &Caller, new: UserIn) -> Result<UserOut> {
        caller.require(Role::Admin)?;
        check_name(&new.name)?;
        let email = check_email(&new.email)?;
        check_password(&new.password)?;
        let password_hash = Some(self.passwords.hash(new.password).await?);
        let author = Author::new(self.log_id, caller);
        self.transact(caller, move |tx| {
            Box::pin(async move {
                let new = NewPerson { email, name: new.name, role: new.role, password_hash };
                Ok(add_person(tx, &author, new).await?.out(true))
            })
        })
        .await
    }

    /// Admins change everything, everybody their own name and password.
    pub async fn update_user(
        &self,
        caller: &Caller,
        id: UserId,
        patch: UserPatch,
    ) -> Result<UserOut> {
        own_or_admin(caller, id)?;
        let admin_only =
            !(patch.email.is_absent() && patch.role.is_absent() && patch.status.is_absent());
        if admin_only {
            caller.require(Role::Admin)?;
        }
        let patch = self.checked(patch).await?;
        let author = Author::new(self.log_id, caller);
        self.transact(caller, move |tx| {
            Box::pin(async move { Ok(change_person(tx, &author, id, patch).await?.out(true)) })
        })
        .await
    }

    /// Deactivates: the row stays for the audit; sessions and tokens end, open work is unassigned.
    pub async fn delete_user(&self, caller: &Caller, id: UserId) -> Result<()> {
        caller.require(Role::Admin)?;
        let author = Author::new(self.log_id, caller);
        let status = Field::Set(UserStatus::Deactivated);
        let patch = UserPatch { status, ..UserPatch::default() };
        self.transact(caller, move |tx| {
            Box::pin(async move {
                change_person(tx, &author, id, patch).await?;
                Ok(Some(Touched::User(id)))
            })
        })
        .await
        .map(drop)
    }

    /// The patch with its values checked and its password hashed.
    async fn checked(&self, mut patch: UserPatch) -> Result<UserPatch> {
        let UserPatch { email, name, role, status, password } = &patch;
        let absent = email.is_absent()
            && name.is_absent()
            && role.is_absent()
            && status.is_absent()
            && password.is_absent();
        if absent {
            return Err(Error::refused(Code::EmptyPatch, "The patch names nothing to change."));
        }
        for (field, null) in [
            ("email", email.is_null()),
            ("name", name.is_null()),
            ("role", role.is_null()),
            ("status", status.is_null()),
            ("password", password.is_null()),
        ] {
            if null {
                return Err(Error::field(field, "must not be null"));
            }
        }
        if let Field::Set(name) = name {
            check_name(name)?;
        }
        if let Field::Set(email) = &patch.email {
            patch.email = Field::Set(check_email(email)?);
        }
        if let Field::Set(password) = &patch.password {
            check_password(password)?;
            patch.password = Field::Set(self.passwords.hash(password.clone()).await?);
        }
        Ok(patch)
    }
}

fn own_or_admin(caller: &Caller, id: UserId) -> Result<()> {
    if caller.user_id() == Some(id) {
        return Ok(());
    }
    caller.require(Role::Admin).map(drop)
}

/// A person to be added; `email` is checked and in lower case.
pub(crate) struct NewPerson {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password_hash: Option<String>,
}

pub(crate) async fn add_person(tx: &mut Tx, author: &Author, new: NewPerson) -> Result<Person> {
    people::lock_administration(tx).await?;
    let now = clock::now();
    let person = Person {
        id: UserId(clock::new_id()),
        email: new.email,
        name: new.name.trim().to_owned(),
        role: new.role,
        status: UserStatus::Active,
        password_hash: new.password_hash,
        version: 1,
        created_at: now,
        updated_at: now,
        last_login_at: None,
    };
    people::insert(tx, &person).await.map_err(taken)?;
    let fact = Fact::UserCreated { user: person.out(false), changes: BTreeMap::new() };
    let event = author.event(AggregateType::User, person.id.0, 1, fact, now);
    outbox::append(tx, vec![event]).await?;
    Ok(person)
}

/// Applies a checked patch whose password is a hash already. Equal values change nothing.
pub(crate) async fn change_person(
    tx: &mut Tx,
    author: &Author,
    id: UserId,
    patch: UserPatch,
) -> Result<Person> {
    people::lock_administration(tx).await?;
    let before = people::lock(tx, id).await?.ok_or_else(|| Error::not_found("user"))?;
    let mut person = before.clone();
    if let Field::Set(email) = patch.email {
        person.email = email;
    }
    if let Field::Set(name) = patch.name {
        name.trim().clone_into(&mut person.name);
    }
    if let Field::Set(role) = patch.role {
        person.role = role;
    }
    if let Field::Set(status) = patch.status {
        person.status = status;
    }
    let new_password = !patch.password.is_absent();
    if let Field::Set(hash) = patch.password {
        person.password_hash = Some(hash);
    }
    let changes = changes(&before, &person, new_password);
    if changes.is_empty() {
        return Ok(before);
    }
    keep_an_admin(tx, &before, &person).await?;
    let now = clock::now().max(before.updated_at);
    person.updated_at = now;
    person.version += 1;
    people::update(tx, &person).await.map_err(taken)?;
    if person.status == UserStatus::Deactivated && before.status == UserStatus::Active {
        credentials::revoke_all_of(tx, id, now).await?;
        unassign_all(tx, author, id).await?;
    } else if new_password {
        credentials::revoke_sessions_of(tx, id, now).await?;
    }
    if person.name != before.name {
        // The name stands inside cached incidents.
        installation::raise_epoch(tx).await?;
    }
    let fact = Fact::UserUpdated { user: person.out(false), changes };
    let event = author.event(AggregateType::User, id.0, person.version, fact, now);
    outbox::append(tx, vec![event]).await?;
    Ok(person)
}

/// What changed, for the fact: of e-mail and password only that they did.
fn changes(before: &Person, after: &Person, new_password: bool) -> BTreeMap<String, FromTo> {
    let mut changes = BTreeMap::new();
    let mut note = |field: &str, from: serde_json::Value, to: serde_json::Value, changed: bool| {
        if changed {
            changes.insert(field.to_owned(), FromTo { from, to });
        }
    };
    let hidden = || json!(null);
    note("name", json!(before.name), json!(after.name), before.name != after.name);
    note("role", json!(before.role), json!(after.role), before.role != after.role);
    note("status", json!(before.status), json!(after.status), before.status != after.status);
    note("email", hidden(), hidden(), before.email != after.email);
    note("password", hidden(), hidden(), new_password);
    changes
}

/// Refuses what would leave nobody to administer.
async fn keep_an_admin(tx: &mut Tx, before: &Person, after: &Person) -> Result<()> {
    let admin = |person: &Person| person.role == Role::Admin && person.status == UserStatus::Active;
    if !admin(before) || admin(after) || people::other_admins(tx, before.id).await? > 0 {
        return Ok(());
    }
    let detail = "This is the last active admin; make another one first.";
    Err(Error::refused(Code::Conflict, detail))
}

async fn unassign_all(tx: &mut Tx, author: &Author, user: UserId) -> Result<()> {
    for id in incidents::assigned_to(tx, user).await? {
        let Some(mut stored) = incidents::lock(tx, id).await? else { continue };
        // Before the lock was got, somebody may have given it to another, or closed it.
        let still = stored.incident.assigned_to.as_ref().is_some_and(|to| to.id == user);
        if !still || stored.incident.status == Status::Closed {
            continue;
        }
        let labels = stored.incident.labels.clone();
        let now = stored.next_time();
        stored.incident.touch(now);
        stored.last_fact_at = now;
        let fact = stored.incident.assign(None);
        incidents::update(tx, &stored, &labels).await?;
        outbox::append(tx, vec![author.incident(fact, now)?]).await?;
    }
    Ok(())
}

fn taken(error: StoreError) -> Error {
    match error {
        StoreError::Taken(_) => Error::Refused {
            code: Code::Conflict,
            detail: "Somebody has this e-mail already.".to_owned(),
            errors: vec![FieldError::new("email", "is taken")],
        },
        other => other.into(),
    }
}

/// In lower case; one `@` with something on both sides is all that is asked.
pub(crate) fn check_email(email: &str) -> Result<String> {
    let email = email.trim().to_lowercase();
    let parts: Vec<&str> = email.split('@').collect();
    let well_formed =
        matches!(parts[..], [local, domain] if !local.is_empty() && !domain.is_empty());
    let clean = !email.chars().any(|c| c.is_control() || c.is_whitespace());
    if well_formed && clean && email.len() <= EMAIL_MAX {
        Ok(email)
    } else {
        Err(Error::field("email", "must be an e-mail address"))
    }
}

pub(crate) fn check_password(password: &str) -> Result<()> {
    let length = password.chars().count();
    if (PASSWORD_MIN..=1024).contains(&length) {
        return Ok(());
    }
    let message = format!("must have at least {PASSWORD_MIN} characters, and at most 1,024");
    Err(Error::field("password", message))
}

//! Users.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use watchfire_shared::ids::UserId;
use watchfire_shared::user::{Role, UserOut, UserRef, UserStatus};

use super::{Db, Dialect, Result, Tx, on};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, email, name, role, status, password_hash, version, created_at, \
             updated_at, last_login_at from users ",
            $rest
        )
    };
}

const ALL: &str = select!("order by created_at, id");
const BY_ID: &str = select!("where id = $1");
const BY_EMAIL: &str = select!("where email = $1");
const LOCK: Dialect =
    Dialect { postgres: select!("where id = $1 for update"), sqlite: select!("where id = $1") };
const HOLD: Dialect =
    Dialect { postgres: select!("where id = $1 for share"), sqlite: select!("where id = $1") };
const LOCK_EMAIL: Dialect = Dialect {
    postgres: select!("where email = $1 for update"),
    sqlite: select!("where email = $1"),
};
/// Administration of people meets here: two admins cannot remove each other at once.
const LOCK_ALL: Dialect = Dialect {
    postgres: "select id from installation for update",
    sqlite: "select id from installation",
};
const INSERT: &str = "insert into users (id, email, name, role, status, password_hash, version, \
     created_at, updated_at, last_login_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const UPDATE: &str = "update users set email = $2, name = $3, role = $4, status = $5, \
     password_hash = $6, version = $7, updated_at = $8 where id = $1";
const LOGGED_IN: &str = "update users set last_login_at = $2 where id = $1";
const OTHER_ADMINS: &str =
    "select count(*) from users where role = 'admin' and status = 'active' and id <> $1";

/// A person with what only the daemon knows.
#[derive(Clone, FromRow)]
pub struct Person {
    pub id: UserId,
    /// Lower case.
    pub email: String,
    pub name: String,
    pub role: Role,
    pub status: UserStatus,
    /// argon2id in PHC form; none for the embedded owner.
    pub password_hash: Option<String>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub last_login_at: Option<DateTime<Utc>>,
}

impl Person {
    pub fn reference(&self) -> UserRef {
        UserRef { id: self.id, name: self.name.clone() }
    }

    /// As the API shows it; the e-mail only where the reader may see it.
    pub fn out(&self, with_email: bool) -> UserOut {
        UserOut {
            id: self.id,
            email: with_email.then(|| self.email.clone()),
            name: self.name.clone(),
            role: self.role,
            status: self.status,
            created_at: self.created_at,
            updated_at: self.updated_at,
            last_login_at: if with_email { self.last_login_at } else { None },
        }
    }
}

pub async fn all(db: &Db) -> Result<Vec<Person>> {
    Ok(on!(db.reads(), |pool| sqlx::query_as(ALL).fetch_all(pool).await)?)
}

pub async fn by_id(db: &Db, id: UserId) -> Result<Option<Person>> {
    Ok(on!(db.reads(), |pool| sqlx::query_as(BY_ID).bind(id).fetch_optional(pool).await)?)
}

pub async fn by_email(db: &Db, email: &str) -> Result<Option<Person>> {
    Ok(on!(db.reads(), |pool| sqlx::query_as(BY_EMAIL).bind(email).fetch_optional(pool).await)?)
}

/// Locks the row for a change until the transaction ends.
pub async fn lock(tx: &mut Tx, id: UserId) -> Result<Option<Person>> {
    let lock = LOCK.of(&tx.conn());
    Ok(on!(tx.conn(), |conn| sqlx::query_as(lock).bind(id).fetch_optional(conn).await)?)
}

/// Keeps the row as it is until the transaction ends; others may hold it at the same time.
pub async fn hold(tx: &mut Tx, id: UserId) -> Result<Option<Person>> {
    let hold = HOLD.of(&tx.conn());
    Ok(on!(tx.conn(), |conn| sqlx::query_as(hold).bind(id).fetch_optional(conn).await)?)
}

/// As [`lock`], by e-mail.
pub async fn lock_by_email(tx: &mut Tx, email: &str) -> Result<Option<Person>> {
    let lock = LOCK_EMAIL.of(&tx.conn());
    Ok(on!(tx.conn(), |conn| sqlx::query_as(lock).bind(email).fetch_optional(conn).await)?)
}

/// Taken before any person's row by whoever administers people.
pub async fn lock_administration(tx: &mut Tx) -> Result<()> {
    let lock = LOCK_ALL.of(&tx.conn());
    on!(tx.conn(), |conn| sqlx::query(lock).fetch_one(conn).await.map(drop))?;
    Ok(())
}

/// Active admins beside this one.
pub async fn other_admins(tx: &mut Tx, id: UserId) -> Result<i64> {
    Ok(on!(tx.conn(), |conn| sqlx::query_scalar(OTHER_ADMINS).bind(id).fetch_one(conn).await)?)
}

pub async fn insert(tx: &mut Tx, person: &Person) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(INSERT)
        .bind(person.id)
        .bind(&person.email)
        .bind(&person.name)
        .bind(person.role)
        .bind(person.status)
        .bind(&person.password_hash)
        .bind(person.version)
        .bind(person.created_at)
        .bind(person.updated_at)
        .bind(person.last_login_at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn update(tx: &mut Tx, person: &Person) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(UPDATE)
        .bind(person.id)
        .bind(&person.email)
        .bind(&person.name)
        .bind(person.role)
        .bind(person.status)
        .bind(&person.password_hash)
        .bind(person.version)
        .bind(person.updated_at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn logged_in(tx: &mut Tx, id: UserId, now: DateTime<Utc>) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(LOGGED_IN).bind(id).bind(now).execute(conn).await.map(drop))?;
    Ok(())
}

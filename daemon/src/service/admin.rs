//! Administration from the command line, beside a running daemon or without one. Each command
//! raises the cache epoch in its transaction, because it cannot forget in another process.

use watchfire_shared::field::Field;
use watchfire_shared::ids::{KeyId, TokenId};
use watchfire_shared::user::{
    ApiToken, ApiTokenIn, IngestKey, IngestKeyIn, Role, UserOut, UserPatch, WithSecret,
};

use super::secrets::{Passwords, digest, new_token};
use super::sessions::{add_key, add_token, check_name};
use super::users::{NewPerson, add_person, change_person, check_email, check_password};
use super::{Author, Error, Result};
use crate::clock;
use crate::outbox::Ledger;
use crate::store::people::Person;
use crate::store::{Db, Tx, credentials, idempotency, installation, people};

const OWNER_EMAIL: &str = "owner@localhost";
const OWNER_NAME: &str = "owner";
const OWNER_TOKEN: &str = "token file";

/// What a command needs.
pub struct Admin {
    pub db: Db,
    pub ledger: Ledger,
    pub author: Author,
}

impl Admin {
    pub async fn add_user(
        &self,
        email: &str,
        name: String,
        role: Role,
        password: String,
    ) -> Result<UserOut> {
        let email = check_email(email)?;
        check_name(&name)?;
        check_password(&password)?;
        let password_hash = Some(Passwords::default().hash(password).await?);
        let author = self.author.clone();
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                installation::raise_epoch(tx).await?;
                let new = NewPerson { email, name, role, password_hash };
                Ok::<_, Error>(add_person(tx, &author, new).await?.out(true))
            })
        });
        write.await
    }

    /// A new password; every session of the person ends.
    pub async fn set_password(&self, email: &str, password: String) -> Result<UserOut> {
        check_password(&password)?;
        let id = self.person(email).await?.id;
        let hash = Passwords::default().hash(password).await?;
        let author = self.author.clone();
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                installation::raise_epoch(tx).await?;
                let patch = UserPatch { password: Field::Set(hash), ..UserPatch::default() };
                Ok::<_, Error>(change_person(tx, &author, id, patch).await?.out(true))
            })
        });
        write.await
    }

    pub async fn users(&self) -> Result<Vec<UserOut>> {
        let people = people::all(&self.db).await?;
        Ok(people.iter().map(|person| person.out(true)).collect())
    }

    pub async fn add_token(&self, email: &str, name: String) -> Result<WithSecret<ApiToken>> {
        check_name(&name)?;
        let user_id = self.person(email).await?.id;
        let write = self.ledger.write(move |tx| {
            Box::pin(async move { add_token(tx, ApiTokenIn { name, user_id }).await })
        });
        write.await
    }

    pub async fn tokens(&self) -> Result<Vec<ApiToken>> {
        Ok(credentials::tokens(&self.db).await?)
    }

    pub async fn revoke_token(&self, id: TokenId) -> Result<()> {
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                let revoked = credentials::revoke_token(tx, id, clock::now()).await?;
                if revoked { Ok(()) } else { Err(Error::not_found("token")) }
            })
        });
        write.await
    }

    pub async fn add_key(&self, new: IngestKeyIn) -> Result<WithSecret<IngestKey>> {
        check_name(&new.name)?;
        self.ledger.write(move |tx| Box::pin(add_key(tx, new))).await
    }

    pub async fn keys(&self) -> Result<Vec<IngestKey>> {
        Ok(credentials::keys(&self.db).await?)
    }

    pub async fn revoke_key(&self, id: KeyId) -> Result<()> {
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                let revoked = credentials::revoke_key(tx, id, clock::now()).await?;
                if revoked { Ok(()) } else { Err(Error::not_found("key")) }
            })
        });
        write.await
    }

    async fn person(&self, email: &str) -> Result<Person> {
        let person = people::by_email(&self.db, &email.trim().to_lowercase()).await?;
        person.ok_or_else(|| Error::not_found("user"))
    }
}

/// Makes sure that the embedded owner exists and that `token` is theirs. Returns a new token where
/// it is not; the one before ends.
pub async fn owner_token(
    ledger: &Ledger,
    author: Author,
    token: Option<String>,
) -> Result<Option<String>> {
    let write = ledger.write(move |tx| {
        Box::pin(async move {
            let owner = match people::lock_by_email(tx, OWNER_EMAIL).await? {
                Some(owner) => owner,
                None => add_person(tx, &author, owner()).await?,
            };
            if let Some(token) = token
                && credentials::is_token_of(tx, digest(&token), owner.id).await?
            {
                return Ok::<_, Error>(None);
            }
            renew_owner_token(tx, &owner).await.map(Some)
        })
    });
    write.await
}

fn owner() -> NewPerson {
    NewPerson {
        email: OWNER_EMAIL.to_owned(),
        name: OWNER_NAME.to_owned(),
        role: Role::Admin,
        // Nobody can sign in with a password that does not exist.
        password_hash: None,
    }
}

async fn renew_owner_token(tx: &mut Tx, owner: &Person) -> Result<String> {
    let now = clock::now();
    credentials::revoke_tokens_named(tx, owner.id, OWNER_TOKEN, now).await?;
    let secret = new_token("wft_");
    let item = ApiToken {
        id: TokenId(clock::new_id()),
        name: OWNER_TOKEN.to_owned(),
        user: owner.reference(),
        created_at: now,
        revoked_at: None,
    };
    credentials::add_token(tx, &item, digest(&secret)).await?;
    Ok(secret)
}

impl super::Service {
    /// Removes answers kept for repeats that may not come any more.
    pub async fn forget_old_requests(&self) -> Result<()> {
        let before = clock::now() - chrono::TimeDelta::hours(super::IDEMPOTENCY_HOURS);
        let write = self.ledger.write(move |tx| {
            Box::pin(async move { Ok::<_, Error>(idempotency::forget_before(tx, before).await?) })
        });
        write.await
    }
}

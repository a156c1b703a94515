//! Signing in and out, API tokens and ingest keys.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use watchfire_shared::ids::{KeyId, SessionId, TokenId};
use watchfire_shared::problem::Code;
use watchfire_shared::session::{Login, Refresh, Tokens};
use watchfire_shared::user::{
    ApiToken, ApiTokenIn, IngestKey, IngestKeyIn, NAME_MAX, Role, UserStatus, WithSecret,
};

use super::secrets::{ACCESS_SECONDS, digest, new_key, new_token};
use super::{Caller, Error, Idempotency, Inner, Result, claim_once};
use crate::clock;
use crate::store::credentials::Digest;
use crate::store::people::Person;
use crate::store::{credentials, people};

/// A refresh token and all its successors end after so many days.
const SESSION_DAYS: i64 = 30;
/// A used refresh token returns the same successor for so long: the answer may have been lost.
const GRACE_SECONDS: i64 = 30;
/// Failed sign-ins within [`WINDOW_SECONDS`] after which more are refused, of one account and from
/// one address.
const PER_ACCOUNT: usize = 10;
const PER_PEER: usize = 30;
const WINDOW_SECONDS: i64 = 300;
/// Accounts and addresses remembered.
const REMEMBERED: usize = 10_000;

/// Recent failed sign-ins.
#[derive(Default)]
pub struct Attempts {
    /// By digest of the e-mail, which may be any text.
    accounts: Mutex<Recent<Digest>>,
    peers: Mutex<Recent<IpAddr>>,
}

type Recent<K> = HashMap<K, Vec<DateTime<Utc>>>;

impl Attempts {
    /// Counts an attempt as failed before it is made, so that many at once cannot all be allowed;
    /// false when there were too many.
    fn begin(&self, account: Digest, peer: IpAddr, now: DateTime<Utc>) -> bool {
        if !record(&self.peers, peer, PER_PEER, now) {
            return false;
        }
        let allowed = record(&self.accounts, account, PER_ACCOUNT, now);
        if !allowed {
            // One account that is closed must not close the door to everybody behind an address.
            take_back(&self.peers, &peer, now);
        }
        allowed
    }

    /// The password was right, or could not be compared: the attempt does not count.
    fn take_back(&self, account: Digest, peer: IpAddr, began: DateTime<Utc>) {
        take_back(&self.accounts, &account, began);
        take_back(&self.peers, &peer, began);
    }
}

/// False when `limit` attempts stand already; then this one is not added, so that nobody is kept
/// out for ever by attempts that were refused.
fn record<K: Hash + Eq>(all: &Mutex<Recent<K>>, key: K, limit: usize, now: DateTime<Utc>) -> bool {
    let since = now - TimeDelta::seconds(WINDOW_SECONDS);
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= REMEMBERED {
        all.retain(|_, times| times.last().is_some_and(|time| *time > since));
    }
    let full = all.len() >= REMEMBERED;
    if full && !all.contains_key(&key) {
        return false;
    }
    let times = all.entry(key).or_default();
    times.retain(|time| *time > since);
    if times.len() >= limit {
        return false;
    }
    times.push(now);
    true
}

fn take_back<K: Hash + Eq>(all: &Mutex<Recent<K>>, key: &K, began: DateTime<Utc>) {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(times) = all.get_mut(key)
        && let Some(at) = times.iter().position(|time| *time == began)
    {
        times.remove(at);
    }
}

impl Inner {
    /// One answer and one duration for an unknown user and a wrong password.
    pub async fn login(
        &self,
        login: Login,
        peer: IpAddr,
        idempotency: Option<Idempotency>,
    ) -> Result<Tokens> {
        let email = login.email.trim().to_lowercase();
        let now = clock::now();
        let account = digest(&email);
        if !self.attempts.begin(account, peer, now) {
            return Err(Error::refused(
                Code::RateLimited,
                "Too many failed attempts; wait five minutes and try again.",
            ));
        }
        let known = self.known_by(&email, login.password).await;
        if !matches!(known, Ok(None)) {
            self.attempts.take_back(account, peer, now);
        }
        let person = known?.ok_or_else(wrong_sign_in)?;
        let session = SessionId(clock::new_id());
        let refresh_token = new_token("wfr_");
        let refresh = digest(&refresh_token);
        let request = idempotency.map(|key| self.request_of(format!("user:{}", person.id), &key));
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                claim_once(tx, request.as_ref()).await?;
                // Verifying takes a while: the password or the person may be another by now.
                let still = people::lock(tx, person.id).await?.is_some_and(|now| {
                    now.status == UserStatus::Active && now.password_hash == person.password_hash
                });
                if !still {
                    return Err(wrong_sign_in());
                }
                let expires_at = now + TimeDelta::days(SESSION_DAYS);
                credentials::add_session(tx, session, person.id, now, expires_at).await?;
                credentials::add_refresh(tx, refresh, session, now).await?;
                Ok::<_, Error>(people::logged_in(tx, person.id, now).await?)
            })
        });
        write.await?;
        self.tokens_of(session, refresh_token)
    }

    /// The active person of this e-mail and password.
    async fn known_by(&self, email: &str, password: String) -> Result<Option<Person>> {
        // PostgreSQL takes no NUL; nobody's e-mail has one.
        let person =
            if email.contains('\0') { None } else { people::by_email(&self.db, email).await? };
        let person = person.filter(|person| person.status == UserStatus::Active);
        let hash = person.as_ref().and_then(|person| person.password_hash.clone());
        let right = self.passwords.verify(password, hash).await?;
        Ok(person.filter(|_| right))
    }

    /// Exchanges a refresh token for its one successor. Used again later than a moment after, it is
    /// in two hands: the whole chain ends.
    pub async fn refresh(&self, refresh: Refresh) -> Result<Tokens> {
        let successor = self.signer.successor(&refresh.refresh_token);
        let (old, new) = (digest(&refresh.refresh_token), digest(&successor));
        let now = clock::now();
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                let Some(token) = credentials::lock_refresh(tx, old).await? else {
                    return Ok(None);
                };
                if token.revoked_at.is_some() || token.expires_at <= now {
                    return Ok(None);
                }
                match token.used_at {
                    None => {
                        credentials::use_refresh(tx, old, now).await?;
                        credentials::add_refresh(tx, new, token.session_id, now).await?;
                    }
                    Some(used_at) if now - used_at <= TimeDelta::seconds(GRACE_SECONDS) => {}
                    Some(_) => {
                        // Committed, so that it lasts although the answer is a refusal.
                        credentials::revoke_session(tx, token.session_id, now).await?;
                        return Ok(None);
                    }
                }
                Ok::<_, Error>(Some(token.session_id))
            })
        });
        let session = write.await?.ok_or_else(|| {
            let detail = "The refresh token is unknown, expired or revoked; sign in again.";
            Error::refused(Code::Unauthenticated, detail)
        })?;
        self.tokens_of(session, successor)
    }

    /// Ends the session of a refresh token; an unknown one has ended already.
    pub async fn logout(&self, refresh: Refresh) -> Result<()> {
        let token = digest(&refresh.refresh_token);
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                if let Some(token) = credentials::lock_refresh(tx, token).await? {
                    credentials::revoke_session(tx, token.session_id, clock::now()).await?;
                }
                Ok::<_, Error>(())
            })
        });
        write.await
    }

    fn tokens_of(&self, session: SessionId, refresh_token: String) -> Result<Tokens> {
        Ok(Tokens {
            access_token: self.signer.access_token(session, clock::now())?,
            refresh_token,
            token_type: "Bearer".to_owned(),
            expires_in: ACCESS_SECONDS,
        })
    }

    pub async fn create_token(
        &self,
        caller: &Caller,
        new: ApiTokenIn,
    ) -> Result<WithSecret<ApiToken>> {
        caller.require(Role::Admin)?;
        check_name(&new.name)?;
        self.transact_secret(caller, move |tx| Box::pin(add_token(tx, new))).await
    }

    pub async fn tokens(&self, caller: &Caller) -> Result<Vec<ApiToken>> {
        caller.require(Role::Admin)?;
        Ok(credentials::tokens(&self.db).await?)
    }

    pub async fn revoke_token(&self, caller: &Caller, id: TokenId) -> Result<()> {
        caller.require(Role::Admin)?;
        self.transact(caller, move |tx| {
            Box::pin(async move {
                let revoked = credentials::revoke_token(tx, id, clock::now()).await?;
                if revoked { Ok(()) } else { Err(Error::not_found("token")) }
            })
        })
        .await
    }

    pub async fn create_key(
        &self,
        caller: &Caller,
        new: IngestKeyIn,
    ) -> Result<WithSecret<IngestKey>> {
        caller.require(Role::Admin)?;
        check_name(&new.name)?;
        self.transact_secret(caller, move |tx| Box::pin(add_key(tx, new))).await
    }

    pub async fn keys(&self, caller: &Caller) -> Result<Vec<IngestKey>> {
        caller.require(Role::Admin)?;
        Ok(credentials::keys(&self.db).await?)
    }

    pub async fn revoke_key(&self, caller: &Caller, id: KeyId) -> Result<()> {
        caller.require(Role::Admin)?;
        self.transact(caller, move |tx| {
            Box::pin(async move {
                let revoked = credentials::revoke_key(tx, id, clock::now()).await?;
                if revoked { Ok(()) } else { Err(Error::not_found("key")) }
            })
        })
        .await
    }
}

/// The same for an unknown user and a wrong password.
fn wrong_sign_in() -> Error {
    Error::refused(Code::Unauthenticated, "The e-mail or the password is wrong.")
}

/// Makes an API token inside a transaction; also what the administration commands use.
pub(crate) async fn add_token(
    tx: &mut crate::store::Tx,
    new: ApiTokenIn,
) -> Result<WithSecret<ApiToken>> {
    let person = people::hold(tx, new.user_id).await?;
    let person = person
        .filter(|person| person.status == UserStatus::Active)
        .ok_or_else(|| Error::field("user_id", "must be the id of an active user"))?;
    let secret = new_token("wft_");
    let item = ApiToken {
        id: TokenId(clock::new_id()),
        name: new.name,
        user: person.reference(),
        created_at: clock::now(),
        revoked_at: None,
    };
    credentials::add_token(tx, &item, digest(&secret)).await?;
    Ok(WithSecret { item, secret })
}

/// Makes an ingest key inside a transaction; also what the administration commands use.
pub(crate) async fn add_key(
    tx: &mut crate::store::Tx,
    new: IngestKeyIn,
) -> Result<WithSecret<IngestKey>> {
    let secret = new_key();
    let item = IngestKey {
        id: KeyId(clock::new_id()),
        name: new.name,
        source: new.source,
        created_at: clock::now(),
        revoked_at: None,
    };
    credentials::add_key(tx, &item, digest(&secret)).await?;
    Ok(WithSecret { item, secret })
}

pub(crate) fn check_name(name: &str) -> Result<()> {
    let length = name.trim().chars().count();
    if length == 0 || length > NAME_MAX || name.chars().any(char::is_control) {
        let message = format!("must be 1 to {NAME_MAX} characters on one line");
        return Err(Error::field("name", message));
    }
    Ok(())
}

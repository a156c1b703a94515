//! Secrets: made here, kept as digests, never printed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;
use watchfire_shared::ids::SessionId;

use super::{Error, Result};
use crate::store::credentials::Digest;

/// Seconds an access token is good for.
pub const ACCESS_SECONDS: i64 = 15 * 60;
const ISSUER: &str = "watchfire";
const AUDIENCE: &str = "watchfire-api";
const TOKEN_TYPE: &str = "access";
/// Verified signatures remembered, until they expire; the oldest half goes when it is full.
const REMEMBERED: usize = 4_096;
/// Passwords hashed at once: each takes a core for a while.
const HASHERS: usize = 2;
/// Verified in place of a missing hash, so that an unknown user costs what a wrong password does.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$d2F0Y2hmaXJlLW5vYm9keQ$\
    Zm9yIG5vYm9keSBhdCBhbGwsIHNvIGZhbHNlISEhISE";

/// 24 random bytes: 32 URL-safe characters, the form of an ingest key.
pub fn new_key() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>())
}

/// 32 random bytes behind a prefix that tells what it is.
pub fn new_token(prefix: &str) -> String {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
}

/// What is stored of an opaque secret: it is random, so one round of SHA-256 is enough.
pub fn digest(secret: &str) -> Digest {
    Sha256::digest(secret.as_bytes()).into()
}

/// Signs and verifies access tokens, and derives the successor of a refresh token.
pub struct Signer {
    secret: Vec<u8>,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    verified: Mutex<HashMap<Digest, Verified>>,
}

/// What a verified access token says.
#[derive(Debug, Clone, Copy)]
pub struct Verified {
    pub session: SessionId,
    pub expires_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: i64,
    iat: i64,
    /// Token type.
    typ: String,
    /// Session.
    sid: Uuid,
}

impl Signer {
    /// `secret` is any text of at least 32 bytes; checked by the configuration.
    pub fn new(secret: &[u8]) -> Self {
        let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        validation.leeway = 0;
        Self {
            secret: secret.to_vec(),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            verified: Mutex::default(),
        }
    }

    pub fn access_token(&self, session: SessionId, now: DateTime<Utc>) -> Result<String> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            exp: now.timestamp() + ACCESS_SECONDS,
            iat: now.timestamp(),
            typ: TOKEN_TYPE.to_owned(),
            sid: session.0,
        };
        jsonwebtoken::encode(&Header::default(), &claims, &self.encoding).map_err(Error::internal)
    }

    /// None for anything but a token of ours that has not expired. A signature verified once is
    /// remembered until it expires; what it allows is asked of the database each time.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Verified> {
        let name = digest(token);
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = verified.get(&name) {
            return (known.expires_at > now).then_some(*known);
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() {
            return None;
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation);
        let claims = claims.ok()?.claims;
        let expires_at = DateTime::from_timestamp(claims.exp, 0)?;
        if claims.typ != TOKEN_TYPE || expires_at <= now {
            return None;
        }
        let fresh = Verified { session: SessionId(claims.sid), expires_at };
        if verified.len() >= REMEMBERED {
            verified.retain(|_, known| known.expires_at > now);
        }
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.insert(name, fresh);
        Some(fresh)
    }

    /// The one successor of a refresh token: derived, so that a repeat gets the same and nothing
    /// secret is stored.
    pub fn successor(&self, refresh_token: &str) -> String {
        format!("wfr_{}", self.keyed("refresh token successor", refresh_token.as_bytes()))
    }

    /// What is kept of a request's body to know its repeat. Keyed, because a body may hold a
    /// password, and a plain digest of it could be searched in a stolen database.
    pub fn fingerprint(&self, body: &[u8]) -> String {
        self.keyed("request", body)
    }

    fn keyed(&self, purpose: &str, text: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("any key length is valid");
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(text);
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

/// Hashes passwords off the runtime's threads, a few at once.
#[derive(Clone)]
pub struct Passwords {
    places: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(HASHERS)) }
    }
}

impl Passwords {
    pub async fn hash(&self, password: String) -> Result<String> {
        let hashed = self.blocking(move || {
            argon2()?.hash_password(password.as_bytes()).map(|hash| hash.to_string())
        });
        hashed.await?.map_err(|error| Error::internal(error.to_string()))
    }

    /// Whether the password belongs to the hash; the same work where there is no hash.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.blocking(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let right = argon2()
                .and_then(|argon2| argon2.verify_password(password.as_bytes(), hash.as_str()));
            right.is_ok() && known
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let place = self.places.clone().acquire_owned().await.map_err(Error::internal)?;
        // The place goes with the work: who hangs up frees nothing before the work is done.
        let work = move || {
            let done = work();
            drop(place);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
    }
}

fn argon2() -> argon2::password_hash::Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None)
        .map_err(|_| argon2::password_hash::Error::ParamsInvalid)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[tokio::test]
    async fn a_password_is_verified_and_an_unknown_user_never_is() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".to_owned()).await.expect("hashes");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let right = |password: &str, hash: Option<&String>| {
            let (passwords, password) = (passwords.clone(), password.to_owned());
            let hash = hash.cloned();
            async move { passwords.verify(password, hash).await.expect("verifies") }
        };
        assert!(right("correct horse", Some(&hash)).await);
        assert!(!right("wrong horse", Some(&hash)).await);
        assert!(!right("correct horse", None).await);
        let nobody = argon2::password_hash::phc::PasswordHash::new(NOBODY);
        assert!(nobody.is_ok(), "without a valid hash an unknown user would cost nothing");
    }

    #[test]
    fn only_own_unexpired_access_tokens_verify() {
        let (signer, now) = (Signer::new(&[7; 32]), clock::now());
        let session = SessionId(clock::new_id());
        let token = signer.access_token(session, now).expect("signs");
        for _first_and_remembered in 0..2 {
            assert_eq!(signer.verify(&token, now).expect("verifies").session, session);
        }
        let later = now + chrono::TimeDelta::seconds(ACCESS_SECONDS + 1);
        assert!(signer.verify(&token, later).is_none(), "remembered beyond its time");
        assert!(Signer::new(&[8; 32]).verify(&token, now).is_none());
        let old = now - chrono::TimeDelta::seconds(ACCESS_SECONDS + 1);
        let expired = signer.access_token(session, old).expect("signs");
        assert!(signer.verify(&expired, now).is_none());
        assert!(signer.verify("e30.e30.e30", now).is_none());
    }
}

//! Extractors whose every refusal is a problem that names the field.
//!
//! Order in a handler's arguments is the order of the checks: who asks, then what the path names,
//! then the body.

use std::str::FromStr;
use std::time::Duration;

use axum::extract::{FromRef, FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use watchfire_shared::ids::{DeadLetterId, EventId, IncidentRef, KeyId, TokenId, UserId};
use watchfire_shared::log::BATCH_MAX_BYTES;
use watchfire_shared::problem::Code;

use super::Limits;
use super::error::{Error, Result};
use super::json;
use crate::service::{Caller, Idempotency};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_KEY_MAX: usize = 255;

/// What a path names. Text that cannot be an id names nothing: 404.
pub(super) struct Id<T>(pub T);

/// Things that paths name.
pub(super) trait Named: FromStr {
    const WHAT: &str;
}

impl Named for IncidentRef {
    const WHAT: &str = "incident";
}
impl Named for UserId {
    const WHAT: &str = "user";
}
impl Named for KeyId {
    const WHAT: &str = "ingest key";
}
impl Named for TokenId {
    const WHAT: &str = "API token";
}
impl Named for DeadLetterId {
    const WHAT: &str = "dead letter that waits";
}
impl Named for EventId {
    const WHAT: &str = "event";
}

impl<T: Named, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let nothing = || Error::new(Code::NotFound, format!("There is no such {}.", T::WHAT));
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| nothing())?;
        let (_, text) = params.iter().next().ok_or_else(nothing)?;
        text.parse().map(Self).map_err(|_| nothing())
    }
}

/// A JSON body, with the key under which the answer to the command is remembered.
pub(super) struct Body<T> {
    pub value: T,
    idempotency: Option<Idempotency>,
}

impl<T> Body<T> {
    pub fn parts(self) -> (T, Option<Idempotency>) {
        (self.value, self.idempotency)
    }

    /// The caller with their idempotency key, and the body.
    pub fn by(self, mut caller: Caller) -> (Caller, T) {
        caller.idempotency = self.idempotency;
        (caller, self.value)
    }
}

impl<T, S> FromRequest<S> for Body<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
    Limits: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let limits = Limits::from_ref(state);
        let (parts, body) = request.into_parts();
        if media_type(&parts.headers) != "application/json" {
            return Err(unsupported("application/json"));
        }
        let bytes = read(&parts, body, limits.max_body, &limits).await?;
        Ok(Self { idempotency: idempotency(&parts, &bytes)?, value: json::parse(&bytes)? })
    }
}

/// A command that is all in its method and path; a body is read for its hash alone.
pub(super) struct NoBody {
    idempotency: Option<Idempotency>,
}

impl NoBody {
    #[cfg(test)]
    pub fn key(&self) -> Option<&str> {
        self.idempotency.as_ref().map(|idempotency| idempotency.key.as_str())
    }

    pub fn by(self, caller: Caller) -> Caller {
        let Self { idempotency } = self;
        Caller { idempotency, ..caller }
    }
}

impl<S: Send + Sync> FromRequest<S> for NoBody
where
    Limits: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let limits = Limits::from_ref(state);
        let (parts, body) = request.into_parts();
        let bytes = read(&parts, body, limits.max_body, &limits).await?;
        let idempotency = idempotency(&parts, &bytes)?;
        Ok(Self { idempotency })
    }
}

/// A body as bytes, with its media type in lower case.
pub(super) struct Raw {
    pub media_type: String,
    pub bytes: Bytes,
    pub idempotency: Option<Idempotency>,
}

impl<S: Send + Sync> FromRequest<S> for Raw
where
    Limits: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let limits = Limits::from_ref(state);
        let (parts, body) = request.into_parts();
        let bytes = read(&parts, body, BATCH_MAX_BYTES, &limits).await?;
        Ok(Self {
            media_type: media_type(&parts.headers),
            idempotency: idempotency(&parts, &bytes)?,
            bytes,
        })
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kind, _) = text.split_once(';').unwrap_or((text, ""));
    kind.trim().to_ascii_lowercase()
}

pub(super) fn unsupported(expected: &str) -> Error {
    Error::new(Code::UnsupportedMediaType, format!("Send the body with Content-Type: {expected}."))
}

/// The whole body, within `limit` bytes and the deadline.
async fn read(
    parts: &Parts,
    body: axum::body::Body,
    limit: usize,
    limits: &Limits,
) -> Result<Bytes> {
    if let Some(encoding) = parts.headers.get(header::CONTENT_ENCODING)
        && encoding != "identity"
    {
        return Err(Error::new(
            Code::UnsupportedMediaType,
            "Send the body as it is, without a Content-Encoding.",
        ));
    }
    let length = parts.headers.get(header::CONTENT_LENGTH);
    let announced = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|announced| announced > limit as u64) {
        return Err(too_large(limit));
    }
    collect(body, limit, limits.body_deadline).await
}

async fn collect(body: axum::body::Body, limit: usize, deadline: Duration) -> Result<Bytes> {
    match tokio::time::timeout(deadline, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Ok(Err(_)) => Err(Error::new(
            Code::MalformedJson,
            "The body broke off before its end; send the request again.",
        )),
        Err(_) => Err(Error::new(
            Code::RequestTimeout,
            format!("The body did not arrive within {} s.", deadline.as_secs()),
        )),
    }
}

fn too_large(limit: usize) -> Error {
    Error::new(
        Code::PayloadTooLarge,
        format!("The body may have at most {limit} bytes; send less at a time."),
    )
}

/// The key under which the answer to this command is remembered, where the caller sent one.
fn idempotency(parts: &Parts, body: &Bytes) -> Result<Option<Idempotency>> {
    let mut given = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = given.next() else {
        return Ok(None);
    };
    let visible = key.as_bytes().iter().all(u8::is_ascii_graphic);
    let fits = (1..=IDEMPOTENCY_KEY_MAX).contains(&key.len());
    let (true, true, None, Ok(key)) = (visible, fits, given.next(), key.to_str()) else {
        return Err(Error::field(
            "Idempotency-Key",
            format!("must be one value of 1 to {IDEMPOTENCY_KEY_MAX} visible ASCII characters"),
        ));
    };
    Ok(Some(Idempotency {
        key: key.to_owned(),
        route: format!("{} {}", parts.method, parts.uri.path()),
        body: body.clone(),
    }))
}

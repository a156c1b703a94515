//! Who asks. The bearer token goes to the service with every request; nothing is remembered here.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use watchfire_shared::problem::Code;

use super::Api;
use super::error::{Error, Result};
use super::observe::RequestId;
use crate::service::{Caller, Who};

/// A person, signed in or by API token. Ingest keys are refused; what the person's role allows is
/// decided by the service.
pub(super) struct Person(pub Caller);

/// A person or an ingest key.
pub(super) struct Sender(pub Caller);

impl FromRequestParts<Api> for Person {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self> {
        let Sender(caller) = Sender::from_request_parts(parts, api).await?;
        match caller.authority.who {
            Who::Person { .. } => Ok(Self(caller)),
            Who::Key { .. } => Err(Error::new(
                Code::Forbidden,
                "An ingest key may only deliver alerts and logs; use an API token for the rest.",
            )),
        }
    }
}

impl FromRequestParts<Api> for Sender {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self> {
        let token = bearer(parts)?;
        let authority = api.service().authorise(token).await?;
        Ok(Self(Caller { authority, request_id: request_id(parts), idempotency: None }))
    }
}

/// The text after `Bearer `.
pub(super) fn bearer(parts: &Parts) -> Result<&str> {
    let mut given = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(Error::unauthenticated(
            "Send one Authorization header: Bearer and an access token, API token or ingest key.",
        ));
    };
    value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or_else(|| {
            Error::unauthenticated("The Authorization header must be Bearer followed by a token.")
        })
}

fn request_id(parts: &Parts) -> String {
    parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned()).unwrap_or_default()
}

/// The address a connection comes from, put into each of its requests by the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let peer = parts.extensions.get().copied();
        peer.ok_or_else(|| Error::internal("the server did not say where the request came from"))
    }
}

//! The journal by position, as pages and as a live stream.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::event::EventPage;
use watchfire_shared::ids::JournalId;
use watchfire_shared::page::MAX_LINES;

use super::Api;
use super::auth::{self, Person};
use super::error::{Error, Result};
use super::frames::frame;
use super::query::{self, Query};
use super::reply;
use crate::service::{StreamItem, Subscription};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(page)).routes(routes!(live))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
struct EventParams {
    /// Only events after this position.
    after: Option<String>,
    /// 1 to 1000, else 50.
    limit: Option<String>,
    /// Only events of this type (`incident.created`); repeatable.
    #[serde(rename = "type")]
    kinds: Vec<String>,
}

/// The journal, the oldest first.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(EventParams),
    responses((status = 200, description = "A page", body = EventPage)))]
async fn page(
    State(api): State<Api>,
    Person(caller): Person,
    Query(params): Query<EventParams>,
) -> Result {
    let after = query::after(params.after.as_deref())?;
    let limit = query::limit(params.limit.as_deref(), MAX_LINES)?;
    reply::ok(&api.service().events(&caller, after, limit, &params.kinds).await?)
}

/// Where a stream goes on.
struct Resume {
    position: Option<i64>,
    log_id: Option<JournalId>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
struct StreamParams {
    /// Go on after this position; the header `Last-Event-ID` comes first.
    after: Option<String>,
    /// The journal that the position belongs to; another one is answered with `resync`.
    log_id: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Resume {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Query(params) = Query::<StreamParams>::from_request_parts(parts, state).await?;
        let asked = Self {
            position: query::number("after", params.after.as_deref(), 0, i64::MAX)?,
            log_id: query::value("log_id", params.log_id.as_deref())?,
        };
        let Some(last) = parts.headers.get(LAST_EVENT_ID) else {
            return Ok(asked);
        };
        let (log_id, position) = last_event_id(last).ok_or_else(|| {
            Error::field("Last-Event-ID", "must be a position, or a log_id, a colon and a position")
        })?;
        Ok(Self { position: Some(position), log_id: log_id.or(asked.log_id) })
    }
}

/// `1042` or `<log_id>:1042`
fn last_event_id(value: &HeaderValue) -> Option<(Option<JournalId>, i64)> {
    let text = value.to_str().ok()?;
    let (log_id, position) = match text.rsplit_once(':') {
        Some((log_id, position)) => (Some(log_id.parse().ok()?), position),
        None => (None, text),
    };
    let position = position.parse().ok().filter(|position| *position >= 0)?;
    Some((log_id, position))
}

/// The live stream (server-sent events): `hello`, then events as they get their positions,
/// `heartbeat` in between, `resync` when the reader has to load its lists again.
#[utoipa::path(get, path = "/v1/events/stream", tag = "events",
    params(StreamParams, ("Last-Event-ID" = Option<String>, Header,
        description = "The `id` of the last event received: `1042` or `<log_id>:1042`")),
    responses((status = 200, description = "`id`: position, `event`: type, `data`: the event",
        body = String, content_type = "text/event-stream")))]
async fn live(
    State(api): State<Api>,
    Person(caller): Person,
    resume: Resume,
    token: Token,
) -> Result {
    let subscription =
        api.service().subscribe(&caller, token.0, resume.position, resume.log_id).await?;
    Ok(respond(api, subscription))
}

/// The bearer token, by which the stream's authority is read again and again.
struct Token(String);

impl<S: Sync> FromRequestParts<S> for Token {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        auth::bearer(parts).map(|token| Self(token.to_owned()))
    }
}

/// Ends with the subscription: when the process stops, or the reader's authority ends. One item is
/// asked for when the one before it has gone out, so a stream buffers no more than one.
fn respond(api: Api, subscription: Subscription) -> Response {
    let frames = stream::unfold((api, subscription), |(api, mut subscription)| async move {
        let bytes = write(&api, subscription.next().await?).ok()?;
        Some((Ok::<_, Infallible>(bytes), (api, subscription)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (ACCEL_BUFFERING, HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(frames)).into_response()
}

fn write(api: &Api, item: StreamItem) -> Result<Bytes> {
    match item {
        StreamItem::Hello(hello) => frame(Some(hello.position), "hello", &hello),
        StreamItem::Resync(hello) => frame(Some(hello.position), "resync", &hello),
        StreamItem::Heartbeat(heartbeat) => frame(None, "heartbeat", &heartbeat),
        StreamItem::Event(event) => api.0.frames.event(&event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_last_event_id_are_read() {
        let read = |text: &str| last_event_id(&HeaderValue::from_str(text).expect("a header"));
        let log = "0192f3a0-0000-7000-8000-000000000001";
        assert_eq!(read("42"), Some((None, 42)));
        let both = read(&format!("{log}:42"));
        assert_eq!(both, Some((Some(log.parse().expect("a uuid")), 42)));
        for bad in ["", "-1", "x", ":42", "x:42", "42:", "99999999999999999999"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}

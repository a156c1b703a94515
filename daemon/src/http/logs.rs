//! Log lines: batches in, pages out.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::ids::IncidentRef;
use watchfire_shared::log::{BatchError, BatchFormat, Level, LogEntry, LogsAccepted, parse_batch};
use watchfire_shared::page::{MAX_LINES, Page};
use watchfire_shared::problem::Code;

use super::Api;
use super::auth::{Person, Sender};
use super::error::{Error, Result};
use super::extract::{self, Id, Raw};
use super::query::{self, Query};
use super::reply;
use crate::service::{Caller, LogQuery};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(attach, of_incident)).routes(routes!(of_all))
}

/// Attaches log lines: all of them or none.
#[utoipa::path(post, path = "/v1/incidents/{id}/logs", tag = "logs",
    params(("id" = String, Path, description = "Id or reference")),
    request_body(description = "One line as an object, several as an array or as NDJSON; at most \
        10,000 lines and 8 MiB. A line has `message`, and may have `level`, `source`, \
        `occurred_at`; what else it has is kept in its `fields`.",
        content((serde_json::Value = "application/json"), (String = "application/x-ndjson"))),
    responses((status = 201, description = "Attached", body = LogsAccepted)))]
async fn attach(
    State(api): State<Api>,
    Sender(caller): Sender,
    Id(id): Id<IncidentRef>,
    body: Raw,
) -> Result {
    let format = match body.media_type.as_str() {
        "application/json" => BatchFormat::Json,
        "application/x-ndjson" => BatchFormat::Ndjson,
        _ => return Err(extract::unsupported("application/json or application/x-ndjson")),
    };
    let lines = parse_batch(format, &body.bytes)?;
    let caller = Caller { idempotency: body.idempotency, ..caller };
    let accepted = api.service().attach_logs(&caller, id, lines).await?;
    reply::json(StatusCode::CREATED, &accepted)
}

impl From<BatchError> for Error {
    fn from(error: BatchError) -> Self {
        let whole = error.to_string();
        match error {
            BatchError::Malformed { .. } => Self::new(Code::MalformedJson, whole),
            BatchError::Invalid { line, field, message } => {
                Self::field(field.as_deref().unwrap_or("line"), format!("line {line}: {message}"))
            }
            BatchError::TooManyLines | BatchError::Empty => Self::field("lines", whole),
        }
    }
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
struct LogParams {
    /// Only this level and those above it.
    min_level: Option<String>,
    /// Text that the message holds.
    q: Option<String>,
    source: Option<String>,
    /// Only lines before this one: a `seq`, or a `next_cursor`.
    before: Option<String>,
    /// Only lines after this one.
    after: Option<String>,
    /// 1 to 1000, else 50.
    limit: Option<String>,
}

impl LogParams {
    fn query(self) -> Result<LogQuery> {
        if self.before.is_some() && self.after.is_some() {
            return Err(Error::field("after", "cannot be combined with before"));
        }
        Ok(LogQuery {
            min_level: query::value::<Level>("min_level", self.min_level.as_deref())?,
            limit: query::limit(self.limit.as_deref(), MAX_LINES)?,
            q: self.q,
            source: self.source,
            before: self.before,
            after: self.after,
        })
    }
}

/// Log lines of one incident, the newest last.
#[utoipa::path(get, path = "/v1/incidents/{id}/logs", tag = "logs",
    params(("id" = String, Path, description = "Id or reference"), LogParams),
    responses((status = 200, description = "A page", body = Page<LogEntry>)))]
async fn of_incident(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<IncidentRef>,
    Query(params): Query<LogParams>,
) -> Result {
    reply::ok(&api.service().logs(&caller, Some(id), params.query()?).await?)
}

/// Log lines of all incidents, the newest last; `before` and `after` are a line's `id`. Batches that
/// arrive at the same moment may appear out of the order of their ids: to follow them live, read
/// the `log.attached` events and the lines of their incident by `seq`.
#[utoipa::path(get, path = "/v1/logs", tag = "logs", params(LogParams),
    responses((status = 200, description = "A page", body = Page<LogEntry>)))]
async fn of_all(
    State(api): State<Api>,
    Person(caller): Person,
    Query(params): Query<LogParams>,
) -> Result {
    reply::ok(&api.service().logs(&caller, None, params.query()?).await?)
}

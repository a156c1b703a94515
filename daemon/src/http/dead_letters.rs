//! Events that could not be handled.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::dead_letter::{DeadLetter, DiscardIn};
use watchfire_shared::ids::DeadLetterId;
use watchfire_shared::page::{MAX_INCIDENTS, Page};

use super::Api;
use super::auth::Person;
use super::error::Result;
use super::extract::{Body, Id, NoBody};
use super::query::{self, Query};
use super::reply;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(redrive)).routes(routes!(discard))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
struct Params {
    /// `waiting`, `redriving` or `discarded`; else the first two.
    state: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, else 50.
    limit: Option<String>,
}

/// Parked and undecodable events, the oldest first.
#[utoipa::path(get, path = "/v1/admin/dead-letters", tag = "admin", params(Params),
    responses((status = 200, description = "A page", body = Page<DeadLetter>)))]
async fn list(
    State(api): State<Api>,
    Person(caller): Person,
    Query(params): Query<Params>,
) -> Result {
    let limit = query::limit(params.limit.as_deref(), MAX_INCIDENTS)?;
    let state = query::value("state", params.state.as_deref())?;
    let after = params.cursor.map(|cursor| cursor.parse()).transpose();
    let after = after.map_err(|_| query::invalid_cursor())?;
    reply::ok(&api.service().dead_letters(&caller, state, after, limit).await?)
}

/// Has an event handled again, with those of its incident that wait behind it, in their order.
#[utoipa::path(post, path = "/v1/admin/dead-letters/{id}/redrive", tag = "admin",
    params(("id" = DeadLetterId, Path)),
    responses((status = 202, description = "A worker will handle it")))]
async fn redrive(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<DeadLetterId>,
    body: NoBody,
) -> Result {
    api.service().redrive(&body.by(caller), id).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Has an event never handled; those that wait behind it go on.
#[utoipa::path(post, path = "/v1/admin/dead-letters/{id}/discard", tag = "admin",
    params(("id" = DeadLetterId, Path)), request_body = DiscardIn,
    responses((status = 204, description = "Kept for the record, and never handled")))]
async fn discard(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<DeadLetterId>,
    body: Body<DiscardIn>,
) -> Result {
    let (caller, discard) = body.by(caller);
    api.service().discard(&caller, id, discard).await?;
    Ok(reply::no_content())
}

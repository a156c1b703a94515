//! Assessments of an incident.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::assessment::Assessment;
use watchfire_shared::ids::IncidentRef;
use watchfire_shared::page::{MAX_INCIDENTS, Page};

use super::Api;
use super::auth::Person;
use super::error::Result;
use super::extract::{Id, NoBody};
use super::query::{self, Query};
use super::reply;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, request))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
struct Params {
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, else 50.
    limit: Option<String>,
}

/// The assessments of an incident, the newest first.
#[utoipa::path(get, path = "/v1/incidents/{id}/assessments", tag = "assessments",
    params(("id" = String, Path, description = "Id or reference"), Params),
    responses((status = 200, description = "A page", body = Page<Assessment>)))]
async fn list(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<IncidentRef>,
    Query(params): Query<Params>,
) -> Result {
    let limit = query::limit(params.limit.as_deref(), MAX_INCIDENTS)?;
    let before = params.cursor.map(|cursor| cursor.parse()).transpose();
    let before = before.map_err(|_| query::invalid_cursor())?;
    reply::ok(&api.service().assessments(&caller, id, before, limit).await?)
}

/// Requests an assessment; while one is under way, that is the answer.
#[utoipa::path(post, path = "/v1/incidents/{id}/assessments", tag = "assessments",
    params(("id" = String, Path, description = "Id or reference")),
    responses((status = 202, description = "It will be made", body = Assessment)))]
async fn request(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<IncidentRef>,
    body: NoBody,
) -> Result {
    let assessment = api.service().request_assessment(&body.by(caller), id).await?;
    reply::json(StatusCode::ACCEPTED, &assessment)
}

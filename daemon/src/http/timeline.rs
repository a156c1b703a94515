//! What happened to one incident.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::event::Event;
use watchfire_shared::ids::IncidentRef;
use watchfire_shared::page::{MAX_LINES, Page};

use super::Api;
use super::auth::Person;
use super::error::Result;
use super::extract::Id;
use super::query::{self, Query};
use super::reply;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(timeline))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
struct TimelineParams {
    /// Only events after this version.
    after: Option<String>,
    /// The `next_cursor` of the page before, in the place of `after`.
    cursor: Option<String>,
    /// 1 to 1000, else 50.
    limit: Option<String>,
}

/// The events of an incident by version, the oldest first.
#[utoipa::path(get, path = "/v1/incidents/{id}/timeline", tag = "incidents",
    params(("id" = String, Path, description = "Id or reference"), TimelineParams),
    responses((status = 200, description = "A page", body = Page<Event>)))]
async fn timeline(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<IncidentRef>,
    Query(params): Query<TimelineParams>,
) -> Result {
    let limit = query::limit(params.limit.as_deref(), MAX_LINES)?;
    let after = match params.cursor {
        Some(cursor) => {
            cursor.parse().ok().filter(|version| *version >= 0).ok_or_else(query::invalid_cursor)?
        }
        None => query::after(params.after.as_deref())?,
    };
    reply::ok(&api.service().timeline(&caller, id, after, limit).await?)
}

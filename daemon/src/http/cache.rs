//! The cache, looked into, cleared out and shown at work.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::cache::{CacheDemo, CacheKey, PurgeIn, Purged};
use watchfire_shared::page::{MAX_INCIDENTS, Page};

use super::Api;
use super::auth::Person;
use super::error::{Error, Result};
use super::extract::{Body, NoBody};
use super::query::{self, Query};
use super::reply;
use crate::cache::Asked;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(cache_keys))
        .routes(routes!(cache_ttl))
        .routes(routes!(cache_purge))
        .routes(routes!(cache_demo))
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
struct Params {
    /// `incident`, `incident_list`, `counts`, `reference`, `user`, `stats`, `generation`.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    kind: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, else 50. A page of Redis may have somewhat more.
    limit: Option<String>,
}

#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
struct Name {
    /// As it is listed.
    #[param(required = true)]
    key: Option<String>,
}

/// Names in the cache, with what stands there.
#[utoipa::path(get, path = "/v1/admin/cache/keys", tag = "admin", params(Params),
    responses((status = 200, description = "A page", body = Page<CacheKey>)))]
async fn cache_keys(
    State(api): State<Api>,
    Person(caller): Person,
    Query(params): Query<Params>,
) -> Result {
    let limit = query::limit(params.limit.as_deref(), MAX_INCIDENTS)?;
    let is_word = |kind: &String| kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if !params.kind.as_ref().is_none_or(is_word) {
        return Err(Error::field("type", "must be a type as names have it, like incident"));
    }
    let asked = Asked { kind: params.kind, cursor: params.cursor, limit };
    reply::ok(&api.service().cache_keys(&caller, asked).await?)
}

/// One name in the cache, and how long it has left.
#[utoipa::path(get, path = "/v1/admin/cache/ttl", tag = "admin", params(Name),
    responses((status = 200, description = "What stands there", body = CacheKey),
        (status = 404, description = "Nothing stands there")))]
async fn cache_ttl(
    State(api): State<Api>,
    Person(caller): Person,
    Query(Name { key }): Query<Name>,
) -> Result {
    let key = key.ok_or_else(|| Error::field("key", "must be a name as it is listed"))?;
    reply::ok(&api.service().cache_key(&caller, &key).await?)
}

/// Removes what nobody reads any more, or makes everything absent by raising the epoch.
#[utoipa::path(post, path = "/v1/admin/cache/purge", tag = "admin", request_body = PurgeIn,
    responses((status = 200, description = "What was removed", body = Purged)))]
async fn cache_purge(
    State(api): State<Api>,
    Person(caller): Person,
    body: Body<PurgeIn>,
) -> Result {
    let (caller, purge) = body.by(caller);
    reply::ok(&api.service().purge_cache(&caller, purge).await?)
}

/// Measures the cache on an incident made for it and removed again; takes some seconds, one at a
/// time.
#[utoipa::path(post, path = "/v1/admin/cache/demo", tag = "admin",
    responses((status = 200, description = "What was measured", body = CacheDemo)))]
async fn cache_demo(State(api): State<Api>, Person(caller): Person, body: NoBody) -> Result {
    reply::ok(&api.service().cache_demo(&body.by(caller)).await?)
}

//! Keys, tokens, the cache's figures and the outbox.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::cache::CacheStats;
use watchfire_shared::ids::{EventId, KeyId, TokenId};
use watchfire_shared::outbox::OutboxStatus;
use watchfire_shared::page::Page;
use watchfire_shared::process::Fleet;
use watchfire_shared::user::{ApiToken, ApiTokenIn, IngestKey, IngestKeyIn, WithSecret};

use super::Api;
use super::auth::Person;
use super::error::Result;
use super::extract::{Body, Id, NoBody};
use super::query::{Nothing, Query};
use super::reply;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(keys, create_key))
        .routes(routes!(revoke_key))
        .routes(routes!(tokens, create_token))
        .routes(routes!(revoke_token))
        .routes(routes!(cache_stats))
        .routes(routes!(outbox))
        .routes(routes!(retry))
        .routes(routes!(processes))
}

/// Ingest keys, without their secrets.
#[utoipa::path(get, path = "/v1/admin/keys", tag = "admin",
    responses((status = 200, description = "All keys", body = Page<IngestKey>)))]
async fn keys(State(api): State<Api>, Person(caller): Person, _: Query<Nothing>) -> Result {
    reply::whole(api.service().keys(&caller).await?)
}

/// A new ingest key; its secret is shown this once.
#[utoipa::path(post, path = "/v1/admin/keys", tag = "admin", request_body = IngestKeyIn,
    responses((status = 201, description = "The key with its secret", body = WithSecret<IngestKey>)))]
async fn create_key(
    State(api): State<Api>,
    Person(caller): Person,
    body: Body<IngestKeyIn>,
) -> Result {
    let (caller, new) = body.by(caller);
    let key = api.service().create_key(&caller, new).await?;
    reply::secret(StatusCode::CREATED, &key)
}

/// Revokes an ingest key.
#[utoipa::path(delete, path = "/v1/admin/keys/{id}", tag = "admin", params(("id" = KeyId, Path)),
    responses((status = 204, description = "Revoked")))]
async fn revoke_key(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<KeyId>,
    body: NoBody,
) -> Result {
    api.service().revoke_key(&body.by(caller), id).await?;
    Ok(reply::no_content())
}

/// API tokens, without their secrets.
#[utoipa::path(get, path = "/v1/admin/tokens", tag = "admin",
    responses((status = 200, description = "All tokens", body = Page<ApiToken>)))]
async fn tokens(State(api): State<Api>, Person(caller): Person, _: Query<Nothing>) -> Result {
    reply::whole(api.service().tokens(&caller).await?)
}

/// A new API token; its secret is shown this once.
#[utoipa::path(post, path = "/v1/admin/tokens", tag = "admin", request_body = ApiTokenIn,
    responses((status = 201, description = "The token with its secret", body = WithSecret<ApiToken>)))]
async fn create_token(
    State(api): State<Api>,
    Person(caller): Person,
    body: Body<ApiTokenIn>,
) -> Result {
    let (caller, new) = body.by(caller);
    let token = api.service().create_token(&caller, new).await?;
    reply::secret(StatusCode::CREATED, &token)
}

/// Revokes an API token.
#[utoipa::path(delete, path = "/v1/admin/tokens/{id}", tag = "admin", params(("id" = TokenId, Path)),
    responses((status = 204, description = "Revoked")))]
async fn revoke_token(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<TokenId>,
    body: NoBody,
) -> Result {
    api.service().revoke_token(&body.by(caller), id).await?;
    Ok(reply::no_content())
}

/// What the cache of this process has done, and of all together.
#[utoipa::path(get, path = "/v1/admin/cache-stats", tag = "admin",
    responses((status = 200, description = "Exact counters, as of now", body = CacheStats)))]
async fn cache_stats(State(api): State<Api>, Person(caller): Person, _: Query<Nothing>) -> Result {
    reply::ok(&api.service().cache_stats(&caller).await?)
}

/// Events on their way out.
#[utoipa::path(get, path = "/v1/admin/outbox", tag = "admin",
    responses((status = 200, description = "What is not yet published", body = OutboxStatus)))]
async fn outbox(State(api): State<Api>, Person(caller): Person, _: Query<Nothing>) -> Result {
    reply::ok(&api.service().outbox(&caller).await?)
}

/// Publishes a failed event again.
#[utoipa::path(post, path = "/v1/admin/outbox/{event_id}/retry", tag = "admin",
    params(("event_id" = EventId, Path)),
    responses((status = 202, description = "It will be published again")))]
async fn retry(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<EventId>,
    body: NoBody,
) -> Result {
    api.service().retry_event(&body.by(caller), id).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Daemons and workers that were heard of in the last ten seconds, with what each says of itself.
#[utoipa::path(get, path = "/v1/admin/processes", tag = "admin",
    responses((status = 200, description = "All of them", body = Fleet)))]
async fn processes(State(api): State<Api>, Person(caller): Person, _: Query<Nothing>) -> Result {
    reply::ok(&Fleet { items: api.service().processes(&caller).await? })
}

//! People.

use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::ids::UserId;
use watchfire_shared::page::Page;
use watchfire_shared::user::{UserIn, UserOut, UserPatch};

use super::Api;
use super::auth::Person;
use super::error::Result;
use super::extract::{Body, Id, NoBody};
use super::query::{Nothing, Query};
use super::reply;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(list, create))
        .routes(routes!(show, change, delete))
}

/// Who asks.
#[utoipa::path(get, path = "/v1/users/me", tag = "users",
    responses((status = 200, description = "You", body = UserOut)))]
async fn me(State(api): State<Api>, Person(caller): Person, _: Query<Nothing>) -> Result {
    reply::ok(&api.service().me(&caller).await?)
}

/// Everybody; with e-mail addresses for admins.
#[utoipa::path(get, path = "/v1/users", tag = "users",
    responses((status = 200, description = "All people", body = Page<UserOut>)))]
async fn list(State(api): State<Api>, Person(caller): Person, _: Query<Nothing>) -> Result {
    reply::whole(api.service().users(&caller).await?)
}

/// Adds a person.
#[utoipa::path(post, path = "/v1/users", tag = "users", request_body = UserIn,
    responses((status = 201, description = "Added", body = UserOut, headers(("Location" = String)))))]
async fn create(State(api): State<Api>, Person(caller): Person, body: Body<UserIn>) -> Result {
    let (caller, new) = body.by(caller);
    let user = api.service().create_user(&caller, new).await?;
    let path = format!("/v1/users/{}", user.id);
    Ok(reply::located(reply::json(StatusCode::CREATED, &user)?, &path))
}

/// One person.
#[utoipa::path(get, path = "/v1/users/{id}", tag = "users", params(("id" = UserId, Path)),
    responses((status = 200, description = "The person", body = UserOut)))]
async fn show(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<UserId>,
    _: Query<Nothing>,
) -> Result {
    reply::ok(&api.service().user(&caller, id).await?)
}

/// Changes a person; name and password are everybody's own.
#[utoipa::path(patch, path = "/v1/users/{id}", tag = "users", params(("id" = UserId, Path)),
    request_body = UserPatch,
    responses((status = 200, description = "The person as they are now", body = UserOut)))]
async fn change(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<UserId>,
    body: Body<UserPatch>,
) -> Result {
    let (caller, patch) = body.by(caller);
    reply::ok(&api.service().update_user(&caller, id, patch).await?)
}

/// Deactivates a person: ends sessions and tokens, unassigns open incidents, keeps the row.
#[utoipa::path(delete, path = "/v1/users/{id}", tag = "users", params(("id" = UserId, Path)),
    responses((status = 204, description = "Deactivated")))]
async fn delete(
    State(api): State<Api>,
    Person(caller): Person,
    Id(id): Id<UserId>,
    body: NoBody,
) -> Result {
    api.service().delete_user(&body.by(caller), id).await?;
    Ok(reply::no_content())
}

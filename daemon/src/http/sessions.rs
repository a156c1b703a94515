//! Signing in and out with e-mail and password.

use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::session::{Login, Refresh, Tokens};

use super::Api;
use super::auth::Peer;
use super::error::Result;
use super::extract::Body;
use super::reply;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(login)).routes(routes!(refresh)).routes(routes!(logout))
}

/// Signs in.
#[utoipa::path(post, path = "/v1/auth/login", tag = "sessions", request_body = Login, security(()),
    responses((status = 200, description = "Signed in", body = Tokens)))]
async fn login(State(api): State<Api>, Peer(peer): Peer, body: Body<Login>) -> Result {
    let (login, idempotency) = body.parts();
    let tokens = api.service().login(login, peer, idempotency).await?;
    reply::secret(StatusCode::OK, &tokens)
}

/// New tokens for a refresh token, which is used up.
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "sessions", request_body = Refresh, security(()),
    responses((status = 200, description = "New tokens", body = Tokens)))]
async fn refresh(State(api): State<Api>, body: Body<Refresh>) -> Result {
    let tokens = api.service().refresh(body.value).await?;
    reply::secret(StatusCode::OK, &tokens)
}

/// Ends the session of a refresh token.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "sessions", request_body = Refresh, security(()),
    responses((status = 204, description = "Signed out")))]
async fn logout(State(api): State<Api>, body: Body<Refresh>) -> Result {
    api.service().logout(body.value).await?;
    Ok(reply::no_content())
}

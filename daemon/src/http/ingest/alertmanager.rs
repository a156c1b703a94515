//! The webhook of Alertmanager. It drops every notification that is answered with a 4xx and
//! repeats every other that was not answered with a 2xx.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::problem::Code;

use crate::http::Api;
use crate::http::auth::Sender;
use crate::http::error::{Error, Result};
use crate::http::extract::Raw;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(receive))
}

/// Takes a notification (webhook version 4).
#[utoipa::path(post, path = "/v1/ingest/alertmanager", tag = "ingest",
    request_body(description = "The webhook body of Alertmanager, version 4",
        content((serde_json::Value = "application/json"))),
    responses((status = 200, description = "Stored")))]
async fn receive(State(api): State<Api>, Sender(caller): Sender, body: Result<Raw>) -> Result {
    let body = body.map_err(worth_repeating)?;
    api.service().ingest_alertmanager(&caller, &body.bytes).await?;
    Ok(StatusCode::OK.into_response())
}

/// A body that came too slowly was not refused for what it says: 408 would lose it.
fn worth_repeating(error: Error) -> Error {
    match error.code() {
        Code::RequestTimeout => Error::unavailable("The body did not arrive in time.", 1),
        _ => error,
    }
}

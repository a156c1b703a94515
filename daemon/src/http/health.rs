//! Is it alive, is it ready, how are its parts, and its metrics. Open to all; no secrets here.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::health::{Health, HealthStatus};

use super::Api;
use super::error::{Error, Result};
use super::reply;
use crate::telemetry;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(alive))
        .routes(routes!(ready))
        .routes(routes!(health))
        .routes(routes!(metrics))
}

/// Those that need nothing but the process.
pub(super) fn bare() -> Router {
    Router::new().route("/healthz", get(alive)).route("/metrics", get(metrics))
}

/// Answers while the process lives.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, description = "Alive")))]
async fn alive() -> Result {
    reply::ok(&serde_json::json!({ "status": "alive" }))
}

/// Answers 200 when the database answers and is migrated, and the process is not stopping.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()),
    responses((status = 200, description = "Ready")))]
async fn ready(State(api): State<Api>) -> Result {
    if api.0.stopping.is_cancelled() {
        return Err(Error::unavailable("The daemon is stopping.", 1));
    }
    if !api.service().ready().await {
        return Err(Error::unavailable("The database does not answer.", 1));
    }
    reply::ok(&serde_json::json!({ "status": "ready" }))
}

/// The state of every part, with reason and since when.
#[utoipa::path(get, path = "/v1/health", tag = "health", security(()),
    responses((status = 200, description = "Healthy or degraded", body = Health),
        (status = 503, description = "Unhealthy: no database", body = Health)))]
async fn health(State(api): State<Api>) -> Result {
    let health = api.service().health().await;
    let status = match health.status {
        HealthStatus::Healthy | HealthStatus::Degraded => StatusCode::OK,
        HealthStatus::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
    };
    reply::json(status, &health)
}

/// Prometheus metrics.
#[utoipa::path(get, path = "/metrics", tag = "health", security(()),
    responses((status = 200, description = "Prometheus text format", body = String,
        content_type = "text/plain")))]
async fn metrics() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, telemetry::metrics().render()).into_response()
}

//! The HTTP API: requests in, service calls, answers out. The service never sees axum, and this
//! module never sees the store.
//!
//! A request's way: [`server`] (accepts, deadlines, limits) → `observe` (request id, log line,
//! metrics, panics, problem bodies) → the extractors (`auth`, `extract`, `conditional`) → a
//! handler, one file per resource → the service.

mod admin;
mod assessments;
mod auth;
mod cache;
mod conditional;
mod connection;
mod dead_letters;
mod error;
mod events;
mod extract;
mod frames;
mod health;
mod incidents;
mod ingest;
mod json;
mod logs;
mod observe;
mod openapi;
mod query;
mod reply;
pub mod server;
mod sessions;
mod socket;
#[cfg(test)]
mod tests;
mod timeline;
mod users;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::FromRef;
use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

use crate::lifecycle::Lifecycle;
use crate::service::Service;

/// What a peer may take of us.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Open connections; more wait in the kernel's queue until one closes.
    pub max_connections: u32,
    /// Time from the first byte of a request (or from connecting) to the end of its headers.
    pub header_deadline: Duration,
    /// Time for a body to arrive.
    pub body_deadline: Duration,
    /// A connection on which nothing moves for so long is closed.
    pub idle: Duration,
    /// Bytes of a request line with its headers.
    pub max_header: usize,
    /// Bytes of a body; batches of log lines may have `watchfire_shared::log::BATCH_MAX_BYTES`.
    pub max_body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 16_384,
            header_deadline: Duration::from_secs(10),
            body_deadline: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            max_header: 16 * 1024,
            max_body: 1024 * 1024,
        }
    }
}

/// What every handler can reach.
#[derive(Clone)]
struct Api(Arc<Inner>);

struct Inner {
    service: Service,
    limits: Limits,
    stopping: CancellationToken,
    frames: frames::Frames,
    /// The OpenAPI page, written once when the routes are known.
    openapi: OnceLock<Bytes>,
}

impl Api {
    fn service(&self) -> &Service {
        &self.0.service
    }
}

impl FromRef<Api> for Limits {
    fn from_ref(api: &Api) -> Self {
        api.0.limits
    }
}

/// All routes with all layers.
pub fn router(service: Service, limits: Limits, lifecycle: &Lifecycle) -> Router {
    let api = Api(Arc::new(Inner {
        service,
        limits,
        stopping: lifecycle.stopping().clone(),
        frames: frames::Frames::default(),
        openapi: OnceLock::new(),
    }));
    let (routes, page) = routes().split_for_parts();
    api.0.openapi.get_or_init(|| openapi::render(page));
    finished(routes).with_state(api)
}

/// What a worker serves: whether it lives, and its metrics.
pub fn metrics_router() -> Router {
    finished(health::bare())
}

fn routes() -> OpenApiRouter<Api> {
    openapi::router()
        .merge(sessions::routes())
        .merge(users::routes())
        .merge(incidents::routes())
        .merge(logs::routes())
        .merge(timeline::routes())
        .merge(events::routes())
        .merge(ingest::routes())
        .merge(admin::routes())
        .merge(cache::routes())
        .merge(assessments::routes())
        .merge(dead_letters::routes())
        .merge(health::routes())
}

/// With the answers to what no route answers, and with the one layer around everything.
fn finished<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes
        .fallback(error::no_route)
        .method_not_allowed_fallback(error::no_method)
        .layer(observe::Layer)
}

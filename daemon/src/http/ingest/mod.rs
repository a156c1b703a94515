//! Doors for senders that speak their own format.

mod alertmanager;

use utoipa_axum::router::OpenApiRouter;

use super::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().merge(alertmanager::routes())
}

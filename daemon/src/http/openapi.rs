//! The OpenAPI page, generated from the handlers' annotations. What all operations share (who may,
//! which problems) is added here once, by rule.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
    ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use watchfire_shared::problem::{Code, Problem};

use super::Api;
use super::error::PROBLEM_JSON;

const BEARER: &str = "bearer";

pub(super) fn router() -> OpenApiRouter<Api> {
    let info = InfoBuilder::new()
        .title("Watchfire")
        .description(Some("Incidents, their alerts, logs and history."))
        .version(env!("CARGO_PKG_VERSION"));
    let page = OpenApiBuilder::new().info(info).build();
    OpenApiRouter::with_openapi(page).routes(routes!(openapi))
}

/// This page.
#[utoipa::path(get, path = "/openapi.json", tag = "health", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
async fn openapi(State(api): State<Api>) -> Response {
    let page = api.0.openapi.get().cloned().unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], page).into_response()
}

/// The page with what all operations share.
pub(super) fn render(mut page: OpenApi) -> Bytes {
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    schemas.push((Problem::name().into_owned(), Problem::schema()));
    let bearer = SecurityScheme::Http(
        Http::builder().scheme(HttpAuthScheme::Bearer).description(Some(
            "An access token (from signing in), an API token, or, for deliveries, an ingest key",
        )).build(),
    );
    let shared =
        ComponentsBuilder::new().schemas_from_iter(schemas).security_scheme(BEARER, bearer).build();
    match &mut page.components {
        Some(components) => {
            components.schemas.extend(shared.schemas);
            components.security_schemes.extend(shared.security_schemes);
        }
        None => page.components = Some(shared),
    }
    page.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(BEARER, [])]);
    for (path, item) in &mut page.paths.paths {
        let methods = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in methods.into_iter().flatten() {
            add_problems(path, operation);
        }
    }
    let json = page.to_json().expect("the page has only string keys and finite numbers");
    Bytes::from(json)
}

/// Which problems an operation can answer with follows from what it takes.
fn add_problems(path: &str, operation: &mut Operation) {
    let open = operation.security.is_some();
    let takes_body = operation.request_body.is_some();
    let takes_parameters = operation.parameters.is_some();
    let patches =
        operation.parameters.iter().flatten().any(
            |parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "If-Match"),
        );
    let mut codes = vec![Code::RequestTimeout, Code::HeadersTooLarge, Code::Internal];
    let when = |condition: bool, more: &[Code]| if condition { more.to_vec() } else { Vec::new() };
    codes.extend(when(!open, &[Code::Unauthenticated, Code::Forbidden, Code::Unavailable]));
    codes.extend(when(takes_parameters, &[Code::Validation]));
    codes.extend(when(path.contains('{'), &[Code::NotFound]));
    codes.extend(when(patches, &[Code::VersionMismatch]));
    codes.extend(when(
        takes_body,
        &[Code::MalformedJson, Code::Conflict, Code::PayloadTooLarge, Code::UnsupportedMediaType],
    ));
    codes.extend(when(path == "/v1/auth/login", &[Code::RateLimited]));
    codes.extend(when(path.starts_with("/v1/auth/"), &[Code::Unauthenticated, Code::Unavailable]));
    for code in codes {
        let content =
            ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
        let response =
            ResponseBuilder::new().description(code.title()).content(PROBLEM_JSON, content).build();
        let responses = &mut operation.responses.responses;
        responses.entry(code.status().to_string()).or_insert_with(|| response.into());
    }
}

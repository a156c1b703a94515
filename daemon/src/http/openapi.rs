//! The OpenAPI page, generated from the handlers' annotations. What all operations share (who may,
//! which problems) is added here once, by rule.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
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
        for operation in [&mut item.get].into_iter().flatten() {
            complete(path, operation, false);
        }
        let commands = [&mut item.post, &mut item.patch, &mut item.delete];
        for operation in commands.into_iter().flatten() {
            complete(path, operation, true);
        }
    }
    let json = page.to_json().expect("the page has only string keys and finite numbers");
    Bytes::from(json)
}

fn complete(path: &str, operation: &mut Operation, command: bool) {
    // Handlers of different resources share their short names.
    let tag = operation.tags.iter().flatten().next();
    if let (Some(tag), Some(name)) = (tag, &operation.operation_id) {
        operation.operation_id = Some(format!("{tag}_{name}"));
    }
    for code in problems(path, operation, command) {
        let content =
            ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
        let response =
            ResponseBuilder::new().description(code.title()).content(PROBLEM_JSON, content).build();
        let responses = &mut operation.responses.responses;
        responses.entry(code.status().to_string()).or_insert_with(|| response.into());
    }
    if command && operation.security.is_none() {
        let key = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .description(Some("A repeat with the same key gets the same answer, for 24 hours"))
            .schema(Some(String::schema()))
            .build();
        operation.parameters.get_or_insert_default().push(RefOr::T(key));
    }
}

/// Which problems an operation can answer with follows from what it takes.
fn problems(path: &str, operation: &Operation, command: bool) -> Vec<Code> {
    let signs_in = path.starts_with("/v1/auth/");
    let open = operation.security.is_some() && !signs_in;
    let has_if_match =
        operation.parameters.iter().flatten().any(
            |parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "If-Match"),
        );
    let rules: [(bool, &[Code]); 9] = [
        (true, &[Code::NotAcceptable, Code::RequestTimeout, Code::HeadersTooLarge, Code::Internal]),
        (!open, &[Code::Validation, Code::Unauthenticated, Code::Unavailable]),
        (!open && !signs_in, &[Code::Forbidden]),
        (path.contains('{'), &[Code::NotFound]),
        (path == "/readyz", &[Code::Unavailable]),
        (path == "/v1/auth/login", &[Code::RateLimited]),
        (has_if_match, &[Code::VersionMismatch]),
        (command && !signs_in, &[Code::Conflict]),
        (command, &[Code::PayloadTooLarge, Code::UnsupportedMediaType]),
    ];
    rules.into_iter().filter(|(holds, _)| *holds).flat_map(|(_, codes)| codes).copied().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn page() -> Value {
        let page = crate::http::routes().into_openapi();
        serde_json::from_slice(&render(page)).expect("JSON")
    }

    /// Every `(path, method, operation)`.
    fn operations(page: &Value) -> Vec<(&str, &str, &Value)> {
        let paths = page["paths"].as_object().expect("paths").iter();
        let each = paths.flat_map(|(path, item)| {
            let methods = item.as_object().expect("an item").iter();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        });
        each.collect()
    }

    #[test]
    fn every_operation_has_its_own_name_an_answer_and_problems() {
        let page = page();
        assert!(page["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
        let operations = operations(&page);
        let names: BTreeSet<_> =
            operations.iter().map(|(_, _, o)| o["operationId"].as_str()).collect();
        assert_eq!(names.len(), operations.len(), "two operations share a name");
        for (path, method, operation) in operations {
            let responses = operation["responses"].as_object().expect("responses");
            let answers = responses.keys().any(|status| status.starts_with('2'));
            assert!(answers, "{method} {path} never succeeds");
            let problem = &responses["500"]["content"]["application/problem+json"]["schema"];
            assert_eq!(problem["$ref"], "#/components/schemas/Problem", "{method} {path}");
            let open = operation["security"] == serde_json::json!([{}]);
            let guarded = responses.contains_key("401");
            assert!(open || guarded, "{method} {path} does not say who may");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let page = page();
        let text = page.to_string();
        let schemas = page["components"]["schemas"].as_object().expect("schemas");
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap_or_default();
            assert!(schemas.contains_key(name), "{name} is missing");
        }
    }
}

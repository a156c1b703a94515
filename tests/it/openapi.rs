//! The page of the API: it lists what there is, and what it lists is there.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;
use watchfire_tests::{Daemon, Engine};

/// Every route there is, as the page of the API lists it.
const ROUTES: &str = "
    GET /healthz · GET /readyz · GET /metrics · GET /openapi.json · GET /v1/health
    POST /v1/auth/login · POST /v1/auth/refresh · POST /v1/auth/logout
    GET /v1/users · POST /v1/users · GET /v1/users/me · GET /v1/users/{id} · PATCH /v1/users/{id} · DELETE /v1/users/{id}
    GET /v1/incidents · POST /v1/incidents · GET /v1/incidents/counts
    GET /v1/incidents/{id} · PATCH /v1/incidents/{id} · DELETE /v1/incidents/{id}
    POST /v1/incidents/{id}/comments · GET /v1/incidents/{id}/timeline
    POST /v1/incidents/{id}/logs · GET /v1/incidents/{id}/logs · GET /v1/incidents/{id}/alerts · GET /v1/logs
    GET /v1/stats · GET /v1/events · GET /v1/events/stream
    GET /v1/admin/keys · POST /v1/admin/keys · DELETE /v1/admin/keys/{id}
    GET /v1/admin/tokens · POST /v1/admin/tokens · DELETE /v1/admin/tokens/{id}
    GET /v1/incidents/{id}/assessments · POST /v1/incidents/{id}/assessments
    GET /v1/admin/dead-letters · POST /v1/admin/dead-letters/{id}/redrive · POST /v1/admin/dead-letters/{id}/discard
    GET /v1/admin/processes
    GET /v1/admin/cache/keys · GET /v1/admin/cache/ttl · POST /v1/admin/cache/purge · POST /v1/admin/cache/demo
    GET /v1/admin/cache-stats · GET /v1/admin/outbox · POST /v1/admin/outbox/{event_id}/retry
    POST /v1/ingest/alertmanager";

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value.as_str() {
            Some(target) if name == "$ref" => found.push(target),
            _ => references(value, found),
        }),
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_openapi_page_lists_every_route_and_nothing_else() {
    let daemon = Daemon::start(Engine::Sqlite).await;
    let nobody = daemon.as_nobody();
    let page = nobody.read("/openapi.json").await.json();
    assert!(page["openapi"].as_str().unwrap().starts_with("3.1"));
    let expected: BTreeSet<String> = ROUTES
        .split(['·', '\n'])
        .map(|route| route.trim().to_owned())
        .filter(|route| !route.is_empty())
        .collect();
    let (mut listed, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (path, item) in page["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            listed.insert(format!("{} {path}", method.to_uppercase()));
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is there twice");
            assert!(
                operation["responses"].as_object().is_some_and(|all| !all.is_empty()),
                "{path}"
            );
            // What is listed is there, and asks who comes where it does not say that it is open.
            let real = path.replace("{id}", "x").replace("{event_id}", "x");
            let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let status = nobody.request(verb, &real).send().await.status.as_u16();
            let open = operation.get("security").is_some();
            assert_eq!(status == 401, !open, "{method} {path}: {status}");
            assert!(![404, 405].contains(&status), "{method} {path}: {status}");
        }
    }
    assert_eq!(listed, expected);
    let mut targets = Vec::new();
    references(&page, &mut targets);
    assert!(targets.len() > 20);
    for target in targets {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(page.pointer(pointer).is_some(), "{target} leads nowhere");
    }
}

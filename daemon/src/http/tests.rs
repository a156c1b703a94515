//! Requests that never reach the service.

use std::time::Duration;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::http::{Request, Response, StatusCode, header};
use axum::routing::{get, post};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use serde::Deserialize;
use tower::ServiceExt;
use watchfire_shared::ids::IncidentRef;
use watchfire_shared::problem::{Code, Problem};

use super::Limits;
use super::conditional::{IfMatch, IfNoneMatch};
use super::error::{Error, Result};
use super::extract::{Body, Id, NoBody, Raw};
use super::query::{self, Query};
use super::reply;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outer {
    name: String,
    #[serde(default)]
    inner: Option<Inner>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    count: u8,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Params {
    word: Vec<String>,
    limit: Option<String>,
}

fn app() -> Router {
    let limits =
        Limits { max_body: 100, body_deadline: Duration::from_millis(50), ..Limits::default() };
    let routes = Router::new()
        .route("/ok", get(async || reply::ok("fine")))
        .route("/panic", get(panics))
        .route("/internal", get(async || Err::<(), _>(Error::internal("secret of the store"))))
        .route("/busy", get(async || Err::<(), _>(Error::unavailable("Later.", 7))))
        .route("/who", get(async || Err::<(), _>(Error::unauthenticated("Who are you?"))))
        .route("/body", post(takes_body))
        .route("/raw", post(async |raw: Raw| reply::ok(&raw.bytes.len())))
        .route("/query", get(takes_query))
        .route("/incidents/{id}", get(async |Id(id): Id<IncidentRef>| id.to_string()))
        .route("/tags", get(takes_tags))
        .route("/idempotent", post(async |body: NoBody| body.key().unwrap_or("none").to_owned()));
    super::finished(routes).with_state(limits)
}

async fn panics() -> Result {
    panic!("a secret in a panic")
}

async fn takes_body(body: Body<Outer>) -> Result {
    let inner = body.value.inner.map_or(0, |inner| inner.count);
    reply::ok(&format!("{} {inner}", body.value.name))
}

async fn takes_query(Query(params): Query<Params>) -> Result {
    let limit = query::limit(params.limit.as_deref(), 200)?;
    reply::ok(&format!("{} {limit}", params.word.join("+")))
}

async fn takes_tags(IfMatch(version): IfMatch, known: IfNoneMatch) -> Result {
    reply::ok(&(version, known.newest(), known.matches(7)))
}

async fn call(request: Request<HttpBody>) -> Response<HttpBody> {
    app().oneshot(request).await.expect("the router is infallible")
}

async fn text(response: Response<HttpBody>) -> String {
    let bytes = response.into_body().collect().await.expect("a whole body").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// Checks what all problems have in common, and returns the problem.
async fn problem(response: Response<HttpBody>) -> Problem {
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    let status = response.status().as_u16();
    let id = response.headers()["x-request-id"].to_str().expect("ASCII").to_owned();
    let problem: Problem = serde_json::from_str(&text(response).await).expect("a problem");
    assert_eq!((problem.status, &problem.request_id), (status, &id));
    assert_eq!(problem.code.status(), status);
    problem
}

fn request(path: &str) -> axum::http::request::Builder {
    Request::builder().uri(path)
}

fn empty(builder: axum::http::request::Builder) -> Request<HttpBody> {
    builder.body(HttpBody::empty()).expect("a request")
}

fn json(path: &str, body: &str) -> Request<HttpBody> {
    request(path)
        .method("POST")
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(HttpBody::from(body.to_owned()))
        .expect("a request")
}

#[tokio::test]
async fn what_no_route_answers_is_a_problem() {
    let missing = problem(call(empty(request("/nowhere"))).await).await;
    assert_eq!(missing.code, Code::NotFound);

    let response = call(empty(request("/ok").method("DELETE"))).await;
    assert_eq!(response.headers()[header::ALLOW], "GET,HEAD");
    assert_eq!(problem(response).await.code, Code::MethodNotAllowed);

    let picky = empty(request("/ok").header(header::ACCEPT, "text/html"));
    assert_eq!(problem(call(picky).await).await.code, Code::NotAcceptable);
}

#[tokio::test]
async fn internals_stay_inside() {
    for path in ["/panic", "/internal"] {
        let problem = problem(call(empty(request(path))).await).await;
        assert_eq!(problem.code, Code::Internal);
        assert!(!format!("{problem:?}").contains("secret"), "{problem:?}");
    }
}

#[tokio::test]
async fn headers_say_what_to_do() {
    let busy = call(empty(request("/busy"))).await;
    assert_eq!(busy.headers()[header::RETRY_AFTER], "7");
    assert_eq!(problem(busy).await.detail, "Later.");
    let who = call(empty(request("/who"))).await;
    assert_eq!(who.headers()[header::WWW_AUTHENTICATE], "Bearer");
    assert_eq!(problem(who).await.code, Code::Unauthenticated);
}

#[tokio::test]
async fn request_ids_are_taken_or_made() {
    let given = call(empty(request("/ok").header("x-request-id", "abc-1.2_3"))).await;
    assert_eq!(given.headers()["x-request-id"], "abc-1.2_3");
    for bad in ["two words", "", "ü"] {
        let made = call(empty(request("/ok").header("x-request-id", bad.as_bytes()))).await;
        let id = made.headers()["x-request-id"].to_str().expect("ASCII");
        assert!(id.parse::<uuid::Uuid>().is_ok(), "{id}");
    }
}

#[tokio::test]
async fn bodies_are_refused_by_name() {
    let cases = [
        ("", Code::MalformedJson, None),
        ("{", Code::MalformedJson, None),
        (r#"{"name":"a"} x"#, Code::MalformedJson, None),
        ("[1]", Code::Validation, Some("body")),
        ("{}", Code::Validation, Some("name")),
        (r#"{"name":5}"#, Code::Validation, Some("name")),
        (r#"{"name":"a","name":"b"}"#, Code::Validation, Some("name")),
        (r#"{"name":"a","other":1}"#, Code::UnknownField, Some("other")),
        (r#"{"name":"a","a`b, `c":1}"#, Code::UnknownField, Some("a`b, `c")),
        (r#"{"name":"a","inner":{"count":300}}"#, Code::Validation, Some("inner.count")),
        (r#"{"name":"a","inner":{"cnt":3}}"#, Code::UnknownField, Some("inner.cnt")),
        (r#"{"name":"a\u0000"}"#, Code::Validation, Some("name")),
        (r#"{"name":"a","inner":{"x\u0000":1}}"#, Code::Validation, Some("inner.x\0")),
        (r#"{"name":"a","inner":{}}"#, Code::Validation, Some("inner.count")),
    ];
    for (body, code, field) in cases {
        let problem = problem(call(json("/body", body)).await).await;
        let fields: Vec<&str> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!((problem.code, fields), (code, Vec::from_iter(field)), "{body}: {problem:?}");
    }
    let good = call(json("/body", r#"{"name":"\\u0000","inner":{"count":3}}"#)).await;
    assert_eq!(text(good).await, r#""\\u0000 3""#);
}

#[tokio::test]
async fn a_body_needs_its_media_type() {
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let mut request = json("/body", r#"{"name":"a"}"#);
        request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().expect("a header"));
        assert_eq!(problem(call(request).await).await.code, Code::UnsupportedMediaType);
    }
    let mut packed = json("/body", r#"{"name":"a"}"#);
    packed.headers_mut().insert(header::CONTENT_ENCODING, "gzip".parse().expect("a header"));
    assert_eq!(problem(call(packed).await).await.code, Code::UnsupportedMediaType);
    let mut request = json("/body", r#"{"name":"a"}"#);
    request.headers_mut().remove(header::CONTENT_TYPE);
    assert_eq!(problem(call(request).await).await.code, Code::UnsupportedMediaType);
}

#[tokio::test]
async fn large_and_late_bodies_are_refused() {
    let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(100));
    let mut announced = json("/body", &large);
    announced.headers_mut().insert(header::CONTENT_LENGTH, large.len().into());
    assert_eq!(problem(call(announced).await).await.code, Code::PayloadTooLarge);
    // Without a length: found out while reading.
    assert_eq!(problem(call(json("/body", &large)).await).await.code, Code::PayloadTooLarge);
    // Raw bodies have the limit of log batches.
    assert_eq!(text(call(json("/raw", &large)).await).await, large.len().to_string());

    let first = futures_util::stream::iter([Ok::<_, std::io::Error>(Frame::data("{".into()))]);
    let stuck = futures_util::StreamExt::chain(first, futures_util::stream::pending());
    let mut late = json("/body", "");
    *late.body_mut() = HttpBody::new(StreamBody::new(stuck));
    assert_eq!(problem(call(late).await).await.code, Code::RequestTimeout);
}

#[tokio::test]
async fn parameters_are_refused_by_name() {
    let good = call(empty(request("/query?word=a&limit=200&word=b%20c"))).await;
    assert_eq!(text(good).await, "\"a+b c 200\"");
    let cases = [
        ("/query?words=a", Code::UnknownField, "words"),
        ("/query?limit=0", Code::Validation, "limit"),
        ("/query?limit=201", Code::Validation, "limit"),
        ("/query?word=a&word=b%00", Code::Validation, "word"),
        ("/query?limit=x", Code::Validation, "limit"),
        ("/query?limit=1&limit=2", Code::Validation, "limit"),
    ];
    for (path, code, field) in cases {
        let problem = problem(call(empty(request(path))).await).await;
        let fields: Vec<&str> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!((problem.code, fields), (code, vec![field]), "{path}: {problem:?}");
    }
}

#[tokio::test]
async fn a_path_that_cannot_name_anything_names_nothing() {
    assert_eq!(text(call(empty(request("/incidents/inc-7"))).await).await, "INC-7");
    for path in ["/incidents/x", "/incidents/INC-", "/incidents/%ff"] {
        assert_eq!(problem(call(empty(request(path))).await).await.code, Code::NotFound, "{path}");
    }
}

#[tokio::test]
async fn entity_tags_are_versions() {
    for (name, tag, answer) in [
        ("if-match", "\"v7\"", "[7,null,false]"),
        ("if-match", "W/\"v7\"", "[7,null,false]"),
        ("if-match", "*", "[null,null,false]"),
        ("if-none-match", "\"v7\"", "[null,7,true]"),
        ("if-none-match", "\"v6\", W/\"v9\"", "[null,9,false]"),
        ("if-none-match", "*", "[null,null,true]"),
    ] {
        let response = call(empty(request("/tags").header(name, tag))).await;
        assert_eq!(text(response).await, answer, "{name}: {tag}");
    }
    for (name, tag) in [
        ("if-match", "v7"),
        ("if-match", "\"7\""),
        ("if-match", "\"v6\", \"v7\""),
        ("if-none-match", "\"v+7\""),
        ("if-none-match", "\"v99999999999999999999\""),
        ("if-none-match", ""),
    ] {
        let problem = problem(call(empty(request("/tags").header(name, tag))).await).await;
        assert_eq!(problem.code, Code::Validation, "{name}: {tag}");
        assert!(problem.errors[0].field.eq_ignore_ascii_case(name));
    }
}

#[tokio::test]
async fn idempotency_keys_are_plain() {
    let post = |key: &[u8]| {
        let builder = request("/idempotent").method("POST");
        empty(builder.header("idempotency-key", key))
    };
    assert_eq!(text(call(post(b"k-1")).await).await, "k-1");
    assert_eq!(text(call(post(&[b'x'; 255])).await).await.len(), 255);
    for bad in [&b""[..], b"a b", b"\xc3\xa9", &[b'x'; 256]] {
        let problem = problem(call(post(bad)).await).await;
        assert_eq!(problem.code, Code::Validation);
        assert_eq!(problem.errors[0].field, "Idempotency-Key");
    }
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let metrics = crate::telemetry::metrics();
    assert_eq!(call(empty(request("/incidents/INC-1"))).await.status(), StatusCode::OK);
    assert_eq!(call(empty(request("/a/b").method("BREW"))).await.status(), StatusCode::NOT_FOUND);
    let page = metrics.render();
    let counter = |labels: &str| format!("http_requests_total{{{labels}}}");
    for labels in [
        r#"method="GET",path="/incidents/{id}",status="200""#,
        r#"method="other",path="none",status="404""#,
    ] {
        assert!(page.contains(&counter(labels)), "{labels} is not in {page}");
    }
    assert!(page.contains(r#"http_request_seconds_bucket{path="/incidents/{id}",le="0.0005"}"#));
}

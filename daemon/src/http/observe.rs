//! The one layer around every route: request id, acceptable media, panics, problem bodies, one log
//! line and the request's metrics. One function instead of a stack, because each layer costs an
//! allocation and a boxed call per request.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::HttpBody as _;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use metrics::{Counter, Histogram};
use tower::Service;
use watchfire_shared::problem::Code;

use super::error::Error;
use crate::clock;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_MAX: usize = 128;
/// What a request to no route is called in metrics and logs.
const NO_ROUTE: &str = "none";
/// Routes that answer in another media type than JSON.
const NOT_JSON: [&str; 3] = ["/v1/events/stream", "/metrics", "/openapi.json"];

/// Taken from the caller or made here; in every answer, log line and event.
#[derive(Debug, Clone)]
pub(super) struct RequestId(HeaderValue);

impl RequestId {
    fn of(headers: &HeaderMap) -> Self {
        headers
            .get(&X_REQUEST_ID)
            .filter(|given| is_request_id(given.as_bytes()))
            .map_or_else(Self::new, |given| Self(given.clone()))
    }

    pub fn new() -> Self {
        let mut buffer = uuid::Uuid::encode_buffer();
        let text = clock::new_request_id().hyphenated().encode_lower(&mut buffer);
        Self(HeaderValue::from_str(text).expect("a uuid is valid in a header"))
    }

    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

fn is_request_id(given: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=REQUEST_ID_MAX).contains(&given.len()) && given.iter().all(allowed)
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Layer;

impl<S> tower::Layer<S> for Layer {
    type Service = Observe<S>;

    fn layer(&self, inner: S) -> Observe<S> {
        Observe { inner, route: Arc::default() }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Observe<S> {
    inner: S,
    route: Arc<OnceLock<Route>>,
}

impl<S> Service<Request> for Observe<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let started = Instant::now();
        let id = RequestId::of(request.headers());
        let method = request.method().clone();
        self.route.get_or_init(|| Route::new(request.extensions().get()));
        let route = Arc::clone(&self.route);
        let refused = refused(&route, request.headers());
        let has_body = !request.body().is_end_stream();
        request.extensions_mut().insert(id.clone());
        let answer = match refused {
            None => Ok(self.inner.call(request)),
            Some(error) => Err(error),
        };
        Box::pin(async move {
            let mut response = match answer {
                Ok(answer) => match AssertUnwindSafe(answer).catch_unwind().await {
                    Ok(Ok(response)) => response,
                    Err(_) => Error::internal("the handler panicked").into_response(),
                },
                Err(error) => error.into_response(),
            };
            if let Some(error) = Error::take(&mut response) {
                response = error.render(id.as_str());
            }
            if let Some(route) = route.get() {
                route.record(&method, response.status(), started, &id);
            }
            response.headers_mut().insert(X_REQUEST_ID, id.0);
            if has_body && !response.status().is_success() {
                // It may have been refused before its body was read. The connection cannot serve
                // another request behind bytes nobody read, and a peer who is not told would lose
                // the next one on it.
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            Ok(response)
        })
    }
}

/// 406 for a caller who takes no JSON where JSON is all there is.
fn refused(route: &OnceLock<Route>, headers: &HeaderMap) -> Option<Error> {
    let accept = headers.get(header::ACCEPT)?;
    let answers_json = route.get().is_none_or(|route| !NOT_JSON.contains(&&*route.path));
    let accept = accept.to_str().unwrap_or_default();
    (answers_json && !takes_json(accept)).then(|| {
        Error::new(
            Code::NotAcceptable,
            "The answer is JSON: send Accept: application/json, or no Accept header.",
        )
    })
}

fn takes_json(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let named = ["*/*", "application/*", "application/json", "application/problem+json"]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(kind));
        named && !parts.any(is_zero)
    })
}

/// `q=0`, `q=0.00`
fn is_zero(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        name.trim().eq_ignore_ascii_case("q") && value.trim().parse() == Ok(0.0)
    })
}

/// What is counted per route; one exists for each method of each path.
#[derive(Debug)]
struct Route {
    path: Arc<str>,
    seconds: Histogram,
    /// Few: the statuses this route has answered with, by method.
    counters: RwLock<Vec<(Method, StatusCode, Counter)>>,
}

impl Route {
    fn new(matched: Option<&MatchedPath>) -> Self {
        let path: Arc<str> = matched.map_or(NO_ROUTE, MatchedPath::as_str).into();
        Self {
            seconds: metrics::histogram!("http_request_seconds", "path" => Arc::clone(&path)),
            path,
            counters: RwLock::default(),
        }
    }

    fn record(&self, method: &Method, status: StatusCode, started: Instant, id: &RequestId) {
        let elapsed = started.elapsed();
        self.seconds.record(elapsed);
        self.count(method, status);
        let duration_ms = elapsed.as_secs_f64() * 1_000.0;
        let (path, status) = (&*self.path, status.as_u16());
        let request_id = id.as_str();
        if status < 400 && method.is_safe() {
            tracing::debug!(%method, path, status, duration_ms, request_id, "request");
        } else {
            tracing::info!(%method, path, status, duration_ms, request_id, "request");
        }
    }

    fn count(&self, method: &Method, status: StatusCode) {
        let known = |(m, s, _): &&(Method, StatusCode, Counter)| m == method && *s == status;
        let counters = self.counters.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, counter)) = counters.iter().find(known) {
            return counter.increment(1);
        }
        drop(counters);
        let label = method_label(method);
        let counter = metrics::counter!(
            "http_requests_total",
            "method" => label, "path" => Arc::clone(&self.path), "status" => status.as_u16().to_string()
        );
        counter.increment(1);
        if label != OTHER {
            let mut counters = self.counters.write().unwrap_or_else(PoisonError::into_inner);
            counters.push((method.clone(), status, counter));
        }
    }
}

const OTHER: &str = "other";

/// A closed set: a caller can invent methods without end.
fn method_label(method: &Method) -> &'static str {
    [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PATCH,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
    ]
    .iter()
    .zip(["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"])
    .find_map(|(known, label)| (known == method).then_some(label))
    .unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_is_read_with_its_weights() {
        for takes in [
            "*/*",
            "text/html, application/json;q=0.1",
            "Application/*",
            "application/problem+json",
        ] {
            assert!(takes_json(takes), "{takes}");
        }
        for not in [
            "text/html",
            "application/json;q=0",
            "application/json; q=0.000",
            "image/*, text/plain",
            "",
        ] {
            assert!(!takes_json(not), "{not}");
        }
    }

    #[test]
    fn request_ids_are_plain() {
        assert!(is_request_id(b"a.B_9-"));
        assert!(is_request_id(&[b'x'; REQUEST_ID_MAX]));
        for bad in [&b""[..], b"a b", b"a\"b", b"\xc3\xa9", &[b'x'; REQUEST_ID_MAX + 1]] {
            assert!(!is_request_id(bad), "{bad:?}");
        }
    }
}

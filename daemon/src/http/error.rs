//! Errors as answers: every one is a problem body (`application/problem+json`).
//!
//! A handler or an extractor returns an [`Error`]; it travels in the response's extensions to the
//! one layer that knows the request id, which writes the body and logs what is internal.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use watchfire_shared::problem::{Code, FieldError, Problem};

use crate::service;

/// Seconds after which a refused sign-in is worth another try.
const RATE_LIMIT_SECONDS: u32 = 300;

pub(super) type Result<T = Response, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Clone)]
pub(super) struct Error {
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    /// Seconds.
    retry_after: Option<u32>,
    /// What really happened; for the log alone.
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None, cause: None }
    }

    /// A value that is not allowed; `message` continues the field's name: `must be …`.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::named(Code::Validation, field, message)
    }

    pub fn named(code: Code, field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        Self {
            errors: vec![FieldError::new(field.clone(), message.clone())],
            ..Self::new(code, format!("{field}: {message}"))
        }
    }

    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(Arc::from(cause.into())),
            ..Self::new(
                Code::Internal,
                "Something went wrong on our side. The log has more under this request id.",
            )
        }
    }

    pub fn unauthenticated(detail: &str) -> Self {
        Self::new(Code::Unauthenticated, detail)
    }

    pub fn unavailable(reason: impl Into<String>, retry_after: u32) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(Code::Unavailable, reason) }
    }

    pub const fn code(&self) -> Code {
        self.code
    }

    #[cfg(test)]
    pub fn fields(&self) -> Vec<&str> {
        self.errors.iter().map(|error| error.field.as_str()).collect()
    }

    /// The error a response carries, if it carries one.
    pub fn take(response: &mut Response) -> Option<Arc<Self>> {
        response.extensions_mut().remove()
    }

    /// Writes the body for the request, and the cause to the log.
    pub fn render(&self, request_id: &str) -> Response {
        if let Some(cause) = &self.cause {
            let error = Chain(&**cause);
            if self.code == Code::Internal {
                tracing::error!(request_id, %error, "request failed");
            } else {
                tracing::warn!(request_id, %error, "request failed");
            }
        }
        let mut problem = Problem::new(self.code, self.detail.clone(), request_id);
        problem.errors.clone_from(&self.errors);
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, body(&problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.code == Code::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let rate_limit = (self.code == Code::RateLimited).then_some(RATE_LIMIT_SECONDS);
        if let Some(seconds) = self.retry_after.or(rate_limit) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// The bytes of a problem.
pub(super) fn body(problem: &Problem) -> Vec<u8> {
    serde_json::to_vec(problem).expect("a problem has only string keys and finite numbers")
}

/// An error with its causes, in one line.
struct Chain<'a>(&'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status());
        let mut response = Response::default();
        *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<service::Error> for Error {
    fn from(error: service::Error) -> Self {
        match error {
            service::Error::Refused { code, detail, errors } => {
                Self { errors, ..Self::new(code, detail) }
            }
            service::Error::Unavailable { reason, retry_after, source } => Self {
                cause: source.map(|cause| cause as Arc<dyn std::error::Error + Send + Sync>),
                ..Self::unavailable(reason, retry_after)
            },
            service::Error::Internal(cause) => Self::internal(cause),
        }
    }
}

pub(super) async fn no_route() -> Error {
    Error::new(
        Code::NotFound,
        "There is nothing at this address; /openapi.json lists what there is.",
    )
}

pub(super) async fn no_method() -> Error {
    Error::new(
        Code::MethodNotAllowed,
        "This address does not answer to this method; the Allow header lists those it does.",
    )
}

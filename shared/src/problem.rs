//! RFC 9457 problems: every error the API answers has this shape.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::Actor;
use crate::text_enum::text_enum;

text_enum! {
    /// The closed set of codes a program may match on.
    Code {
        MalformedJson = "malformed_json",
        Validation = "validation",
        UnknownField = "unknown_field",
        EmptyPatch = "empty_patch",
        InvalidTransition = "invalid_transition",
        InvalidCursor = "invalid_cursor",
        Unauthenticated = "unauthenticated",
        Forbidden = "forbidden",
        NotFound = "not_found",
        MethodNotAllowed = "method_not_allowed",
        NotAcceptable = "not_acceptable",
        RequestTimeout = "request_timeout",
        Conflict = "conflict",
        IdempotencyConflict = "idempotency_conflict",
        VersionMismatch = "version_mismatch",
        ExpectationFailed = "expectation_failed",
        PayloadTooLarge = "payload_too_large",
        UnsupportedMediaType = "unsupported_media_type",
        RateLimited = "rate_limited",
        HeadersTooLarge = "headers_too_large",
        Internal = "internal",
        Unavailable = "unavailable",
    }
}

impl Code {
    /// The HTTP status each code is answered with.
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedJson
            | Self::Validation
            | Self::UnknownField
            | Self::EmptyPatch
            | Self::InvalidTransition
            | Self::InvalidCursor => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::RequestTimeout => 408,
            Self::Conflict | Self::IdempotencyConflict => 409,
            Self::VersionMismatch | Self::ExpectationFailed => 412,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::RateLimited => 429,
            Self::HeadersTooLarge => 431,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// The short title that goes with the code.
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedJson => "The body is not valid JSON",
            Self::Validation => "A value is not allowed",
            Self::UnknownField => "A field does not exist",
            Self::EmptyPatch => "The patch changes nothing",
            Self::InvalidTransition => "The status cannot change this way",
            Self::InvalidCursor => "The cursor does not belong to this list",
            Self::Unauthenticated => "Not signed in",
            Self::Forbidden => "Not allowed",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::NotAcceptable => "Not acceptable",
            Self::RequestTimeout => "The request took too long to arrive",
            Self::Conflict => "Conflict",
            Self::IdempotencyConflict => "The idempotency key was used for another request",
            Self::VersionMismatch => "It has changed since you read it",
            Self::ExpectationFailed => "It is not as you expected",
            Self::PayloadTooLarge => "The body is too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::RateLimited => "Too many attempts",
            Self::HeadersTooLarge => "The headers are too large",
            Self::Internal => "Internal error",
            Self::Unavailable => "Temporarily unavailable",
        }
    }
}

/// One field that was refused, and for a failed expectation what it really holds, who set it, when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    pub field: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<Actor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

impl FieldError {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
            actual: None,
            changed_by: None,
            changed_at: None,
            version: None,
        }
    }
}

/// The body of every error answer (`application/problem+json`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:watchfire:problem:{code}`
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// One sentence for a person: what was wrong and what to do.
    pub detail: String,
    pub code: Code,
    pub request_id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>, request_id: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:watchfire:problem:{code}"),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code,
            request_id: request_id.into(),
            errors: Vec::new(),
        }
    }
}

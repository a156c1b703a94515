//! How a use case ends when it does not succeed.

use std::sync::Arc;

use watchfire_shared::incident::rules::Refusal;
use watchfire_shared::problem::{Code, FieldError};

use crate::store::{Fallible, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An answer for the caller, who has to do something else.
    #[error("{code}: {detail}")]
    Refused { code: Code, detail: String, errors: Vec<FieldError> },
    /// 503: the same again may succeed after so many seconds. The reason is fit for the caller.
    #[error("{reason}")]
    Unavailable { reason: String, retry_after: u32, source: Option<Arc<StoreError>> },
    /// 500: logged once at the boundary, never shown.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn refused(code: Code, detail: impl Into<String>) -> Self {
        Self::Refused { code, detail: detail.into(), errors: Vec::new() }
    }

    /// A value of one field that is not allowed.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let error = FieldError::new(field, message);
        let detail = format!("{} {}", error.field, error.message);
        Self::Refused { code: Code::Validation, detail, errors: vec![error] }
    }

    /// `what` with its article: "an incident", "a user".
    pub fn not_found(what: &str) -> Self {
        Self::refused(Code::NotFound, format!("There is no such {what}."))
    }

    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into(), retry_after: 1, source: None }
    }

    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Arc::new(error).into()
    }
}

impl From<Arc<StoreError>> for Error {
    fn from(error: Arc<StoreError>) -> Self {
        let reason = match &*error {
            StoreError::Unavailable { reason, .. } => format!("{reason}; try again"),
            StoreError::Unforgotten(_) => {
                "it is done, but the cache cannot be told; repeat it with the same Idempotency-Key"
                    .to_owned()
            }
            StoreError::Contended => "another write was in the way; try again".to_owned(),
            StoreError::Taken(_) => {
                return Self::refused(Code::Conflict, "It exists already.");
            }
            StoreError::TooLarge { bytes, most } => {
                let detail = format!(
                    "It makes an event of {bytes} bytes; at most {most} can travel. Send less text."
                );
                return Self::refused(Code::PayloadTooLarge, detail);
            }
            StoreError::Dangling
            | StoreError::Broken(_)
            | StoreError::Panicked(_)
            | StoreError::Schema(_) => return Self::Internal(Box::new(error)),
        };
        Self::Unavailable { reason, retry_after: 1, source: Some(error) }
    }
}

impl Fallible for Error {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Unavailable { source, .. } => source.as_deref(),
            Self::Internal(error) => error.downcast_ref::<Arc<StoreError>>().map(|error| &**error),
            Self::Refused { .. } => None,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Empty => Self::refused(
                Code::EmptyPatch,
                "The patch names nothing to change; give at least one field.",
            ),
            Refusal::Transition { from, to } => {
                let next: Vec<_> = from.next().iter().map(|status| status.as_str()).collect();
                let detail = if next.is_empty() {
                    format!("An incident that is {from} is final; it cannot become {to}.")
                } else {
                    let next = next.join(" or ");
                    format!("An incident that is {from} cannot become {to}, only {next}.")
                };
                let errors =
                    vec![FieldError::new("status", format!("{from} → {to} is not a step"))];
                Self::Refused { code: Code::InvalidTransition, detail, errors }
            }
            Refusal::Invalid(errors) => {
                Self::Refused { code: Code::Validation, detail: summary(&errors), errors }
            }
            Refusal::Unexpected(errors) => {
                Self::Refused { code: Code::ExpectationFailed, detail: summary(&errors), errors }
            }
        }
    }
}

fn summary(errors: &[FieldError]) -> String {
    let each = errors.iter().map(|error| format!("{}: {}", error.field, error.message));
    format!("{}.", each.collect::<Vec<_>>().join("; "))
}

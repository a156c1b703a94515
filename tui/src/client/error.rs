//! Why a call failed, as one sentence for a person and one word for a program.

use std::fmt;
use std::time::Duration;

use chrono::Local;
use watchfire_shared::problem::{Code, Problem};

/// What a caller may want to tell apart. The command line's exit codes follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// No connection: nothing was sent.
    Unreachable,
    /// The connection broke: what was asked may or may not have happened.
    Interrupted,
    /// It took longer than the call may take.
    Timeout,
    /// No valid sign-in.
    Unauthenticated,
    Forbidden,
    NotFound,
    /// What was expected no longer holds, or the value is taken.
    Conflict,
    /// The daemon refused the request for another reason.
    Refused,
    /// The daemon failed over it: what was asked may or may not have happened.
    Failed,
    /// The daemon is there and cannot answer now.
    Unavailable,
    /// The answer is not one of ours.
    Protocol,
    /// Something on this machine: a file, a setting.
    Local,
}

/// A failed call. `Display` is the message.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientError {
    pub kind: ErrorKind,
    /// One sentence without a full stop: what is wrong and what to do. May quote foreign text.
    pub message: String,
    /// The daemon's own answer, where it gave one.
    pub problem: Option<Box<Problem>>,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ClientError {}

impl ClientError {
    /// `message` ends without a full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), problem: None }
    }

    /// Something on this machine went wrong.
    pub fn local(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Local, message)
    }

    pub(super) fn timeout(after: Duration) -> Self {
        let message = format!(
            "The daemon did not answer within {} s; try again, or look at `watchfire daemon status`",
            after.as_secs()
        );
        Self::new(ErrorKind::Timeout, message)
    }

    pub(super) fn transport(base: &str, error: &reqwest::Error) -> Self {
        let cause = innermost(error);
        let (kind, message) = if error.is_connect() {
            let message = format!(
                "Cannot reach the daemon at {base} ({cause}); start it, or check its address: \
                 WATCHFIRE_URL, or the url of the context"
            );
            (ErrorKind::Unreachable, message)
        } else if error.is_decode() {
            (ErrorKind::Protocol, not_ours(base))
        } else {
            let message =
                format!("The connection to the daemon at {base} broke ({cause}); try again");
            (ErrorKind::Interrupted, message)
        };
        Self::new(kind, message)
    }

    /// The error of a repeated write whose first try was cut off, or failed in the daemon: unless the daemon decided, which it
    /// does for both tries by their common key, nobody knows whether it happened.
    pub(super) fn after_cut(self) -> Self {
        let decided = match self.kind {
            ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::Refused => true,
            // The key is in use: the first try is still under way.
            ErrorKind::Conflict => {
                self.problem.as_ref().is_some_and(|p| p.code != Code::IdempotencyConflict)
            }
            _ => false,
        };
        if decided || self.kind == ErrorKind::Interrupted {
            return self;
        }
        let message = format!("{}; it may have happened: look before you repeat it", self.message);
        let kind = match self.kind {
            ErrorKind::Failed => ErrorKind::Failed,
            _ => ErrorKind::Interrupted,
        };
        Self { kind, message, ..self }
    }

    /// An answer that is no success.
    pub(super) fn answer(base: &str, status: u16, body: &[u8]) -> Self {
        match serde_json::from_slice::<Problem>(body) {
            Ok(problem) => Self::problem(problem),
            Err(_) if matches!(status, 502..=504) => Self::new(
                ErrorKind::Unavailable,
                format!("Whatever stands before the daemon at {base} answered {status}; try again"),
            ),
            Err(_) => Self::new(ErrorKind::Protocol, not_ours(base)),
        }
    }

    fn problem(problem: Problem) -> Self {
        let message = match problem.code {
            Code::Unauthenticated => "You are not signed in, or the sign-in has ended; \
                 sign in with `watchfire login`, or set WATCHFIRE_TOKEN"
                .to_owned(),
            Code::Internal => format!(
                "The daemon failed inside; its log has the cause under request {}",
                problem.request_id
            ),
            _ => sentence(&problem),
        };
        Self { kind: kind_of(problem.code), message, problem: Some(Box::new(problem)) }
    }
}

fn not_ours(base: &str) -> String {
    format!(
        "What answers at {base} is not a Watchfire daemon of this version; check its address: \
         WATCHFIRE_URL, or the url of the context"
    )
}

/// The problem's sentence with the fields it names.
fn sentence(problem: &Problem) -> String {
    let fields: Vec<String> = problem
        .errors
        .iter()
        .filter_map(|error| {
            let when = error.changed_at.map(|at| at.with_timezone(&Local).format(" at %H:%M:%S"));
            let when = when.map(|when| when.to_string()).unwrap_or_default();
            let who = error.changed_by.as_ref();
            let who = who.map(|actor| format!("set by {}{when}", actor.name));
            if problem.detail.contains(&error.message) {
                return who.map(|who| format!("{} {who}", error.field));
            }
            let who = who.map(|who| format!(", {who}")).unwrap_or_default();
            Some(format!("{}: {}{who}", error.field, error.message))
        })
        .collect();
    let detail = problem.detail.trim_end_matches('.');
    if fields.is_empty() { detail.to_owned() } else { format!("{detail} ({})", fields.join("; ")) }
}

const fn kind_of(code: Code) -> ErrorKind {
    match code {
        Code::Unauthenticated => ErrorKind::Unauthenticated,
        Code::Forbidden => ErrorKind::Forbidden,
        Code::NotFound => ErrorKind::NotFound,
        Code::Conflict
        | Code::IdempotencyConflict
        | Code::VersionMismatch
        | Code::ExpectationFailed => ErrorKind::Conflict,
        Code::Unavailable => ErrorKind::Unavailable,
        Code::Internal => ErrorKind::Failed,
        _ => ErrorKind::Refused,
    }
}

/// The last cause of a chain: the outer ones only say that something failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchfire_shared::event::Actor;
    use watchfire_shared::problem::FieldError;

    fn answer(problem: &Problem) -> ClientError {
        let body = serde_json::to_vec(problem).expect("serialises");
        ClientError::answer("http://here", problem.status, &body)
    }

    #[test]
    fn a_failed_expectation_names_field_value_and_person() {
        let mut problem = Problem::new(Code::ExpectationFailed, "It changed meanwhile.", "r1");
        problem.errors.push(FieldError {
            changed_by: Some(Actor::system()),
            ..FieldError::new("status", "expected \"open\", but it is \"resolved\"")
        });
        let error = answer(&problem);
        assert_eq!(error.kind, ErrorKind::Conflict);
        assert_eq!(
            error.message,
            "It changed meanwhile (status: expected \"open\", but it is \"resolved\", set by watchfire)"
        );
    }

    #[test]
    fn the_person_is_named_also_where_the_sentence_says_the_rest() {
        let message = "expected \"open\", but it is \"resolved\"";
        let mut problem =
            Problem::new(Code::ExpectationFailed, format!("status: {message}."), "r1");
        problem.errors.push(FieldError {
            changed_by: Some(Actor::system()),
            ..FieldError::new("status", message)
        });
        let expected = format!("status: {message} (status set by watchfire)");
        assert_eq!(answer(&problem).message, expected);
    }

    #[test]
    fn signing_in_is_suggested() {
        let error = answer(&Problem::new(Code::Unauthenticated, "x", "r1"));
        assert_eq!(error.kind, ErrorKind::Unauthenticated);
        assert!(error.message.contains("watchfire login"));
    }

    #[test]
    fn an_answer_of_a_stranger_is_no_refusal() {
        let error = ClientError::answer("http://here", 404, b"<html>nginx</html>");
        assert_eq!(error.kind, ErrorKind::Protocol);
        let error = ClientError::answer("http://here", 502, b"<html>nginx</html>");
        assert_eq!(error.kind, ErrorKind::Unavailable);
    }
}

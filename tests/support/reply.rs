//! An answer of the daemon, taken apart by tests.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, ETAG, HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::Value;
use watchfire_shared::problem::{Code, Problem};

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub(crate) async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        Ok(Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await?.to_vec(),
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header as text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    /// `"v7"`, quotes and all.
    pub fn etag(&self) -> &str {
        self.header(ETAG.as_str())
    }

    /// The body as any JSON, whatever the status.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }

    /// The body of a success.
    pub fn ok<T: DeserializeOwned>(&self) -> T {
        assert!(self.status.is_success(), "{} {}", self.status, self.text());
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body of a refusal, which must be a problem that agrees with itself and with the answer.
    pub fn problem(&self) -> Problem {
        assert_eq!(
            self.header(CONTENT_TYPE.as_str()),
            "application/problem+json",
            "{} {}",
            self.status,
            self.text()
        );
        let problem: Problem = serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not a problem ({error}): {}", self.text()));
        assert_eq!(problem.status, self.status.as_u16(), "{problem:?}");
        assert_eq!(problem.status, problem.code.status(), "{problem:?}");
        assert_eq!(problem.kind, format!("urn:watchfire:problem:{}", problem.code));
        assert!(!problem.detail.is_empty(), "{problem:?}");
        assert!(!problem.request_id.is_empty(), "{problem:?}");
        assert_eq!(problem.request_id, self.header("x-request-id"));
        problem
    }

    /// The refusal must have this code.
    #[track_caller]
    pub fn refused(&self, code: Code) -> Problem {
        let problem = self.problem();
        assert_eq!(problem.code, code, "{problem:?}");
        problem
    }
}

//! `If-Match` and `If-None-Match`: our entity tags are `"v7"`, the version of the incident.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, header};

use super::error::{Error, Result};

/// The version a change is based on; `*` and no header ask for none.
pub(super) struct IfMatch(pub Option<i64>);

/// The versions a reader has.
#[derive(Debug, PartialEq)]
pub(super) enum IfNoneMatch {
    Nothing,
    /// `*`: whatever there is.
    Any,
    /// At least one.
    Versions(Vec<i64>),
}

impl IfNoneMatch {
    /// The newest version the reader has.
    pub fn newest(&self) -> Option<i64> {
        match self {
            Self::Nothing | Self::Any => None,
            Self::Versions(versions) => versions.iter().max().copied(),
        }
    }

    pub fn matches(&self, version: i64) -> bool {
        match self {
            Self::Nothing => false,
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        match tags(parts, &header::IF_MATCH)? {
            IfNoneMatch::Nothing | IfNoneMatch::Any => Ok(Self(None)),
            IfNoneMatch::Versions(versions) => match versions[..] {
                [version] => Ok(Self(Some(version))),
                _ => Err(Error::field("If-Match", "must name one version, such as \"v7\"")),
            },
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        tags(parts, &header::IF_NONE_MATCH)
    }
}

fn tags(parts: &Parts, name: &HeaderName) -> Result<IfNoneMatch> {
    let mut versions = Vec::new();
    for value in parts.headers.get_all(name) {
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(IfNoneMatch::Any);
        }
        for tag in text.split(',') {
            versions.push(version(tag).ok_or_else(|| {
                let field = if name == header::IF_MATCH { "If-Match" } else { "If-None-Match" };
                Error::field(field, "must hold entity tags as we send them, such as \"v7\"")
            })?);
        }
    }
    if versions.is_empty() { Ok(IfNoneMatch::Nothing) } else { Ok(IfNoneMatch::Versions(versions)) }
}

/// `"v7"` or `W/"v7"`
fn version(tag: &str) -> Option<i64> {
    let tag = tag.trim();
    let digits = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix("\"v")?.strip_suffix('"')?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

//! Query strings. Parameters arrive as text and each is parsed under its own name, so that every
//! refusal names the parameter; one that does not exist is refused.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use watchfire_shared::page::DEFAULT_LIMIT;
use watchfire_shared::problem::Code;

use super::error::{Error, Result};
use super::json;

/// `T` is a struct of `Option<String>` and `Vec<String>` with `deny_unknown_fields`.
pub(super) struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let query = parts.uri.query().unwrap_or_default();
        refuse_nul(query)?;
        serde_html_form::from_str(query).map(Self).or_else(|_| misfit(query))
    }
}

/// As in bodies: no database could look for it.
fn refuse_nul(query: &str) -> Result<()> {
    match query.split('&').find(|pair| pair.contains("%00")) {
        Some(pair) => {
            let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
            Err(Error::field(name, "must not hold the character NUL"))
        }
        None => Ok(()),
    }
}

/// Reads the query again, to name the parameter.
fn misfit<T: DeserializeOwned>(query: &str) -> Result<Query<T>> {
    let query = serde_html_form::Deserializer::from_bytes(query.as_bytes());
    serde_path_to_error::deserialize(query).map(Query).map_err(|error| {
        let (path, message) = (error.path().to_string(), error.into_inner().to_string());
        if message.starts_with("unknown field") {
            return json::named("", &message);
        }
        // Every text is a string: only a list where one value was asked for does not fit.
        Error::field(path, "must be given once")
    })
}

/// A route without parameters says so when it gets one.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// The value of a parameter, where it was given.
pub(super) fn value<T>(name: &str, text: Option<&str>) -> Result<Option<T>>
where
    T: FromStr<Err: Display>,
{
    text.map(str::parse).transpose().map_err(|error: T::Err| Error::field(name, error.to_string()))
}

/// Every value of a parameter that may be repeated.
pub(super) fn values<T>(name: &str, texts: &[String]) -> Result<Vec<T>>
where
    T: FromStr<Err: Display>,
{
    let parse = |text: &String| value(name, Some(text)).transpose();
    texts.iter().filter_map(parse).collect()
}

/// A number from `min` to `max`.
pub(super) fn number(name: &str, text: Option<&str>, min: i64, max: i64) -> Result<Option<i64>> {
    let Some(text) = text else {
        return Ok(None);
    };
    text.parse()
        .ok()
        .filter(|number| (min..=max).contains(number))
        .map(Some)
        .ok_or_else(|| Error::field(name, format!("must be a number from {min} to {max}")))
}

/// Items on a page: 1 to `max`.
pub(super) fn limit(text: Option<&str>, max: u32) -> Result<u32> {
    let limit = number("limit", text, 1, i64::from(max))?;
    Ok(limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT))
}

/// A number of an event or version to go on after; from the start when it is not given.
pub(super) fn after(text: Option<&str>) -> Result<i64> {
    Ok(number("after", text, 0, i64::MAX)?.unwrap_or(0))
}

pub(super) fn invalid_cursor() -> Error {
    Error::named(
        Code::InvalidCursor,
        "cursor",
        "does not belong to this list; start again without it",
    )
}

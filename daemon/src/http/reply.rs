//! Answers that are not errors.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use watchfire_shared::incident::Incident;
use watchfire_shared::page::Page;

use super::error::{Error, Result};
use crate::cache::Sheet;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Most answers fit without growing.
const CAPACITY: usize = 1024;

pub(super) fn json<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Result {
    let mut body = Vec::with_capacity(CAPACITY);
    serde_json::to_writer(&mut body, value).map_err(Error::internal)?;
    Ok((status, [(header::CONTENT_TYPE, JSON)], body).into_response())
}

/// JSON that is written already.
pub(super) fn written(json: Bytes) -> Response {
    ([(header::CONTENT_TYPE, JSON)], json).into_response()
}

pub(super) fn ok<T: Serialize + ?Sized>(value: &T) -> Result {
    json(StatusCode::OK, value)
}

/// A list that always fits on one page.
pub(super) fn whole<T: Serialize>(items: Vec<T>) -> Result {
    ok(&Page { items, next_cursor: None })
}

/// For what holds a secret: no cache on the way may keep it.
pub(super) fn secret<T: Serialize>(status: StatusCode, value: &T) -> Result {
    let mut response = json(status, value)?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

pub(super) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// An incident with its `ETag`.
pub(super) fn incident(status: StatusCode, incident: &Incident) -> Result {
    let mut response = json(status, incident)?;
    response.headers_mut().insert(header::ETAG, etag(incident.version));
    Ok(response)
}

/// An incident as it was written for its first reader.
pub(super) fn sheet(sheet: &Sheet) -> Response {
    let headers = [(header::CONTENT_TYPE, JSON), (header::ETAG, etag(sheet.version))];
    (headers, sheet.whole()).into_response()
}

pub(super) fn not_modified(version: i64) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, etag(version))]).into_response()
}

/// With where the new thing is. Ids and references are plain ASCII.
pub(super) fn located(mut response: Response, path: &str) -> Response {
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"v{version}\"")).expect("digits are valid in a header")
}

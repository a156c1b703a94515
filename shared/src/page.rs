//! Pages of a list.

use serde::{Deserialize, Serialize};

/// One page; `next_cursor` is opaque, URL-safe, and absent on the last page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

/// A page of incidents with their number: exact up to [`TOTAL_CAP`], beyond it the cap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncidentPage {
    pub items: Vec<crate::incident::Incident>,
    pub next_cursor: Option<String>,
    pub total: i64,
    pub total_exact: bool,
}

/// Counting stops here, so that a list costs the same among a million.
pub const TOTAL_CAP: i64 = 1_000;
/// Items of a page when the request names no limit.
pub const DEFAULT_LIMIT: u32 = 50;
/// The largest page of incidents.
pub const MAX_INCIDENTS: u32 = 200;
/// The largest page of log lines and of events.
pub const MAX_LINES: u32 = 1_000;

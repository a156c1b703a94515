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

/// What a list of incidents is ordered by, the most wanted first: newest, most urgent, highest.
/// `-` reverses. Ties are ordered by id, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    pub by: SortKey,
    pub reversed: bool,
}

crate::text_enum::text_enum! {
    SortKey {
        Created = "created",
        Updated = "updated",
        Priority = "priority",
        Score = "score",
        Reference = "reference",
    }
}

impl Default for Sort {
    fn default() -> Self {
        Self { by: SortKey::Priority, reversed: false }
    }
}

impl std::str::FromStr for Sort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (reversed, key) = text.strip_prefix('-').map_or((false, text), |key| (true, key));
        Ok(Self { by: key.parse()?, reversed })
    }
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.reversed { "-" } else { "" }, self.by)
    }
}

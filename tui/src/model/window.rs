//! Which part of a long list is held. Pages are read by their keys from one end, the first or the
//! last incident of the order, and further on from there; of a million rows only those around the
//! cursor are kept. What was let go near the beginning is read again by the cursor it was read with.

use watchfire_shared::ids::IncidentId;

/// The end of the list that reading began at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum End {
    #[default]
    Top,
    Bottom,
}

/// Where a page ended and the next one began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seam {
    /// The row of the earlier page that is next to the later one.
    pub last: IncidentId,
    /// Reads what comes after it.
    pub cursor: String,
}

/// Rows let go, between the beginning and what is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// Reads them again; none from the beginning.
    pub start: Option<String>,
    pub rows: usize,
}

/// A part of the held rows, in the order of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stretch {
    /// It begins after this row; none at the beginning.
    pub after: Option<IncidentId>,
    /// So many rows at least.
    pub rows: usize,
}

/// The held part between both ends.
#[derive(Debug, Default)]
pub struct Window {
    pub end: End,
    /// What was let go before it, the nearest last.
    pub passed: Vec<Passed>,
    /// Reads the held part from its beginning; none where that is the beginning of all.
    pub start: Option<String>,
    /// In the order of reading.
    pub seams: Vec<Seam>,
    /// Reads on after what is held; none at the other end.
    pub next: Option<String>,
}

impl Window {
    /// A list to be read from this end.
    pub fn from(end: End) -> Self {
        Self { end, ..Self::default() }
    }

    /// Whether there may be rows above the held ones.
    pub const fn has_above(&self) -> bool {
        match self.end {
            End::Top => self.start.is_some(),
            End::Bottom => self.next.is_some(),
        }
    }

    pub const fn has_below(&self) -> bool {
        match self.end {
            End::Top => self.next.is_some(),
            End::Bottom => self.start.is_some(),
        }
    }

    /// Whether all that there is is held.
    pub const fn is_whole(&self) -> bool {
        !self.has_above() && !self.has_below()
    }

    /// Rows between the end that reading began at and the held part, as they were when they went.
    pub fn passed_rows(&self) -> usize {
        self.passed.iter().map(|passed| passed.rows).sum()
    }
}

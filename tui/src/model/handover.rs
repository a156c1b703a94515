//! The handover as it is shown and handed on.

use chrono::TimeDelta;
use watchfire_shared::ids::IncidentId;

use crate::safe::SafeText;

use super::Model;
use super::words::count;

/// Spans to choose from, in hours.
const SPANS: [i64; 9] = [1, 2, 4, 8, 12, 24, 48, 96, 168];

/// How long a shift is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    hours: i64,
}

impl Default for Span {
    fn default() -> Self {
        Self { hours: 12 }
    }
}

impl Span {
    pub const fn length(self) -> TimeDelta {
        TimeDelta::hours(self.hours)
    }

    /// The next longer one, or the next shorter; none at the ends.
    pub fn next(self, longer: bool) -> Option<Self> {
        let at = SPANS.iter().position(|hours| *hours == self.hours)?;
        let at = if longer { at + 1 } else { at.checked_sub(1)? };
        SPANS.get(at).map(|hours| Self { hours: *hours })
    }

    pub fn words(self) -> String {
        match self.hours {
            1 => "hour".to_owned(),
            hours @ ..48 => count(hours, "hour", "hours"),
            hours => count(hours / 24, "day", "days"),
        }
    }
}

/// What its page says that it is.
pub fn title(model: &Model, chosen: &[IncidentId]) -> String {
    let of = match i64::try_from(chosen.len()).unwrap_or(i64::MAX) {
        0 => String::new(),
        n => format!(" of {}", count(n, "marked incident", "marked incidents")),
    };
    format!("Handover{of}, the last {}", model.span.words())
}

/// None before it has been read.
pub fn text(model: &Model) -> Option<String> {
    model.handover.value.as_ref().map(|shift| shift.markdown(&model.base))
}

/// The lines of its page, or why there are none.
pub fn lines(model: &Model, width: u16) -> Vec<SafeText> {
    let room = usize::from(width).saturating_sub(2);
    let text = text(model).unwrap_or_else(|| match &model.handover.failure {
        Some(failure) => format!("{}; esc closes, :handover reads it again.", failure.message),
        None => format!("Reading what happened in the last {} …", model.span.words()),
    });
    SafeText::lines(&text).iter().flat_map(|line| line.wrap(room)).collect()
}

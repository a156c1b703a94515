//! What happens, as the stream tells it: one line an event, the newest last.

use chrono::{DateTime, Utc};
use watchfire_shared::event::{Event, Fact};

use crate::safe::SafeText;

use super::commands::Tone;
use super::scroll::Tail;
use super::tell;

/// Lines that are kept.
pub const LINES_MAX: usize = 500;
/// Columns that are kept of a text: no screen shows more of it on its one line.
const COLUMNS_MAX: usize = 300;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Event {
        at: DateTime<Utc>,
        /// `INC-204`, or what else it is about.
        about: String,
        what: SafeText,
        who: SafeText,
        tone: Tone,
    },
    /// The stream began anew here: what happened in between is not shown.
    Gap,
}

#[derive(Debug, Default)]
pub struct Feed {
    lines: Vec<Line>,
    /// Numbers of the lines, ascending.
    keys: Vec<i64>,
    last: i64,
    pub tail: Tail,
}

impl Feed {
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub fn keys(&self) -> &[i64] {
        &self.keys
    }

    pub fn hear(&mut self, event: &Event) {
        let told = tell::tell(event);
        let what = match (&event.fact, &told.quote) {
            // The title is said nowhere else on the line.
            (Fact::IncidentCreated { incident }, _) => {
                format!("{}: {}", told.what, incident.title)
            }
            (_, Some(quote)) => format!("{}: {quote}", told.what),
            (_, None) => told.what,
        };
        let about = match event.fact.incident() {
            Some(incident) => incident.reference.to_string(),
            None => event.aggregate_type.to_string(),
        };
        self.push(Line::Event {
            at: event.occurred_at,
            about,
            what: SafeText::clipped(&what, COLUMNS_MAX),
            who: SafeText::clipped(&told.who, COLUMNS_MAX),
            tone: told.tone,
        });
    }

    /// The stream could not go on from where it was.
    pub fn interrupt(&mut self) {
        if self.lines.last().is_some_and(|line| *line != Line::Gap) {
            self.push(Line::Gap);
        }
    }

    /// Another log: what the old one told may never have happened.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn push(&mut self, line: Line) {
        self.last += 1;
        self.keys.push(self.last);
        self.lines.push(line);
        if self.lines.len() > LINES_MAX {
            self.keys.remove(0);
            self.lines.remove(0);
        }
    }
}

//! The events screen: what happens, how it gets on, and what could not be handled.

use chrono::{DateTime, TimeDelta, Utc};

use super::feed::Feed;
use super::layout::{self, EventsRows};
use super::letters::Letters;
use super::pipeline::Pipeline;

#[derive(Debug, Default)]
pub struct EventsPanel {
    pub feed: Feed,
    pub pipeline: Pipeline,
    pub letters: Letters,
}

/// Rows that the answer to "what is this?" takes below the letters.
pub const ANSWER: usize = 3;

impl EventsPanel {
    /// How the rows of the screen are shared out.
    pub fn rows(&self, size: (u16, u16)) -> EventsRows {
        let letters = 1 + self.letters.rows().len().max(1) + ANSWER;
        layout::events_rows(size, self.pipeline.lines().len(), letters)
    }

    /// When what is said about the readings themselves changes: that one is on its way, or how old
    /// one is.
    pub fn notes_change_at(&self, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let (outbox, fleet) = (&self.pipeline.outbox, &self.pipeline.fleet);
        let read = &self.letters.read;
        let at =
            [outbox.note_changes_at(now), fleet.note_changes_at(now), read.note_changes_at(now)];
        at.into_iter().flatten()
    }

    /// The clock was set back: what was read a while ago stays as old.
    pub fn set_back(&mut self, by: TimeDelta) {
        self.pipeline.outbox.set_back(by);
        self.pipeline.fleet.set_back(by);
        self.letters.read.set_back(by);
    }
}

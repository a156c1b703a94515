//! Telling somebody who looks elsewhere that something critical is new: by the bell of the terminal, or
//! by a notification on the desktop. Only where that was asked for.

use chrono::{DateTime, TimeDelta, Utc};
use watchfire_shared::ids::Reference;

pub use crate::effect::{Desktop, Notify};

/// In a storm there is one notice in this time.
pub const APART: TimeDelta = TimeDelta::seconds(5);

/// What is to be told.
#[derive(Debug, Default)]
pub struct Notices {
    /// What arrives is what was missed: it is on the screen, and no news.
    pub catching_up: bool,
    /// When something was told last.
    told_at: Option<DateTime<Utc>>,
    /// What has come since, the newest last.
    waiting: Vec<(Reference, String)>,
}

impl Notices {
    pub fn add(&mut self, reference: Reference, title: &str) {
        self.waiting.push((reference, title.to_owned()));
    }

    /// When something is to be told.
    pub fn due_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let soon = self.told_at.map_or(now, |at| (at + APART).max(now));
        (!self.waiting.is_empty()).then_some(soon)
    }

    /// What is to be told now, in one sentence. It holds text from elsewhere.
    pub fn take(&mut self, now: DateTime<Utc>) -> Option<String> {
        self.due_at(now).filter(|at| *at <= now)?;
        self.told_at = Some(now);
        let waiting = std::mem::take(&mut self.waiting);
        match waiting.as_slice() {
            [] => None,
            [(reference, title)] => Some(format!("{reference} is critical: {title}")),
            [(first, _), others @ ..] => {
                let count = others.len() + 1;
                Some(format!("{count} new critical incidents, from {first} on"))
            }
        }
    }

    /// The clock was set back: what was told a while ago stays as long ago.
    pub fn set_back(&mut self, by: TimeDelta) {
        self.told_at.iter_mut().for_each(|at| *at -= by);
    }
}

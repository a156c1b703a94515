//! Telling somebody who looks elsewhere that something is new: by the bell of the terminal, or, of what
//! is critical, by a notification on the desktop. Only where that was asked for.

use chrono::{DateTime, TimeDelta, Utc};
use watchfire_shared::ids::Reference;

pub use crate::effect::{Desktop, Notify};

/// In a storm there is one notice in this time.
pub const APART: TimeDelta = TimeDelta::seconds(5);

/// What a person wants to be told of, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    pub bell: Bell,
    /// Of what is critical.
    pub desktop: Option<Desktop>,
}

/// What the bell rings for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bell {
    #[default]
    Nothing,
    Critical,
    /// Every new row of the list, and whatever is critical.
    New,
}

impl Bell {
    /// As `config.toml` has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "false",
            Self::Critical => "true",
            Self::New => "new",
        }
    }
}

impl Wanted {
    /// How it is told; what is no more than new only rings.
    pub fn of(self, critical: bool) -> Notify {
        let bell = self.bell == Bell::New || (critical && self.bell == Bell::Critical);
        Notify { bell, desktop: self.desktop.filter(|_| critical) }
    }
}

/// What waits to be told.
#[derive(Debug, Clone)]
struct Notice {
    reference: Reference,
    title: String,
    critical: bool,
}

/// What is to be told.
#[derive(Debug, Default)]
pub struct Notices {
    /// What arrives is what was missed: it is on the screen, and no news.
    pub catching_up: bool,
    /// When something was told last.
    told_at: Option<DateTime<Utc>>,
    /// What has come since, the newest last.
    waiting: Vec<Notice>,
}

impl Notices {
    pub fn add(&mut self, reference: Reference, title: &str, critical: bool) {
        self.waiting.push(Notice { reference, title: title.to_owned(), critical });
    }

    /// When something is to be told.
    pub fn due_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let soon = self.told_at.map_or(now, |at| (at + APART).max(now));
        (!self.waiting.is_empty()).then_some(soon)
    }

    /// What is to be told now, in one sentence, and whether it is critical: then it is about those
    /// alone that are. It holds text from elsewhere.
    pub fn take(&mut self, now: DateTime<Utc>) -> Option<(bool, String)> {
        self.due_at(now).filter(|at| *at <= now)?;
        self.told_at = Some(now);
        let mut waiting = std::mem::take(&mut self.waiting);
        let critical = waiting.iter().any(|notice| notice.critical);
        waiting.retain(|notice| notice.critical == critical);
        let (is, new) = if critical { ("critical", "new critical") } else { ("new", "new") };
        let text = match waiting.as_slice() {
            [] => return None,
            [one] => format!("{} is {is}: {}", one.reference, one.title),
            [first, ..] => {
                format!("{} {new} incidents, from {} on", waiting.len(), first.reference)
            }
        };
        Some((critical, text))
    }

    /// The clock was set back: what was told a while ago stays as long ago.
    pub fn set_back(&mut self, by: TimeDelta) {
        self.told_at.iter_mut().for_each(|at| *at -= by);
    }
}

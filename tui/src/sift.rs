//! Which log lines are wanted: by level, by what is searched for, and with what around them.

pub mod pattern;

use watchfire_shared::log::Level;

use self::pattern::{Kind, Pattern};

/// How much is shown around the lines that pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Around {
    /// The lines that pass, and no others.
    #[default]
    Nothing,
    /// Some lines before and after each.
    Lines(u8),
    Everything,
}

impl Around {
    const ALL: [Self; 4] = [Self::Nothing, Self::Lines(2), Self::Lines(10), Self::Everything];

    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|around| *around == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    pub fn words(self) -> String {
        match self {
            Self::Nothing => "only the lines that pass".to_owned(),
            Self::Lines(count) => format!("{count} lines around each that passes"),
            Self::Everything => "all lines, those that pass marked".to_owned(),
        }
    }
}

/// What the pane is asked to show.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wanted {
    pub min_level: Option<Level>,
    pub pattern: Option<Pattern>,
    pub around: Around,
}

impl Wanted {
    /// Whether some lines pass and others do not.
    pub const fn filters(&self) -> bool {
        self.min_level.is_some() || self.pattern.is_some()
    }

    /// Whether some lines are not shown.
    pub fn leaves_out(&self) -> bool {
        self.filters() && self.around != Around::Everything
    }

    /// What the daemon is to leave out: all but what passes, where nothing around it is wanted and it
    /// can tell.
    pub fn of_daemon(&self) -> (Option<Level>, &str) {
        if self.around != Around::Nothing {
            return (None, "");
        }
        let text = self.pattern.as_ref().filter(|pattern| pattern.kind == Kind::Text);
        (self.min_level, text.map_or("", |pattern| &pattern.text))
    }

    /// Whether lines are read that do not pass.
    pub fn sieves(&self) -> bool {
        let of_daemon = self.of_daemon();
        let by_level = self.min_level.is_some() && of_daemon.0.is_none();
        by_level || (self.pattern.is_some() && of_daemon.1.is_empty())
    }

    pub fn passes(&self, level: Level, message: &str) -> bool {
        self.min_level.is_none_or(|least| level >= least)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.matches(message))
    }
}

//! What the client starts with, and what the terminal can show.

use chrono::{DateTime, FixedOffset, Local, Offset, Utc};

use crate::ink::Ink;

use super::setup::Setup;

/// What the client starts with.
#[derive(Debug, Clone)]
pub struct Start {
    /// Where the daemon is, in the head line: `local`, or a host.
    pub address: String,
    /// The name and ink of the chosen context; the name is shown instead of the address.
    pub context: Option<(String, Ink)>,
    /// The daemon's address, in links.
    pub base: String,
    pub zone: Zone,
    pub look: Look,
    /// Columns and rows.
    pub size: (u16, u16),
    /// A token is at hand; otherwise the sign-in screen comes first.
    pub signed_in: bool,
    pub setup: Setup,
    /// What is wrong with the configuration.
    pub mistakes: Vec<String>,
    /// Nothing may be changed from here.
    pub read_only: bool,
    /// The terminal is a pane of tmux, which passes on what it was set to.
    pub in_tmux: bool,
}

/// The zone of the times on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// The machine's, with its summer time.
    Local,
    Fixed(FixedOffset),
}

impl Zone {
    /// The same instant on a clock of this zone.
    pub fn show(self, at: DateTime<Utc>) -> DateTime<FixedOffset> {
        match self {
            Self::Fixed(offset) => at.with_timezone(&offset),
            Self::Local => {
                let local = at.with_timezone(&Local);
                local.with_timezone(&local.offset().fix())
            }
        }
    }

    /// `UTC` or `UTC+02:00`, as it is at this instant.
    pub fn name(self, at: DateTime<Utc>) -> String {
        let shown = self.show(at);
        if shown.offset().local_minus_utc() == 0 {
            "UTC".to_owned()
        } else {
            format!("UTC{}", shown.format("%:z"))
        }
    }
}

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Off with `NO_COLOR`.
    pub colour: bool,
    /// Off where the locale is not UTF-8: glyphs become ASCII.
    pub unicode: bool,
}

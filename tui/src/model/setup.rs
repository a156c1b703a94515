//! What a person configured for the screen.

use super::chooser::Named;
use super::columns::Columns;
use super::commands::Tone;
use super::notify::Wanted;
use super::own::OwnCommand;
use super::views::View;
use super::{Look, Model};
use crate::ink::Inks;
use crate::keymap::Keymap;

#[derive(Debug, Clone, Default)]
pub struct Setup {
    pub keymap: Keymap,
    /// In the colours that the terminal has.
    pub inks: Inks,
    pub columns: Columns,
    pub notify: Wanted,
    /// The terminal is asked for the mouse; its own selection needs another key then.
    pub mouse: bool,
    /// By name.
    pub views: Vec<View>,
    /// Commands of the person's own.
    pub commands: Vec<OwnCommand>,
    /// The daemons that one can go to.
    pub contexts: Vec<Named>,
}

/// What the configuration says when it was read again.
#[derive(Debug, Clone)]
pub struct Configured {
    pub setup: Setup,
    pub read_only: bool,
    pub look: Look,
    /// Where it leads now, when that is another daemon.
    pub elsewhere: Option<String>,
}

impl Model {
    /// Keeps what is wrong with the configuration and says the first of it, after `so`: what came of
    /// it.
    pub fn tell_mistakes(&mut self, mistakes: Vec<String>, so: &str) {
        if let Some((first, others)) = mistakes.split_first() {
            let more = match others.len() {
                0 => String::new(),
                n => format!("; {n} more: `watchfire config check`"),
            };
            self.flash(Tone::Warning, format!("{so}{first}{more}"));
        }
        self.mistakes = mistakes;
    }
}

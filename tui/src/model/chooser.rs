//! Choosing a daemon by the name that the configuration gives it.

use super::Model;
use super::fuzzy;
use super::input::TextField;
use crate::ink::Ink;

/// What the daemon is called that is asked when none is named.
pub const UNNAMED: &str = "default";

/// A daemon as it can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// None for the one that is asked when none is named.
    pub context: Option<String>,
    pub ink: Ink,
    /// Where it is, for a person.
    pub address: String,
}

impl Named {
    pub fn name(&self) -> &str {
        self.context.as_deref().unwrap_or(UNNAMED)
    }
}

/// What is chosen is a name, never a row number: the configuration may change under it.
#[derive(Debug, Default)]
pub struct Chooser {
    pub field: TextField,
    pub chosen: Option<String>,
    pub progress: Progress,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Progress {
    #[default]
    Choosing,
    /// On the way to the one of this name.
    Going(String),
    /// One sentence: why one could not get there.
    Failed(String),
}

impl Chooser {
    /// What fits the typed text, the best first.
    pub fn entries<'a>(&self, contexts: &'a [Named]) -> Vec<&'a Named> {
        let fit = |named: &&Named| fuzzy::score(self.field.text(), named.name());
        let mut entries: Vec<&Named> = contexts.iter().filter(|it| fit(it).is_some()).collect();
        // Stable: what fits equally well stays as it was.
        entries.sort_by_key(|named| std::cmp::Reverse(fit(named)));
        entries
    }

    /// The place of the chosen one; where it is not offered the first.
    pub fn place(&self, entries: &[&Named]) -> usize {
        let chosen = |named: &&Named| Some(named.name()) == self.chosen.as_deref();
        entries.iter().position(chosen).unwrap_or(0)
    }
}

/// Whether this is the daemon that is asked now.
pub fn is_here(model: &Model, named: &Named) -> bool {
    model.chosen.as_ref().map(|(name, _)| name) == named.context.as_ref()
}

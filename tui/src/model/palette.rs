//! Actions by name: those of the view it was opened from, the best match first.

use std::cmp::Reverse;

use watchfire_shared::ids::{IncidentId, Reference};

use crate::action::{Action, Step};
use crate::keymap::{Binding, Context, bindings};

use super::fuzzy;
use super::input::TextField;
use super::setup::Setup;

/// Lines of its sheet, the rule not counted.
pub const LINES: usize = 14;
/// Actions remembered.
pub const HISTORY_MAX: usize = 20;

#[derive(Debug)]
pub struct Palette {
    /// Where the keys went when it was opened.
    pub from: Context,
    /// The incident that was selected then: what is run is about this one or about none.
    pub subject: Option<(IncidentId, Reference)>,
    /// What its status forbade then; what one sees first must not change under a finger.
    pub forbidden: Vec<Step>,
    pub offer: Offer,
    pub field: TextField,
    /// None is the first.
    pub chosen: Option<Pick>,
}

/// What there is to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    Everything,
    /// Saved views alone.
    Views,
}

/// What can be chosen by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    Action(Action),
    /// A daemon, by the name of its context.
    Context(String),
    /// A saved view.
    View(String),
    /// A command of the person's own.
    Own(String),
    /// What those said last.
    Output,
}

/// A line of the palette.
#[derive(Debug)]
pub struct Entry {
    pub pick: Pick,
    pub name: String,
    pub help: String,
    /// None for what a person has named themselves.
    pub binding: Option<&'static Binding>,
    /// The status of the incident does not allow it.
    pub forbidden: bool,
}

impl Entry {
    fn of(binding: &'static Binding) -> Self {
        Self {
            pick: Pick::Action(binding.action),
            name: binding.hint.to_owned(),
            help: binding.help.to_owned(),
            binding: Some(binding),
            forbidden: false,
        }
    }
}

impl Palette {
    /// What fits the typed text, the best first. With nothing typed what was run last comes first, and
    /// last what the status forbade; whoever types a name gets what they typed, and hears why not.
    pub fn entries(&self, setup: &Setup, history: &History) -> Vec<Entry> {
        let wanted = self.field.text();
        let wants =
            |entry: &Entry| self.offer == Offer::Everything || matches!(entry.pick, Pick::View(_));
        let mut entries: Vec<(i32, Entry)> = offered(self.from, setup, history)
            .into_iter()
            .filter(wants)
            .map(|entry| Entry { forbidden: self.forbids(&entry.pick), ..entry })
            .filter_map(|entry| Some((score_of(&entry, wanted)?, entry)))
            .collect();
        // Stable: what fits equally well stays as it was.
        entries
            .sort_by_key(|(score, entry)| (wanted.is_empty() && entry.forbidden, Reverse(*score)));
        entries.into_iter().map(|(_, entry)| entry).collect()
    }

    fn forbids(&self, pick: &Pick) -> bool {
        matches!(pick, Pick::Action(Action::Step(step)) if self.forbidden.contains(step))
    }

    /// The place of the chosen one.
    pub fn place(&self, entries: &[Entry]) -> usize {
        let chosen = |entry: &Entry| Some(&entry.pick) == self.chosen.as_ref();
        entries.iter().position(chosen).unwrap_or(0)
    }
}

/// What was run by name, the newest first.
#[derive(Debug, Default)]
pub struct History(Vec<Pick>);

impl History {
    /// The newest first.
    pub fn picks(&self) -> &[Pick] {
        &self.0
    }

    pub fn remember(&mut self, pick: Pick) {
        self.0.retain(|other| *other != pick);
        self.0.insert(0, pick);
        self.0.truncate(HISTORY_MAX);
    }
}

/// Each action of a view once, and what a person has named: what was run last, then the others in the
/// order of the keymap.
fn offered(from: Context, setup: &Setup, history: &History) -> Vec<Entry> {
    let mut offered: Vec<&'static Binding> = Vec::new();
    let fits = |binding: &&Binding| binding.works_in(from) && binding.action != Action::Palette;
    for binding in bindings().filter(fits) {
        if offered.iter().all(|other| other.action != binding.action) {
            offered.push(binding);
        }
    }
    let mut entries: Vec<Entry> = offered.into_iter().map(Entry::of).collect();
    entries.extend(setup.views.iter().map(|view| Entry {
        pick: Pick::View(view.name.clone()),
        name: format!("view {}", view.name),
        help: view.query.clone(),
        binding: None,
        forbidden: false,
    }));
    entries.extend(setup.contexts.iter().map(|named| Entry {
        pick: Pick::Context(named.name().to_owned()),
        name: format!("ctx {}", named.name()),
        help: named.address.clone(),
        binding: None,
        forbidden: false,
    }));
    if from.shows_incidents() {
        entries.extend(setup.commands.iter().map(|command| Entry {
            pick: Pick::Own(command.name.clone()),
            name: command.name.clone(),
            help: "your command".to_owned(),
            binding: None,
            forbidden: false,
        }));
    }
    if !setup.commands.is_empty() {
        entries.push(Entry {
            pick: Pick::Output,
            name: "output".to_owned(),
            help: "what your commands said last".to_owned(),
            binding: None,
            forbidden: false,
        });
    }
    let age =
        |entry: &Entry| history.0.iter().position(|pick| *pick == entry.pick).unwrap_or(usize::MAX);
    entries.sort_by_key(age);
    entries
}

/// The name counts more than what the help page says.
fn score_of(entry: &Entry, wanted: &str) -> Option<i32> {
    const IN_HELP: i32 = -1_000;
    let in_help = || Some(fuzzy::score(wanted, entry.help.as_str())? + IN_HELP);
    fuzzy::score(wanted, &entry.name).or_else(in_help)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::action::Place;

    const VIEWS: [Context; 9] = [
        Context::List,
        Context::Detail,
        Context::Logs,
        Context::Matches,
        Context::Patterns,
        Context::Cache,
        Context::Events,
        Context::Health,
        Context::Accounts,
    ];

    fn first(typed: &str) -> Option<Action> {
        let palette = Palette {
            from: Context::List,
            subject: None,
            forbidden: Vec::new(),
            offer: Offer::Everything,
            field: TextField::new(typed),
            chosen: None,
        };
        let entries = palette.entries(&Setup::default(), &History::default());
        entries.first().and_then(|entry| entry.binding).map(|binding| binding.action)
    }

    #[test]
    fn a_name_means_one_action_in_a_view() {
        for view in VIEWS {
            let mut names = HashMap::new();
            for entry in offered(view, &Setup::default(), &History::default()) {
                assert!(!entry.name.is_empty());
                let other = names.insert(entry.name, entry.pick);
                assert_eq!(other, None, "{:?} in {view:?}", entry.help);
            }
        }
    }

    #[test]
    fn the_best_match_is_first() {
        assert_eq!(first("cache"), Some(Action::Go(Place::Cache)));
        assert_eq!(first("INCIDENTS"), Some(Action::Go(Place::Incidents)));
        assert_eq!(first("inv"), Some(Action::Step(Step::Investigate)));
        assert_eq!(first("hb"), Some(Action::Step(Step::HandBack)));
        assert_eq!(first("assign me"), Some(Action::AssignToMe));
        assert_eq!(first("new incident"), Some(Action::NewIncident));
        assert_eq!(first("zzz"), None);
    }

    #[test]
    fn history_is_short_and_knows_each_action_once() {
        let mut history = History::default();
        for view in VIEWS {
            for entry in offered(view, &Setup::default(), &History::default()) {
                history.remember(entry.pick);
                history.remember(Pick::Action(Action::Help));
            }
        }
        assert_eq!((&history.0[0], history.0.len()), (&Pick::Action(Action::Help), HISTORY_MAX));
    }
}

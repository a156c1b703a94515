//! Actions by name: those of the view it was opened from, the best match first.

use std::cmp::Reverse;

use watchfire_shared::ids::{IncidentId, Reference};

use crate::action::Action;
use crate::keymap::{Binding, Context, bindings};

use super::fuzzy;
use super::input::TextField;

/// Actions remembered.
const HISTORY_MAX: usize = 20;

#[derive(Debug)]
pub struct Palette {
    /// Where the keys went when it was opened.
    pub from: Context,
    /// The incident that was selected then: what is run is about this one or about none.
    pub subject: Option<(IncidentId, Reference)>,
    pub field: TextField,
    /// None is the first.
    pub chosen: Option<Action>,
}

impl Palette {
    /// What fits the typed text, the best first; with nothing typed what was run last comes first.
    pub fn entries(&self, history: &History) -> Vec<&'static Binding> {
        let wanted: String = self.field.text().split_whitespace().collect();
        let mut entries: Vec<(i32, &'static Binding)> = offered(self.from, history)
            .into_iter()
            .filter_map(|binding| Some((score_of(binding, &wanted)?, binding)))
            .collect();
        // Stable: what fits equally well stays as it was.
        entries.sort_by_key(|(score, _)| Reverse(*score));
        entries.into_iter().map(|(_, binding)| binding).collect()
    }

    /// The place of the chosen one.
    pub fn place(&self, entries: &[&'static Binding]) -> usize {
        let chosen = |binding: &&Binding| Some(binding.action) == self.chosen;
        entries.iter().position(chosen).unwrap_or(0)
    }
}

/// What was run by name, the newest first.
#[derive(Debug, Default)]
pub struct History(Vec<Action>);

impl History {
    pub fn remember(&mut self, action: Action) {
        self.0.retain(|other| *other != action);
        self.0.insert(0, action);
        self.0.truncate(HISTORY_MAX);
    }
}

/// Each action of a view once: what was run last, then the others in the order of the keymap.
fn offered(from: Context, history: &History) -> Vec<&'static Binding> {
    let mut offered: Vec<&'static Binding> = Vec::new();
    let fits = |binding: &&Binding| binding.works_in(from) && binding.action != Action::Palette;
    for binding in bindings().filter(fits) {
        if offered.iter().all(|other| other.action != binding.action) {
            offered.push(binding);
        }
    }
    let age = |binding: &&Binding| {
        history.0.iter().position(|action| *action == binding.action).unwrap_or(usize::MAX)
    };
    offered.sort_by_key(age);
    offered
}

/// The name counts more than what the help page says.
fn score_of(binding: &Binding, wanted: &str) -> Option<i32> {
    const IN_HELP: i32 = -1_000;
    let in_help = || Some(fuzzy::score(wanted, binding.help)? + IN_HELP);
    fuzzy::score(wanted, binding.hint).or_else(in_help)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::action::{Place, Step};

    const VIEWS: [Context; 7] = [
        Context::List,
        Context::Detail,
        Context::Logs,
        Context::Cache,
        Context::Events,
        Context::Health,
        Context::Accounts,
    ];

    fn first(typed: &str) -> Option<Action> {
        let palette = Palette {
            from: Context::List,
            subject: None,
            field: TextField::new(typed),
            chosen: None,
        };
        palette.entries(&History::default()).first().map(|binding| binding.action)
    }

    #[test]
    fn a_name_means_one_action_in_a_view() {
        for view in VIEWS {
            let mut names = HashMap::new();
            for binding in offered(view, &History::default()) {
                let other = names.insert(binding.hint, binding.action);
                assert_eq!(other, None, "{} in {view:?}", binding.hint);
                assert!(!binding.hint.is_empty());
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
            for binding in offered(view, &History::default()) {
                history.remember(binding.action);
                history.remember(Action::Help);
            }
        }
        assert_eq!((history.0[0], history.0.len()), (Action::Help, HISTORY_MAX));
    }
}

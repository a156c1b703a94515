//! What was asked and run by name, from one run of the client to the next.

use watchfire_shared::filter::TEXT_MAX;

use crate::action::Action;
pub use crate::effect::Remembered;
use crate::keymap::bindings;

use super::Model;
use super::palette::{HISTORY_MAX, Pick};
use super::query::HISTORY_MAX as QUERIES_MAX;

impl Remembered {
    /// With what another client has kept meanwhile, as far as there is room: ours is newer.
    #[must_use]
    pub fn after(self, other: Self) -> Self {
        let Self { queries, run } = self;
        let mut all = other.queries;
        all.retain(|query| !queries.contains(query));
        all.extend(queries);
        all.drain(..all.len().saturating_sub(QUERIES_MAX));
        let others: Vec<String> = other.run.into_iter().filter(|it| !run.contains(it)).collect();
        let run = run.into_iter().chain(others).take(HISTORY_MAX).collect();
        Self { queries: all, run }
    }
}

impl Model {
    pub fn remembered(&self) -> Remembered {
        let run = self.palette_history.picks().iter().map(written).collect();
        Remembered { queries: self.list.query.history.clone(), run }
    }

    /// What there is no such action or place for any more is left out.
    pub fn put_remembered(&mut self, kept: &Remembered) {
        let fits = |query: &&String| query.chars().count() <= TEXT_MAX;
        for query in kept.queries.iter().filter(fits) {
            self.list.query.remember(query);
        }
        for pick in kept.run.iter().rev().filter_map(|text| read(text)) {
            self.palette_history.remember(pick);
        }
    }
}

fn written(pick: &Pick) -> String {
    match pick {
        Pick::Action(action) => format!("action {}", action.name()),
        Pick::Context(name) => format!("context {name}"),
        Pick::View(name) => format!("view {name}"),
        Pick::Own(name) => format!("command {name}"),
        Pick::Output => "output".to_owned(),
    }
}

fn read(text: &str) -> Option<Pick> {
    let (kind, name) = text.split_once(' ').unwrap_or((text, ""));
    let owned = name.to_owned();
    Some(match kind {
        "action" => Pick::Action(action(name)?),
        "context" => Pick::Context(owned),
        "view" => Pick::View(owned),
        "command" => Pick::Own(owned),
        "output" => Pick::Output,
        _ => return None,
    })
}

fn action(name: &str) -> Option<Action> {
    bindings().map(|binding| binding.action).find(|action| action.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(all: &[&str]) -> Vec<String> {
        all.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn every_pick_is_read_back() {
        for binding in bindings() {
            let pick = Pick::Action(binding.action);
            assert_eq!(read(&written(&pick)), Some(pick));
        }
        let name = || "a view: of mine".to_owned();
        for pick in [Pick::Context(name()), Pick::View(name()), Pick::Own(name()), Pick::Output] {
            assert_eq!(read(&written(&pick)), Some(pick));
        }
        assert_eq!((read("action gone"), read(""), read("nonsense x")), (None, None, None));
    }

    #[test]
    fn two_clients_keep_what_both_have_asked_and_not_more_than_there_is_room_for() {
        let ours = Remembered { queries: words(&["b", "c"]), run: words(&["output", "view x"]) };
        let other = Remembered { queries: words(&["a", "b"]), run: words(&["view y", "output"]) };
        let both = ours.after(other);
        assert_eq!(both.queries, ["a", "b", "c"]);
        assert_eq!(both.run, ["output", "view x", "view y"]);
        let many = |from: usize| (from..from + 90).map(|it| it.to_string()).collect();
        let ours = Remembered { queries: many(0), run: many(0) };
        let all = ours.after(Remembered { queries: many(200), run: many(200) });
        assert_eq!((all.queries.len(), all.run.len()), (QUERIES_MAX, HISTORY_MAX));
        assert_eq!(
            (all.queries.last().map(String::as_str), all.run[0].as_str()),
            (Some("89"), "0")
        );
    }
}

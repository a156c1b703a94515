//! The keys as they are: those of the table, changed by what a person wishes.

use std::fmt;

use super::{ALWAYS_QUITS, Binding, Context, bindings, key_name};
use crate::action::Action;
use crate::event::KeyInput;

/// A binding with the keys it has now.
#[derive(Debug, Clone)]
pub struct Bound {
    pub binding: &'static Binding,
    /// None when it was unbound.
    pub keys: Vec<KeyInput>,
}

#[derive(Debug, Clone)]
pub struct Keymap {
    bound: Vec<Bound>,
    /// Of commands of the person's own, which work where incidents are shown.
    own: Vec<(KeyInput, Action)>,
}

/// Other keys for an action; no keys unbind it.
#[derive(Debug, Clone)]
pub struct Wish {
    pub action: Action,
    pub keys: Vec<KeyInput>,
}

/// Why a wish could not be fulfilled as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Objection {
    /// Whose wish it is.
    pub action: Action,
    pub why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Another action has the key in the same place.
    Taken { key: KeyInput, other: Action },
    /// In a text field nothing would be left for it: characters are text there.
    OnlyText,
    /// Nobody could leave a form without it.
    Needed,
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.action.name();
        match self.why {
            Why::Taken { key, other } => {
                let (key, other) = (key_name(key, true), other.name());
                write!(
                    f,
                    "{key} is {name} and {other} in one place: give one of them another key, or write \
                     {other} = \"none\""
                )
            }
            Why::OnlyText => write!(
                f,
                "{name} works in text fields too, where a character is text: add a key such as enter \
                 or ctrl-x"
            ),
            Why::Needed => write!(f, "{name} needs a key: without it no form could be left"),
        }
    }
}

impl Default for Keymap {
    fn default() -> Self {
        let bound = |binding: &'static Binding| Bound { binding, keys: binding.keys.to_vec() };
        Self { bound: bindings().map(bound).collect(), own: Vec::new() }
    }
}

impl Keymap {
    /// The table with wishes on top. Of two wishes for one key the first has it; a wish takes a key
    /// from an action nobody wished anything for, and that is told too.
    pub fn new(wishes: &[Wish]) -> (Self, Vec<Objection>) {
        let mut keymap = Self::default();
        let mut objections = Vec::new();
        let mut granted = Vec::new();
        for wish in wishes {
            match refusal(wish) {
                Some(why) => objections.push(Objection { action: wish.action, why }),
                None => granted.push(wish),
            }
        }
        for wish in &granted {
            for bound in keymap.of(wish.action) {
                bound.keys.clone_from(&wish.keys);
            }
        }
        for wish in &granted {
            objections.extend(keymap.claim(wish));
        }
        (keymap, objections)
    }

    /// What a key means in a context; none when it means nothing there, or is text.
    pub fn lookup(&self, context: Context, key: KeyInput) -> Option<Action> {
        if is_text(context, key) {
            return None;
        }
        let mut own = self.own.iter().filter(|(it, _)| *it == key && context.shows_incidents());
        if let Some((_, action)) = own.next() {
            return Some(*action);
        }
        self.bound
            .iter()
            .find(|bound| bound.binding.works_in(context) && bound.keys.contains(&key))
            .map(|bound| bound.binding.action)
    }

    /// The first key that does this in a context, and its binding; none when nothing does.
    pub fn key(&self, context: Context, action: Action) -> Option<(KeyInput, &'static Binding)> {
        self.bound.iter().find_map(|bound| {
            let fits = bound.binding.action == action && bound.binding.works_in(context);
            let mut keys = bound.keys.iter().filter(|key| !is_text(context, **key));
            keys.next().filter(|_| fits).map(|key| (*key, bound.binding))
        })
    }

    /// In the order of the table.
    pub fn bound(&self) -> &[Bound] {
        &self.bound
    }

    /// Gives a key to a command of the person's own; returns the actions that have lost it.
    pub fn give(&mut self, key: KeyInput, own: Action) -> Vec<Action> {
        let mut losers = Vec::new();
        for bound in &mut self.bound {
            let shared = bound.binding.contexts().any(Context::shows_incidents);
            if shared && bound.keys.contains(&key) {
                bound.keys.retain(|it| *it != key);
                losers.push(bound.binding.action);
            }
        }
        losers.dedup();
        self.own.push((key, own));
        losers
    }

    /// The bindings of an action whose keys may change.
    fn of(&mut self, action: Action) -> impl Iterator<Item = &mut Bound> {
        let fixed = |bound: &Bound| bound.binding.keys == [ALWAYS_QUITS];
        self.bound.iter_mut().filter(move |it| it.binding.action == action && !fixed(it))
    }

    /// Takes the keys of a wish from every other action that has them in the same place.
    fn claim(&mut self, wish: &Wish) -> Vec<Objection> {
        let mut objections = Vec::new();
        for key in &wish.keys {
            let places: Vec<Context> = self
                .bound
                .iter()
                .filter(|bound| bound.binding.action == wish.action && bound.keys.contains(key))
                .flat_map(|bound| bound.binding.contexts())
                .filter(|context| !is_text(*context, *key))
                .collect();
            for bound in &mut self.bound {
                let other = bound.binding.action;
                let shared = bound.binding.contexts().any(|place| places.contains(&place));
                if other != wish.action && shared && bound.keys.contains(key) {
                    bound.keys.retain(|it| it != key);
                    let why = Why::Taken { key: *key, other };
                    objections.push(Objection { action: wish.action, why });
                }
            }
        }
        objections
    }
}

/// Why a wish cannot be granted, whatever the others are.
fn refusal(wish: &Wish) -> Option<Why> {
    if wish.keys.is_empty() {
        return matches!(wish.action, Action::Back | Action::Confirm).then_some(Why::Needed);
    }
    let works = |context: Context| wish.keys.iter().any(|key| !is_text(context, *key));
    let everywhere = bindings()
        .filter(|binding| binding.action == wish.action && binding.keys != [ALWAYS_QUITS])
        .all(|binding| binding.contexts().all(works));
    (!everywhere).then_some(Why::OnlyText)
}

/// A text field loses no character to a command.
fn is_text(context: Context, key: KeyInput) -> bool {
    context.takes_text() && key.text().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Step;
    use crate::event::KeyCode;

    const RESOLVE: Action = Action::Step(Step::Resolve);

    fn wish(action: Action, keys: &[KeyInput]) -> Wish {
        Wish { action, keys: keys.to_vec() }
    }

    #[test]
    fn no_key_means_two_things_whatever_is_wished() {
        let x = KeyInput::char('x');
        for action in [RESOLVE, Action::Follow, Action::Quit, Action::Discard] {
            let (keymap, _) = Keymap::new(&[wish(action, &[x]), wish(Action::Comment, &[x])]);
            for context in [Context::List, Context::Detail, Context::Logs, Context::Events] {
                let has =
                    |bound: &&Bound| bound.binding.works_in(context) && bound.keys.contains(&x);
                assert!(keymap.bound.iter().filter(has).count() <= 1, "{action:?} {context:?}");
            }
        }
    }

    #[test]
    fn a_wish_takes_the_key_of_a_default_and_says_so() {
        let s = KeyInput::char('s');
        let (keymap, objections) = Keymap::new(&[wish(RESOLVE, &[s])]);
        assert_eq!(keymap.lookup(Context::List, s), Some(RESOLVE));
        assert_eq!(keymap.lookup(Context::List, KeyInput::char('r')), None);
        let why = Why::Taken { key: s, other: Action::NextSort };
        assert_eq!(objections, [Objection { action: RESOLVE, why }]);
        assert!(objections[0].to_string().starts_with("s is resolve and next-sort in one place: "));
        let swapped = [wish(RESOLVE, &[s]), wish(Action::NextSort, &[KeyInput::char('r')])];
        let (keymap, objections) = Keymap::new(&swapped);
        assert_eq!(objections, []);
        assert_eq!(keymap.lookup(Context::List, KeyInput::char('r')), Some(Action::NextSort));
    }

    #[test]
    fn the_same_key_in_different_places_is_no_conflict() {
        let (keymap, objections) = Keymap::new(&[wish(Action::Redrive, &[KeyInput::char('r')])]);
        assert_eq!(objections, []);
        assert_eq!(keymap.lookup(Context::List, KeyInput::char('r')), Some(RESOLVE));
        assert_eq!(keymap.lookup(Context::Events, KeyInput::char('r')), Some(Action::Redrive));
    }

    #[test]
    fn text_keeps_its_characters_and_forms_their_way_out() {
        let (h, esc) = (KeyInput::char('h'), KeyInput::plain(KeyCode::Esc));
        let (keymap, objections) = Keymap::new(&[wish(Action::Back, &[h, esc])]);
        assert_eq!(objections, []);
        assert_eq!(keymap.lookup(Context::Detail, h), Some(Action::Back));
        assert_eq!(keymap.lookup(Context::Comment, h), None);
        assert_eq!(keymap.key(Context::Comment, Action::Back).map(|(key, _)| key), Some(esc));
        for (keys, why) in [(vec![h], Why::OnlyText), (vec![], Why::Needed)] {
            let (keymap, objections) = Keymap::new(&[wish(Action::Back, &keys)]);
            assert_eq!(objections, [Objection { action: Action::Back, why }]);
            assert_eq!(keymap.lookup(Context::Comment, esc), Some(Action::Back));
        }
    }

    #[test]
    fn ctrl_c_quits_whatever_becomes_of_quit() {
        let (keymap, objections) = Keymap::new(&[wish(Action::Quit, &[])]);
        assert_eq!(objections, []);
        assert_eq!(keymap.lookup(Context::List, KeyInput::char('q')), None);
        for binding in bindings() {
            for context in binding.contexts() {
                assert_eq!(keymap.lookup(context, ALWAYS_QUITS), Some(Action::Quit));
            }
        }
    }

    #[test]
    fn every_name_is_one_actions_own_and_reads_well() {
        let mut names: Vec<(&str, Action)> =
            bindings().map(|it| (it.action.name(), it.action)).collect();
        for (name, action) in &names {
            assert!(name.bytes().all(|c| c.is_ascii_lowercase() || c == b'-'), "{name}");
            assert!(names.iter().all(|(other, it)| other != name || it == action), "{name}");
        }
        names.dedup();
        assert!(names.len() > 40);
    }
}

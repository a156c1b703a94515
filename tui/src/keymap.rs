//! Which key means what, where: one table of defaults, and the [`Keymap`] that a person made of it.
//! The help page and the foot are printed from it, so they cannot say anything else.

mod context;
mod events;
mod incidents;
mod logs;
mod map;
mod moving;
mod people;
mod read;
mod screens;
mod text;

pub use context::Context;
pub use map::{Bound, Keymap, Wish};
pub use read::read_key;

use crate::action::Action;
use crate::event::{KeyCode, KeyInput};

/// A heading of the help page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Incident,
    Moving,
    LogPane,
    DeadLetter,
    Person,
    Screens,
    Text,
}

impl Group {
    pub const ALL: [Self; 7] = [
        Self::Incident,
        Self::Moving,
        Self::LogPane,
        Self::DeadLetter,
        Self::Person,
        Self::Screens,
        Self::Text,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Incident => "Incident",
            Self::Moving => "Moving",
            Self::Screens => "Screens",
            Self::LogPane => "Log pane",
            Self::DeadLetter => "Dead letter",
            Self::Person => "Person",
            Self::Text => "Text fields",
        }
    }
}

/// One line of the help page: keys that mean the same.
#[derive(Debug)]
pub struct Binding {
    pub group: Group,
    contexts: fn(Context) -> bool,
    pub keys: &'static [KeyInput],
    pub action: Action,
    /// One or two words, for the foot.
    pub hint: &'static str,
    /// For the help page.
    pub help: &'static str,
    /// On the help page it shares the line of the binding before it.
    pub shares_line: bool,
}

impl Binding {
    const fn pair(self) -> Self {
        Self { shares_line: true, ..self }
    }

    pub fn works_in(&self, context: Context) -> bool {
        (self.contexts)(context)
    }

    /// Where it means something.
    pub fn contexts(&self) -> impl Iterator<Item = Context> {
        Context::ALL.into_iter().filter(|context| self.works_in(*context))
    }
}

const fn key(c: char) -> KeyInput {
    KeyInput::char(c)
}

const fn ctrl(c: char) -> KeyInput {
    KeyInput::ctrl(c)
}

const fn code(code: KeyCode) -> KeyInput {
    KeyInput::plain(code)
}

const fn alt(code: KeyCode) -> KeyInput {
    KeyInput { alt: true, ..KeyInput::plain(code) }
}

const BACK_TAB: KeyInput = KeyInput { shift: true, ..KeyInput::plain(KeyCode::Tab) };

const fn bind(
    group: Group,
    contexts: fn(Context) -> bool,
    keys: &'static [KeyInput],
    action: Action,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { group, contexts, keys, action, hint, help, shares_line: false }
}

/// Wherever one is, and whatever is configured.
pub const ALWAYS_QUITS: KeyInput = ctrl('c');

/// The tables of the keys as they come. The first binding that fits counts.
const TABLES: [&[Binding]; 7] = [
    incidents::BINDINGS,
    moving::BINDINGS,
    logs::BINDINGS,
    events::BINDINGS,
    people::BINDINGS,
    screens::BINDINGS,
    text::BINDINGS,
];

pub fn bindings() -> impl Iterator<Item = &'static Binding> {
    TABLES.into_iter().flatten()
}

/// A key as the help page and the foot write it.
pub fn key_name(key: KeyInput, unicode: bool) -> String {
    let glyph = |glyph: &str, word: &str| if unicode { glyph } else { word }.to_owned();
    let name = match key.code {
        KeyCode::Char(' ') => "space".to_owned(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Enter => "enter".to_owned(),
        KeyCode::Esc => "esc".to_owned(),
        KeyCode::Tab => "tab".to_owned(),
        KeyCode::Backspace => "backspace".to_owned(),
        KeyCode::Delete => "del".to_owned(),
        KeyCode::Left => glyph("←", "left"),
        KeyCode::Right => glyph("→", "right"),
        KeyCode::Up => glyph("↑", "up"),
        KeyCode::Down => glyph("↓", "down"),
        KeyCode::Home => "home".to_owned(),
        KeyCode::End => "end".to_owned(),
        KeyCode::PageUp => "pgup".to_owned(),
        KeyCode::PageDown => "pgdn".to_owned(),
    };
    let ctrl = if key.ctrl { "ctrl-" } else { "" };
    let alt = if key.alt { "alt-" } else { "" };
    let shift = if key.shift { "shift-" } else { "" };
    format!("{ctrl}{alt}{shift}{name}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let mut meanings = HashMap::new();
        for binding in bindings() {
            for context in binding.contexts() {
                for key in binding.keys {
                    let other = meanings.insert((context, *key), binding.action);
                    assert_eq!(other, None, "{context:?} {key:?}");
                }
            }
        }
    }

    #[test]
    fn characters_are_never_commands_where_text_goes() {
        for binding in bindings() {
            for context in binding.contexts().filter(|c| c.takes_text()) {
                for key in binding.keys {
                    assert_eq!(key.text(), None, "{context:?} {key:?}");
                }
            }
        }
    }

    #[test]
    fn every_context_can_be_left() {
        for context in Context::ALL {
            assert_eq!(Keymap::default().lookup(context, ctrl('c')), Some(Action::Quit));
        }
    }
}

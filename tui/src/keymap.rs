//! Which key means what, where: one table of defaults, and the [`Keymap`] that a person made of it.
//! The help page and the foot are printed from it, so they cannot say anything else.

mod map;
mod read;

pub use map::{Bound, Keymap, Wish};
pub use read::read_key;

use crate::action::{Action, Edit, Mark, Move, PersonAction, Place, Step};
use crate::event::{KeyCode, KeyInput};

/// Where the keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    List,
    /// An opened incident, on another tab than the logs.
    Detail,
    Logs,
    Cache,
    Events,
    Health,
    /// The people of the installation.
    Accounts,
    Help,
    CommandLog,
    /// The incident as JSON.
    Json,
    Handover,
    /// The cache at work.
    Demonstration,
    Picker,
    /// A person to choose, found by typing.
    People,
    /// The question before many incidents are changed.
    Question,
    /// Where actions are chosen by name.
    Palette,
    /// The query bar.
    Query,
    /// The search of the log pane.
    Search,
    Comment,
    /// Another title of an incident.
    Title,
    /// Why a dead letter is discarded.
    Reason,
    /// A person to add or to change.
    Account,
    NewIncident,
    SignIn,
}

impl Context {
    /// Whether characters are text here and never a command.
    pub const fn takes_text(self) -> bool {
        matches!(
            self,
            Self::Palette
                | Self::Query
                | Self::Search
                | Self::Comment
                | Self::Title
                | Self::People
                | Self::Reason
                | Self::Account
                | Self::NewIncident
                | Self::SignIn
        )
    }
}

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
    pub contexts: &'static [Context],
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
}

use Context as C;

const SCREENS: &[Context] =
    &[C::List, C::Detail, C::Logs, C::Cache, C::Events, C::Health, C::Accounts];
const INCIDENT: &[Context] = &[C::List, C::Detail, C::Logs];
const COPIED: &[Context] = &[C::List, C::Detail, C::Logs, C::Json];
const OPENED: &[Context] = &[C::Detail, C::Logs];
const SCROLLED: &[Context] = &[
    C::List,
    C::Detail,
    C::Logs,
    C::Events,
    C::Accounts,
    C::Help,
    C::CommandLog,
    C::Json,
    C::Handover,
    C::Demonstration,
    C::Picker,
    C::Question,
];
const TEXT: &[Context] = &[
    C::Palette,
    C::Query,
    C::Search,
    C::People,
    C::Title,
    C::Comment,
    C::Reason,
    C::Account,
    C::NewIncident,
    C::SignIn,
];
const FIELDS: &[Context] = &[C::Account, C::NewIncident, C::SignIn];
const EVERYWHERE: &[Context] = &[
    C::List,
    C::Detail,
    C::Logs,
    C::Cache,
    C::Events,
    C::Health,
    C::Accounts,
    C::Help,
    C::CommandLog,
    C::Json,
    C::Handover,
    C::Demonstration,
    C::Picker,
    C::Question,
    C::Palette,
    C::Query,
    C::Search,
    C::Comment,
    C::Title,
    C::People,
    C::Reason,
    C::Account,
    C::NewIncident,
    C::SignIn,
];
const CONFIRMED: &[Context] = &[
    C::Demonstration,
    C::Picker,
    C::Question,
    C::Palette,
    C::Query,
    C::Search,
    C::Comment,
    C::Title,
    C::People,
    C::Reason,
    C::Account,
    C::NewIncident,
    C::SignIn,
];
const LEFT_BY_ESC: &[Context] = &[
    C::List,
    C::Detail,
    C::Logs,
    C::Cache,
    C::Events,
    C::Health,
    C::Accounts,
    C::Help,
    C::CommandLog,
    C::Json,
    C::Handover,
    C::Demonstration,
    C::Picker,
    C::Question,
    C::Palette,
    C::Query,
    C::Search,
    C::Comment,
    C::Title,
    C::People,
    C::Reason,
    C::Account,
    C::NewIncident,
];
const NOT_TEXT: &[Context] = &[
    C::List,
    C::Detail,
    C::Logs,
    C::Cache,
    C::Events,
    C::Health,
    C::Accounts,
    C::Help,
    C::CommandLog,
    C::Json,
    C::Handover,
    C::Demonstration,
    C::Picker,
    C::Question,
];

/// Where `q` goes one level up: it ends the program from a list of everything alone.
const LEFT_BY_Q: &[Context] = &[
    C::Detail,
    C::Logs,
    C::Cache,
    C::Events,
    C::Health,
    C::Accounts,
    C::Help,
    C::CommandLog,
    C::Json,
    C::Handover,
    C::Demonstration,
];

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
    contexts: &'static [Context],
    keys: &'static [KeyInput],
    action: Action,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { group, contexts, keys, action, hint, help, shares_line: false }
}

/// Wherever one is, and whatever is configured.
pub const ALWAYS_QUITS: KeyInput = ctrl('c');

/// The keys as they come. The first binding that fits counts.
#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Group::Incident, INCIDENT, &[key('a')], Action::Step(Step::Investigate), "investigate", "investigate"),
    bind(Group::Incident, INCIDENT, &[key('r')], Action::Step(Step::Resolve), "resolve", "resolve").pair(),
    bind(Group::Incident, INCIDENT, &[key('c')], Action::Step(Step::Close), "close", "twice: close"),
    bind(Group::Incident, INCIDENT, &[key('R')], Action::Step(Step::Reopen), "reopen", "reopen").pair(),
    bind(Group::Incident, INCIDENT, &[key('o')], Action::Step(Step::HandBack), "hand back", "hand back"),
    bind(Group::Incident, INCIDENT, &[key('p')], Action::Priority, "priority", "priority").pair(),
    bind(Group::Incident, INCIDENT, &[key('m')], Action::AssignToMe, "assign to me", "assign to me"),
    bind(Group::Incident, INCIDENT, &[key('A'), key('M')], Action::Assign, "assign", "anybody").pair(),
    bind(Group::Incident, INCIDENT, &[key('n')], Action::Comment, "comment", "comment"),
    bind(Group::Incident, INCIDENT, &[key('e')], Action::Write, "write", "in $EDITOR").pair(),
    bind(Group::Incident, SCREENS, &[key('N')], Action::NewIncident, "new", "new incident"),
    bind(Group::Incident, INCIDENT, &[key('t')], Action::Title, "title", "title").pair(),
    bind(Group::Incident, INCIDENT, &[key('u')], Action::Undo, "undo", "undo the last action"),
    bind(Group::Incident, &[C::List], &[key(' ')], Action::Mark(Mark::One), "mark", "mark"),
    bind(Group::Incident, &[C::List], &[key('v')], Action::Mark(Mark::Range), "mark range", "range").pair(),
    bind(Group::Incident, &[C::List], &[key('*')], Action::Mark(Mark::All), "mark all", "all").pair(),
    bind(Group::Incident, COPIED, &[key('y')], Action::Copy, "copy", "copy"),
    bind(Group::Incident, COPIED, &[key('J')], Action::Json, "json", "JSON").pair(),

    bind(Group::Moving, SCROLLED, &[key('j'), code(KeyCode::Down)], Action::Move(Move::Down), "down", "down"),
    bind(Group::Moving, SCROLLED, &[key('k'), code(KeyCode::Up)], Action::Move(Move::Up), "up", "up").pair(),
    bind(Group::Moving, SCROLLED, &[key('g'), code(KeyCode::Home)], Action::Move(Move::First), "first", "first"),
    bind(Group::Moving, SCROLLED, &[key('G'), code(KeyCode::End)], Action::Move(Move::Last), "last", "last").pair(),
    bind(Group::Moving, SCROLLED, &[ctrl('d')], Action::Move(Move::HalfDown), "half page down", "half a page down"),
    bind(Group::Moving, SCROLLED, &[ctrl('u')], Action::Move(Move::HalfUp), "half page up", "up").pair(),
    bind(Group::Moving, SCROLLED, &[code(KeyCode::PageDown)], Action::Move(Move::PageDown), "page down", "a page down"),
    bind(Group::Moving, SCROLLED, &[code(KeyCode::PageUp)], Action::Move(Move::PageUp), "page up", "up").pair(),

    bind(Group::LogPane, OPENED, &[key('f')], Action::Follow, "follow", "follow, or hold"),
    bind(Group::LogPane, OPENED, &[key('v')], Action::RaiseLevel, "fewer levels", "fewer levels"),
    bind(Group::LogPane, OPENED, &[key('V')], Action::LowerLevel, "more levels", "more").pair(),

    bind(Group::DeadLetter, &[C::Events], &[key('d')], Action::Redrive, "redrive", "redrive"),
    bind(Group::DeadLetter, &[C::Events], &[key('x')], Action::Discard, "discard", "discard it").pair(),

    bind(Group::Person, &[C::Accounts], &[key('r')], Action::Person(PersonAction::Role), "role", "role"),
    bind(Group::Person, &[C::Accounts], &[key('x')], Action::Person(PersonAction::Status), "deactivate", "in or out").pair(),
    bind(Group::Person, &[C::Accounts], &[key('t')], Action::Person(PersonAction::Rename), "rename", "name"),
    bind(Group::Person, &[C::Accounts], &[key('P')], Action::Person(PersonAction::Password), "new password", "password").pair(),
    bind(Group::Person, &[C::Accounts], &[key('a')], Action::Person(PersonAction::Add), "add", "add a person"),

    bind(Group::Screens, &[C::List], &[code(KeyCode::Enter)], Action::Open, "open", "open it"),
    bind(Group::Screens, &[C::List], &[key('w')], Action::Wide, "wide", "all columns").pair(),
    bind(Group::Screens, LEFT_BY_ESC, &[code(KeyCode::Esc)], Action::Back, "back", "back; clear"),
    bind(Group::Screens, SCREENS, &[key('-')], Action::Last, "last view", "the view before"),
    bind(Group::Screens, OPENED, &[code(KeyCode::Tab), key(']')], Action::NextTab, "next tab", "tabs"),
    bind(Group::Screens, OPENED, &[BACK_TAB, key('[')], Action::PreviousTab, "previous tab", "back").pair(),
    bind(Group::Screens, SCREENS, &[key('/')], Action::Query, "query", "query, or search logs"),
    bind(Group::Screens, &[C::List], &[key('s')], Action::NextSort, "sort", "next order"),
    bind(Group::Screens, &[C::List], &[key('S')], Action::ReverseSort, "reverse", "reversed").pair(),
    bind(Group::Screens, SCREENS, &[key('1')], Action::Go(Place::Incidents), "incidents", "list"),
    bind(Group::Screens, SCREENS, &[key('2')], Action::Go(Place::Cache), "cache", "cache").pair(),
    bind(Group::Screens, SCREENS, &[key('3')], Action::Go(Place::Events), "events", "events").pair(),
    bind(Group::Screens, SCREENS, &[key('6')], Action::Go(Place::Health), "health", "health"),
    bind(Group::Screens, SCREENS, &[key('7')], Action::Go(Place::People), "people", "people").pair(),
    bind(Group::Screens, SCREENS, &[key(':'), ctrl('p')], Action::Palette, "palette", "any action by name"),
    bind(Group::Screens, NOT_TEXT, &[key('@')], Action::CommandLog, "commands", "commands"),
    bind(Group::Screens, SCREENS, &[], Action::Handover, "handover", "the shift as Markdown"),
    bind(Group::Screens, &[C::Handover], &[key('w')], Action::Save, "write file", "write a file"),
    bind(Group::Screens, &[C::Handover], &[key('y')], Action::Copy, "copy", "copy it").pair(),
    bind(Group::Screens, &[C::Cache], &[key('D')], Action::Demonstrate, "demonstrate", "cache demo"),
    bind(Group::Screens, SCREENS, &[ctrl('r')], Action::Reload, "reload", "load again, reconnect"),
    bind(Group::Screens, NOT_TEXT, &[key('?')], Action::Help, "help", "this page"),
    bind(Group::Screens, LEFT_BY_Q, &[key('q')], Action::Back, "back", "back"),
    bind(Group::Screens, &[C::List], &[key('q')], Action::Quit, "quit", "quit").pair(),
    bind(Group::Screens, EVERYWHERE, &[ALWAYS_QUITS], Action::Quit, "quit", "at once").pair(),

    bind(Group::Text, CONFIRMED, &[code(KeyCode::Enter)], Action::Confirm, "confirm", "confirm, send"),
    bind(Group::Text, &[C::Palette], &[code(KeyCode::Down), ctrl('n')], Action::Move(Move::Down), "down", "choose"),
    bind(Group::Text, &[C::Palette], &[code(KeyCode::Up), ctrl('p')], Action::Move(Move::Up), "up", "back").pair(),
    bind(Group::Text, &[C::Comment], &[alt(KeyCode::Enter), ctrl('j')], Action::Edit(Edit::NewLine), "new line", "new line"),
    bind(Group::Text, FIELDS, &[code(KeyCode::Tab), code(KeyCode::Down)], Action::NextField, "next field", "fields"),
    bind(Group::Text, FIELDS, &[BACK_TAB, code(KeyCode::Up)], Action::PreviousField, "previous field", "back").pair(),
    bind(Group::Text, &[C::People], &[code(KeyCode::Down)], Action::Move(Move::Down), "next", "next person"),
    bind(Group::Text, &[C::People], &[code(KeyCode::Up)], Action::Move(Move::Up), "previous", "before").pair(),
    bind(Group::Text, &[C::Query], &[code(KeyCode::Tab)], Action::Complete, "complete", "word"),
    bind(Group::Text, &[C::Query], &[code(KeyCode::Up)], Action::Recall { earlier: true }, "earlier", "earlier").pair(),
    bind(Group::Text, &[C::Query], &[code(KeyCode::Down)], Action::Recall { earlier: false }, "later", "later").pair(),
    bind(Group::Text, TEXT, &[code(KeyCode::Left)], Action::Edit(Edit::Left), "left", "left"),
    bind(Group::Text, TEXT, &[code(KeyCode::Right)], Action::Edit(Edit::Right), "right", "right").pair(),
    bind(Group::Text, TEXT, &[code(KeyCode::Home), ctrl('a')], Action::Edit(Edit::Start), "start", "start"),
    bind(Group::Text, TEXT, &[code(KeyCode::End), ctrl('e')], Action::Edit(Edit::End), "end", "end").pair(),
    bind(Group::Text, TEXT, &[code(KeyCode::Backspace)], Action::Edit(Edit::Backspace), "delete", "delete before"),
    bind(Group::Text, TEXT, &[code(KeyCode::Delete)], Action::Edit(Edit::Delete), "delete", "after").pair(),
    bind(Group::Text, TEXT, &[ctrl('w')], Action::Edit(Edit::BackWord), "delete word", "delete a word"),
    bind(Group::Text, TEXT, &[ctrl('u')], Action::Edit(Edit::ToStart), "delete to start", "cut to start"),
    bind(Group::Text, TEXT, &[ctrl('k')], Action::Edit(Edit::ToEnd), "delete to end", "to end").pair(),
];

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
        for binding in BINDINGS {
            for context in binding.contexts {
                for key in binding.keys {
                    let other = meanings.insert((*context, *key), binding.action);
                    assert_eq!(other, None, "{context:?} {key:?}");
                }
            }
        }
    }

    #[test]
    fn characters_are_never_commands_where_text_goes() {
        for binding in BINDINGS {
            for context in binding.contexts.iter().filter(|c| c.takes_text()) {
                for key in binding.keys {
                    assert_eq!(key.text(), None, "{context:?} {key:?}");
                }
            }
        }
    }

    #[test]
    fn every_context_can_be_left() {
        for context in EVERYWHERE {
            assert_eq!(Keymap::default().lookup(*context, ctrl('c')), Some(Action::Quit));
        }
    }
}

//! Text fields and choices.

use super::Context as C;
use super::{BACK_TAB, Binding, Context, Group, alt, bind, code, ctrl};
use crate::action::{Action, Edit, Move};
use crate::event::KeyCode;

/// Where there is more than one field.
const fn fields(context: Context) -> bool {
    matches!(context, C::Account | C::NewIncident | C::SignIn)
}

/// Where something is chosen by its name.
const fn names(context: Context) -> bool {
    matches!(context, C::Palette | C::Chooser)
}

#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Group::Text, Context::is_confirmed, &[code(KeyCode::Enter)], Action::Confirm, "confirm", "confirm, send"),
    bind(Group::Text, names, &[code(KeyCode::Down), ctrl('n')], Action::Move(Move::Down), "down", "choose"),
    bind(Group::Text, names, &[code(KeyCode::Up), ctrl('p')], Action::Move(Move::Up), "up", "back").pair(),
    bind(Group::Text, |it| it == C::Comment, &[alt(KeyCode::Enter), ctrl('j')], Action::Edit(Edit::NewLine), "new line", "new line"),
    bind(Group::Text, fields, &[code(KeyCode::Tab), code(KeyCode::Down)], Action::NextField, "next field", "fields"),
    bind(Group::Text, fields, &[BACK_TAB, code(KeyCode::Up)], Action::PreviousField, "previous field", "back").pair(),
    bind(Group::Text, |it| it == C::People, &[code(KeyCode::Down)], Action::Move(Move::Down), "next", "next person"),
    bind(Group::Text, |it| it == C::People, &[code(KeyCode::Up)], Action::Move(Move::Up), "previous", "before").pair(),
    bind(Group::Text, |it| it == C::Query, &[code(KeyCode::Tab)], Action::Complete { back: false }, "complete", "word"),
    bind(Group::Text, |it| it == C::Query, &[BACK_TAB], Action::Complete { back: true }, "complete back", "back").pair(),
    bind(Group::Text, |it| it == C::Query, &[code(KeyCode::Up)], Action::Recall { earlier: true }, "earlier", "earlier"),
    bind(Group::Text, |it| it == C::Query, &[code(KeyCode::Down)], Action::Recall { earlier: false }, "later", "later").pair(),
    bind(Group::Text, |it| it == C::Search, &[code(KeyCode::Tab)], Action::Expression, "regex", "regex, or text"),
    bind(Group::Text, Context::takes_text, &[code(KeyCode::Left)], Action::Edit(Edit::Left), "left", "left"),
    bind(Group::Text, Context::takes_text, &[code(KeyCode::Right)], Action::Edit(Edit::Right), "right", "right").pair(),
    bind(Group::Text, Context::takes_text, &[code(KeyCode::Home), ctrl('a')], Action::Edit(Edit::Start), "start", "start"),
    bind(Group::Text, Context::takes_text, &[code(KeyCode::End), ctrl('e')], Action::Edit(Edit::End), "end", "end").pair(),
    bind(Group::Text, Context::takes_text, &[code(KeyCode::Backspace)], Action::Edit(Edit::Backspace), "delete", "delete before"),
    bind(Group::Text, Context::takes_text, &[code(KeyCode::Delete)], Action::Edit(Edit::Delete), "delete", "after").pair(),
    bind(Group::Text, Context::takes_text, &[ctrl('w')], Action::Edit(Edit::BackWord), "delete word", "delete a word"),
    bind(Group::Text, Context::takes_text, &[ctrl('u')], Action::Edit(Edit::ToStart), "delete to start", "cut to start"),
    bind(Group::Text, Context::takes_text, &[ctrl('k')], Action::Edit(Edit::ToEnd), "delete to end", "to end").pair(),
];

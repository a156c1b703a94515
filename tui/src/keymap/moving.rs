//! How one moves in what is longer than the screen.

use super::{Binding, Context, Group, bind, code, ctrl, key};
use crate::action::{Action, Move};
use crate::event::KeyCode;

#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Group::Moving, Context::scrolls, &[key('j'), code(KeyCode::Down)], Action::Move(Move::Down), "down", "down"),
    bind(Group::Moving, Context::scrolls, &[key('k'), code(KeyCode::Up)], Action::Move(Move::Up), "up", "up").pair(),
    bind(Group::Moving, Context::scrolls, &[key('g'), code(KeyCode::Home)], Action::Move(Move::First), "first", "first"),
    bind(Group::Moving, Context::scrolls, &[key('G'), code(KeyCode::End)], Action::Move(Move::Last), "last", "last").pair(),
    bind(Group::Moving, Context::scrolls, &[ctrl('d')], Action::Move(Move::HalfDown), "half page down", "half a page down"),
    bind(Group::Moving, Context::scrolls, &[ctrl('u')], Action::Move(Move::HalfUp), "half page up", "up").pair(),
    bind(Group::Moving, Context::scrolls, &[code(KeyCode::PageDown)], Action::Move(Move::PageDown), "page down", "a page down"),
    bind(Group::Moving, Context::scrolls, &[code(KeyCode::PageUp)], Action::Move(Move::PageUp), "page up", "up").pair(),
];

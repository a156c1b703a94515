//! The dead letters of the events screen.

use super::Context as C;
use super::{Binding, Group, bind, key};
use crate::action::Action;

#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Group::DeadLetter, |it| it == C::Events, &[key('d')], Action::Redrive, "redrive", "redrive"),
    bind(Group::DeadLetter, |it| it == C::Events, &[key('x')], Action::Discard, "discard", "discard it").pair(),
];

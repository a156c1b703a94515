//! The people of the installation.

use super::Context as C;
use super::{Binding, Group, bind, key};
use crate::action::{Action, PersonAction};

#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Group::Person, |it| it == C::Accounts, &[key('r')], Action::Person(PersonAction::Role), "role", "role"),
    bind(Group::Person, |it| it == C::Accounts, &[key('x')], Action::Person(PersonAction::Status), "deactivate", "in or out").pair(),
    bind(Group::Person, |it| it == C::Accounts, &[key('t')], Action::Person(PersonAction::Rename), "rename", "name"),
    bind(Group::Person, |it| it == C::Accounts, &[key('P')], Action::Person(PersonAction::Password), "new password", "password").pair(),
    bind(Group::Person, |it| it == C::Accounts, &[key('a')], Action::Person(PersonAction::Add), "add", "add a person"),
];

//! The log pane of an incident.

use super::Context as C;
use super::{Binding, Context, Group, bind, key};
use crate::action::Action;

/// An incident that is open.
const fn opened(context: Context) -> bool {
    matches!(context, C::Detail | C::Logs | C::Matches)
}

/// A log pane that has the keys.
const fn pane(context: Context) -> bool {
    matches!(context, C::Logs | C::Matches)
}

#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Group::LogPane, opened, &[key('f')], Action::Follow, "follow", "follow, or hold"),
    bind(Group::LogPane, opened, &[key('v')], Action::RaiseLevel, "fewer levels", "fewer levels"),
    bind(Group::LogPane, opened, &[key('V')], Action::LowerLevel, "more levels", "more").pair(),
    bind(Group::LogPane, |it| it == C::Matches, &[key('n')], Action::Find { older: false }, "next match", "match below"),
    bind(Group::LogPane, |it| it == C::Matches, &[key('N')], Action::Find { older: true }, "previous match", "above").pair(),
    bind(Group::LogPane, pane, &[key('x')], Action::Around, "lines around", "lines around matches"),
    bind(Group::LogPane, pane, &[key('w')], Action::Wrap, "wrap", "wrap lines"),
    bind(Group::LogPane, pane, &[key('T')], Action::Times, "times", "times").pair(),
];

//! The log pane of an incident.

use super::Context as C;
use super::{Binding, Context, Group, bind, key};
use crate::action::Action;

/// An incident that is open.
const fn opened(context: Context) -> bool {
    matches!(context, C::Detail | C::Logs)
}

#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Group::LogPane, opened, &[key('f')], Action::Follow, "follow", "follow, or hold"),
    bind(Group::LogPane, opened, &[key('v')], Action::RaiseLevel, "fewer levels", "fewer levels"),
    bind(Group::LogPane, opened, &[key('V')], Action::LowerLevel, "more levels", "more").pair(),
];

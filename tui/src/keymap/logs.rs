//! The log panes: of an incident, and of all.

use super::Context as C;
use super::{Binding, Context, Group, bind, key};
use crate::action::Action;

/// Where a log pane is, or may be, on the screen.
const fn shown(context: Context) -> bool {
    matches!(context, C::Detail | C::Logs | C::Matches | C::AllLogs)
}

/// A log pane that has the keys.
const fn pane(context: Context) -> bool {
    matches!(context, C::Logs | C::Matches | C::AllLogs)
}

/// Where lines and patterns take turns.
const fn patterned(context: Context) -> bool {
    matches!(context, C::Logs | C::Matches | C::Patterns)
}

/// Where a search may have found something.
const fn found(context: Context) -> bool {
    matches!(context, C::Matches | C::AllLogs)
}

#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Group::LogPane, shown, &[key('f')], Action::Follow, "follow", "follow, or hold"),
    bind(Group::LogPane, shown, &[key('v')], Action::RaiseLevel, "fewer levels", "fewer levels"),
    bind(Group::LogPane, shown, &[key('V')], Action::LowerLevel, "more levels", "more").pair(),
    bind(Group::LogPane, found, &[key('n')], Action::Find { older: false }, "next match", "match below"),
    bind(Group::LogPane, found, &[key('N')], Action::Find { older: true }, "previous match", "above").pair(),
    bind(Group::LogPane, pane, &[key('x')], Action::Around, "lines around", "lines around matches"),
    bind(Group::LogPane, patterned, &[key('P')], Action::Patterns, "patterns", "lines, or patterns"),
    bind(Group::LogPane, pane, &[key('w')], Action::Wrap, "wrap", "wrap"),
    bind(Group::LogPane, pane, &[key('T')], Action::Times, "times", "times").pair(),
    bind(Group::LogPane, pane, &[key('W')], Action::Export, "save lines", "save").pair(),
];

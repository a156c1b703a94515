//! The way from view to view.

use super::Context as C;
use super::{ALWAYS_QUITS, BACK_TAB, Binding, Context, Group, bind, code, ctrl, key};
use crate::action::{Action, ColumnAction, Place, Side};
use crate::event::KeyCode;

/// An incident that is open.
const fn opened(context: Context) -> bool {
    matches!(context, C::Detail | C::Logs | C::Matches | C::Patterns)
}

/// A screen without a log pane and without an incident that is open.
const fn unopened(context: Context) -> bool {
    context.is_screen() && !opened(context) && !matches!(context, C::AllLogs)
}

/// A screen without tabs.
const fn untabbed(context: Context) -> bool {
    context.is_screen() && !opened(context)
}

/// Where two areas stand side by side on a wide screen.
const fn walled(context: Context) -> bool {
    opened(context) || matches!(context, C::List | C::Events)
}

const fn everywhere(_: Context) -> bool {
    true
}

/// Where a character is a command.
const fn commands(context: Context) -> bool {
    !context.takes_text()
}

#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Group::Screens, |it| matches!(it, C::List | C::AllLogs), &[code(KeyCode::Enter)], Action::Open, "open", "open it"),
    bind(Group::Screens, |it| it == C::List, &[key('w')], Action::Wide, "wide", "more columns").pair(),
    bind(Group::Screens, Context::is_left_by_q, &[key('q')], Action::Back, "back", "back"),
    bind(Group::Screens, |it| it == C::List, &[key('q')], Action::Quit, "quit", "quit").pair(),
    bind(Group::Screens, everywhere, &[ALWAYS_QUITS], Action::Quit, "quit", "at once").pair(),
    bind(Group::Screens, |_| true, &[code(KeyCode::Esc)], Action::Back, "back", "back; clear"),
    bind(Group::Screens, Context::is_screen, &[key('-')], Action::Last, "last view", "the view before"),
    bind(Group::Screens, opened, &[code(KeyCode::Tab), key(']')], Action::NextTab, "next tab", "tabs"),
    bind(Group::Screens, opened, &[BACK_TAB, key('[')], Action::PreviousTab, "previous tab", "back").pair(),
    bind(Group::Screens, untabbed, &[code(KeyCode::Tab)], Action::Turn(Side::Right), "next screen", "next screen"),
    bind(Group::Screens, untabbed, &[BACK_TAB], Action::Turn(Side::Left), "previous screen", "before").pair(),
    bind(Group::Screens, Context::is_screen, &[key('/')], Action::Query, "query", "query/search"),
    bind(Group::Screens, |it| it == C::List, &[key('f')], Action::Related, "related", "related").pair(),
    bind(Group::Screens, |it| it == C::List, &[key('s')], Action::NextSort, "sort", "next order"),
    bind(Group::Screens, |it| it == C::List, &[key('S')], Action::ReverseSort, "reverse", "reversed").pair(),
    bind(Group::Screens, unopened, &[key('V')], Action::Views, "views", "saved views"),
    bind(Group::Screens, |it| it == C::List, &[key('b')], Action::NextGroup, "group", "group by").pair(),
    bind(Group::Screens, |it| it == C::List, &[], Action::Columns, "columns", "columns"),
    bind(Group::Screens, |it| it == C::List, &[], Action::SaveView, "save-view", "save as a view"),
    bind(Group::Screens, |it| it == C::Columns, &[key(' ')], Action::Column(ColumnAction::Turn), "show", "show it, or not"),
    bind(Group::Screens, |it| it == C::Columns, &[key('K')], Action::Column(ColumnAction::Up), "to the left", "to the left"),
    bind(Group::Screens, |it| it == C::Columns, &[key('J')], Action::Column(ColumnAction::Down), "to the right", "right").pair(),
    bind(Group::Screens, Context::is_screen, &[key('1')], Action::Go(Place::Incidents), "incidents", "list"),
    bind(Group::Screens, Context::is_screen, &[key('2')], Action::Go(Place::Incident), "incident", "detail").pair(),
    bind(Group::Screens, Context::is_screen, &[key('3')], Action::Go(Place::Logs), "logs", "logs").pair(),
    bind(Group::Screens, Context::is_screen, &[key('4')], Action::Go(Place::Cache), "cache", "cache"),
    bind(Group::Screens, Context::is_screen, &[key('5')], Action::Go(Place::Events), "events", "events").pair(),
    bind(Group::Screens, Context::is_screen, &[key('6')], Action::Go(Place::Health), "health", "health"),
    bind(Group::Screens, Context::is_screen, &[key('7')], Action::Go(Place::People), "people", "people").pair(),
    bind(Group::Screens, Context::is_screen, &[key(':'), ctrl('p')], Action::Palette, "palette", "any action by name"),
    bind(Group::Screens, commands, &[key('@')], Action::CommandLog, "commands", "commands"),
    bind(Group::Screens, commands, &[key('?')], Action::Help, "help", "this page").pair(),
    bind(Group::Screens, Context::is_screen, &[key('H')], Action::Handover, "handover", "handover"),
    bind(Group::Screens, Context::is_screen, &[], Action::Contexts, "ctx", "daemons").pair(),
    bind(Group::Moving, walled, &[key('<')], Action::Wall(Side::Left), "wall left", "move the wall"),
    bind(Group::Moving, walled, &[key('>')], Action::Wall(Side::Right), "wall right", "back").pair(),
    bind(Group::Moving, Context::is_screen, &[], Action::Mouse, "mouse", "mouse"),
    bind(Group::Screens, |it| it == C::Handover, &[key('w')], Action::Save, "write file", "write a file"),
    bind(Group::Screens, |it| it == C::Handover, &[key('y')], Action::Copy, "copy", "copy it").pair(),
    bind(Group::Screens, |it| it == C::Handover, &[key('+')], Action::Span { longer: true }, "longer", "longer"),
    bind(Group::Screens, |it| it == C::Handover, &[key('-')], Action::Span { longer: false }, "shorter", "shorter").pair(),
    bind(Group::Screens, |it| it == C::Cache, &[key('D')], Action::Demonstrate, "demonstrate", "cache demo"),
    bind(Group::Screens, |it| it.is_screen() || it == C::Json, &[ctrl('r')], Action::Reload, "reload", "load again, reconnect"),
];

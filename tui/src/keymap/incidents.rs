//! What is done to incidents, one or the marked ones.

use super::Context as C;
use super::{Binding, Context, Group, bind, key};
use crate::action::{Action, Mark, Step};

/// Where an incident can be taken along.
const fn copied(context: Context) -> bool {
    context.shows_incidents() || matches!(context, C::Json | C::AllLogs)
}

/// Where `n` and `N` find nothing.
const fn commented(context: Context) -> bool {
    context.shows_incidents() && !matches!(context, C::Matches)
}

const fn created(context: Context) -> bool {
    context.is_screen() && !matches!(context, C::Matches | C::AllLogs)
}

#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Group::Incident, Context::shows_incidents, &[key('a')], Action::Step(Step::Investigate), "investigate", "investigate"),
    bind(Group::Incident, Context::shows_incidents, &[key('r')], Action::Step(Step::Resolve), "resolve", "resolve").pair(),
    bind(Group::Incident, Context::shows_incidents, &[key('c')], Action::Step(Step::Close), "close", "close (twice)"),
    bind(Group::Incident, Context::shows_incidents, &[key('R')], Action::Step(Step::Reopen), "reopen", "reopen").pair(),
    bind(Group::Incident, Context::shows_incidents, &[key('o')], Action::Step(Step::HandBack), "hand back", "hand back"),
    bind(Group::Incident, Context::shows_incidents, &[key('p')], Action::Priority, "priority", "priority").pair(),
    bind(Group::Incident, Context::shows_incidents, &[key('m')], Action::AssignToMe, "assign to me", "assign to me"),
    bind(Group::Incident, Context::shows_incidents, &[key('A'), key('M')], Action::Assign, "assign", "anybody").pair(),
    bind(Group::Incident, commented, &[key('n')], Action::Comment, "comment", "comment"),
    bind(Group::Incident, Context::shows_incidents, &[key('e')], Action::Write, "write", "in $EDITOR").pair(),
    bind(Group::Incident, created, &[key('N')], Action::NewIncident, "new", "new incident"),
    bind(Group::Incident, Context::shows_incidents, &[key('t')], Action::Title, "title", "title").pair(),
    bind(Group::Incident, Context::shows_incidents, &[key('u')], Action::Undo, "undo", "undo the last action"),
    bind(Group::Incident, Context::shows_incidents, &[key('E')], Action::Note, "step with note", "note a step"),
    bind(Group::Incident, Context::shows_incidents, &[key('i')], Action::Assess, "assess", "assess").pair(),
    bind(Group::Incident, |it| it == C::List, &[key(' ')], Action::Mark(Mark::One), "mark", "mark"),
    bind(Group::Incident, |it| it == C::List, &[key('v')], Action::Mark(Mark::Range), "mark range", "range").pair(),
    bind(Group::Incident, |it| it == C::List, &[key('*')], Action::Mark(Mark::All), "mark all", "all").pair(),
    bind(Group::Incident, copied, &[key('y')], Action::Copy, "copy", "copy"),
    bind(Group::Incident, copied, &[key('J')], Action::Json, "json", "JSON").pair(),
];

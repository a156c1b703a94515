//! Which keys the foot offers in each place. What the status machine forbids is not among them.

use std::iter;

use watchfire_shared::incident::Incident;
use watchfire_shared::user::Role;

use crate::action::{Action, ColumnAction, Edit, Move, PersonAction, Place, Step};
use crate::keymap::Context;
use crate::model::detail::Tab;
use crate::model::letters::Letter;
use crate::model::{Model, Overlay};

/// The most useful first; what has no room is left out from the end.
pub fn offered(model: &Model, context: Context) -> Vec<Action> {
    match context {
        Context::List if !model.marks.is_empty() => marked(model),
        Context::List => {
            let mut actions = steps(model);
            if model.subject().is_some() {
                actions.push(Action::Open);
            }
            actions.extend([Action::Query, Action::NewIncident]);
            actions
        }
        Context::Detail => {
            let steps = steps(model);
            let assessed = model.detail.as_ref().is_some_and(|it| it.tab == Tab::Assessment);
            let assess = (assessed && !steps.is_empty()).then_some(Action::Assess);
            let mut actions: Vec<Action> = assess.into_iter().chain(steps).collect();
            actions.extend([Action::NextTab, Action::Back]);
            actions
        }
        Context::Logs => vec![
            Action::Follow,
            Action::RaiseLevel,
            Action::Query,
            Action::Patterns,
            Action::Wrap,
            Action::NextTab,
            Action::Back,
        ],
        Context::Patterns => {
            vec![Action::Patterns, Action::Assess, Action::Query, Action::NextTab, Action::Back]
        }
        Context::AllLogs => vec![
            Action::Open,
            Action::Follow,
            Action::RaiseLevel,
            Action::Query,
            Action::Find { older: true },
            Action::Around,
            Action::Go(Place::Incidents),
        ],
        Context::Matches => vec![
            Action::Find { older: false },
            Action::Find { older: true },
            Action::Around,
            Action::Back,
            Action::Query,
        ],
        Context::Search => vec![Action::Confirm, Action::Expression, Action::Back],
        Context::Cache => {
            let may = model.me.as_ref().is_none_or(|me| me.role == Role::Admin);
            let demo = may.then_some(Action::Demonstrate);
            let usual = [Action::Go(Place::Incidents), Action::Reload, Action::Back];
            demo.into_iter().chain(usual).collect()
        }
        Context::Demonstration if model.cache.demo.asked.is_some() => vec![Action::Back],
        Context::Events => {
            let mut actions = decisions(model);
            actions.extend([Action::Go(Place::Incidents), Action::Reload, Action::Back]);
            actions
        }
        Context::Health => vec![Action::Go(Place::Incidents), Action::Reload, Action::Back],
        Context::Accounts => {
            use PersonAction::{Add, Password, Rename, Role as Change, Status};
            let may = model.me.as_ref().is_some_and(|me| me.role == Role::Admin);
            let actions = [Change, Status, Password, Add, Rename].map(Action::Person);
            let usual = [Action::Go(Place::Incidents), Action::Back];
            actions.into_iter().filter(|_| may).chain(usual).collect()
        }
        Context::Handover => {
            let spans = [true, false].map(|longer| Action::Span { longer });
            [Action::Copy, Action::Save].into_iter().chain(spans).chain([Action::Back]).collect()
        }
        Context::Json => vec![Action::Copy, Action::Back],
        Context::Help | Context::CommandLog | Context::Output => vec![Action::Back],
        Context::Query => {
            vec![Action::Confirm, Action::Complete { back: false }, Action::Back]
        }
        Context::Columns => {
            let changes = [ColumnAction::Turn, ColumnAction::Up, ColumnAction::Down];
            let ends = [Action::Confirm, Action::Back];
            changes.map(Action::Column).into_iter().chain(ends).collect()
        }
        Context::Title
        | Context::ViewName
        | Context::Export
        | Context::Picker
        | Context::Question
        | Context::Reason
        | Context::Demonstration => {
            vec![Action::Confirm, Action::Back]
        }
        Context::Palette | Context::Chooser | Context::People => {
            vec![Action::Confirm, Action::Move(Move::Down), Action::Move(Move::Up), Action::Back]
        }
        Context::Comment => vec![Action::Confirm, Action::Edit(Edit::NewLine), Action::Back],
        Context::Account if is_question(model) => vec![Action::Confirm, Action::Back],
        Context::Account | Context::NewIncident => {
            vec![Action::Confirm, Action::NextField, Action::Back]
        }
        Context::SignIn => signing_in(model),
    }
}

/// Another daemon is offered where there is one.
fn signing_in(model: &Model) -> Vec<Action> {
    let elsewhere = (model.setup.contexts.len() > 1).then_some(Action::Back);
    let ways = [Some(Action::Confirm), Some(Action::NextField), elsewhere, Some(Action::Quit)];
    ways.into_iter().flatten().collect()
}

/// What may be done to the incident as it stands, by somebody with this role.
fn steps(model: &Model) -> Vec<Action> {
    let may = model.me.as_ref().is_none_or(|me| me.role > Role::Viewer);
    let may = may && model.can_act();
    let Some(incident) = model.subject().filter(|i| may && !model.known.is_deleted(i.id)) else {
        return Vec::new();
    };
    let mut actions: Vec<Action> = Step::ALL
        .into_iter()
        .filter(|step| step.is_possible(incident.status) && *step != Step::HandBack)
        .map(Action::Step)
        .collect();
    actions.push(Action::Comment);
    actions.push(Action::Priority);
    if !is_mine(model, incident) {
        actions.push(Action::AssignToMe);
    }
    actions
}

/// What may be done to the marked incidents: what at least one of them allows.
fn marked(model: &Model) -> Vec<Action> {
    let may = model.me.as_ref().is_none_or(|me| me.role > Role::Viewer);
    let ids = model.marks.in_order(&model.list);
    let allowed = |step: &Step| {
        ids.iter().filter_map(|id| model.known.get(*id)).any(|i| step.is_possible(i.status))
    };
    let steps = Step::ALL.into_iter().filter(allowed).map(Action::Step);
    let others = [Action::Comment, Action::AssignToMe, Action::Priority];
    let actions = steps.filter(|step| *step != Action::Step(Step::HandBack)).chain(others);
    iter::once(Action::Back).chain(actions.filter(|_| may)).collect()
}

/// The form asks whether, not what.
fn is_question(model: &Model) -> bool {
    matches!(&model.overlay, Some(Overlay::Person(form)) if form.fields().len() < 2)
}

/// What may be decided about the selected letter, by somebody with this role.
fn decisions(model: &Model) -> Vec<Action> {
    let may = model.me.as_ref().is_none_or(|me| me.role == Role::Admin);
    let letters = &model.events.letters;
    let waits = |letter: &&Letter| letter.waits() && !letters.is_gone(letter.id());
    match letters.selected().filter(|_| may).filter(waits) {
        Some(Letter::Parked(_)) => vec![Action::Redrive, Action::Discard],
        Some(Letter::Failed(_)) => vec![Action::Redrive],
        None => Vec::new(),
    }
}

fn is_mine(model: &Model, incident: &Incident) -> bool {
    match (&model.me, &incident.assigned_to) {
        (Some(me), Some(user)) => me.id == user.id,
        _ => false,
    }
}

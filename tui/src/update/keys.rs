//! Keys: the keymap says which action, this says whose it is.

use chrono::TimeDelta;

use crate::action::{Action, Move, Place, Side, Step};
use crate::effect::Effect;
use crate::event::KeyInput;
use crate::keymap::{Context, key_name};
use crate::model::commands::{Deed, Tone};
use crate::model::connection::Link;
use crate::model::demonstration::{lines, shown};
use crate::model::detail::Tab;
use crate::model::help;
use crate::model::spot::Spot;
use crate::model::{Flash, Model, Overlay, Screen, layout};

use super::{
    Out, assessments, batch, cache, choices, chooser, columns, commands, copy, demonstration,
    detail, events, forms, handover, health, letters, list, load_again, logs, marks, mouse, own,
    palette, people, query, spot, timers, title, typing, undo, views, writing,
};

/// Keys in a row try the connection no more often than this.
const WAKE_AGAIN: TimeDelta = TimeDelta::seconds(1);

/// Why no command is taken.
pub const READ_ONLY: &str = "Nothing done: read_only is set in config.toml";

pub fn press(model: &mut Model, key: KeyInput, out: &mut Out) {
    wake(model, out);
    let context = model.context();
    if let Some(action) = model.setup.keymap.lookup(context, key) {
        perform(model, action, context, out);
    } else if let Some(c) = key.text()
        && context.takes_text()
    {
        typing::type_char(model, c);
    } else if !context.takes_text() {
        unknown(model, key);
    }
}

/// A key that means nothing here says so, unless something that matters is being said.
fn unknown(model: &mut Model, key: KeyInput) {
    let matters = |flash: &Flash| matches!(flash.tone, Tone::Warning | Tone::Bad);
    if model.closing.is_some() || model.shown_flash().is_some_and(matters) {
        return;
    }
    let key = key_name(key, model.look.unicode);
    let help = model.key(Context::List, Action::Help);
    let help = help.map_or_else(String::new, |help| format!("; {help} lists the keys"));
    model.flash(Tone::Neutral, format!("{key} does nothing here{help}"));
}

/// Does it, and remembers the view that it led away from.
pub fn perform(model: &mut Model, action: Action, context: Context, out: &mut Out) {
    let before = Spot::of(model);
    act(model, action, context, out);
    spot::remember(model, before);
}

/// Somebody is there: an offline client tries again at once instead of at the end of its wait.
fn wake(model: &mut Model, out: &mut Out) {
    let connection = &mut model.connection;
    let waits = matches!(&connection.link, Link::Down { retry_at, .. } if *retry_at > model.now);
    let lately = connection.woken_at.is_some_and(|at| model.now - at < WAKE_AGAIN);
    if waits && !lately {
        connection.woken_at = Some(model.now);
        out.push(Effect::Wake);
    }
}

pub fn act(model: &mut Model, action: Action, context: Context, out: &mut Out) {
    let asked = model.take_closing();
    if model.read_only && action.changes() {
        model.flash(Tone::Warning, READ_ONLY);
        return;
    }
    match action {
        Action::Quit => out.push(Effect::Quit),
        // The key that opened a page closes it.
        Action::Help if context == Context::Help => model.overlay = None,
        Action::Help => model.overlay = Some(Overlay::Help { top: 0, of: context }),
        Action::CommandLog if context == Context::CommandLog => model.overlay = None,
        Action::CommandLog => model.overlay = Some(Overlay::CommandLog { top: 0 }),
        Action::Json if context == Context::Json => model.overlay = None,
        Action::Json => copy::open_json(model, out),
        Action::Copy if context == Context::Handover => handover::copy(model, out),
        Action::Copy => copy::open(model, out),
        Action::Handover => handover::open(model, out),
        Action::Span { longer } => handover::turn_span(model, longer, out),
        Action::Related => query::related(model, out),
        Action::Save => handover::save(model, out),
        Action::Palette => palette::open(model, context),
        Action::Contexts => chooser::open(model),
        Action::Mouse => mouse::switch(model),
        Action::Wall(side) => mouse::move_wall(model, side),
        Action::Demonstrate => demonstration::open(model),
        Action::Last => spot::return_to_last(model, out),
        Action::Back => back(model, context, out),
        Action::Open if context == Context::AllLogs => logs::across::open_incident(model, out),
        Action::Open => spot::to_incident(model, out),
        Action::Go(place) => go_to(model, place, out),
        Action::Move(step) => go(model, context, step, out),
        Action::Turn(side) => turn_screen(model, side, out),
        Action::NextTab => detail::turn_tab(model, 1, out),
        Action::PreviousTab => detail::turn_tab(model, Tab::ALL.len() - 1, out),
        Action::Wide => model.list.wide = !model.list.wide,
        Action::Columns => columns::open(model),
        Action::Column(action) => columns::change(model, action),
        Action::SaveView => columns::open_name(model),
        Action::Query => query(model),
        Action::NextSort => query::next_sort(model, out),
        Action::Views => views::open(model, context),
        Action::NextGroup => views::next_group(model),
        Action::ReverseSort => query::reverse_sort(model, out),
        Action::Reload if context == Context::Json => copy::read_again(model, out),
        Action::Reload => {
            out.push(Effect::Reconnect);
            load_again(model, out);
        }
        Action::Step(step) if batch::is_meant(model) => {
            batch::ask(model, &Deed::Step(step, None));
        }
        Action::AssignToMe if batch::is_meant(model) => batch::assign_to_me(model),
        Action::Step(Step::Close) => commands::close(model, asked, out),
        Action::Step(step) => commands::step(model, step, out),
        Action::AssignToMe => commands::assign_to_me(model, out),
        Action::Assign => choices::open_assign(model, out),
        Action::Priority => choices::open_priority(model),
        Action::Comment => forms::open_comment(model),
        Action::Title => title::open(model),
        Action::Undo => undo::undo(model, out),
        Action::Write => writing::open(model, out),
        Action::Note => choices::open_note(model),
        Action::NewIncident => forms::open_new(model),
        Action::Assess if batch::is_meant(model) => batch::ask(model, &Deed::Assess),
        Action::Assess => assessments::request(model, out),
        Action::Redrive => letters::redrive(model, out),
        Action::Discard => letters::open_discard(model),
        Action::Person(action) => people::begin(model, action),
        Action::Mark(mark) => marks::mark(model, mark, out),
        Action::Follow => logs::follow(model, out),
        Action::Find { older } => logs::find(model, older, out),
        Action::Around => logs::turn_around(model, out),
        Action::Patterns => assessments::turn_patterns(model, out),
        Action::Wrap => logs::turn_wrap(model),
        Action::Times => logs::turn_times(model),
        Action::Expression => logs::turn_kind(model),
        Action::Export => logs::open_export(model),
        Action::RaiseLevel => logs::turn_level(model, true, out),
        Action::LowerLevel => logs::turn_level(model, false, out),
        Action::Complete { back } => query::complete_query(model, back),
        Action::Recall { earlier } => query::recall_query(model, earlier),
        Action::Confirm => confirm(model, context, out),
        Action::NextField => typing::turn_field(model, 1),
        Action::PreviousField => typing::turn_field(model, 2),
        Action::Edit(edit) => typing::edit_text(model, edit),
        Action::Own(index) => own::press(model, index, out),
    }
}

fn back(model: &mut Model, context: Context, out: &mut Out) {
    match context {
        Context::Question => batch::leave(model),
        Context::Comment => forms::leave_comment(model),
        Context::Reason => letters::leave_discard(model),
        Context::NewIncident => forms::leave_new(model),
        Context::Chooser => chooser::leave(model, out),
        Context::Columns => columns::leave(model),
        Context::Help
        | Context::CommandLog
        | Context::Json
        | Context::Handover
        | Context::Output
        | Context::Demonstration
        | Context::Picker
        | Context::Palette
        | Context::People
        | Context::Export
        | Context::ViewName
        | Context::Account
        | Context::Title => {
            model.overlay = None;
        }
        Context::Query => query::cancel_query(model, out),
        Context::Search => logs::cancel_search(model),
        Context::AllLogs => {
            if !logs::clear_search(model, out) {
                go_to(model, Place::Incidents, out);
            }
        }
        Context::Logs | Context::Matches => {
            if !logs::clear_search(model, out) {
                detail::close(model, out);
            }
        }
        Context::Patterns => assessments::turn_patterns(model, out),
        Context::Detail => detail::close(model, out),
        Context::Cache | Context::Events | Context::Health | Context::Accounts => {
            go_to(model, Place::Incidents, out);
        }
        Context::List if !model.marks.is_empty() => model.marks.clear(),
        Context::List => query::clear_query(model, out),
        Context::SignIn => {
            // What lies below the form is left as it would be without it: texts stay drafts.
            if model.overlay.is_some() && chooser::is_choice(model) {
                back(model, model.context_below(), out);
            }
            chooser::open(model);
        }
    }
}

/// The screens by their digits; that of an incident has tabs of its own to turn.
const TURNED: [(Screen, Place); 6] = [
    (Screen::Incidents, Place::Incidents),
    (Screen::Logs, Place::Logs),
    (Screen::Cache, Place::Cache),
    (Screen::Events, Place::Events),
    (Screen::Health, Place::Health),
    (Screen::People, Place::People),
];

fn turn_screen(model: &mut Model, side: Side, out: &mut Out) {
    let at = TURNED.iter().position(|(screen, _)| *screen == model.screen).unwrap_or(0);
    let by = match side {
        Side::Right => 1,
        Side::Left => TURNED.len() - 1,
    };
    let (_, place) = TURNED[(at + by) % TURNED.len()];
    go_to(model, place, out);
}

pub fn go_to(model: &mut Model, place: Place, out: &mut Out) {
    match place {
        Place::Incidents => model.screen = Screen::Incidents,
        Place::Incident => return spot::to_incident(model, out),
        Place::Cache => {
            model.screen = Screen::Cache;
            cache::refresh(model, out);
        }
        Place::Logs => logs::across::open(model, out),
        Place::Events => events::open(model, out),
        Place::Health => {
            model.screen = Screen::Health;
            health::refresh(model, out);
        }
        Place::People => people::open(model, out),
    }
    timers::watch_pane(model);
}

/// A move in what has the keys.
pub fn go(model: &mut Model, context: Context, step: Move, out: &mut Out) {
    let (width, height) = model.size;
    let log_length = model.mistakes.len() + model.commands.entries.len();
    match (&mut model.overlay, context) {
        (Some(Overlay::Help { top, of }), _) => {
            let last = help::page(&model.setup, *of, width)
                .len()
                .saturating_sub(layout::page_rows(height));
            *top = detail::scrolled(*top, step, 10, last);
        }
        (Some(Overlay::CommandLog { top }), _) => {
            *top = detail::scrolled(*top, step, 10, log_length.saturating_sub(1));
        }
        (Some(Overlay::Demonstration { top }), _) => {
            let demo = model.cache.demo.value.as_deref();
            let length = demo.map_or(0, |demo| lines(demo).len());
            let last = length.saturating_sub(shown(model.size.1));
            *top = detail::scrolled(*top, step, 10, last);
        }
        (Some(Overlay::Question(question)), _) => batch::go(question, step),
        (Some(Overlay::Json { .. }), _) => copy::scroll_json(model, step),
        (Some(Overlay::Output { .. } | Overlay::Sure(_)), _) => own::go(model, step),
        (Some(Overlay::Handover { .. }), _) => handover::scroll(model, step),
        (Some(Overlay::Copy(_)), _) => copy::go(model, step),
        (Some(Overlay::Palette(_)), _) => palette::go(model, step),
        (Some(Overlay::Chooser(_)), _) => chooser::go(model, step),
        (Some(Overlay::Columns(_)), _) => columns::go(model, step),
        (Some(Overlay::Picker(_)), _) => choices::go_picker(model, step),
        (_, Context::List) => list::go(model, step, out),
        (_, Context::Detail | Context::Logs | Context::Matches | Context::Patterns) => {
            detail::go(model, step, out);
        }
        (_, Context::AllLogs) => logs::go(model, step, out),
        (_, Context::Events) => events::go(model, step),
        (_, Context::Accounts) => people::go(model, step),
        _ => {}
    }
}

fn query(model: &mut Model) {
    match model.screen {
        Screen::Detail | Screen::Logs => logs::edit_search(model),
        Screen::Incidents => query::edit_query(model),
        Screen::Cache | Screen::Events | Screen::Health | Screen::People => {
            model.screen = Screen::Incidents;
            timers::watch_pane(model);
            query::edit_query(model);
        }
    }
}

/// Whether something is sent from here that others see.
const fn sends(model: &Model, context: Context) -> bool {
    match context {
        Context::Comment
        | Context::Reason
        | Context::NewIncident
        | Context::Account
        | Context::Demonstration
        | Context::Title
        | Context::People => true,
        // A command of one's own says itself whether it changes anything, and copying does not.
        Context::Question => !matches!(model.overlay, Some(Overlay::Sure(_))),
        Context::Picker => !matches!(model.overlay, Some(Overlay::Copy(_))),
        _ => false,
    }
}

fn confirm(model: &mut Model, context: Context, out: &mut Out) {
    // It may have come into force over an open form, whose text stays.
    if model.read_only && sends(model, context) {
        model.flash(Tone::Warning, READ_ONLY);
        return;
    }
    match context {
        Context::SignIn => {
            let first = model.sign_in.as_ref().is_some_and(|form| {
                form.focus == crate::model::forms::SignInField::Email
                    && form.password.text().is_empty()
                    && !form.email.text().trim().is_empty()
            });
            if first {
                forms::turn_sign_in(model);
            } else {
                forms::submit_sign_in(model, out);
            }
        }
        Context::Query => query::apply_query(model, out),
        Context::Search => logs::apply_search(model, out),
        Context::Comment => forms::submit_comment(model, out),
        Context::Reason => letters::submit_discard(model, out),
        Context::NewIncident => forms::submit_new(model, out),
        Context::Account => people::submit(model, out),
        Context::Demonstration => demonstration::run(model, out),
        Context::Question if matches!(model.overlay, Some(Overlay::Sure(_))) => {
            own::confirm(model, out);
        }
        Context::Question => batch::confirm(model, out),
        Context::Title => title::submit(model, out),
        Context::Export => logs::submit_export(model, out),
        Context::Picker if matches!(model.overlay, Some(Overlay::Copy(_))) => {
            copy::confirm(model, out);
        }
        Context::Picker | Context::People => choices::confirm_picker(model, out),
        Context::Palette => palette::run(model, out),
        Context::Chooser => chooser::confirm(model, out),
        Context::Columns => columns::confirm(model),
        Context::ViewName => columns::save(model, out),
        _ => {}
    }
}

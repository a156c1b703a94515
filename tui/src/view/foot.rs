//! The foot line: the keys that make sense here and now, then what just happened, then which screen
//! this is. What the status machine forbids is not offered.
//!
//! ```text
//!  a investigate  n comment  p priority  m assign to me  ? help    ✓ INC-201 closed
//! ```

use std::iter;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use watchfire_shared::incident::Incident;
use watchfire_shared::user::{Role, UserStatus};

use crate::action::{Action, ColumnAction, Edit, Move, PersonAction, Place, Step};
use crate::keymap::{Context, key_name};
use crate::model::batch::Batch;
use crate::model::detail::Tab;
use crate::model::letters::Letter;
use crate::model::people::selected;
use crate::model::slot::LOADING_AFTER;
use crate::model::words::count;
use crate::model::{Flash, Model, Overlay, Screen};
use crate::safe::SafeText;
use crate::theme::Theme;

use super::paint::{Pen, clear};

/// From this many columns on the whole way to a view is told.
const CRUMBS: u16 = 100;

/// Draws the foot in the last row of `area`; a long message also takes the row above.
pub fn render(buf: &mut Buffer, area: Rect, model: &Model) {
    let theme = Theme::new(model);
    let row = area.height.saturating_sub(1);
    if let Some(flash) = model.shown_flash() {
        let glyph = theme.tone_glyph(flash.tone);
        let text = format!("{glyph} {}", flash.text);
        let width = SafeText::line(&text).width();
        if width > usize::from(area.width) / 2 {
            message(buf, area, &text, flash, model);
            return;
        }
        let mut pen = Pen::new(buf, area, row, theme);
        pen.keep_free(1);
        pen.right(&text, theme.tone(flash.tone));
        keys(&mut pen, model);
        return;
    }
    let mut pen = Pen::new(buf, area, row, theme);
    let exporting = model.exporting.as_ref();
    let exporting = exporting.map(|it| format!("writing, {}", count(it.lines, "line", "lines")));
    let progress = model.batch.as_ref().map(Batch::progress).or(exporting);
    let progress = progress.or_else(|| waiting(model, theme)).or_else(|| running(model, theme));
    let place = progress.clone().unwrap_or_else(|| place(model, area.width, theme));
    if area.width >= 60 || progress.is_some() {
        pen.right(&format!("{place} "), theme.dim());
    }
    keys(&mut pen, model);
}

/// A command whose answer takes its time, and for how long already.
fn waiting(model: &Model, theme: Theme) -> Option<String> {
    let (what, at) = model.commands.oldest_open()?;
    let waited = model.now - at;
    let seconds = waited.num_seconds();
    let since = if seconds > 0 { format!(" {seconds} s") } else { String::new() };
    let text = format!("{} {}{since}", theme.pending(), what.words());
    (waited >= LOADING_AFTER).then_some(text)
}

/// A program of the person's own that runs, and for how long already.
fn running(model: &Model, theme: Theme) -> Option<String> {
    let round = model.own.running()?;
    let seconds = (model.now - round.since).num_seconds().max(0);
    Some(format!("{} {} {seconds} s", theme.pending(), round.words()))
}

/// A message that needs the whole line, or two.
fn message(buf: &mut Buffer, area: Rect, text: &str, flash: &Flash, model: &Model) {
    let theme = Theme::new(model);
    let room = usize::from(area.width).saturating_sub(2);
    let lines = SafeText::line(text).wrap(room);
    let rows = u16::try_from(lines.len().min(2)).unwrap_or(1).min(area.height);
    let top = area.height - rows;
    clear(buf, Rect::new(area.x, area.y + top, area.width, rows));
    let shown = lines.len().min(usize::from(rows));
    for (index, line) in lines.iter().take(shown).enumerate() {
        let row = top + u16::try_from(index).unwrap_or(0);
        let mut pen = Pen::new(buf, area, row, theme);
        pen.gap(1);
        // What does not fit stands in the command log.
        let cut = index + 1 == shown && lines.len() > shown;
        if let Some(key) = model.key(Context::List, Action::CommandLog).filter(|_| cut) {
            pen.right(&format!("{key} all of it"), theme.dim());
        }
        pen.text(line.as_str(), theme.tone(flash.tone));
    }
}

/// As many of the offered keys as fit; help is always the last of them.
fn keys(pen: &mut Pen, model: &Model) {
    let theme = pen.theme;
    let context = model.context();
    let named = |action| {
        let (key, binding) = model.setup.keymap.key(context, action)?;
        let key = key_name(key, theme.unicode());
        let hint = hint(model, context, action, binding.hint);
        let width = key.chars().count() + hint.len() + 3;
        Some((key, hint, width))
    };
    let help = named(Action::Help);
    let mut room = pen.room();
    if let Some((_, _, width)) = &help {
        room = room.saturating_sub(*width);
    }
    let mut shown = Vec::new();
    let may = |action: &Action| !(model.read_only && action.changes());
    for key in offered(model, context).into_iter().filter(may).filter_map(named) {
        if key.2 > room {
            break;
        }
        room -= key.2;
        shown.push(key);
    }
    for (key, hint, width) in shown.into_iter().chain(help) {
        if pen.room() < width {
            break;
        }
        pen.gap(if pen.x() == 0 { 1 } else { 2 });
        pen.text(&key, theme.bold());
        pen.gap(1);
        pen.text(hint, theme.dim());
    }
}

/// The same key by the name that fits the place.
fn hint(model: &Model, context: Context, action: Action, usual: &'static str) -> &'static str {
    match (context, action) {
        (Context::SignIn, Action::Confirm) => "sign in",
        (Context::Query | Context::Search, Action::Confirm) => "apply",
        (Context::Comment | Context::Account, Action::Confirm) => "send",
        (Context::Reason, Action::Confirm) => "discard",
        (Context::NewIncident, Action::Confirm) => "create",
        (Context::Accounts, Action::Person(PersonAction::Status)) if is_out(model) => "let in",
        (Context::Account, Action::Back) => "leave it",
        (Context::Picker | Context::People, Action::Confirm) => "choose",
        (Context::Chooser, Action::Confirm) => "go there",
        (Context::Columns, Action::Confirm) => "keep",
        (Context::ViewName, Action::Confirm) => "save",
        (Context::Title, Action::Confirm) => "rename",
        (Context::Export, Action::Confirm) => "write",
        (Context::Question, Action::Confirm) if matches!(model.overlay, Some(Overlay::Sure(_))) => {
            "run"
        }
        (Context::Question, Action::Confirm) => "do it to these",
        (Context::Palette, Action::Confirm) => "run",
        (Context::Demonstration, Action::Confirm) => "measure now",
        (Context::Query | Context::Search, Action::Back) => "cancel",
        (Context::Matches, Action::Back) => "end search",
        (Context::AllLogs, Action::Open) => "open incident",
        (Context::List, Action::Back) if !model.marks.is_empty() => "clear marks",
        (Context::List, Action::Back) => "clear query",
        (
            Context::Logs
            | Context::Matches
            | Context::Patterns
            | Context::AllLogs
            | Context::Detail,
            Action::Query,
        ) => "search logs",
        (Context::Patterns, Action::Patterns | Action::Back) => "lines",
        _ => usual,
    }
}

/// The most useful first; what has no room is left out from the end.
fn offered(model: &Model, context: Context) -> Vec<Action> {
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
        Context::SignIn => vec![Action::Confirm, Action::NextField, Action::Quit],
    }
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

/// The selected person cannot sign in.
fn is_out(model: &Model) -> bool {
    selected(model).is_some_and(|user| user.status == UserStatus::Deactivated)
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

/// Where somebody is: `INC-204 › logs`; from [`CRUMBS`] columns on with all of the way there:
/// `incidents › INC-204 › logs`.
fn place(model: &Model, width: u16, theme: Theme) -> String {
    let leaf = leaf(model);
    let over = model.overlay.is_some();
    let mut crumbs: Vec<String> = match model.screen {
        _ if model.sign_in.is_some() => Vec::new(),
        Screen::Detail => {
            let opened = model.detail.as_ref();
            let reference = opened.and_then(|detail| model.known.get(detail.id));
            let reference = reference.map(|incident| incident.reference.to_string());
            let from = opened.map_or(Screen::Incidents, |detail| detail.from);
            let from = if from == Screen::Logs { "logs" } else { "incidents" };
            let from = (width >= CRUMBS).then(|| from.to_owned());
            from.into_iter().chain(reference).collect()
        }
        _ if width < CRUMBS => Vec::new(),
        Screen::Incidents if over => vec!["incidents".to_owned()],
        Screen::Cache if over => vec!["cache".to_owned()],
        Screen::Events if over => vec!["events".to_owned()],
        Screen::Health if over => vec!["health".to_owned()],
        Screen::Logs if over => vec!["logs".to_owned()],
        Screen::People if over => vec!["people".to_owned()],
        Screen::Incidents
        | Screen::Logs
        | Screen::Cache
        | Screen::Events
        | Screen::Health
        | Screen::People => Vec::new(),
    };
    let tab = model.detail.as_ref().map(|detail| detail.tab.name().to_lowercase());
    match tab.filter(|_| !over && !crumbs.is_empty()) {
        Some(tab) => crumbs.push(tab),
        None => crumbs.push(leaf),
    }
    crumbs.join(if theme.unicode() { " › " } else { " > " })
}

/// Which screen this is, with the key that leads here.
fn leaf(model: &Model) -> String {
    let (way, name) = match model.context() {
        Context::List | Context::Query => (Some(Action::Go(Place::Incidents)), "incidents"),
        Context::AllLogs => (Some(Action::Go(Place::Logs)), "logs"),
        Context::Cache => (Some(Action::Go(Place::Cache)), "cache"),
        Context::Events => (Some(Action::Go(Place::Events)), "events"),
        Context::Health => (Some(Action::Go(Place::Health)), "health"),
        Context::Accounts => (Some(Action::Go(Place::People)), "people"),
        Context::Account => (None, "person"),
        Context::Help => (Some(Action::Help), "help"),
        Context::CommandLog => (Some(Action::CommandLog), "commands"),
        Context::Detail
        | Context::Logs
        | Context::Matches
        | Context::Patterns
        | Context::Search => (Some(Action::Go(Place::Incident)), "incident"),
        Context::Demonstration => (None, "cache demo"),
        Context::Handover => (None, "handover"),
        Context::Json => (None, "JSON"),
        Context::Output => (None, "output"),
        Context::Palette => (None, "palette"),
        Context::Picker | Context::Chooser | Context::People => (None, "choose"),
        Context::Title => (None, "title"),
        Context::Export => (None, "file"),
        Context::Columns => (None, "columns"),
        Context::ViewName => (None, "view"),
        Context::Question => (None, "sure?"),
        Context::Comment => (None, "comment"),
        Context::Reason => (None, "discard"),
        Context::NewIncident => (None, "new incident"),
        Context::SignIn => (None, "sign in"),
    };
    let key = way.and_then(|way| model.key(Context::List, way));
    key.map_or_else(|| name.to_owned(), |key| format!("{key} {name}"))
}

//! The foot line: the keys that make sense here and now, then what just happened, then which screen
//! this is. What the status machine forbids is not offered.
//!
//! ```text
//!  a investigate  n comment  p priority  m assign to me  ? help    ✓ INC-201 closed
//! ```

mod offered;
mod place;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use watchfire_shared::user::UserStatus;

use crate::action::{Action, PersonAction};
use crate::keymap::{Context, key_name};
use crate::model::batch::Batch;
use crate::model::people::selected;
use crate::model::slot::LOADING_AFTER;
use crate::model::words::count;
use crate::model::{Flash, Model, Overlay, Screen};
use crate::safe::SafeText;
use crate::sift::pattern::Kind;
use crate::theme::Theme;

use super::paint::{Pen, clear};
use offered::offered;
use place::place;

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
    let may = |action: &Action| model.may(*action);
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

/// The log pane of the opened incident shows what comes.
fn follows(model: &Model) -> bool {
    model.detail.as_ref().is_some_and(|detail| detail.logs.follows())
}

/// The same key by the name that fits the place.
fn hint(model: &Model, context: Context, action: Action, usual: &'static str) -> &'static str {
    match (context, action) {
        (Context::SignIn, Action::Confirm) => "sign in",
        (Context::SignIn, Action::Back) => "another daemon",
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
        (Context::Search, Action::Expression) if is_expression(model) => "text",
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
        (Context::Logs, Action::Follow) if follows(model) => "hold",
        _ => usual,
    }
}

/// What is typed into the search is a regular expression.
fn is_expression(model: &Model) -> bool {
    let opened = model.detail.as_ref().map(|detail| &detail.logs);
    let pane = if model.screen == Screen::Logs { Some(&model.across.pane) } else { opened };
    pane.is_some_and(|pane| pane.search.kind == Kind::Expression)
}

/// The selected person cannot sign in.
fn is_out(model: &Model) -> bool {
    selected(model).is_some_and(|user| user.status == UserStatus::Deactivated)
}

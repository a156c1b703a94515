//! Sheets with text fields: a comment, a reason, a new incident.
//!
//! ```text
//! ──────────────────────────────────────────────
//!  New incident
//!  title      Checkout is slow▁
//!  priority   ◂ ▲ high ▸
//!  service    checkout
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Model;
use crate::model::forms::{CommentBox, NewField, NewForm, ReasonBox, TitleBox};
use crate::model::logs::ExportBox;
use crate::model::views::ViewBox;
use crate::theme::Theme;

use super::paint::{Pen, clear, rule};
use super::{Cursor, field, rows, sheet};

pub fn comment(buf: &mut Buffer, area: Rect, model: &Model, comment: &CommentBox) -> Cursor {
    let theme = Theme::new(model);
    let width = usize::from(area.width).saturating_sub(3);
    let lines = field::hard_wrap(comment.field.text(), width).len();
    let height = u16::try_from(lines + 1).unwrap_or(u16::MAX).clamp(4, 12);
    let sheet = sheet(area, height);
    clear(buf, sheet);
    rule(buf, sheet, 0, theme);
    let mut pen = Pen::new(buf, sheet, 1, theme);
    pen.gap(1);
    pen.text(&format!("Comment on {}", comment.about), theme.bold());
    if let Some(error) = &comment.error {
        pen.gap(2);
        pen.text(error, theme.bad());
    }
    let body = rows(sheet, 2, sheet.height.saturating_sub(2));
    let inner = Rect { x: body.x + 1.min(body.width), width: body.width.saturating_sub(2), ..body };
    field::lines(buf, inner, theme, &comment.field, theme.plain())
}

/// A sheet of `rows` lines with its rule and head; what is wrong stands on the right.
fn headed(
    buf: &mut Buffer,
    area: Rect,
    rows: u16,
    theme: Theme,
    head: &str,
    error: Option<&str>,
) -> Rect {
    let sheet = sheet(area, rows);
    clear(buf, sheet);
    rule(buf, sheet, 0, theme);
    let mut pen = Pen::new(buf, sheet, 1, theme);
    pen.gap(1);
    if let Some(error) = error {
        pen.keep_free(1);
        pen.right(error, theme.bad());
    }
    pen.text(head, theme.bold());
    sheet
}

pub fn title(buf: &mut Buffer, area: Rect, model: &Model, form: &TitleBox) -> Cursor {
    let theme = Theme::new(model);
    let head = format!("Title of {}", form.reference);
    let sheet = headed(buf, area, 4, theme, &head, form.error.as_deref());
    let mut pen = Pen::new(buf, sheet, 2, theme);
    pen.gap(1);
    pen.keep_free(1);
    let cursor = field::line(&mut pen, &form.field, true, theme.plain(), None);
    let mut pen = Pen::new(buf, sheet, 3, theme);
    pen.gap(1);
    let now = model.known.get(form.incident).map_or(&form.seen, |incident| &incident.title);
    let (word, style) = if *now == form.seen {
        ("now", theme.dim())
    } else {
        ("changed meanwhile, esc and t begin anew:", theme.asks())
    };
    pen.text(&format!("{word} {now}"), style);
    cursor
}

pub fn export(buf: &mut Buffer, area: Rect, model: &Model, form: &ExportBox) -> Cursor {
    let theme = Theme::new(model);
    let head = format!("Write the log lines of {} to a file", form.whose);
    let sheet = headed(buf, area, 4, theme, &head, None);
    let mut pen = Pen::new(buf, sheet, 2, theme);
    pen.gap(1);
    pen.keep_free(1);
    let cursor = field::line(&mut pen, &form.field, true, theme.plain(), None);
    let mut pen = Pen::new(buf, sheet, 3, theme);
    pen.gap(1);
    match &form.exists {
        Some(file) => {
            let text = format!("{file} is there already: enter replaces it, another name keeps it");
            pen.text(&text, theme.asks());
        }
        None if form.wanted.leaves_out() => {
            pen.text("those that are shown, also those not loaded here", theme.dim());
        }
        None => pen.text("all of them, also those not loaded here", theme.dim()),
    }
    cursor
}

pub fn view_name(buf: &mut Buffer, area: Rect, model: &Model, form: &ViewBox) -> Cursor {
    let theme = Theme::new(model);
    let head = "Keep what the list shows as a view: called what?";
    let sheet = headed(buf, area, 4, theme, head, form.error.as_deref());
    let mut pen = Pen::new(buf, sheet, 2, theme);
    pen.gap(1);
    pen.keep_free(1);
    let cursor = field::line(&mut pen, &form.field, true, theme.plain(), None);
    let mut pen = Pen::new(buf, sheet, 3, theme);
    pen.gap(1);
    pen.text(&form.view.words(), theme.dim());
    cursor
}

pub fn reason(buf: &mut Buffer, area: Rect, model: &Model, reason: &ReasonBox) -> Cursor {
    let theme = Theme::new(model);
    // A long flash takes the row above the foot.
    let head = format!("Discard {} for good: why?", reason.name);
    let sheet = headed(buf, area, 3, theme, &head, reason.error);
    let mut pen = Pen::new(buf, sheet, 2, theme);
    pen.gap(1);
    pen.keep_free(1);
    field::line(&mut pen, &reason.field, true, theme.plain(), None)
}

pub fn new_incident(buf: &mut Buffer, area: Rect, model: &Model, form: &NewForm) -> Cursor {
    let theme = Theme::new(model);
    let sheet = sheet(area, 4);
    clear(buf, sheet);
    rule(buf, sheet, 0, theme);
    let mut pen = Pen::new(buf, sheet, 1, theme);
    pen.gap(1);
    pen.text("New incident", theme.bold());
    if form.request.is_some() {
        pen.gap(2);
        pen.text("being created …", theme.dim());
    } else {
        other_errors(&mut pen, form);
    }
    let mut cursor = None;
    for (index, name) in NewField::ALL.into_iter().enumerate() {
        let row = u16::try_from(index + 2).unwrap_or(u16::MAX);
        let mut pen = Pen::new(buf, sheet, row, theme);
        let here = form.focus == name;
        pen.text(if here { theme.bar() } else { " " }, theme.accent());
        let style = if here { theme.bold() } else { theme.dim() };
        pen.cell(name.name(), 11, style);
        if let Some(error) = form.error(name) {
            pen.keep_free(1);
            pen.right(&error.message, theme.bad());
        }
        let at = match name {
            NewField::Title => field::line(&mut pen, &form.title, here, theme.plain(), None),
            NewField::Service => field::line(&mut pen, &form.service, here, theme.plain(), None),
            NewField::Priority => {
                priority(&mut pen, form, here);
                None
            }
        };
        cursor = cursor.or(at);
    }
    cursor
}

fn priority(pen: &mut Pen, form: &NewForm, here: bool) {
    let theme = pen.theme;
    let glyph = theme.priority_glyph(form.priority);
    let text = format!("{glyph} {}", form.priority);
    if here {
        pen.text(&format!("< {text} >"), theme.bold());
    } else {
        pen.text(&text, theme.priority(form.priority));
    }
}

/// What the daemon refused that has no field here.
fn other_errors(pen: &mut Pen, form: &NewForm) {
    let known = |field: &str| NewField::ALL.iter().any(|name| name.name() == field);
    if let Some(error) = form.errors.iter().find(|error| !known(&error.field)) {
        pen.gap(2);
        let text = format!("{} {}", error.field, error.message);
        pen.text(&text, pen.theme.bad());
    }
}

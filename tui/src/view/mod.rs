//! What the model looks like. Each panel has a render function and changes nothing.

mod alerts;
mod assessment;
mod cache;
mod chooser;
mod columns;
mod command_log;
mod copy;
mod demonstration;
mod detail;
#[cfg(test)]
pub mod drawn;
mod events;
mod feed;
mod field;
mod foot;
mod form;
mod head;
mod health;
mod help;
mod letters;
mod list;
mod logs;
mod overview;
mod own;
mod page;
mod paint;
mod palette;
mod people;
mod picker;
mod pipeline;
mod question;
mod side;
mod sign_in;
mod table;
mod time;
mod timeline;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::model::choices::Choices;
use crate::model::copy::json_lines;
use crate::model::{Model, Overlay, Screen, handover, layout, own as programs};

/// Draws everything.
pub fn render(frame: &mut Frame<'_>, model: &Model) {
    let area = frame.area();
    let buf = frame.buffer_mut();
    let mut cursor = None;
    if let Some(form) = &model.sign_in {
        head::render(buf, area, model);
        cursor = sign_in::render(buf, area, model, form);
        if let Some(Overlay::Chooser(it)) = &model.overlay {
            cursor = chooser::render(buf, area, model, it);
        }
        foot::render(buf, area, model);
    } else {
        head::render(buf, area, model);
        match model.screen {
            Screen::Incidents => cursor = list::render(buf, area, model),
            Screen::Detail => cursor = detail::render(buf, area, model),
            Screen::Cache => cache::render(buf, area, model),
            Screen::Events => events::render(buf, area, model),
            Screen::Health => health::render(buf, area, model),
            Screen::Logs => {
                let body = rows(area, 1, layout::screen_rows(area.height));
                cursor = logs::render(buf, body, model, &model.across.pane, true);
            }
            Screen::People => people::render(buf, area, model),
        }
        match &model.overlay {
            None => {}
            Some(Overlay::Help { top, of }) => help::render(buf, area, model, *of, *top),
            Some(Overlay::CommandLog { top }) => command_log::render(buf, area, model, *top),
            Some(Overlay::Demonstration { top }) => {
                demonstration::render(buf, area, model, *top);
            }
            Some(Overlay::Title(form)) => cursor = form::title(buf, area, model, form),
            Some(Overlay::Export(form)) => cursor = form::export(buf, area, model, form),
            Some(Overlay::Question(question)) => question::render(buf, area, model, question),
            Some(Overlay::Json { reference, whole, .. }) if whole.value.is_none() => {
                let title = format!("{reference} as JSON");
                page::unread(buf, area, model, &title, whole);
            }
            Some(Overlay::Json { incident, reference, top, .. }) => {
                let incident = model.known.get(*incident);
                let lines = incident.map(|i| json_lines(i, area.width)).unwrap_or_default();
                let version = incident.map_or(0, |incident| incident.version);
                let title = format!("{reference} as JSON, version {version}");
                page::render(buf, area, model, &title, &lines, *top);
            }
            Some(Overlay::Handover { chosen, top }) => {
                let lines = handover::lines(model, area.width);
                let title = handover::title(model, chosen);
                page::render(buf, area, model, &title, &lines, *top);
            }
            Some(Overlay::Output { round, top }) => {
                let (title, lines) = programs::page(model, *round, area.width);
                page::render(buf, area, model, &title, &lines, *top);
            }
            Some(Overlay::Sure(sure)) => own::render(buf, area, model, sure),
            Some(Overlay::Chooser(it)) => cursor = chooser::render(buf, area, model, it),
            Some(Overlay::Columns(it)) => columns::render(buf, area, model, it),
            Some(Overlay::ViewName(form)) => cursor = form::view_name(buf, area, model, form),
            Some(Overlay::Copy(chooser)) => copy::render(buf, area, model, chooser),
            Some(Overlay::Picker(picker)) => cursor = picker::render(buf, area, model, picker),
            Some(Overlay::Palette(palette)) => {
                cursor = palette::render(buf, area, model, palette);
            }
            Some(Overlay::Comment(comment)) => {
                cursor = form::comment(buf, area, model, comment);
            }
            Some(Overlay::Person(form)) => cursor = people::form(buf, area, model, form),
            Some(Overlay::Reason(reason)) => cursor = form::reason(buf, area, model, reason),
            Some(Overlay::NewIncident(form)) => {
                cursor = form::new_incident(buf, area, model, form);
            }
        }
        if area.height >= 3 {
            foot::render(buf, area, model);
        }
    }
    if let Some(position) = cursor.filter(|position| area.contains(*position)) {
        frame.set_cursor_position(position);
    }
}

/// What a panel that takes text answers: where the cursor blinks.
type Cursor = Option<Position>;

/// The rows of an area from `top` on, `rows` of them, as far as they are inside.
fn rows(area: Rect, top: u16, rows: u16) -> Rect {
    let top = top.min(area.height);
    Rect::new(area.x, area.y + top, area.width, rows.min(area.height - top))
}

/// The sheet in which something is chosen, as a whole and where its lines stand.
fn chooses(area: Rect, model: &Model) -> Option<(Choices, Rect, Rect)> {
    let choices = Choices::of(model, area.height)?;
    let sheet = rows(area, choices.top, choices.height);
    let body = rows(sheet, choices.head, choices.height.saturating_sub(choices.head));
    Some((choices, sheet, body))
}

/// A sheet of `rows` lines that rises from the foot, with a rule on its upper edge; it never covers
/// head and foot. The rule comes on top of `rows`.
fn sheet(area: Rect, rows: u16) -> Rect {
    let (top, height) = layout::sheet(area.height, rows);
    Rect::new(area.x, area.y + top, area.width, height)
}

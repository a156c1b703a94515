//! A log pane:
//!
//! ```text
//!  held · ≥ warn · /timeout 12 · ±2                        ↑ older lines on the daemon
//!  ▁▁▂▇█▇▅▃  20:36:01 – 20:46:10   error 812  warn 391 of 1,204
//!  20:45:58 error api        timeout after 4003 ms  attempt=3
//! ▌20:45:59 warn  lb         retry 3 of 3
//!                                                             17 new below ↓ (f follows)
//! ```

mod histogram;
mod line;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::action::Action;
use crate::keymap::Context;
use crate::model::logs::lines::as_number;
use crate::model::logs::place::Window;
use crate::model::logs::shape::Columns;
use crate::model::logs::{self, LogPane};
use crate::model::words::{count, number};
use crate::model::{Model, Screen, layout};
use crate::sift::Around;
use crate::sift::pattern::Kind;
use crate::theme::Theme;

use super::detail::says_instead;
use super::paint::Pen;
use super::{Cursor, assessment, field, rows};

pub fn render(
    buf: &mut Buffer,
    area: Rect,
    model: &Model,
    pane: &LogPane,
    has_keys: bool,
) -> Cursor {
    let theme = Theme::new(model);
    let shares = layout::log_rows(area.height);
    let cursor = header(&mut Pen::new(buf, area, 0, theme), model, pane, has_keys);
    let above = rows(area, shares.header, shares.histogram);
    match pane.search.mistake.as_ref().filter(|_| pane.search.editing) {
        Some(mistake) => {
            let mut pen = Pen::new(buf, above, 0, theme);
            pen.gap(1);
            pen.text(&format!("not searched: {}", mistake.why), theme.bad());
        }
        None => histogram::render(buf, above, model, pane),
    }
    let body = rows(area, shares.header + shares.histogram, shares.lines);
    let size = (usize::from(body.width), usize::from(body.height));
    let Some(window) = logs::measure(model, pane, size, |extent| pane.place.window(extent)) else {
        let loading = pane.loading_at().is_some_and(|at| at <= model.now);
        let empty = pane.loaded.then(|| nothing(model, pane));
        says_instead(buf, body, model, loading, pane.failure.as_ref(), empty.as_deref());
        return cursor;
    };
    lines(buf, body, model, pane, window, has_keys);
    below(buf, body, model, pane, window);
    cursor
}

fn lines(
    buf: &mut Buffer,
    body: Rect,
    model: &Model,
    pane: &LogPane,
    window: Window,
    has_keys: bool,
) {
    let references = logs::references(model);
    let columns = Columns::of(model, pane.lines(), usize::from(body.width), references);
    let shown = pane.shown();
    let mut row = 0;
    for index in window.first..window.end {
        let Some(line) = shown.at(index).and_then(|number| pane.lines().get(number)) else {
            continue;
        };
        if row >= body.height {
            break;
        }
        let place = rows(body, row, body.height - row);
        let selected = has_keys && index == window.cursor;
        row += line::render(buf, place, model, pane, &columns, &line, selected);
    }
}

fn header(pen: &mut Pen, model: &Model, pane: &LogPane, has_keys: bool) -> Cursor {
    let theme = pen.theme;
    let wanted = pane.wanted();
    pen.gap(1);
    if model.screen == Screen::Logs {
        pen.text("Logs of all incidents", theme.bold());
        dot(pen);
    }
    if model.screen == Screen::Detail && has_keys && !pane.search.editing && pen.room() >= 60 {
        assessment::switch(pen, false);
        dot(pen);
    }
    let name = if pane.follows() { "following" } else { "held" };
    pen.text(name, if has_keys { theme.accent() } else { theme.dim() });
    if let Some(level) = wanted.min_level {
        dot(pen);
        pen.text(&format!("{} {level}", theme.at_least()), theme.level(level));
    }
    if pane.search.editing {
        dot(pen);
        let prompt = match pane.search.kind {
            Kind::Text => "/",
            Kind::Expression => "regex /",
        };
        pen.text(prompt, theme.accent());
        let wrong = pane.search.mistake.as_ref().map(|mistake| mistake.place.clone());
        return field::line(pen, &pane.search.field, true, theme.plain(), wrong);
    }
    pen.keep_free(1);
    let beginning = beginning(model, pane);
    // What is searched for stands between.
    if pen.room() > beginning.chars().count() + if wanted.pattern.is_some() { 20 } else { 1 } {
        pen.right(&beginning, theme.dim());
    }
    if let Some(pattern) = &wanted.pattern {
        dot(pen);
        let prompt = match pattern.kind {
            Kind::Text => "/",
            Kind::Expression => "regex /",
        };
        pen.text(prompt, theme.dim());
        pen.text(&pattern.text, theme.plain());
        pen.text(&format!(" {}", number(as_number(pane.hits().len()))), theme.dim());
    }
    let around = match wanted.around {
        _ if !wanted.filters() => None,
        Around::Nothing => None,
        Around::Lines(count) => Some(format!("{}{count}", theme.around())),
        Around::Everything => Some("all lines".to_owned()),
    };
    if let Some(around) = around {
        dot(pen);
        pen.text(&around, theme.plain());
    }
    if model.log_style.wrap {
        dot(pen);
        pen.text("wrapped", theme.dim());
    }
    if let Some(failure) = pane.failure.as_ref().filter(|_| pane.loaded) {
        dot(pen);
        pen.text(&failure.message, theme.bad());
    }
    None
}

fn dot(pen: &mut Pen) {
    let theme = pen.theme;
    pen.text(&format!(" {} ", theme.dot()), theme.dim());
}

/// What stands before the first line held, and what is being done about it.
fn beginning(model: &Model, pane: &LogPane) -> String {
    let theme = Theme::new(model);
    let backlog = pane.backlog();
    if backlog > 0 {
        return format!("looking through {} lines", number(as_number(backlog)));
    }
    if pane.seeks_older {
        return "reading older lines".to_owned();
    }
    if !pane.loaded || pane.lines().is_empty() {
        return String::new();
    }
    let held = count(as_number(pane.lines().len()), "line", "lines");
    if pane.beyond.older {
        format!("{held} here, older on the daemon {}", theme.up())
    } else if pane.lacks_newer() && !pane.follows() {
        format!("the first {held}")
    } else {
        format!("all {held}")
    }
}

/// Why there are no lines.
fn nothing(model: &Model, pane: &LogPane) -> String {
    let backlog = pane.backlog();
    if backlog > 0 {
        return format!("Looking through {} lines …", number(as_number(backlog)));
    }
    if pane.asked.is_some() && pane.reach > 0 && pane.beyond.older {
        return "Looking through older lines …".to_owned();
    }
    let key = |action, else_name: &str| {
        model.key(Context::Logs, action).unwrap_or_else(|| else_name.to_owned())
    };
    if pane.wanted().filters() {
        let (more, search) = (key(Action::LowerLevel, "V"), key(Action::Query, "/"));
        let among = match pane.lines().len() {
            0 => String::new(),
            held if pane.beyond.older => {
                let next = model.key(Context::Matches, Action::Find { older: true });
                let next = next.map_or_else(String::new, |key| format!(": {key} reads older ones"));
                return format!(
                    "None of the newest {} lines passes{next}.",
                    number(as_number(held))
                );
            }
            held => format!(" among {}", number(as_number(held))),
        };
        format!("No line passes the filter{among}: {more} shows lower levels, {search} searches.")
    } else if model.screen == Screen::Logs {
        "No incident has log lines yet: they appear here as they are attached.".to_owned()
    } else {
        let subject = model.subject().map(|it| it.reference.to_string());
        let which = subject.unwrap_or_else(|| "INC-…".to_owned());
        format!("No log lines yet: `watchfire logs {which} --attach FILE` adds some.")
    }
}

fn below(buf: &mut Buffer, area: Rect, model: &Model, pane: &LogPane, window: Window) {
    if pane.place.follows() || area.height < 2 {
        return;
    }
    let theme = Theme::new(model);
    let held = as_number(pane.shown().len().saturating_sub(window.end));
    let unread = pane.unread();
    let new = held.saturating_add(unread);
    let what = if pane.beyond.newer { "more".to_owned() } else { number(new) };
    if new > 0 || pane.beyond.newer {
        // Of those not read yet nobody knows how many pass.
        let most = if unread > 0 && pane.wanted().filters() { "up to " } else { "" };
        let follow = model.key(Context::Logs, Action::Follow);
        let follow = follow.map_or_else(String::new, |key| format!(" ({key} follows)"));
        let mut pen = Pen::new(buf, area, area.height - 1, theme);
        pen.keep_free(1);
        let text = format!("  {most}{what} below {}{follow}", theme.down());
        pen.right(&text, theme.accent());
    }
}

//! What could not be published or handled, a row each, and below it all about the selected one:
//!
//! ```text
//!  Not published 1 · Dead letters 2
//!  INC-199     incident.commented    failed      1×    9m  message too large
//! ▌INC-204     alert.fired           waiting     3×   14m  timed out after 30 s
//!  undecodable                       waiting     1×    2h  expected value at line 1
//!  INC-204 v12 alert.fired · tried 3 times by analysis · incident.events 3, 912
//!  timed out after 30 s while mining the lines
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use watchfire_shared::dead_letter::DeadLetterState;

use crate::model::events::ANSWER;
use crate::model::letters::{Kind, Letter, about};
use crate::model::words::{count, number};
use crate::model::{Model, age};
use crate::theme::Theme;

use super::events::heading;
use super::paint::{Pen, wrapped};
use super::{rows, time};

/// From this width on everything has its column; below, state and attempts stand in the answer alone.
const ALL_COLUMNS: u16 = 62;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model) {
    let theme = Theme::new(model);
    let letters = &model.events.letters;
    let note = letters.read.note(model.now);
    heading(&mut Pen::new(buf, area, 0, theme), &title(model, theme), note);
    let body = rows(area, 1, area.height.saturating_sub(1));
    if letters.rows().is_empty() {
        if letters.read.value.is_some() {
            let mut pen = Pen::new(buf, body, 0, theme);
            pen.gap(1);
            pen.text("None: everything was handled, or waits for a worker.", theme.dim());
        }
        return;
    }
    let answer = u16::try_from(ANSWER).unwrap_or(0);
    let least = u16::from(letters.rows().len() > 1) + 1;
    let answer = if body.height >= answer + least { answer } else { 0 };
    let list = rows(body, 0, body.height - answer);
    // The cursor stands in the middle, as far as there is something on both sides.
    let visible = usize::from(list.height);
    let last_top = letters.rows().len().saturating_sub(visible);
    let top = letters.index().unwrap_or(0).saturating_sub(visible / 2).min(last_top);
    for (index, letter) in letters.rows().iter().skip(top).take(visible).enumerate() {
        let row = u16::try_from(index).unwrap_or(u16::MAX);
        draw(&mut Pen::new(buf, list, row, theme), model, letter, area.width >= ALL_COLUMNS);
    }
    if let Some(letter) = letters.selected() {
        let shown = u16::try_from(letters.rows().len()).unwrap_or(u16::MAX).min(list.height);
        about_it(buf, rows(body, shown, answer), model, letter);
    }
}

/// `Not published 2 · Dead letters 3`; of each as many as there are, or as were read.
fn title(model: &Model, theme: Theme) -> String {
    let letters = &model.events.letters;
    let outbox = model.events.pipeline.outbox.value.as_deref();
    let failed = letters.count(Kind::Failed);
    let part = |name: &str, n: usize, more: bool| {
        let n = number(as_number(n));
        let more = if more { ", the oldest of more" } else { "" };
        format!("{name} {n}{more}")
    };
    let more = outbox.is_some_and(|outbox| outbox.failed > as_number(outbox.items.len()));
    let mut parts = Vec::new();
    if failed > 0 {
        parts.push(part("Not published", failed, more));
    }
    match letters.count(Kind::Parked) {
        0 => parts.push("Dead letters".to_owned()),
        n => parts.push(part("Dead letters", n, letters.more)),
    }
    parts.join(&format!(" {} ", theme.dot()))
}

fn as_number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn draw(pen: &mut Pen, model: &Model, letter: &Letter, all_columns: bool) {
    let theme = pen.theme;
    let letters = &model.events.letters;
    let gone = letters.is_gone(letter.id());
    let pick = |style| if gone { theme.dim() } else { style };
    let selected = letters.selected().is_some_and(|other| other.id() == letter.id());
    if selected {
        pen.style_line(theme.selected());
    }
    pen.text(if selected { theme.bar() } else { " " }, theme.accent());
    pen.cell(&about(letter.event()), 12, pick(theme.plain()));
    let kind = letter.event().map_or(theme.none(), |event| event.fact.event_type());
    pen.cell(kind, 20, pick(theme.plain()));
    pen.gap(1);
    if all_columns {
        let (word, style) = state(model, letter, theme);
        pen.cell(word, 10, style);
        let tries = format!("{}{}", number(letter.attempts()), theme.times());
        pen.number(&tries, 4, theme.dim());
        pen.gap(1);
    }
    pen.number(&age::age(letter.since(), model.now), 4, theme.dim());
    pen.gap(2);
    pen.text(letter.cause(), pick(theme.plain()));
}

fn state(model: &Model, letter: &Letter, theme: Theme) -> (&'static str, Style) {
    if model.events.letters.is_gone(letter.id()) {
        ("gone", theme.dim())
    } else if model.commands.is_deciding(letter.id()) {
        (theme.pending(), theme.plain())
    } else {
        let style = match letter {
            Letter::Failed(_) => theme.bad(),
            Letter::Parked(letter) => match letter.state {
                DeadLetterState::Waiting => theme.asks(),
                DeadLetterState::Redriving => theme.work(),
                DeadLetterState::Discarded => theme.dim(),
            },
        };
        (letter.state(), style)
    }
}

/// What is this? The selected letter as a whole.
fn about_it(buf: &mut Buffer, area: Rect, model: &Model, letter: &Letter) {
    let theme = Theme::new(model);
    let mut parts = vec![letter.name()];
    if model.events.letters.is_gone(letter.id()) {
        parts.push("gone: it leaves with the cursor".to_owned());
    }
    let tried = |n| format!("tried {}", count(n, "time", "times"));
    match letter {
        Letter::Failed(failed) => {
            parts.push(format!("not published, {}", tried(failed.attempts)));
            parts.push("what follows it waits".to_owned());
        }
        Letter::Parked(letter) => {
            parts.push(match letter.attempts {
                0 => format!("waits for an earlier one ({})", letter.consumer),
                n => format!("{} by {}", tried(n), letter.consumer),
            });
            if let Some(place) = &letter.place {
                parts.push(format!("{} {}, {}", place.topic, place.partition, place.offset));
            }
        }
    }
    parts.push(format!("since {}", time::stamp(model, letter.since())));
    let mut pen = Pen::new(buf, area, 0, theme);
    pen.gap(1);
    pen.text(&parts.join(&format!(" {} ", theme.dot())), theme.dim());
    wrapped(buf, area, 1, letter.cause(), (theme, theme.plain()));
}

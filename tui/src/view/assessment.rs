//! What analyses made of an incident's log lines:
//!
//! ```text
//!  ✓ completed  logs  20:44:31, 1m ago, by dana, took 2 s
//!    1,204 lines  812 error  391 warn  1 info  20:36:01 – 20:45:59
//!    412×  error  timeout after 4003 ms
//!    391×  warn   retry 3 of 3
//! ```
//!
//! In the log pane the last two lines are the pattern view.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use watchfire_shared::assessment::{Assessment, AssessmentStatus, LogSummary, TopMessage};
use watchfire_shared::incident::Incident;

use crate::action::Action;
use crate::model::assessment::{self, INDENT, Line, is_over};
use crate::model::commands::Tone;
use crate::model::detail::Detail;
use crate::model::words::{count, number};
use crate::model::{Model, age};
use crate::theme::Theme;

use super::detail::{says_below, says_instead};
use super::paint::Pen;
use super::{rows, time};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, detail: &Detail, incident: &Incident) {
    let theme = Theme::new(model);
    let lines = assessment::lines(&detail.assessments, incident, area.width);
    if lines.is_empty() {
        let empty = "No assessment yet: one is made soon after log lines were attached.";
        instead(buf, area, model, detail, empty);
        return;
    }
    let times = times_columns(detail.assessments.patterns());
    let mut room = area.height;
    if let Some(failure) = &detail.assessments.slot.failure {
        says_below(buf, area, model, true, failure);
        room = room.saturating_sub(1);
    }
    let shown = lines.iter().skip(detail.assessments.top);
    for (row, line) in (0..room).zip(shown) {
        let mut pen = Pen::new(buf, area, row, theme);
        pen.gap(1);
        match line {
            Line::Blank => {}
            Line::Score(score) => pen.text(&format!("impact score {score:.0}"), theme.bold()),
            Line::Head(assessment) => head(&mut pen, model, assessment),
            Line::Found(summary) => {
                pen.gap(INDENT - 1);
                found(&mut pen, model, summary);
            }
            Line::Message(message) => {
                pen.gap(INDENT - 1);
                self::message(&mut pen, message, times);
            }
            Line::Error(text) => {
                pen.gap(INDENT - 1);
                pen.text(text.as_str(), theme.bad());
            }
            Line::Older => {
                let line = format!("older ones: watchfire assessments {}", incident.reference);
                pen.text(&line, theme.dim());
            }
        }
    }
}

/// The pattern view of the log pane, below its header.
pub fn patterns(buf: &mut Buffer, area: Rect, model: &Model, detail: &Detail) {
    let theme = Theme::new(model);
    let mut pen = Pen::new(buf, area, 0, theme);
    pen.gap(1);
    switch(&mut pen, true);
    let assessments = &detail.assessments;
    if let Some((assessment, summary)) = assessments.completed() {
        let at = assessment.completed_at.unwrap_or(assessment.started_at);
        let of = count(summary.lines, "line", "lines");
        pen.text(&format!("  of {of} at {}", time::stamp(model, at)), theme.dim());
        if assessments.all().first().is_some_and(|newest| !is_over(newest)) {
            pen.text(&format!(" {} being made anew", theme.dot()), theme.work());
        }
    }
    let body = rows(area, 1, area.height.saturating_sub(1));
    let messages = assessments.patterns();
    if messages.is_empty() {
        let empty = no_patterns(detail);
        instead(buf, body, model, detail, &empty);
        return;
    }
    let times = times_columns(messages);
    for (row, message) in (0..body.height).zip(messages.iter().skip(assessments.patterns_top)) {
        let mut pen = Pen::new(buf, body, row, theme);
        pen.gap(1);
        self::message(&mut pen, message, times);
    }
}

/// What a log pane shows, and what it could.
pub fn switch(pen: &mut Pen, patterns: bool) {
    let theme = pen.theme;
    for (name, here) in [("Lines", !patterns), ("Patterns", patterns)] {
        if here {
            pen.text(&format!("[{name}]"), theme.accent());
        } else {
            pen.text(&format!(" {name} "), theme.dim());
        }
    }
}

/// What the pattern view waits for.
fn no_patterns(detail: &Detail) -> String {
    match detail.assessments.all().first() {
        _ if detail.assessments.completed().is_some() => {
            "The last assessment found no log lines.".to_owned()
        }
        None => "Patterns come with an assessment of the log lines: there is none yet.".to_owned(),
        Some(newest) => match (newest.status, &newest.error) {
            (AssessmentStatus::InProgress, _) => {
                "Patterns come with the assessment that is being made.".to_owned()
            }
            (_, Some(error)) => format!("The last assessment failed: {error}"),
            (_, None) => format!("The last assessment was {}.", newest.status),
        },
    }
}

/// Why there is nothing, and the key that asks for it.
fn instead(buf: &mut Buffer, area: Rect, model: &Model, detail: &Detail, empty: &str) {
    let slot = &detail.assessments.slot;
    let loading = slot.loading_at().is_some_and(|at| at <= model.now);
    let failure = slot.failure.as_ref().filter(|_| slot.value.is_none());
    says_instead(buf, area, model, loading, failure, slot.value.as_ref().map(|_| empty));
    let under_way = detail.assessments.all().first().is_some_and(|newest| !is_over(newest));
    let may = model.may(Action::Assess);
    let key = model.key(model.context(), Action::Assess).filter(|_| may && !under_way);
    if let Some(key) = key.filter(|_| slot.value.is_some() && area.height > 1) {
        let theme = Theme::new(model);
        let mut pen = Pen::new(buf, area, 1, theme);
        pen.gap(1);
        pen.text(&format!("{key} asks for one now"), theme.dim());
    }
}

/// `✓ completed  logs  20:44:31, 1m ago, by dana, took 2 s`.
fn head(pen: &mut Pen, model: &Model, assessment: &Assessment) {
    let theme = pen.theme;
    let (glyph, style) = match assessment.status {
        AssessmentStatus::InProgress => (theme.pending(), theme.work()),
        AssessmentStatus::Completed => (theme.tone_glyph(Tone::Good), theme.over()),
        AssessmentStatus::Failed => (theme.tone_glyph(Tone::Bad), theme.bad()),
        AssessmentStatus::Cancelled => (theme.none(), theme.dim()),
    };
    let at = assessment.started_at;
    pen.text(&format!("{glyph} {}", assessment::status(assessment)), style);
    pen.text(&format!("  {}  ", assessment.component), theme.plain());
    let since = age::age(at, model.now);
    let by = &assessment.requested_by.name;
    pen.text(&format!("{}, {since} ago, by {by}", time::stamp(model, at)), theme.dim());
    if let Some(end) = assessment.completed_at {
        let seconds = (end - at).num_seconds().max(0);
        let took = if seconds == 0 { "under a second".to_owned() } else { age::age(at, end) };
        pen.text(&format!(", took {took}"), theme.dim());
    }
}

/// `1,204 lines  812 error  391 warn  20:36:01 – 20:45:59`.
fn found(pen: &mut Pen, model: &Model, summary: &LogSummary) {
    let theme = pen.theme;
    pen.text(&count(summary.lines, "line", "lines"), theme.plain());
    for (level, lines) in summary.counts.iter().rev() {
        pen.text(&format!("  {} {level}", number(*lines)), theme.level(*level));
    }
    if let (Some(first), Some(last)) = (summary.first_at, summary.last_at) {
        let (first, last) = (time::stamp(model, first), time::stamp(model, last));
        pen.text(&format!("  {first} {} {last}", theme.none()), theme.dim());
    }
}

fn message(pen: &mut Pen, message: &TopMessage, times: usize) {
    let theme = pen.theme;
    let style: Style = theme.level(message.level);
    pen.number(&format!("{}{}", number(message.count), theme.times()), times, theme.plain());
    pen.gap(2);
    pen.cell(message.level.as_str(), 5, style);
    pen.gap(2);
    pen.text(&message.message, theme.plain());
}

/// Columns for how often.
fn times_columns(messages: &[TopMessage]) -> usize {
    let most = messages.iter().map(|message| message.count).max().unwrap_or(0);
    number(most).len() + 1
}

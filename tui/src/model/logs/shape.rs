//! The columns of a log pane, and the rows its lines take in them. The view draws by these, and
//! scrolling counts by them.

use std::ops::Range;

use crate::model::Model;
use crate::model::age;
use crate::safe::flow::{Part, Row, flow};
use crate::sift::pattern::Pattern;

use super::lines::{Line, Lines};

/// Places marked in one line at most.
const MARKS_MAX: usize = 200;
/// Characters shown before a match that would stand beyond the end of the line.
const BEFORE: usize = 16;
const LEVEL: usize = 5;
const SOURCE: usize = 10;
/// With less room there is no source.
const WITH_SOURCE: usize = 41;

/// How times are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Times {
    #[default]
    Clock,
    Age,
    None,
}

impl Times {
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Clock => Self::Age,
            Self::Age => Self::None,
            Self::None => Self::Clock,
        }
    }
}

/// How lines are shown, in every pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    pub wrap: bool,
    pub times: Times,
}

/// What is said of a piece of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    Message,
    /// What was searched for.
    Found,
    /// Fields, and what stands for something left out.
    Aside,
}

/// Widths; 0 is not shown. A free column stands before the first one and between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    pub time: usize,
    pub reference: usize,
    pub level: usize,
    pub source: usize,
    pub text: usize,
}

impl Columns {
    /// Of a pane this wide with these lines; `reference` is 0 where all lines are of one incident.
    pub fn of(model: &Model, lines: &Lines, width: usize, reference: usize) -> Self {
        let time = time_width(model, lines);
        let taken = |column: usize| if column > 0 { column + 1 } else { 0 };
        let used = 1 + taken(time) + taken(reference) + taken(LEVEL);
        let source = if width.saturating_sub(used) >= WITH_SOURCE { SOURCE } else { 0 };
        let text = width.saturating_sub(used + taken(source));
        Self { time, reference, level: LEVEL, source, text }
    }

    /// Where the text begins.
    pub fn before_text(&self) -> usize {
        let all = [self.time, self.reference, self.level, self.source];
        1 + all.into_iter().filter(|column| *column > 0).map(|column| column + 1).sum::<usize>()
    }
}

/// As wide as the widest time among the lines.
fn time_width(model: &Model, lines: &Lines) -> usize {
    let Some((earliest, latest)) = lines.span() else {
        return 0;
    };
    match model.log_style.times {
        Times::None => 0,
        Times::Age => age::age(earliest, model.now).len().max(3),
        Times::Clock => {
            let day = |at| model.zone.show(at).date_naive();
            let today = day(model.now);
            if day(earliest) == today && day(latest) == today { 8 } else { 11 }
        }
    }
}

/// A line in rows of `width` columns, at most `max` of them. Where what was searched for would stand
/// beyond their end, the rows begin shortly before it.
pub fn rows(line: &Line<'_>, pattern: Option<&Pattern>, width: usize, max: usize) -> Vec<Row<Tag>> {
    let marks = pattern.map_or_else(Vec::new, |it| it.places(line.message, MARKS_MAX));
    let rows = flowed("", line.message, line.fields, &marks, width, max);
    let Some(first) = marks.first().filter(|_| !holds(&rows, Tag::Found)) else {
        return rows;
    };
    let before = line.message[..first.start].char_indices().rev();
    let from = before.take(BEFORE.min(width / 3)).last().map_or(first.start, |(at, _)| at);
    let moved: Vec<Range<usize>> =
        marks.iter().map(|mark| mark.start - from..mark.end - from).collect();
    flowed("…", &line.message[from..], line.fields, &moved, width, max)
}

fn holds(rows: &[Row<Tag>], tag: Tag) -> bool {
    rows.iter().flatten().any(|run| run.tag == tag)
}

fn flowed(
    lead: &str,
    message: &str,
    fields: &str,
    marks: &[Range<usize>],
    width: usize,
    max: usize,
) -> Vec<Row<Tag>> {
    let aside = |text| Part { text, tag: Tag::Aside, marks: &[], marked: Tag::Aside };
    let message = Part { text: message, tag: Tag::Message, marks, marked: Tag::Found };
    let gap = if fields.is_empty() { "" } else { "  " };
    flow(&[aside(lead), message, aside(gap), aside(fields)], width, max)
}

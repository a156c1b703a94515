//! What analyses made of an incident's log lines, line by line: the view draws these and `update`
//! counts them.

use watchfire_shared::assessment::{Assessment, AssessmentStatus, LogSummary, TopMessage};
use watchfire_shared::incident::Incident;

use crate::safe::SafeText;

use super::slot::Slot;

/// So many of an incident are read, the newest.
pub const READ: u32 = 20;
/// Columns before what an assessment says.
pub const INDENT: usize = 3;

/// The assessments of the opened incident, the newest first.
#[derive(Debug, Default)]
pub struct Assessments {
    pub slot: Slot<Vec<Assessment>>,
    /// There are older ones than those read.
    pub older: bool,
    /// The first visible line of the tab.
    pub top: usize,
    /// The log pane shows patterns in place of lines.
    pub patterns: bool,
    /// The first visible pattern.
    pub patterns_top: usize,
}

impl Assessments {
    pub fn all(&self) -> &[Assessment] {
        self.slot.value.as_deref().unwrap_or_default()
    }

    /// The newest that came to something.
    pub fn completed(&self) -> Option<(&Assessment, &LogSummary)> {
        self.all().iter().find_map(|it| Some((it, it.summary.as_ref()?)))
    }

    /// The messages of the pattern view.
    pub fn patterns(&self) -> &[TopMessage] {
        self.completed().map_or(&[], |(_, summary)| &summary.top_messages)
    }

    /// Puts one that an event or an answer told of at its place; what has ended does not begin again.
    /// Says whether that was news.
    pub fn put(&mut self, told: &Assessment) -> bool {
        let Some(all) = &mut self.slot.value else {
            return false;
        };
        match all.iter_mut().find(|other| other.id == told.id) {
            Some(held) if held == told || is_over(held) => return false,
            Some(held) => *held = told.clone(),
            None => {
                all.push(told.clone());
                all.sort_by_key(|it| std::cmp::Reverse((it.started_at, it.id)));
            }
        }
        true
    }
}

/// Nothing more comes of it.
pub const fn is_over(assessment: &Assessment) -> bool {
    !matches!(assessment.status, AssessmentStatus::InProgress)
}

/// `completed`, `running, 40 %`.
pub fn status(assessment: &Assessment) -> String {
    match assessment.status {
        AssessmentStatus::InProgress if assessment.progress == 0 => "requested".to_owned(),
        AssessmentStatus::InProgress => format!("running, {} %", assessment.progress),
        AssessmentStatus::Completed => "completed".to_owned(),
        AssessmentStatus::Failed => "failed".to_owned(),
        AssessmentStatus::Cancelled => "cancelled".to_owned(),
    }
}

/// A line of the tab.
#[derive(Debug, Clone, PartialEq)]
pub enum Line<'a> {
    /// The incident's.
    Score(f64),
    Head(&'a Assessment),
    /// How many lines it saw, and of which levels.
    Found(&'a LogSummary),
    /// One of its messages.
    Message(&'a TopMessage),
    /// Why it failed.
    Error(SafeText),
    Blank,
    /// There are older ones than these.
    Older,
}

/// All lines, in columns of `width`. The newest, and the newest that came to something, are told with
/// their messages.
pub fn lines<'a>(assessments: &'a Assessments, incident: &Incident, width: u16) -> Vec<Line<'a>> {
    let completed = assessments.completed().map(|(it, _)| it.id);
    let room = usize::from(width).saturating_sub(INDENT + 1).max(1);
    let mut lines = Vec::new();
    if let Some(score) = incident.score.filter(|_| !assessments.all().is_empty()) {
        lines.extend([Line::Score(score), Line::Blank]);
    }
    for assessment in assessments.all() {
        lines.push(Line::Head(assessment));
        let error = assessment.error.iter().flat_map(|error| SafeText::lines(error));
        lines.extend(error.flat_map(|line| line.wrap(room)).map(Line::Error));
        let Some(summary) = &assessment.summary else {
            continue;
        };
        lines.push(Line::Found(summary));
        if completed == Some(assessment.id) && !summary.top_messages.is_empty() {
            lines.extend(summary.top_messages.iter().map(Line::Message));
            lines.push(Line::Blank);
        }
    }
    if lines.last() == Some(&Line::Blank) {
        lines.pop();
    }
    if assessments.older {
        lines.push(Line::Older);
    }
    lines
}

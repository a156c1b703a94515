//! The overview of an incident, line by line: the view draws these and `update` counts them.

use chrono::{DateTime, Utc};
use watchfire_shared::incident::Incident;

use crate::safe::SafeText;

use super::slot::Slot;

/// A line of the overview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Status,
    Priority,
    Assignee,
    Service,
    Opened,
    Acknowledged,
    Resolved,
    Closed,
    Alerts,
    LogLines,
    Score,
    /// Name and value, as they came.
    Label(String, String),
    Blank,
    /// A line of the description.
    Text(SafeText),
    /// What is said in place of a description.
    Instead(&'static str),
}

/// What the opened incident says where no description is known.
pub fn instead(read: &Slot<()>, now: DateTime<Utc>) -> Option<&'static str> {
    match (&read.value, &read.failure) {
        (Some(()), _) => Some("No description."),
        // Why is told below.
        (None, Some(_)) => Some("The description could not be read."),
        (None, None) => read.loading_at().filter(|at| *at <= now).map(|_| "Loading …"),
    }
}

/// All lines, in columns of `width`; `instead` stands where no description is known.
pub fn lines(incident: &Incident, width: u16, instead: Option<&'static str>) -> Vec<Line> {
    let mut lines = vec![Line::Status, Line::Priority, Line::Assignee, Line::Service, Line::Opened];
    if incident.acknowledged_at.is_some() {
        lines.push(Line::Acknowledged);
    }
    if incident.resolved_at.is_some() {
        lines.push(Line::Resolved);
    }
    if incident.closed_at.is_some() {
        lines.push(Line::Closed);
    }
    lines.extend([Line::Alerts, Line::LogLines]);
    if incident.score.is_some() {
        lines.push(Line::Score);
    }
    let labels = incident.labels.iter();
    lines.extend(labels.map(|(name, value)| Line::Label(name.clone(), value.clone())));
    let text = incident.description.as_deref().unwrap_or_default();
    if !text.trim().is_empty() {
        lines.push(Line::Blank);
        let room = usize::from(width).saturating_sub(2).max(1);
        for line in SafeText::lines(text.trim()) {
            lines.extend(line.wrap(room).into_iter().map(Line::Text));
        }
    } else if let Some(instead) = instead {
        lines.extend([Line::Blank, Line::Instead(instead)]);
    }
    lines
}

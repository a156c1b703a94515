//! What the next person needs to know of a shift, as data and as Markdown. Times are UTC: who reads it
//! may be in another zone than who wrote it.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;
use watchfire_shared::incident::{Incident, Status};

use crate::safe::SafeText;

/// Characters of a comment that are quoted.
const QUOTED: usize = 300;

/// What a handover is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    #[default]
    Shift,
    /// Incidents that somebody chose.
    Chosen,
}

/// A shift up to a moment, or what somebody chose of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shift {
    #[serde(skip)]
    pub scope: Scope,
    pub since: DateTime<Utc>,
    pub as_of: DateTime<Utc>,
    /// Everything that is open or under investigation, whenever it began; the most urgent first.
    pub open: Vec<Entry>,
    /// What was resolved or closed in the shift and has stayed so; the newest first.
    pub over: Vec<Entry>,
    /// There was more than could be read.
    pub cut: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    pub incident: Incident,
    pub comment: Option<Said>,
}

/// The last thing somebody said about an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    pub by: String,
    pub at: DateTime<Utc>,
    pub text: String,
}

impl Shift {
    /// Whether an incident was resolved or closed in the shift, and still is.
    pub fn ended(since: DateTime<Utc>, incident: &Incident) -> bool {
        let ended = [incident.resolved_at, incident.closed_at].into_iter().flatten().max();
        Self::is_over(incident) && ended.is_some_and(|at| at >= since)
    }

    pub const fn is_over(incident: &Incident) -> bool {
        matches!(incident.status, Status::Resolved | Status::Closed)
    }

    fn opened(&self) -> usize {
        let all = self.open.iter().chain(&self.over);
        all.filter(|entry| entry.incident.created_at >= self.since).count()
    }

    /// `base` is the daemon's address, for links.
    pub fn markdown(&self, base: &str) -> String {
        let mut out = String::new();
        let (opened, open, over) = (self.opened(), self.open.len(), self.over.len());
        // Writing to a string cannot fail.
        let as_of = moment(self.as_of);
        let _ = match self.scope {
            Scope::Shift => writeln!(
                out,
                "# Handover, {} to {as_of}\n\n{opened} opened, {over} resolved or closed, {open} still open.",
                moment(self.since)
            ),
            Scope::Chosen => writeln!(
                out,
                "# Handover of {}, {as_of}\n\n{over} resolved or closed, {open} still open.",
                words(open + over)
            ),
        };
        if self.cut {
            let _ = writeln!(out, "\n**Not complete**: there is more than could be read.");
        }
        self.section(&mut out, "Still open", &self.open, base);
        self.section(&mut out, "Resolved or closed", &self.over, base);
        out
    }

    fn section(&self, out: &mut String, title: &str, entries: &[Entry], base: &str) {
        let _ = writeln!(out, "\n## {title} ({})\n", entries.len());
        if entries.is_empty() {
            let _ = writeln!(out, "None.");
        }
        for entry in entries {
            self.entry(out, entry, base);
        }
    }

    fn entry(&self, out: &mut String, entry: &Entry, base: &str) {
        let incident = &entry.incident;
        let reference = incident.reference;
        let new = if incident.created_at >= self.since { ", new" } else { "" };
        let who = incident.assigned_to.as_ref().map_or("nobody", |user| user.name.as_str());
        let _ = writeln!(
            out,
            "- [{reference}]({base}/v1/incidents/{reference}) **{}** {}, {}: {}",
            incident.priority,
            incident.status,
            plain(who),
            plain(&incident.title),
        );
        let mut facts = format!("opened {}{new}", moment(incident.created_at));
        for (word, at) in [("resolved", incident.resolved_at), ("closed", incident.closed_at)] {
            if let Some(at) = at {
                let _ = write!(facts, ", {word} {}", moment(at));
            }
        }
        if !incident.service.is_empty() {
            let _ = write!(facts, ", service {}", plain(&incident.service));
        }
        if incident.firing_alerts > 0 {
            let _ = write!(facts, ", {} firing at source", incident.firing_alerts);
        }
        let _ = writeln!(out, "  - {facts}");
        if let Some(said) = &entry.comment {
            let text = plain(&said.text.chars().take(QUOTED).collect::<String>());
            let more = if said.text.chars().count() > QUOTED { " …" } else { "" };
            let _ = writeln!(out, "  - {} {}: {text}{more}", plain(&said.by), moment(said.at));
        }
    }
}

fn words(incidents: usize) -> String {
    if incidents == 1 { "1 incident".to_owned() } else { format!("{incidents} incidents") }
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Outside text as one line that Markdown takes for words.
fn plain(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = String::with_capacity(words.len());
    for c in SafeText::line(&words).as_str().chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

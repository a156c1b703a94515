//! Facts in a person's words: the lines of the timeline.

use serde_json::Value;
use watchfire_shared::assessment::LogSummary;
use watchfire_shared::event::{ActorKind, Event, Fact};

use crate::safe::SafeText;

use super::commands::Tone;
use super::words::{count, number};

/// One fact, told. The texts are as they came: they still need `SafeText`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub who: String,
    pub what: String,
    /// What a person wrote with it.
    pub quote: Option<String>,
    pub tone: Tone,
}

/// Columns of a timeline line before its text: time, who, and the gaps.
pub const TIME_COLUMNS: usize = 13;
pub const WHO_COLUMNS: usize = 14;

pub fn tell(event: &Event) -> Told {
    let (what, quote, tone) = match &event.fact {
        Fact::IncidentCreated { incident } => {
            (format!("opened, priority {}", incident.priority), None, Tone::Warning)
        }
        Fact::IncidentUpdated { changes, .. } => {
            let parts: Vec<String> = changes.iter().map(|(f, c)| change(f, c)).collect();
            (parts.join(", "), None, Tone::Neutral)
        }
        Fact::IncidentStatusChanged { to, note, .. } => {
            (to.to_string(), note.clone(), tone_of(*to))
        }
        Fact::IncidentAssigned { to: Some(to), .. } => {
            (format!("assigned to {}", to.name), None, Tone::Neutral)
        }
        Fact::IncidentAssigned { to: None, .. } => {
            ("assigned to nobody".to_owned(), None, Tone::Neutral)
        }
        Fact::IncidentCommented { body, .. } => {
            ("commented".to_owned(), Some(body.clone()), Tone::Neutral)
        }
        Fact::IncidentDeleted { .. } => ("deleted".to_owned(), None, Tone::Bad),
        Fact::LogAttached { first_seq, last_seq, counts, .. } => {
            let levels: Vec<String> =
                counts.iter().rev().map(|(level, n)| format!("{} {level}", number(*n))).collect();
            let lines = count(last_seq - first_seq + 1, "log line", "log lines");
            let text = format!("{lines}: {}", levels.join(", "));
            (text, None, Tone::Neutral)
        }
        Fact::AlertFired { alert, .. } => {
            (format!("alert fired    {}", alert_name(alert)), None, Tone::Bad)
        }
        Fact::AlertResolved { alert, .. } => {
            (format!("alert resolved {}", alert_name(alert)), None, Tone::Good)
        }
        Fact::BatchCompleted { kind, accepted, rejected, duration_ms, .. } => {
            let lost = if *rejected > 0 {
                format!(", {} refused", number(*rejected))
            } else {
                String::new()
            };
            let text = format!(
                "batch of {} {kind} in {} ms{lost}",
                number(*accepted),
                number(*duration_ms)
            );
            (text, None, Tone::Neutral)
        }
        Fact::AssessmentRequested { assessment, .. } => {
            (format!("analysis of {} requested", assessment.component), None, Tone::Neutral)
        }
        Fact::AssessmentCompleted { assessment, .. } => {
            let found = assessment.summary.as_ref().map(summary).unwrap_or_default();
            (format!("analysis of {}{found}", assessment.component), None, Tone::Neutral)
        }
        Fact::UserCreated { user, .. } | Fact::UserUpdated { user, .. } => {
            (format!("person {}", user.name), None, Tone::Neutral)
        }
        Fact::Other(unknown) => (unknown.event_type.clone(), None, Tone::Neutral),
    };
    Told { who: who(event), what, quote, tone }
}

fn who(event: &Event) -> String {
    match event.actor.kind {
        ActorKind::System => "system".to_owned(),
        ActorKind::User | ActorKind::Key => event.actor.name.clone(),
    }
}

const fn tone_of(status: watchfire_shared::incident::Status) -> Tone {
    use watchfire_shared::incident::Status;
    match status {
        Status::Open => Tone::Warning,
        Status::Investigating => Tone::Neutral,
        Status::Resolved | Status::Closed => Tone::Good,
    }
}

/// `: 1,204 lines, mostly "retry 3 of 3"`.
fn summary(summary: &LogSummary) -> String {
    let lines = count(summary.lines, "line", "lines");
    match summary.top_messages.first() {
        Some(top) => format!(": {lines}, {}\u{d7} {}", number(top.count), top.message),
        None => format!(": {lines}"),
    }
}

fn change(field: &str, change: &watchfire_shared::event::FromTo) -> String {
    match field {
        "description" | "labels" => format!("{field} changed"),
        _ => format!("{field} {} → {}", word(&change.from), word(&change.to)),
    }
}

/// A JSON value as a word: texts without quotes, people by name, nothing as a dash.
pub fn word(value: &Value) -> String {
    match value {
        Value::Null => "nobody".to_owned(),
        Value::String(text) if text.is_empty() => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(map) => match map.get("name") {
            Some(Value::String(name)) => name.clone(),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

/// What an alert is called: its name and what tells it from the others of its group.
pub fn alert_name(alert: &watchfire_shared::alert::Alert) -> String {
    let label = |name: &str| alert.labels.get(name).map(String::as_str);
    let name = label("alertname").unwrap_or(&alert.fingerprint);
    match label("instance").or_else(|| label("pod")).or_else(|| label("host")) {
        Some(place) => format!("{name} {place}"),
        None => name.to_owned(),
    }
}

/// The lines of a told fact below one another, in columns of `width`: the first carries time and who.
pub fn wrapped(told: &Told, width: usize) -> Vec<(SafeText, bool)> {
    let room = width.saturating_sub(TIME_COLUMNS + WHO_COLUMNS).max(8);
    let mut lines: Vec<(SafeText, bool)> =
        SafeText::line(&told.what).wrap(room).into_iter().map(|line| (line, false)).collect();
    let quoted = told.quote.iter().flat_map(|quote| SafeText::lines(quote));
    for line in quoted {
        lines.extend(line.wrap(room).into_iter().map(|line| (line, true)));
    }
    lines
}

//! Incidents, times and events in words.

use std::collections::BTreeMap;

use chrono::{DateTime, Local, SubsecRound, Utc};
use watchfire_shared::event::{Event, Fact};
use watchfire_shared::incident::{Priority, Status};
use watchfire_shared::log::Level;

use super::output::{Out, Tone};
use crate::glyph;

/// Time since, in one unit: `42s 14m 3h 5d`.
pub fn age(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - since).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// In the local zone: the time of day, with the date where it is not today's.
pub fn time(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let local = at.with_timezone(&Local);
    let today = now.with_timezone(&Local).date_naive() == local.date_naive();
    let format = if today { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    local.format(format).to_string()
}

/// In the local zone, in full.
pub fn moment(at: DateTime<Utc>) -> String {
    let local = at.trunc_subsecs(0).with_timezone(&Local);
    local.format("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// `1 line`, `2 lines`.
pub fn count(number: i64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

pub fn priority(out: &Out, priority: Priority) -> (Tone, String) {
    let tone = match priority {
        Priority::Critical => Tone::Bad,
        Priority::High => Tone::Attention,
        Priority::Medium => Tone::Plain,
        Priority::Low => Tone::Dim,
    };
    (tone, format!("{:<2} {priority}", glyph::priority(priority, out.utf8)))
}

pub fn status(out: &Out, status: Status) -> (Tone, String) {
    let tone = match status {
        Status::Open => Tone::Attention,
        Status::Investigating => Tone::Work,
        Status::Resolved => Tone::Done,
        Status::Closed => Tone::Dim,
    };
    (tone, format!("{} {status}", glyph::status(status, out.utf8)))
}

pub const fn level(level: Level) -> Tone {
    match level {
        Level::Fatal | Level::Error => Tone::Bad,
        Level::Warn => Tone::Attention,
        Level::Info => Tone::Plain,
        Level::Debug | Level::Trace => Tone::Dim,
    }
}

/// `812 error, 391 warn`, the gravest first.
pub fn levels(counts: &BTreeMap<Level, i64>) -> String {
    let counts: Vec<String> =
        counts.iter().rev().map(|(level, count)| format!("{count} {level}")).collect();
    counts.join(", ")
}

/// What happened, in one line of foreign and own words.
pub fn what(event: &Event) -> String {
    match &event.fact {
        Fact::IncidentCreated { incident } => format!("opened: {}", incident.title),
        Fact::IncidentUpdated { changes, .. } => {
            let fields: Vec<String> = changes
                .iter()
                .map(|(field, change)| match (change.from.as_str(), change.to.as_str()) {
                    (Some(from), Some(to)) => format!("{field} {from} → {to}"),
                    _ => field.clone(),
                })
                .collect();
            format!("changed {}", fields.join(", "))
        }
        Fact::IncidentStatusChanged { from, to, note, .. } => match note {
            Some(note) => format!("{from} → {to}: {note}"),
            None => format!("{from} → {to}"),
        },
        Fact::IncidentAssigned { to: Some(to), .. } => format!("assigned to {}", to.name),
        Fact::IncidentAssigned { to: None, .. } => "assigned to nobody".to_owned(),
        Fact::IncidentCommented { body, .. } => format!("\u{201c}{body}\u{201d}"),
        Fact::IncidentDeleted { .. } => "deleted".to_owned(),
        Fact::LogAttached { counts, .. } => format!("log lines: {}", levels(counts)),
        Fact::AlertFired { alert, .. } => format!("alert fired: {}", alert_name(&alert.labels)),
        Fact::AlertResolved { alert, .. } => {
            format!("alert resolved: {}", alert_name(&alert.labels))
        }
        Fact::BatchCompleted { kind, accepted, rejected, duration_ms, .. } => {
            format!("batch of {kind}: {accepted} accepted, {rejected} refused, {duration_ms} ms")
        }
        Fact::AssessmentRequested { assessment, .. } => {
            format!("analysis of {} requested", assessment.component)
        }
        Fact::AssessmentCompleted { assessment, .. } => match &assessment.summary {
            Some(summary) => {
                format!("analysis of {}: {} lines", assessment.component, summary.lines)
            }
            None => format!("analysis of {} completed", assessment.component),
        },
        Fact::UserCreated { user, .. } => format!("{} joined as {}", user.name, user.role),
        Fact::UserUpdated { user, changes } => {
            let fields: Vec<&str> = changes.keys().map(String::as_str).collect();
            format!("{} of {} changed", fields.join(", "), user.name)
        }
        Fact::Other(_) => "this watchfire is too old to put it into words".to_owned(),
    }
}

/// `alertname` and what tells it from its siblings.
pub fn alert_name(labels: &BTreeMap<String, String>) -> String {
    let name = labels.get("alertname").map_or("alert", String::as_str);
    match labels.get("instance") {
        Some(instance) => format!("{name} {instance}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn ages_have_one_unit() {
        let now = crate::clock::now();
        for (seconds, shown) in
            [(-5, "0s"), (59, "59s"), (60, "1m"), (3_599, "59m"), (7_200, "2h"), (432_000, "5d")]
        {
            assert_eq!(age(now - TimeDelta::seconds(seconds), now), shown);
        }
    }
}

//! How the daemon is, in a person's words: its parts by name, and what to do about one that is ill.

use chrono::{DateTime, Utc};
use watchfire_shared::health::{Health, HealthStatus, Part};

/// The parts in the order in which they lean on each other.
pub fn named_parts(health: &Health) -> [(&'static str, &Part); 5] {
    let parts = &health.parts;
    [
        ("database", &parts.database),
        ("cache", &parts.cache),
        ("integrity", &parts.cache_integrity),
        ("broker", &parts.broker),
        ("worker", &parts.worker),
    ]
}

pub fn is_well(part: &Part) -> bool {
    part.status == HealthStatus::Healthy
}

/// What it means that a part is ill, and the next step.
pub fn advice(name: &str, part: &Part) -> &'static str {
    match (name, part.kind.as_str()) {
        ("database", "sqlite") => "Nothing can be read or written: look at the disk it is on.",
        ("database", _) => "Nothing can be read or written: `watchfired check` on its machine.",
        ("cache", _) => "Reads ask the database meanwhile and stay right: look at Redis.",
        ("integrity", _) => "Reads stay right: its last trouble says why, RUNBOOK.md what to do.",
        ("broker", _) => "Events wait and none is lost: `watchfire outbox` says which.",
        _ => "Events wait and none is lost: `watchfire processes` says who works.",
    }
}

/// The times that are shown as ages.
pub fn times(health: &Health) -> impl Iterator<Item = DateTime<Utc>> {
    named_parts(health).into_iter().flat_map(|(_, part)| {
        let trouble = part.last_trouble.as_ref().map(|trouble| trouble.at);
        [Some(part.since), trouble].into_iter().flatten()
    })
}

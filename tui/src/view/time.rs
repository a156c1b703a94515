//! Times as the screen shows them: local, the zone named once in the head of the pane.

use chrono::{DateTime, Utc};

use crate::model::Model;

/// `20:41:07` for today, `11-20 20:41` for other days: 11 columns at most.
pub fn stamp(model: &Model, at: DateTime<Utc>) -> String {
    let shown = model.zone.show(at);
    if shown.date_naive() == model.zone.show(model.now).date_naive() {
        shown.format("%H:%M:%S").to_string()
    } else {
        shown.format("%m-%d %H:%M").to_string()
    }
}

/// `times in UTC+02:00`.
pub fn zone(model: &Model) -> String {
    format!("times in {}", model.zone.name(model.now))
}

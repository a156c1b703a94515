//! The one place that reads the time. Everything else takes it as an argument.

use chrono::{DateTime, Utc};

pub fn now() -> DateTime<Utc> {
    DateTime::from(std::time::SystemTime::now())
}

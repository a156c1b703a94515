//! The only place that reads the clock and makes ids from it.

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// Now, cut to the microseconds both databases keep.
pub fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    Utc::now().trunc_subsecs(6)
}

/// A fresh `UUIDv7`: sorts by time of creation.
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// A `UUIDv7` for a request, of which there are too many for a system call each. Two of one
/// millisecond have no order.
pub fn new_request_id() -> Uuid {
    let millis = u64::try_from(now().timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &rand::random()).into_uuid()
}

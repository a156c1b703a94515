//! Ages in one unit, and when the shown text changes.

use chrono::{DateTime, TimeDelta, Utc};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `42s 14m 3h 5d`; the future counts as now (clocks differ a little).
pub fn age(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    of(now - since)
}

/// The same of a length of time.
pub fn of(age: TimeDelta) -> String {
    let seconds = age.num_seconds().max(0);
    let (size, unit) = unit_of(seconds);
    format!("{}{unit}", seconds / size)
}

/// When [`age`] says something else.
pub fn next_change(since: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = (now - since).num_seconds().max(0);
    let (size, _) = unit_of(seconds);
    since + TimeDelta::seconds((seconds / size + 1) * size)
}

const fn unit_of(seconds: i64) -> (i64, char) {
    match seconds {
        ..MINUTE => (1, 's'),
        MINUTE..HOUR => (MINUTE, 'm'),
        HOUR..DAY => (HOUR, 'h'),
        _ => (DAY, 'd'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_one_unit_and_changes_when_it_says() {
        let since = DateTime::UNIX_EPOCH;
        for (seconds, text, next) in [
            (-5, "0s", 1),
            (0, "0s", 1),
            (42, "42s", 43),
            (59, "59s", 60),
            (60, "1m", 120),
            (14 * 60 + 7, "14m", 15 * 60),
            (3 * 3600, "3h", 4 * 3600),
            (23 * 3600 + 3599, "23h", 24 * 3600),
            (5 * 86_400, "5d", 6 * 86_400),
        ] {
            let now = since + TimeDelta::seconds(seconds);
            assert_eq!(age(since, now), text);
            assert_eq!(next_change(since, now), since + TimeDelta::seconds(next));
        }
    }
}

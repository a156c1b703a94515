//! Times from outside. Nanoseconds in 64 bits bound what every layer can hold; microseconds are
//! what both databases keep.

use chrono::{DateTime, Utc};

/// The time cut to microseconds; none outside 1970 to 2262.
pub fn storable(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    time.timestamp_nanos_opt().filter(|nanos| *nanos >= 0)?;
    // By way of the number, so that a leap second becomes the next second on both databases.
    DateTime::from_timestamp_micros(time.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<String> {
        let time = DateTime::parse_from_rfc3339(text).expect(text);
        storable(time.to_utc()).map(|time| time.to_rfc3339())
    }

    #[test]
    fn times_are_cut_and_bounded() {
        let same = |text: &str| assert_eq!(at(text).as_deref(), Some(text), "{text}");
        same("1970-01-01T00:00:00+00:00");
        same("2026-02-03T04:05:06.123456+00:00");
        same("2262-04-11T23:47:16.854775+00:00");
        let cut = at("2026-02-03T06:05:06.123456999+02:00");
        assert_eq!(cut.as_deref(), Some("2026-02-03T04:05:06.123456+00:00"));
        let leap = at("2016-12-31T23:59:60.5Z");
        assert_eq!(leap.as_deref(), Some("2017-01-01T00:00:00.500+00:00"));
        for outside in [
            "1969-12-31T23:59:59.999999999Z",
            "0001-01-01T00:00:00Z",
            "2262-04-11T23:47:17Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(at(outside), None, "{outside}");
        }
    }
}

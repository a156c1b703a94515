//! How fresh the screen is.

use chrono::{DateTime, TimeDelta, Utc};
use watchfire_shared::ids::JournalId;

/// A heartbeat comes every 5 s; after two missed ones and some slack the data counts as old.
pub const STALE_AFTER: TimeDelta = TimeDelta::seconds(12);

/// What the stream last said about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    Connecting,
    Up,
    Down { reason: String, retry_at: DateTime<Utc> },
    SignedOut,
}

#[derive(Debug, Clone)]
pub struct Connection {
    pub link: Link,
    /// The last word from the daemon on the stream.
    pub heard_at: Option<DateTime<Utc>>,
    /// Versions and positions mean something only within one log.
    pub log_id: Option<JournalId>,
    /// When a key last made it try again.
    pub woken_at: Option<DateTime<Utc>>,
}

impl Default for Connection {
    fn default() -> Self {
        Self { link: Link::Connecting, heard_at: None, log_id: None, woken_at: None }
    }
}

/// What the head line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    Connecting,
    Live,
    /// Connected but silent; whole seconds since the last word.
    Old {
        seconds: i64,
    },
    Offline {
        /// Since the last word; none when there never was one.
        seconds: Option<i64>,
        /// Until the next attempt.
        next_try: i64,
    },
    SignedOut,
}

impl Connection {
    pub fn freshness(&self, now: DateTime<Utc>) -> Freshness {
        let silent = self.heard_at.map(|at| now - at);
        let seconds = silent.map(|age| age.num_seconds().max(0));
        match &self.link {
            Link::SignedOut => Freshness::SignedOut,
            Link::Down { retry_at, .. } => {
                Freshness::Offline { seconds, next_try: seconds_until(*retry_at, now) }
            }
            Link::Connecting => match seconds {
                Some(_) => Freshness::Offline { seconds, next_try: 0 },
                None => Freshness::Connecting,
            },
            Link::Up => match (silent, seconds) {
                (Some(age), Some(seconds)) if age >= STALE_AFTER => Freshness::Old { seconds },
                _ => Freshness::Live,
            },
        }
    }

    /// When what [`Self::freshness`] says changes by the passing of time alone.
    pub fn next_change(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next_second = |since: DateTime<Utc>| {
            let whole = (now - since).num_seconds().max(0);
            since + TimeDelta::seconds(whole + 1)
        };
        match self.freshness(now) {
            Freshness::Connecting | Freshness::SignedOut => None,
            Freshness::Live => self.heard_at.map(|at| at + STALE_AFTER),
            Freshness::Old { .. } => self.heard_at.map(next_second),
            Freshness::Offline { next_try, .. } => {
                let age = self.heard_at.map(next_second);
                let retry = match &self.link {
                    Link::Down { retry_at, .. } if next_try > 0 => {
                        Some(*retry_at - TimeDelta::seconds(next_try - 1))
                    }
                    _ => None,
                };
                age.into_iter().chain(retry).min()
            }
        }
    }

    /// Old data in words, for the flash of a command sent meanwhile; none while live.
    pub fn warning(&self, now: DateTime<Utc>) -> Option<String> {
        match self.freshness(now) {
            Freshness::Live => None,
            Freshness::Old { seconds } | Freshness::Offline { seconds: Some(seconds), .. } => {
                Some(format!("what you see is {seconds} s old"))
            }
            Freshness::Connecting
            | Freshness::SignedOut
            | Freshness::Offline { seconds: None, .. } => {
                Some("what you see is not live".to_owned())
            }
        }
    }
}

/// Whole seconds, rounded up, so that a countdown ends at the moment it says 0.
fn seconds_until(at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    let milliseconds = (at - now).num_milliseconds().max(0);
    (milliseconds + 999) / 1000
}

//! What a notification changes. Pure: the same notifications lead to the same states in whatever
//! order and however often they arrive.
//!
//! A fingerprint has episodes, told apart by their start, and ends stated by its source. An episode
//! is over when a newer one began, or when an end stated for it or for an older one lies behind its
//! start. (Two monitors that watch the same thing start the same episode seconds apart; their
//! Alertmanager merges them and later states one end, under the older start.) Of both times the
//! first is its end. Neither rule asks what arrived when, so neither can be upset by it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use watchfire_shared::ids::{AlertId, IncidentId};

use crate::store::alerts::{End, Known};

/// One episode as a sender reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    pub fingerprint: String,
    pub starts_at: DateTime<Utc>,
    /// When it ended, behind `starts_at`; none while it fires.
    pub over_at: Option<DateTime<Utc>>,
    pub severity: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub generator_url: String,
}

/// An episode without a row yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEpisode<'a> {
    pub signal: &'a Signal,
    /// None when it fires.
    pub ends_at: Option<DateTime<Utc>>,
    pub over_until: Option<DateTime<Utc>>,
}

/// A known episode whose end changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    pub incident: Option<IncidentId>,
    pub end: End,
    /// It fired until now; otherwise only the time of its end is corrected, which is no news.
    pub resolves: bool,
}

/// What is to be stored. What is known of an episode but its end never changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan<'a> {
    /// Known episodes of which another copy came.
    pub repeats: Vec<AlertId>,
    /// The incidents of the repeats.
    pub repeated: BTreeSet<IncidentId>,
    pub endings: Vec<Ending>,
    /// In order of fingerprint and start, so that any two writers insert them in the same order.
    pub new: Vec<NewEpisode<'a>>,
}

/// Where new episodes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The group's incident takes them, or there are none.
    Group,
    /// Something fires that is news, and the group has no incident that takes it.
    NewIncident,
    /// Nothing fires: what is over already opens no incident, it is only remembered.
    Nowhere,
}

/// Where to look from, for each fingerprint: the earliest start named.
pub fn since(signals: &[Signal]) -> BTreeMap<&str, DateTime<Utc>> {
    let mut since = BTreeMap::new();
    for signal in signals {
        since
            .entry(signal.fingerprint.as_str())
            .and_modify(|start: &mut DateTime<Utc>| *start = signal.starts_at.min(*start))
            .or_insert(signal.starts_at);
    }
    since
}

/// What is known of one episode, and what the notification says of it.
#[derive(Default)]
struct Episode<'a> {
    known: Option<&'a Known>,
    signal: Option<&'a Signal>,
    /// The latest end stated by a copy in this notification.
    stated: Option<DateTime<Utc>>,
}

impl<'a> Plan<'a> {
    /// `known` holds, of every fingerprint named, the episode before the earliest start named and
    /// all that began since.
    pub fn of(signals: &'a [Signal], known: &'a [Known]) -> Self {
        let mut fingerprints: BTreeMap<&str, BTreeMap<DateTime<Utc>, Episode<'a>>> =
            BTreeMap::new();
        for signal in signals {
            let episodes = fingerprints.entry(&signal.fingerprint).or_default();
            let episode = episodes.entry(signal.starts_at).or_default();
            episode.signal = episode.signal.or(Some(signal));
            episode.stated = episode.stated.max(signal.over_at);
        }
        for row in known {
            let episodes = fingerprints.entry(&row.fingerprint).or_default();
            episodes.entry(row.starts_at).or_default().known = Some(row);
        }
        let mut plan = Self::default();
        for episodes in fingerprints.values() {
            plan.take(episodes);
        }
        plan
    }

    /// Goes through one fingerprint's episodes, the oldest first.
    fn take(&mut self, episodes: &BTreeMap<DateTime<Utc>, Episode<'a>>) {
        let nexts = episodes.keys().skip(1).copied().map(Some).chain([None]);
        let mut over = None;
        for ((start, episode), next) in episodes.iter().zip(nexts) {
            let known = episode.known.and_then(|row| row.over_until);
            over = over.max(known).max(episode.stated);
            let over_until = over.filter(|over| over > start);
            let ends_at = match (over_until, next) {
                (Some(over), Some(next)) => Some(over.min(next)),
                (over, next) => over.or(next),
            };
            if let Some(row) = episode.known {
                self.take_known(row, ends_at, over_until, episode.signal.is_some());
            } else if let Some(signal) = episode.signal {
                self.new.push(NewEpisode { signal, ends_at, over_until });
            }
        }
    }

    fn take_known(
        &mut self,
        row: &Known,
        ends_at: Option<DateTime<Utc>>,
        over_until: Option<DateTime<Utc>>,
        is_repeat: bool,
    ) {
        if is_repeat {
            self.repeats.push(row.id);
            self.repeated.extend(row.incident_id);
        }
        if (row.ends_at, row.over_until) != (ends_at, over_until) {
            self.endings.push(Ending {
                incident: row.incident_id,
                end: End { id: row.id, ends_at, over_until },
                resolves: row.ends_at.is_none() && ends_at.is_some(),
            });
        }
    }

    /// The incidents of which an alert resolves.
    pub fn resolving(&self) -> BTreeSet<IncidentId> {
        let resolving = self.endings.iter().filter(|ending| ending.resolves);
        resolving.filter_map(|ending| ending.incident).collect()
    }

    /// Where new episodes go; `group_takes` says whether the group has an incident that is neither
    /// resolved nor closed.
    pub fn place(&self, group_takes: bool) -> Place {
        if group_takes || self.new.is_empty() {
            Place::Group
        } else if self.new.iter().any(|new| new.ends_at.is_none()) {
            Place::NewIncident
        } else {
            Place::Nowhere
        }
    }
}

#[cfg(test)]
mod tests;

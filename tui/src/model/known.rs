//! The newest known state of every incident met so far. Answers and events may arrive in any order;
//! only a higher version replaces what is known.

use std::collections::{HashMap, HashSet};

use watchfire_shared::event::{Event, Fact};
use watchfire_shared::filter::Vocabulary;
use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::Incident;
use watchfire_shared::log::Level;

/// Incidents beyond those of the list that are remembered.
const KEEP: usize = 20_000;
/// Incidents whose values are offered in the query bar.
const LOOKED_AT: usize = 4_000;

#[derive(Debug, Default)]
pub struct Known {
    incidents: HashMap<IncidentId, Incident>,
    /// Deleted ones, with the version of the deletion: a late answer must not bring them back. What
    /// was last known of them stays, for as long as somebody looks at it.
    deleted: HashMap<IncidentId, i64>,
    /// How many log lines of an incident are grave, as far as anybody has counted.
    counted: HashMap<IncidentId, Counted>,
}

/// Of so many lines so many are errors, or worse.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    lines: i64,
    errors: i64,
}

impl Known {
    pub fn get(&self, id: IncidentId) -> Option<&Incident> {
        self.incidents.get(&id)
    }

    /// Values that a query may ask for: of so many incidents as can be looked at between two keys.
    pub fn vocabulary(&self) -> Vocabulary {
        let mut words = Vocabulary::default();
        for incident in self.incidents.values().take(LOOKED_AT) {
            let service = &incident.service;
            if !service.is_empty() && !words.services.contains(service) {
                words.services.insert(service.clone());
            }
            for (name, value) in &incident.labels {
                words.labels.insert((name.clone(), value.clone()));
            }
            if let Some(user) = &incident.assigned_to
                && !words.people.contains(&user.name)
            {
                words.people.insert(user.name.clone());
            }
        }
        words
    }

    pub fn is_deleted(&self, id: IncidentId) -> bool {
        self.deleted.contains_key(&id)
    }

    /// Takes the counts of log lines that a fact tells of: of a batch behind those counted, or of all.
    pub fn count(&mut self, event: &Event) {
        let (id, counts, counted) = match (event.incident_id(), &event.fact) {
            (Some(id), Fact::LogAttached { first_seq, last_seq, counts, .. }) => {
                let before = self.counted.get(&id).copied().unwrap_or_default();
                if before.lines.saturating_add(1) != *first_seq {
                    return;
                }
                (id, counts, Counted { lines: *last_seq, ..before })
            }
            (Some(id), Fact::AssessmentCompleted { assessment, .. }) => match &assessment.summary {
                Some(it) => (id, &it.counts, Counted { lines: it.lines, errors: 0 }),
                None => return,
            },
            _ => return,
        };
        let grave = counts.iter().filter(|(level, _)| **level >= Level::Error);
        let errors = grave.fold(counted.errors, |all, (_, lines)| all.saturating_add(*lines));
        self.counted.insert(id, Counted { errors, ..counted });
    }

    /// Percent of the log lines that are errors or worse; none where not all of them were counted.
    pub fn error_share(&self, incident: &Incident) -> Option<i64> {
        let counted = self.counted.get(&incident.id)?;
        let (lines, errors) = (i128::from(counted.lines), i128::from(counted.errors));
        let all = counted.lines == incident.log_count && lines > 0;
        i64::try_from((errors * 100 + lines / 2) / lines.max(1)).ok().filter(|_| all)
    }

    /// Takes an incident from an event; says whether it was newer than what is known.
    pub fn hear(&mut self, incident: &Incident) -> bool {
        self.take(incident, false, |known, new| new > known)
    }

    /// Takes an incident from an answer. The same version is taken too: the number of firing alerts
    /// moves without one. Says whether anything differs.
    pub fn read(&mut self, incident: &Incident) -> bool {
        self.take(incident, false, |known, new| new >= known)
    }

    /// The same of an answer that holds the description where there is one.
    pub fn read_whole(&mut self, incident: &Incident) -> bool {
        self.take(incident, true, |known, new| new >= known)
    }

    /// Takes a deletion; says whether it was news.
    pub fn delete(&mut self, incident: &Incident) -> bool {
        self.deleted.insert(incident.id, incident.version).is_none()
    }

    /// Another log: versions of the old one mean nothing, whatever comes next is newer.
    pub fn forget_versions(&mut self) {
        self.deleted.clear();
        self.counted.clear();
        for incident in self.incidents.values_mut() {
            incident.version = 0;
        }
    }

    /// Whether much more is remembered than the `shown` incidents of the list.
    pub fn is_large(&self, shown: usize) -> bool {
        self.incidents.len() > shown + KEEP
    }

    /// Forgets what is not in `shown`.
    pub fn prune(&mut self, shown: &[IncidentId]) {
        let shown: HashSet<IncidentId> = shown.iter().copied().collect();
        self.incidents.retain(|id, _| shown.contains(id));
        self.counted.retain(|id, _| shown.contains(id));
    }

    fn take(&mut self, incident: &Incident, whole: bool, newer: impl Fn(i64, i64) -> bool) -> bool {
        if self.is_deleted(incident.id) {
            return false;
        }
        let Some(known) = self.incidents.get_mut(&incident.id) else {
            self.incidents.insert(incident.id, incident.clone());
            return true;
        };
        if !newer(known.version, incident.version) {
            return false;
        }
        let mut new = incident.clone();
        // Lists and events leave the description out.
        if new.description.is_none() && !whole {
            new.description = known.description.take();
        }
        let differs = *known != new;
        *known = new;
        differs
    }
}

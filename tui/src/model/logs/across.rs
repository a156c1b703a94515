//! The log lines of all incidents, in the order they came here.

use std::collections::{HashMap, HashSet, VecDeque};

use watchfire_shared::ids::{IncidentId, Reference};
use watchfire_shared::log::LogEntry;

use super::LogPane;

/// Columns of a reference, at least.
const REFERENCE: usize = 7;

/// Lines of one incident that the stream told of and nobody has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub incident: IncidentId,
    /// Numbers within the incident: those after the first, up to the second.
    pub after: i64,
    pub last: i64,
}

#[derive(Debug, Default)]
pub struct Across {
    pub pane: LogPane,
    /// The oldest first, each incident once.
    told: VecDeque<Told>,
    /// The last line held of each incident that came live or on the first page.
    held: HashMap<IncidentId, i64>,
    references: HashMap<IncidentId, Reference>,
    widest: usize,
    /// Incidents whose reference was asked for.
    pub named: HashSet<IncidentId>,
}

impl Across {
    /// Lines have come to an incident.
    pub fn hear(&mut self, incident: IncidentId, first: i64, last: i64) {
        self.pane.known_last += (last - first + 1).max(0);
        match self.told.iter_mut().find(|told| told.incident == incident) {
            Some(told) => told.last = told.last.max(last),
            None => self.told.push_back(Told { incident, after: first - 1, last }),
        }
    }

    /// What is to be read next.
    pub fn next(&self) -> Option<Told> {
        let told = self.told.front().copied()?;
        let held = self.held.get(&told.incident).copied().unwrap_or(0);
        Some(Told { after: told.after.max(held), ..told })
    }

    /// Everything told of will be among the newest lines, which are asked for now.
    pub fn begin(&mut self) {
        self.pane.restart();
        self.told.clear();
        self.held.clear();
        self.pane.known_last = 0;
    }

    /// Keeps of an answer what is not held yet.
    pub fn keep_new(&mut self, entries: &mut Vec<LogEntry>) {
        entries.retain(|entry| {
            let held = self.held.entry(entry.incident_id).or_insert(0);
            let new = entry.seq > *held;
            *held = entry.seq.max(*held);
            new
        });
    }

    /// The newest lines are no longer held: they are read again by their place, not by their incident.
    pub fn lose_end(&mut self) {
        self.told.clear();
        self.held.clear();
        self.pane.covered = self.pane.known_last;
        self.pane.beyond.newer = true;
    }

    /// The lines of an incident were read up to `last`, and whether those were all there are.
    pub fn was_read(&mut self, told: Told, last: Option<i64>) {
        let Some(front) = self.told.front_mut().filter(|it| it.incident == told.incident) else {
            return;
        };
        let up_to = last.unwrap_or(told.last);
        self.pane.covered += (up_to - front.after).max(0);
        front.after = front.after.max(up_to);
        if front.after >= front.last {
            self.told.pop_front();
        }
        if self.told.is_empty() {
            self.pane.covered = self.pane.known_last;
        }
    }

    pub fn reference(&self, incident: IncidentId) -> Option<Reference> {
        self.references.get(&incident).copied()
    }

    pub fn name(&mut self, incident: IncidentId, reference: Reference) {
        self.widest = self.widest.max(reference.to_string().len());
        self.references.insert(incident, reference);
    }

    /// Columns that references take.
    pub fn reference_columns(&self) -> usize {
        self.widest.max(REFERENCE)
    }
}

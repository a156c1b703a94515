//! One incident, opened.

use watchfire_shared::alert::Alert;
use watchfire_shared::event::Event as Fact;
use watchfire_shared::ids::IncidentId;

use super::Screen;
use super::assessment::Assessments;
use super::logs::LogPane;
use super::scroll::Tail;
use super::slot::Slot;

/// The timeline keeps the newest of these.
pub const TIMELINE_MAX: usize = 5_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tab {
    Overview,
    Timeline,
    Alerts,
    Assessment,
    Logs,
}

impl Tab {
    pub const ALL: [Self; 5] =
        [Self::Overview, Self::Timeline, Self::Alerts, Self::Assessment, Self::Logs];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Timeline => "Timeline",
            Self::Alerts => "Alerts",
            Self::Assessment => "Assessment",
            Self::Logs => "Logs",
        }
    }

    /// The tab `by` places further on, around the end.
    #[must_use]
    pub fn turn(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }
}

#[derive(Debug)]
pub struct Detail {
    pub id: IncidentId,
    /// The screen it was opened from: the list or the logs of all incidents.
    pub from: Screen,
    pub tab: Tab,
    /// The incident itself stands in `Known`; this says whether it was read with its description.
    pub read: Slot<()>,
    pub timeline: Timeline,
    pub alerts: Slot<Vec<Alert>>,
    /// The first visible alert.
    pub alerts_top: usize,
    /// Alerts of the pages read so far, while more pages come.
    pub alerts_incoming: Vec<Alert>,
    /// The first visible line of the overview.
    pub overview_top: usize,
    pub logs: LogPane,
    pub assessments: Assessments,
}

impl Detail {
    pub fn new(id: IncidentId) -> Self {
        Self {
            id,
            from: Screen::Incidents,
            tab: Tab::Overview,
            read: Slot::default(),
            timeline: Timeline::default(),
            alerts: Slot::default(),
            alerts_top: 0,
            alerts_incoming: Vec::new(),
            overview_top: 0,
            logs: LogPane::default(),
            assessments: Assessments::default(),
        }
    }

    /// Whether the tab of the logs shows patterns.
    pub fn shows_patterns(&self) -> bool {
        self.tab == Tab::Logs && self.assessments.patterns
    }
}

/// What happened, by version.
#[derive(Debug, Default)]
pub struct Timeline {
    pub state: Slot<()>,
    facts: Vec<Fact>,
    versions: Vec<i64>,
    pub tail: Tail,
}

impl Timeline {
    /// Ascending by version.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Facts before the first one kept; versions count from 1 without gap.
    pub fn left_out(&self) -> i64 {
        self.versions.first().map_or(0, |first| (first - 1).max(0))
    }

    pub fn versions(&self) -> &[i64] {
        &self.versions
    }

    /// Adds a fact at its place; one that is there already changes nothing. Says whether it was new.
    pub fn add(&mut self, fact: Fact) -> bool {
        match self.versions.binary_search(&fact.version) {
            Ok(_) => false,
            Err(at) => {
                self.versions.insert(at, fact.version);
                self.facts.insert(at, fact);
                if self.facts.len() > TIMELINE_MAX {
                    self.versions.remove(0);
                    self.facts.remove(0);
                }
                true
            }
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

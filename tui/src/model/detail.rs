//! One incident, opened.

use watchfire_shared::alert::Alert;
use watchfire_shared::event::Event as Fact;
use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::Incident;

use super::Screen;
use super::assessment::Assessments;
use super::logs::LogPane;
use super::scroll::Tail;
use super::slot::Slot;
use super::words::number;

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

impl Detail {
    /// The tabs with what they say of what is in them, and what stands on both sides of each; where
    /// there is no room for all of it, the numbers go first.
    pub fn labels(&self, incident: &Incident, width: u16) -> ([(Tab, String); 5], &'static str) {
        let long =
            Tab::ALL.map(|tab| (tab, format!("{}{}", tab.name(), self.extra(tab, incident))));
        let taken: usize = long.iter().map(|(_, label)| label.len() + 3).sum();
        if taken <= usize::from(width) + 1 {
            return (long, " ");
        }
        let short = |(tab, long): (Tab, String)| {
            if tab == self.tab { (tab, long) } else { (tab, tab.name().into()) }
        };
        (long.map(short), "")
    }

    /// How much there is of it.
    fn extra(&self, tab: Tab, incident: &Incident) -> String {
        match tab {
            Tab::Overview | Tab::Assessment => String::new(),
            Tab::Timeline => {
                let held = i64::try_from(self.timeline.facts().len()).unwrap_or(i64::MAX);
                let facts = number(held);
                match self.timeline.left_out() {
                    // Nobody has read any yet: every incident was opened at least.
                    _ if held == 0 => String::new(),
                    0 => format!(" {facts}"),
                    older => format!(" newest {facts} of {}", number(held + older)),
                }
            }
            Tab::Alerts => self.alerts.value.as_ref().map_or_else(String::new, |alerts| {
                format!(" {}", number(i64::try_from(alerts.len()).unwrap_or(i64::MAX)))
            }),
            Tab::Logs => format!(" {}", number(incident.log_count)),
        }
    }

    /// The tab whose label stands in a column: the one that is shown has a bracket before and after
    /// it, and they stand one column apart.
    pub fn tab_at(&self, incident: &Incident, column: u16, width: u16) -> Option<Tab> {
        let (labels, pad) = self.labels(incident, width);
        let mut start = 0;
        for (tab, label) in labels {
            let around = if tab == self.tab { 2 } else { 2 * pad.len() };
            let end = start + u16::try_from(label.len() + around).unwrap_or(u16::MAX);
            if (start..end).contains(&column) {
                return Some(tab);
            }
            start = end + 1;
        }
        None
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

//! What the list is asked for: the query bar, and the order.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use watchfire_shared::filter::{Completion, Filter, FilterError};
use watchfire_shared::incident::Incident;
use watchfire_shared::page::{Sort, SortKey};

use super::input::TextField;

/// Queries that are remembered.
pub const HISTORY_MAX: usize = 50;
/// So many ways to go on are shown without being asked for.
const FEW: usize = 6;
/// What the list shows when nothing else was asked for: what is not over.
pub const DEFAULT_QUERY: &str = "-status:closed";

/// The query bar.
#[derive(Debug, Clone)]
pub struct Query {
    /// What the list shows, or is being loaded for.
    pub applied: String,
    pub field: TextField,
    pub editing: bool,
    /// What is wrong with the text in the field.
    pub mistake: Option<FilterError>,
    /// What is typed is shown from then on, while it is still being typed.
    pub live_at: Option<DateTime<Utc>>,
    /// What was shown when the bar was opened; `esc` goes back to it.
    pub before: String,
    /// Queries that were asked, the newest last, and the one that `up` has come to.
    pub history: Vec<String>,
    pub recalled: Option<usize>,
    /// What could stand at the cursor, and which of it a key has put there.
    pub ways: Vec<Completion>,
    pub taken: Option<usize>,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            applied: DEFAULT_QUERY.to_owned(),
            field: TextField::new(DEFAULT_QUERY),
            editing: false,
            mistake: None,
            live_at: None,
            before: DEFAULT_QUERY.to_owned(),
            history: Vec::new(),
            recalled: None,
            ways: Vec::new(),
            taken: None,
        }
    }
}

impl Query {
    /// What could stand at the cursor, to be shown: when it was asked for, or when it is little.
    pub fn offered(&self) -> &[Completion] {
        let shown = self.editing && (self.taken.is_some() || self.ways.len() <= FEW);
        if shown { &self.ways } else { &[] }
    }

    /// Puts the next way, or the one before, into the field. Says whether it was the only one.
    pub fn take_way(&mut self, back: bool) -> bool {
        let count = self.ways.len();
        let at = match self.taken {
            _ if count == 0 => return false,
            Some(at) => (at + if back { count - 1 } else { 1 }) % count,
            None if back => count - 1,
            None => 0,
        };
        let way = &self.ways[at];
        let typed = self.field.before_cursor().chars().count();
        self.field.replace_before(typed.saturating_sub(way.start), &way.text);
        self.taken = Some(at);
        count == 1
    }

    /// Remembers a query that was asked, once.
    pub fn remember(&mut self, text: &str) {
        if !text.is_empty() {
            self.history.retain(|other| other != text);
            self.history.push(text.to_owned());
            let surplus = self.history.len().saturating_sub(HISTORY_MAX);
            self.history.drain(..surplus);
        }
    }

    /// Puts an earlier query into the field, or a later one; after the newest it is empty.
    pub fn recall(&mut self, earlier: bool) {
        let length = self.history.len();
        let at = self.recalled.unwrap_or(length);
        let at = if earlier { at.saturating_sub(1) } else { (at + 1).min(length) };
        if length > 0 {
            self.recalled = Some(at);
            self.field = TextField::new(self.history.get(at).cloned().unwrap_or_default());
        }
    }

    /// The applied query, parsed; none when only the daemon can tell what it means.
    pub fn filter(&self) -> Option<Filter> {
        self.applied.parse().ok()
    }
}

/// Less comes first; the daemon orders in the same way.
pub fn order(sort: Sort, one: &Incident, other: &Incident) -> Ordering {
    let score = |incident: &Incident| incident.score.unwrap_or(f64::NEG_INFINITY);
    let least_first = match sort.by {
        SortKey::Created => one.created_at.cmp(&other.created_at),
        SortKey::Updated => one.updated_at.cmp(&other.updated_at),
        SortKey::Priority => one.priority.rank().cmp(&other.priority.rank()),
        SortKey::Score => score(one).total_cmp(&score(other)),
        SortKey::Reference => one.reference.cmp(&other.reference),
    };
    // Ids grow with time.
    let younger = (one.created_at, one.id).cmp(&(other.created_at, other.id));
    let least_first = least_first.then(younger);
    if sort.reversed { least_first } else { least_first.reverse() }
}

//! The incident list. The selection is an incident, never a row number: what arrives moves rows, but
//! never what a key acts on.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::Incident;
use watchfire_shared::page::Sort;

use crate::action::Move;
use crate::event::Failure;

use super::columns::Columns;
use super::groups::{GroupBy, Key};
use super::known::Known;
use super::query::{self, Query};
use super::slot::{Asked, LOADING_AFTER};
use super::window::{End, Seam, Stretch, Window};

/// A new row's reference is accented this long.
pub const FRESH_FOR: TimeDelta = TimeDelta::seconds(3);
/// Rows held at the same time; what is further away is read when the cursor comes near.
pub const ROWS_MAX: usize = 2_000;

/// What the request under way will do with its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// Replace the rows.
    Reload,
    /// Add what comes after them, seen from the end that reading began at.
    More,
    /// Add what was let go before them.
    Back,
    /// Replace those around the screen.
    Around,
}

/// Where a new row belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// Among the rows that are held.
    Held,
    Above,
    Below,
}

#[derive(Debug, Default)]
pub struct List {
    pub query: Query,
    pub sort: Sort,
    /// In the order of the screen.
    pub rows: Vec<IncidentId>,
    pub selected: Option<IncidentId>,
    /// The first visible row.
    pub offset: usize,
    pub window: Window,
    /// The cursor goes to this end once its rows are read.
    pub landing: Option<End>,
    /// How many match, and whether that is exact.
    pub total: Option<(i64, bool)>,
    /// The rows answer the applied query.
    pub loaded: bool,
    pub loaded_at: Option<DateTime<Utc>>,
    pub asked: Option<(Asked, Fetch)>,
    /// Something changed since the reload under way was asked for: read once more after it.
    pub again: bool,
    /// Where the rows begin that are read once more around the screen.
    pub stretch: Stretch,
    /// Pages of a reload that takes several, in the order of reading.
    pub incoming: Vec<IncidentId>,
    pub incoming_seams: Vec<Seam>,
    /// Rows that events brought while a reload was under way, which may not know them.
    pub arrived: Vec<IncidentId>,
    pub failure: Option<Failure>,
    /// An event may have changed what belongs here: load again then, and at the latest then.
    pub reload_at: Option<(DateTime<Utc>, DateTime<Utc>)>,
    pub fresh: HashMap<IncidentId, DateTime<Utc>>,
    /// Rows that came in above what is on the screen, and were not on it since.
    pub unseen: HashSet<IncidentId>,
    /// The selected row no longer belongs here; it stays until the cursor leaves it.
    pub ghost: Option<IncidentId>,
    /// Every column, not only the chosen ones.
    pub wide: bool,
    /// The saved view that it was arranged by.
    pub view: Option<String>,
    /// Those of the view.
    pub columns: Option<Columns>,
    pub group: Option<GroupBy>,
    /// Where each row stands while there are groups.
    pub heads: HashMap<IncidentId, Key>,
}

impl List {
    pub fn index_of(&self, id: IncidentId) -> Option<usize> {
        self.rows.iter().position(|row| *row == id)
    }

    pub fn selected_index(&self) -> Option<usize> {
        self.selected.and_then(|id| self.index_of(id))
    }

    pub fn is_reloading(&self) -> bool {
        matches!(self.asked, Some((_, Fetch::Reload | Fetch::Around)))
    }

    /// The ids on the screen.
    pub fn visible(&self, height: usize) -> &[IncidentId] {
        let from = self.offset.min(self.rows.len());
        let to = (from + self.fitting(from, height)).min(self.rows.len());
        &self.rows[from..to]
    }

    pub fn is_fresh(&self, id: IncidentId, now: DateTime<Utc>) -> bool {
        self.fresh.get(&id).is_some_and(|until| *until > now)
    }

    /// When "loading" must be said.
    pub fn loading_at(&self) -> Option<DateTime<Utc>> {
        match self.asked {
            Some((asked, Fetch::Reload)) if !self.loaded => Some(asked.at + LOADING_AFTER),
            _ => None,
        }
    }

    pub fn go(&mut self, step: Move, height: usize) {
        let Some(last) = self.rows.len().checked_sub(1) else {
            return;
        };
        let at = self.selected_index().unwrap_or(0);
        let half = (height / 2).max(1);
        let page = height.saturating_sub(1).max(1);
        let wanted = match step {
            Move::Down => at + 1,
            Move::Up => at.saturating_sub(1),
            Move::HalfDown => at + half,
            Move::HalfUp => at.saturating_sub(half),
            Move::PageDown => at + page,
            Move::PageUp => at.saturating_sub(page),
            Move::First => 0,
            Move::Last => last,
        };
        let target = self.rows[wanted.min(last)];
        self.choose(target);
        if self.ghost == Some(target) {
            self.leave_ghost(target);
        }
        self.show_selected(height);
    }

    /// Puts the cursor on an incident; a ghost that is left goes.
    pub fn choose(&mut self, id: IncidentId) {
        self.selected = Some(id);
        if let Some(ghost) = self.ghost.take_if(|ghost| *ghost != id) {
            self.drop_row(ghost);
        }
    }

    /// The cursor was moved off a ghost at the end of the list: the ghost goes, its neighbour is next.
    fn leave_ghost(&mut self, ghost: IncidentId) {
        let at = self.index_of(ghost).unwrap_or(0);
        self.drop_row(ghost);
        self.selected = self.rows.get(at).or(self.rows.last()).copied();
    }

    /// Scrolls just so far that the selected row is on the screen.
    pub fn show_selected(&mut self, height: usize) {
        let height = height.max(1);
        let last = self.rows.len().saturating_sub(1);
        let lowest = self.first_above(last, height);
        self.offset = match self.selected_index() {
            None => 0,
            Some(at) => self.offset.min(at).max(self.first_above(at, height)).min(lowest),
        };
        self.see();
    }

    /// What is on the screen now, or below it, is not above it.
    fn see(&mut self) {
        if self.unseen.is_empty() {
            return;
        }
        let held = &self.rows[self.offset.min(self.rows.len())..];
        for id in held {
            self.unseen.remove(id);
        }
        if !self.window.has_above() {
            let above = &self.rows[..self.offset.min(self.rows.len())];
            self.unseen = above.iter().filter(|id| self.unseen.contains(id)).copied().collect();
        }
    }

    /// A row came in that was not there before: whoever looks further down is told.
    pub fn came_in(&mut self, id: IncidentId) {
        let above = match self.index_of(id) {
            Some(at) => at < self.offset,
            None => self.window.has_above() && self.unseen.len() < ROWS_MAX,
        };
        if above {
            self.unseen.insert(id);
        }
    }

    /// Adds a row where the sort puts it, and says where that is; beyond what is held a page brings
    /// it.
    pub fn insert(&mut self, incident: &Incident, known: &Known, height: usize) -> Entered {
        if self.index_of(incident.id).is_some() {
            return Entered::Held;
        }
        let beyond =
            |row: &IncidentId| known.get(*row).is_some_and(|it| self.is_beyond(it, incident));
        if self.window.has_above() && self.rows.iter().all(beyond) {
            return Entered::Above;
        }
        if self.window.has_below() && !self.rows.iter().any(beyond) {
            return Entered::Below;
        }
        let key = self.group.map(|by| by.key(incident));
        let follows = |row: &IncidentId| match self.heads.get(row).cmp(&key.as_ref()) {
            Ordering::Equal => beyond(row),
            other => other.is_gt(),
        };
        let at = self.rows.iter().position(follows).unwrap_or(self.rows.len());
        if at >= ROWS_MAX {
            return Entered::Below;
        }
        self.rows.insert(at, incident.id);
        self.heads.extend(key.map(|key| (incident.id, key)));
        self.hold(at, height);
        self.cut(height);
        if let Some((total, _)) = &mut self.total {
            *total += 1;
        }
        Entered::Held
    }

    /// Lets the last row go when there are too many and nobody looks at it.
    fn cut(&mut self, height: usize) {
        let seen = self.offset + height >= self.rows.len();
        let last = self.rows.last().copied();
        let spare = self.window.end == End::Top && self.rows.len() > ROWS_MAX;
        if spare && !seen && self.selected != last {
            self.rows.pop();
            if let Some(last) = last {
                self.fresh.remove(&last);
            }
        }
    }

    /// Takes a deleted incident away; under the cursor it stays as a ghost, so that a key on its way
    /// does not hit its neighbour. Says whether it was there.
    pub fn remove(&mut self, id: IncidentId) -> bool {
        let counted = self.ghost != Some(id);
        if self.selected == Some(id) && self.index_of(id).is_some() {
            self.ghost = Some(id);
        } else if !self.drop_row(id) {
            return false;
        }
        if let Some((total, _)) = &mut self.total
            && counted
        {
            *total = (*total - 1).max(0);
        }
        true
    }

    fn drop_row(&mut self, id: IncidentId) -> bool {
        let Some(at) = self.index_of(id) else {
            return false;
        };
        self.rows.remove(at);
        if at < self.offset {
            self.offset -= 1;
        }
        self.fresh.remove(&id);
        if self.ghost == Some(id) {
            self.ghost = None;
        }
        true
    }

    /// Replaces the rows by those of a reload. The cursor stays on its incident and, once the list
    /// is scrolled, on its line; when its incident is not among them it stays all the same, so that a
    /// key on its way does not hit its neighbour. `settle` says whether it is a ghost then.
    pub fn replace(&mut self, mut rows: Vec<IncidentId>, keep: Option<IncidentId>, height: usize) {
        let line = self.cursor_line();
        let old_index = self.selected_index();
        self.ghost = None;
        if let (Some(id), Some(at)) = (keep, old_index)
            && !rows.contains(&id)
        {
            rows.insert(at.min(rows.len()), id);
        }
        self.rows = rows;
        self.arrange();
        if self.selected_index().is_none() {
            self.selected = self.rows.first().copied();
        }
        if self.offset > 0 {
            self.hold_line(line);
        }
        self.show_selected(height);
    }

    /// Whether the incident comes after the other: a page that ends with that one may just not
    /// reach as far.
    pub fn is_beyond(&self, incident: &Incident, other: &Incident) -> bool {
        query::order(self.sort, incident, other).is_gt()
    }

    /// Keeps the visible rows where they are after a row came in at `at`; at the top of the list it
    /// shows the new row instead.
    fn hold(&mut self, at: usize, height: usize) {
        if self.offset > 0 && at <= self.offset {
            self.offset += 1;
        }
        if self.selected.is_none() {
            self.selected = self.rows.first().copied();
        }
        self.show_selected(height);
    }
}

//! Marked incidents, which actions are done to all at once. Marks are ids, never rows: what arrives,
//! is sorted or filtered moves no mark.

use std::collections::BTreeSet;

use watchfire_shared::ids::IncidentId;

use super::list::List;

#[derive(Debug, Default)]
pub struct Marks {
    ids: BTreeSet<IncidentId>,
    /// Where a range begins: what was marked last.
    anchor: Option<IncidentId>,
}

impl Marks {
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn contains(&self, id: IncidentId) -> bool {
        self.ids.contains(&id)
    }

    pub fn anchor(&self) -> Option<IncidentId> {
        self.anchor
    }

    pub fn toggle(&mut self, id: IncidentId) {
        if self.ids.remove(&id) {
            self.anchor.take_if(|anchor| *anchor == id);
        } else {
            self.ids.insert(id);
            self.anchor = Some(id);
        }
    }

    /// Marks all of them; the next range begins at `anchor`.
    pub fn add(&mut self, ids: impl IntoIterator<Item = IncidentId>, anchor: IncidentId) {
        self.ids.extend(ids);
        self.anchor = Some(anchor);
    }

    /// Unmarks all of them when all are marked, and marks them otherwise.
    pub fn toggle_all(&mut self, ids: &[IncidentId]) {
        if ids.iter().all(|id| self.contains(*id)) {
            for id in ids {
                self.remove(*id);
            }
        } else {
            self.ids.extend(ids);
        }
    }

    pub fn remove(&mut self, id: IncidentId) {
        self.ids.remove(&id);
        self.anchor.take_if(|anchor| *anchor == id);
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Those in the list first, in its order, then the others.
    pub fn in_order(&self, list: &List) -> Vec<IncidentId> {
        let (mut ids, mut rest) = (Vec::with_capacity(self.len()), self.ids.clone());
        ids.extend(list.rows.iter().filter(|id| rest.remove(id)));
        ids.extend(rest);
        ids
    }

    /// How many of them the list does not show.
    pub fn out_of_view(&self, list: &List) -> usize {
        let shown = |id: &&IncidentId| self.contains(**id) && list.ghost != Some(**id);
        self.len() - list.rows.iter().filter(shown).count()
    }

    /// `3 marked, 1 not in view`.
    pub fn words(&self, list: &List) -> String {
        match self.out_of_view(list) {
            0 => format!("{} marked", self.len()),
            hidden => format!("{} marked, {hidden} not in view", self.len()),
        }
    }
}

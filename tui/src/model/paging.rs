//! Pages that come into the list, and those it lets go.

use std::collections::HashSet;
use std::ops::Range;

use watchfire_shared::ids::IncidentId;
use watchfire_shared::page::Sort;

use super::known::Known;
use super::list::{List, ROWS_MAX};
use super::window::{End, Passed, Seam, Stretch, Window};

impl List {
    /// Adds the rows of a further page below the others, or above them, where nothing on the screen
    /// moves. A row that is held under the cursor only goes to the place where the page has it.
    pub fn add(&mut self, mut ids: Vec<IncidentId>, below: bool, height: usize) {
        let line = self.cursor_line();
        if let Some(selected) = self.selected.filter(|id| ids.contains(id)) {
            self.rows.retain(|id| *id != selected);
        }
        let held: HashSet<IncidentId> = self.rows.iter().copied().collect();
        ids.retain(|id| !held.contains(id));
        if below {
            self.rows.extend(ids);
        } else {
            self.offset += ids.len();
            ids.append(&mut self.rows);
            self.rows = ids;
        }
        self.arrange();
        // Groups take rows in anywhere, whichever side they were read on.
        if !below || self.group.is_some() {
            self.hold_line(line);
        }
        self.show_selected(height);
    }

    /// Lets rows go where they are furthest from the cursor, whole pages only, so that no more than
    /// [`ROWS_MAX`] stay; `near` says on which side: at the beginning of reading or at its end.
    pub fn trim(&mut self, near: bool, height: usize) {
        // Groups stand in another order than pages.
        while self.rows.len() > ROWS_MAX && self.group.is_none() {
            let seam = if near { self.window.seams.first() } else { self.window.seams.last() };
            let Some(seam) = seam.cloned() else {
                return;
            };
            let Some(at) = self.index_of(seam.last) else {
                // Its row went elsewhere; another seam does.
                self.window.seams.retain(|other| *other != seam);
                continue;
            };
            // The earlier page ends at `at`, seen from the end that reading began at.
            let go = match (self.window.end, near) {
                (End::Top, true) => 0..at + 1,
                (End::Top, false) => at + 1..self.rows.len(),
                (End::Bottom, true) => at..self.rows.len(),
                (End::Bottom, false) => 0..at,
            };
            let looked_at = self.offset..self.offset + height;
            let under_cursor = self.selected_index().is_some_and(|it| go.contains(&it));
            let seen = go.start < looked_at.end && looked_at.start < go.end;
            if go.is_empty() || under_cursor || seen {
                return;
            }
            self.let_go(go, &seam, near);
        }
    }

    fn let_go(&mut self, go: Range<usize>, seam: &Seam, near: bool) {
        let window = &mut self.window;
        window.seams.retain(|other| other != seam);
        if near {
            let start = window.start.replace(seam.cursor.clone());
            window.passed.push(Passed { start, rows: go.len() });
        } else {
            window.next = Some(seam.cursor.clone());
        }
        if go.start < self.offset {
            self.offset -= go.len();
        }
        for id in self.rows.drain(go) {
            self.fresh.remove(&id);
        }
    }

    /// The rows in the order of reading.
    fn in_reading_order(&self) -> Vec<IncidentId> {
        let mut rows = self.rows.clone();
        if self.window.end == End::Bottom {
            rows.reverse();
        }
        rows
    }

    /// The rows on the screen, from the page that they begin in; with the cursor that reads them.
    pub fn stretch_of_screen(&self, height: usize) -> (Stretch, Option<String>) {
        let rows = self.in_reading_order();
        let end = (self.offset + height).min(rows.len());
        let (first, end) = match self.window.end {
            End::Top => (self.offset, end),
            End::Bottom => (rows.len() - end, rows.len().saturating_sub(self.offset)),
        };
        let begins = |seam: &&Seam| Some(rows.iter().position(|id| *id == seam.last)? + 1);
        let seams = self.window.seams.iter().filter_map(|seam| Some((begins(&seam)?, seam)));
        let (begin, seam) = seams
            .filter(|(begin, _)| *begin <= first)
            .max_by_key(|(begin, _)| *begin)
            .map_or((0, None), |(begin, seam)| (begin, Some(seam)));
        let after = seam.map(|seam| seam.last);
        let cursor = seam.map_or_else(|| self.window.start.clone(), |it| Some(it.cursor.clone()));
        (Stretch { after, rows: end.saturating_sub(begin) }, cursor)
    }

    /// All rows in the order of reading, `read` in the place of those that it takes the place of:
    /// those up to its last one, or all that come after it where there are no more; and whether that
    /// reaches the end of them. None when the place is gone.
    pub fn with_stretch(
        &self,
        read: &[IncidentId],
        is_last: bool,
        known: &Known,
    ) -> Option<(Vec<IncidentId>, bool)> {
        let rows = self.in_reading_order();
        let begin = match self.stretch.after {
            Some(after) => rows.iter().position(|id| *id == after)? + 1,
            None => 0,
        };
        let last = read.last().and_then(|id| known.get(*id));
        let beyond = |id: &IncidentId| {
            last.zip(known.get(*id)).is_some_and(|(last, row)| match self.window.end {
                End::Top => self.is_beyond(row, last),
                End::Bottom => self.is_beyond(last, row),
            })
        };
        let more = rows[begin..].iter().position(beyond).filter(|_| !is_last);
        let end = more.map_or(rows.len(), |at| begin + at);
        let taken: HashSet<IncidentId> = read.iter().copied().collect();
        let held = |id: &&IncidentId| !taken.contains(id);
        let before = rows[..begin].iter().filter(held);
        let all = before.chain(read).chain(rows[end..].iter().filter(held));
        Some((all.copied().collect(), end == rows.len()))
    }

    /// Another list is to be read, from the top.
    pub fn restart(&mut self) {
        self.begin(End::Top);
    }

    /// The list is to be read from this end; what is shown until then is not acted on.
    pub fn begin(&mut self, end: End) {
        self.window = Window::from(end);
        self.landing = None;
        self.loaded = false;
        self.failure = None;
    }

    /// The order in which pages are read.
    pub fn reading(&self) -> Sort {
        match self.window.end {
            End::Top => self.sort,
            End::Bottom => Sort { reversed: !self.sort.reversed, ..self.sort },
        }
    }

    /// Rows before the selected one, as far as anybody knows, and whether that is exact.
    pub fn before_selected(&self) -> Option<(usize, bool)> {
        let at = self.selected_index()?;
        let passed = self.window.passed_rows();
        match (self.window.end, self.total) {
            (End::Top, _) => Some((passed + at, passed == 0)),
            (End::Bottom, Some((total, true))) => {
                let after = passed + self.rows.len() - at;
                Some((usize::try_from(total).ok()?.saturating_sub(after), false))
            }
            (End::Bottom, _) => None,
        }
    }
}

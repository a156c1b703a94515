//! Dead letters that wait for somebody's decision. The selection is a letter, never a row number:
//! letters come and go meanwhile, but never change what a key acts on.

use std::collections::HashMap;

use watchfire_shared::dead_letter::DeadLetter;
use watchfire_shared::ids::DeadLetterId;

use crate::action::Move;

use super::slot::Slot;

#[derive(Debug, Default)]
pub struct Letters {
    pub read: Slot<()>,
    /// In the order of the screen: the oldest first.
    rows: Vec<DeadLetter>,
    /// There are more than were read.
    pub more: bool,
    selected: Option<DeadLetterId>,
    /// The selected one was decided elsewhere; it stays until the cursor leaves it.
    gone: Option<DeadLetterId>,
    /// Reasons begun and not sent.
    pub reasons: HashMap<DeadLetterId, String>,
}

/// What people call a letter: `INC-204 v12 alert.fired`. Text of its event still needs `SafeText`.
pub fn name(letter: &DeadLetter) -> String {
    match &letter.event {
        Some(event) => {
            format!("{} v{} {}", about(letter), event.version, event.fact.event_type())
        }
        None => "undecodable message".to_owned(),
    }
}

/// `INC-204`; else what it is about, or that nobody can tell.
pub fn about(letter: &DeadLetter) -> String {
    match &letter.event {
        Some(event) => match event.fact.incident() {
            Some(incident) => incident.reference.to_string(),
            None => event.aggregate_type.to_string(),
        },
        None => "undecodable".to_owned(),
    }
}

impl Letters {
    pub fn rows(&self) -> &[DeadLetter] {
        &self.rows
    }

    pub fn selected(&self) -> Option<&DeadLetter> {
        self.index().map(|at| &self.rows[at])
    }

    /// The row of the selected letter.
    pub fn index(&self) -> Option<usize> {
        self.selected.and_then(|id| self.index_of(id))
    }

    pub fn is_gone(&self, id: DeadLetterId) -> bool {
        self.gone == Some(id)
    }

    /// A letter that still waits, as far as is known.
    pub fn get(&self, id: DeadLetterId) -> Option<&DeadLetter> {
        self.rows.iter().find(|letter| letter.id == id && !self.is_gone(id))
    }

    /// Takes what was read. The cursor stays on its letter, also when that is not among them any
    /// more, so that a key on its way does not hit its neighbour. Says whether anything differs.
    pub fn replace(&mut self, mut rows: Vec<DeadLetter>, more: bool) -> bool {
        let mut gone = None;
        if let Some(at) = self.index() {
            let held = self.rows[at].clone();
            if rows.iter().all(|letter| letter.id != held.id) {
                gone = Some(held.id);
                rows.insert(at.min(rows.len()), held);
            }
        }
        let differs = (&rows, gone, more) != (&self.rows, self.gone, self.more);
        (self.rows, self.gone, self.more) = (rows, gone, more);
        if self.index().is_none() {
            self.selected = self.rows.first().map(|letter| letter.id);
        }
        differs
    }

    /// By line, or to an end; pages are the feed's.
    pub fn go(&mut self, step: Move) {
        let Some(last) = self.rows.len().checked_sub(1) else {
            return;
        };
        let at = self.index().unwrap_or(0);
        let wanted = match step {
            Move::Down => at + 1,
            Move::Up => at.saturating_sub(1),
            Move::First => 0,
            Move::Last => last,
            Move::HalfDown | Move::HalfUp | Move::PageDown | Move::PageUp => return,
        };
        self.selected = Some(self.rows[wanted.min(last)].id);
        self.forget_gone();
    }

    /// Lets the one go that is not there any more; under the cursor its neighbour takes its place.
    pub fn forget_gone(&mut self) {
        let Some(gone) = self.gone.take() else {
            return;
        };
        let Some(at) = self.index_of(gone) else {
            return;
        };
        self.rows.remove(at);
        if self.selected == Some(gone) {
            let next = self.rows.get(at).or(self.rows.last());
            self.selected = next.map(|letter| letter.id);
        }
    }

    fn index_of(&self, id: DeadLetterId) -> Option<usize> {
        self.rows.iter().position(|letter| letter.id == id)
    }
}

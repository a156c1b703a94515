//! What waits for somebody's decision: events that could not be published, and below them dead
//! letters, which could not be handled. The selection is one of these, never a row number: they come
//! and go meanwhile, but never change what a key acts on.

use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, Utc};
use watchfire_shared::dead_letter::{DeadLetter, DeadLetterState};
use watchfire_shared::event::Event;
use watchfire_shared::ids::{DeadLetterId, EventId};
use watchfire_shared::outbox::FailedEvent;

use crate::action::Move;

use super::slot::Slot;

#[derive(Debug, Clone, PartialEq)]
pub enum Letter {
    /// The broker refused it; later ones of its incident wait.
    Failed(FailedEvent),
    /// No worker could handle it.
    Parked(DeadLetter),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterId {
    Failed(EventId),
    Parked(DeadLetterId),
}

impl LetterId {
    const fn kind(self) -> Kind {
        match self {
            Self::Failed(_) => Kind::Failed,
            Self::Parked(_) => Kind::Parked,
        }
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(id) => id.fmt(f),
            Self::Parked(id) => id.fmt(f),
        }
    }
}

/// Those of a kind are read together, and stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Failed,
    Parked,
}

impl Letter {
    pub const fn id(&self) -> LetterId {
        match self {
            Self::Failed(failed) => LetterId::Failed(failed.event.event_id),
            Self::Parked(letter) => LetterId::Parked(letter.id),
        }
    }

    pub const fn event(&self) -> Option<&Event> {
        match self {
            Self::Failed(failed) => Some(&failed.event),
            Self::Parked(letter) => letter.event.as_ref(),
        }
    }

    pub fn cause(&self) -> &str {
        match self {
            Self::Failed(failed) => &failed.cause,
            Self::Parked(letter) => &letter.cause,
        }
    }

    pub const fn attempts(&self) -> i64 {
        match self {
            Self::Failed(failed) => failed.attempts,
            Self::Parked(letter) => letter.attempts,
        }
    }

    pub const fn since(&self) -> DateTime<Utc> {
        match self {
            Self::Failed(failed) => failed.failed_at,
            Self::Parked(letter) => letter.parked_at,
        }
    }

    /// `failed`, or what becomes of a dead letter.
    pub const fn state(&self) -> &'static str {
        match self {
            Self::Failed(_) => "failed",
            Self::Parked(letter) => letter.state.as_str(),
        }
    }

    /// Nobody has decided about it yet.
    pub fn waits(&self) -> bool {
        match self {
            Self::Failed(_) => true,
            Self::Parked(letter) => letter.state == DeadLetterState::Waiting,
        }
    }

    /// What people call it: `INC-204 v12 alert.fired`. Text of its event still needs `SafeText`.
    pub fn name(&self) -> String {
        match self.event() {
            Some(event) => {
                let kind = event.fact.event_type();
                format!("{} v{} {kind}", about(Some(event)), event.version)
            }
            None => "undecodable message".to_owned(),
        }
    }
}

/// `INC-204`; else what it is about, or that nobody can tell.
pub fn about(event: Option<&Event>) -> String {
    match event {
        Some(event) => match event.fact.incident() {
            Some(incident) => incident.reference.to_string(),
            None => event.aggregate_type.to_string(),
        },
        None => "undecodable".to_owned(),
    }
}

#[derive(Debug, Default)]
pub struct Letters {
    /// Of the dead letters; the failed events come with the outbox.
    pub read: Slot<()>,
    /// In the order of the screen: by kind, the oldest first.
    rows: Vec<Letter>,
    /// There are more dead letters than were read.
    pub more: bool,
    selected: Option<LetterId>,
    /// The selected one was decided elsewhere; it stays until the cursor leaves it.
    gone: Option<LetterId>,
    /// Reasons begun and not sent.
    pub reasons: HashMap<LetterId, String>,
}

impl Letters {
    pub fn rows(&self) -> &[Letter] {
        &self.rows
    }

    /// How many of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.rows.iter().filter(|letter| letter.id().kind() == kind).count()
    }

    pub fn selected(&self) -> Option<&Letter> {
        self.index().map(|at| &self.rows[at])
    }

    /// The row of the selected letter.
    pub fn index(&self) -> Option<usize> {
        self.selected.and_then(|id| self.index_of(id))
    }

    pub fn is_gone(&self, id: LetterId) -> bool {
        self.gone == Some(id)
    }

    /// A letter that still waits, as far as is known.
    pub fn get(&self, id: LetterId) -> Option<&Letter> {
        self.rows.iter().find(|letter| letter.id() == id && !self.is_gone(id))
    }

    /// Takes what was read of a kind. The cursor stays on its letter, also when that is not among
    /// them any more, so that a key on its way does not hit its neighbour. Says whether anything
    /// differs.
    pub fn replace(&mut self, kind: Kind, read: impl IntoIterator<Item = Letter>) -> bool {
        let is_other = |id: LetterId| id.kind() != kind;
        let others = self.rows.iter().filter(|letter| is_other(letter.id()));
        let mut rows: Vec<Letter> = others.cloned().chain(read).collect();
        rows.sort_by_key(|letter| letter.id().kind());
        let mut gone = self.gone.filter(|id| is_other(*id));
        if let Some(at) = self.index() {
            let held = self.rows[at].clone();
            if rows.iter().all(|letter| letter.id() != held.id()) {
                gone = Some(held.id());
                rows.insert(at.min(rows.len()), held);
            }
        }
        let differs = (&rows, gone) != (&self.rows, self.gone);
        (self.rows, self.gone) = (rows, gone);
        if self.index().is_none() {
            self.selected = self.rows.first().map(Letter::id);
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
        self.selected = Some(self.rows[wanted.min(last)].id());
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
            self.selected = next.map(Letter::id);
        }
    }

    fn index_of(&self, id: LetterId) -> Option<usize> {
        self.rows.iter().position(|letter| letter.id() == id)
    }
}

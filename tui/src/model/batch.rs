//! Something done to many incidents: first the question, then the answers as they come.

use std::collections::{HashSet, VecDeque};

use watchfire_shared::incident::Incident;

use super::commands::{Deed, Tone};
use super::words::count;
use crate::effect::{Effect, RequestId};
use crate::event::{FailureKind, Outcome};

/// An incident as it stood when the question was asked, and what is to be done to it.
#[derive(Debug, Clone)]
pub struct Item {
    pub seen: Incident,
    pub deed: Deed,
}

/// The question before many incidents are changed. What it lists is what is done, and nothing else.
#[derive(Debug)]
pub struct Question {
    pub text: String,
    pub doing: &'static str,
    pub past: String,
    pub items: Vec<Item>,
    /// What is not sent, and why.
    pub apart: Vec<(Incident, String)>,
    /// The first line shown.
    pub top: usize,
    /// It takes the last action back.
    pub undoes: bool,
}

impl Question {
    pub fn new(deed: &Deed, items: Vec<Item>, apart: Vec<(Incident, String)>) -> Self {
        let incidents = count(as_number(items.len()), "incident", "incidents");
        let (doing, past) = (deed.doing(), deed.past());
        Self { text: deed.question(&incidents), doing, past, items, apart, top: 0, undoes: false }
    }

    /// Lines of the list: what is done, and below a heading what is not.
    pub fn length(&self) -> usize {
        self.items.len() + self.apart.len() + usize::from(!self.apart.is_empty())
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Done,
    Refused,
    /// It never reached the daemon, or was not let in.
    Unsent,
    /// Nobody knows whether it happened.
    Unknown,
}

impl Ended {
    pub const fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Failed(failure) => match failure.kind {
                FailureKind::Refused => Self::Refused,
                FailureKind::Offline | FailureKind::Unauthenticated => Self::Unsent,
                FailureKind::TimedOut | FailureKind::Unavailable | FailureKind::Unreadable => {
                    Self::Unknown
                }
            },
            _ => Self::Done,
        }
    }
}

/// Commands about many incidents under way.
#[derive(Debug)]
pub struct Batch {
    doing: &'static str,
    past: String,
    total: usize,
    /// Those that wait for their answer, or for their turn.
    pub open: HashSet<RequestId>,
    /// Those that wait for their turn.
    pub held: VecDeque<Effect>,
    ended: Vec<Ended>,
}

impl Batch {
    pub fn new(question: &Question, open: HashSet<RequestId>, held: VecDeque<Effect>) -> Self {
        let (doing, past) = (question.doing, question.past.clone());
        Self { doing, past, total: open.len(), open, held, ended: Vec::new() }
    }

    /// How many are on their way.
    pub fn under_way(&self) -> usize {
        self.open.len() - self.held.len()
    }

    /// Takes how one of them ended; says whether it was one of them.
    pub fn end(&mut self, request: RequestId, ended: Ended) -> bool {
        let mine = self.open.remove(&request);
        if mine {
            self.ended.push(ended);
        }
        mine
    }

    /// `resolving 7 of 23`.
    pub fn progress(&self) -> String {
        format!("{} {} of {}", self.doing, self.ended.len() + 1, self.total)
    }

    /// `21 resolved · 2 refused: @ shows why`.
    pub fn result(&self) -> (Tone, String) {
        let number = |wanted| self.ended.iter().filter(|ended| **ended == wanted).count();
        let mut parts = vec![format!("{} {}", number(Ended::Done), self.past)];
        for (ended, words) in [
            (Ended::Refused, "refused"),
            (Ended::Unknown, "without an answer"),
            (Ended::Unsent, "not sent"),
        ] {
            if number(ended) > 0 {
                parts.push(format!("{} {words}", number(ended)));
            }
        }
        let text = parts.join(" · ");
        match number(Ended::Done) {
            done if done == self.total => (Tone::Good, text),
            0 => (Tone::Bad, format!("{text}: @ shows why")),
            _ => (Tone::Warning, format!("{text}: @ shows why")),
        }
    }
}

fn as_number(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

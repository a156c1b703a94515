//! Commands on their way, and what became of the last ones.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use watchfire_shared::ids::{IncidentId, Reference, UserId};
use watchfire_shared::incident::{NewIncident, Priority};
use watchfire_shared::user::UserRef;

use crate::action::Step;
use crate::effect::RequestId;

use super::letters::LetterId;

/// The command log keeps this many.
const LOG_MAX: usize = 1_000;

/// A command in a person's words.
#[derive(Debug, Clone, PartialEq)]
pub struct What {
    /// None for an incident that does not exist yet, and for what is about no incident.
    pub incident: Option<(IncidentId, Reference)>,
    pub deed: Deed,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// With what is said with it, to give that back when it could not be sent.
    Step(Step, Option<String>),
    /// To whom; none is nobody.
    Assign(Option<UserRef>),
    Priority(Priority),
    /// The text, to give it back when it could not be sent.
    Title(String),
    /// The text, to give it back when it could not be sent.
    Comment(String),
    /// An analysis of its log lines is asked for.
    Assess,
    Create(Box<NewIncident>),
    /// Have a dead letter handled once more, or a failed event published.
    Redrive(Letter),
    /// With the reason, to give it back when it could not be sent.
    Discard(Letter, String),
    /// Somebody is added, or changed; in words: the password is in none of them.
    Person {
        id: Option<UserId>,
        words: String,
    },
}

/// What waits for somebody's decision, and what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub id: LetterId,
    pub name: String,
}

/// The cell of a row that a command is about to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Status,
    Priority,
    Who,
    Title,
}

impl Deed {
    pub const fn cell(&self) -> Option<Cell> {
        match self {
            Self::Step(..) => Some(Cell::Status),
            Self::Assign(_) => Some(Cell::Who),
            Self::Priority(_) => Some(Cell::Priority),
            Self::Title(_) => Some(Cell::Title),
            Self::Comment(_)
            | Self::Assess
            | Self::Create(_)
            | Self::Redrive(_)
            | Self::Discard(..)
            | Self::Person { .. } => None,
        }
    }

    /// What was written to be read by others.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Comment(text) | Self::Step(_, Some(text)) => Some(text),
            _ => None,
        }
    }

    /// The letter it decides about.
    pub const fn letter(&self) -> Option<&Letter> {
        match self {
            Self::Redrive(letter) | Self::Discard(letter, _) => Some(letter),
            _ => None,
        }
    }

    /// What is being done: `resolve INC-204`, without the reference.
    pub fn words(&self) -> String {
        match self {
            Self::Step(step, None) => step.words().to_owned(),
            Self::Step(step, Some(_)) => format!("{} with a note", step.words()),
            Self::Assign(Some(to)) => format!("assign to {}", to.name),
            Self::Assign(None) => "assign to nobody".to_owned(),
            Self::Priority(priority) => format!("priority {priority}"),
            Self::Title(_) => "title".to_owned(),
            Self::Comment(_) => "comment".to_owned(),
            Self::Assess => "assess".to_owned(),
            Self::Create(new) => format!("create {}", new.title),
            Self::Redrive(Letter { id: LetterId::Failed(_), name }) => format!("retry {name}"),
            Self::Redrive(letter) => format!("redrive {}", letter.name),
            Self::Discard(letter, _) => format!("discard {}", letter.name),
            Self::Person { words, .. } => words.clone(),
        }
    }
}

impl What {
    /// `INC-204 resolve`.
    pub fn words(&self) -> String {
        match &self.incident {
            Some((_, reference)) => format!("{reference} {}", self.deed.words()),
            None => self.deed.words(),
        }
    }
}

/// Whether a line of the command log is good news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    Good,
    /// Something a person should look at.
    Warning,
    Bad,
}

#[derive(Debug, Clone)]
pub struct Sent {
    pub request: RequestId,
    pub at: DateTime<Utc>,
    pub what: What,
    /// None while it waits for the answer.
    pub result: Option<(Tone, String)>,
}

/// The newest last.
#[derive(Debug, Default)]
pub struct CommandLog {
    pub entries: VecDeque<Sent>,
}

impl CommandLog {
    pub fn sent(&mut self, request: RequestId, what: What, at: DateTime<Utc>) {
        self.entries.push_back(Sent { request, at, what, result: None });
        // What waits for its answer is never forgotten.
        while self.entries.len() > LOG_MAX
            && self.entries.front().is_some_and(|sent| sent.result.is_some())
        {
            self.entries.pop_front();
        }
    }

    pub fn answered(&mut self, request: RequestId, tone: Tone, text: String) {
        let sent = self.entries.iter_mut().rev().find(|e| e.request == request);
        if let Some(sent) = sent {
            sent.result = Some((tone, text));
        }
    }

    fn waiting(&self) -> impl Iterator<Item = &What> {
        self.entries.iter().filter(|sent| sent.result.is_none()).map(|sent| &sent.what)
    }

    /// What a person who left must be told: what was not answered, and what did not happen though
    /// `unseen`, which were still waiting when they left.
    pub fn left_open(&self, unseen: &[RequestId]) -> Vec<String> {
        let mut said = Vec::new();
        for sent in &self.entries {
            match &sent.result {
                None => said.push(format!(
                    "{}: no answer before the end, it may or may not have happened",
                    sent.what.words()
                )),
                Some((Tone::Bad, text)) if unseen.contains(&sent.request) => {
                    said.push(text.clone());
                }
                Some(_) => {}
            }
        }
        said
    }

    /// What has waited longest for its answer, and since when.
    pub fn oldest_open(&self) -> Option<(&What, DateTime<Utc>)> {
        let sent = self.entries.iter().find(|sent| sent.result.is_none())?;
        Some((&sent.what, sent.at))
    }

    /// The requests that wait for their answer.
    pub fn open(&self) -> Vec<RequestId> {
        let waiting = self.entries.iter().filter(|sent| sent.result.is_none());
        waiting.map(|sent| sent.request).collect()
    }

    /// Whether a command that changes this cell waits for its answer.
    pub fn is_pending(&self, id: IncidentId, cell: Cell) -> bool {
        self.waiting().any(|what| {
            what.incident.is_some_and(|(other, _)| other == id) && what.deed.cell() == Some(cell)
        })
    }

    /// Whether a decision about this letter waits for its answer.
    pub fn is_deciding(&self, id: LetterId) -> bool {
        self.waiting().any(|what| what.deed.letter().is_some_and(|letter| letter.id == id))
    }

    /// Whether a change of this person waits for its answer.
    pub fn is_about_person(&self, id: UserId) -> bool {
        self.waiting()
            .any(|what| matches!(what.deed, Deed::Person { id: about, .. } if about == Some(id)))
    }

    pub fn is_creating(&self) -> bool {
        self.waiting().any(|what| matches!(what.deed, Deed::Create(_)))
    }
}

//! The query language of the list: `status:open priority:>=high -service:search words`.
//! Parsed here once for the query bar, the command line and the API's `filter`.

use std::fmt;

use crate::ids::UserId;
use crate::incident::{Priority, Status};

/// All terms must hold. Positive terms on the same field are alternatives (`status:open
/// status:investigating`); labels and words must each hold. Terms are sorted and distinct, so two
/// spellings of one question are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

/// One condition, or its negation (`-status:closed`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    pub negated: bool,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    Status(Status),
    Priority(Comparison, Priority),
    Assignee(Assignee),
    Service(String),
    Label {
        name: String,
        value: String,
    },
    /// Time since creation, in seconds.
    Age(Comparison, i64),
    /// A word of the title, the description, the service or a label's value; matched by prefix.
    Word(String),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assignee {
    /// Whoever asks; resolved before the filter reaches a cache key or the database.
    Me,
    Nobody,
    Id(UserId),
    /// A person's name, compared without case.
    Named(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    Greater,
}

/// A mistake and its place: a range of characters of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    pub start: usize,
    pub end: usize,
    /// One sentence that says what would be right.
    pub message: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.start + 1, self.message)
    }
}

impl std::error::Error for FilterError {}

impl Filter {
    pub fn new(terms: impl IntoIterator<Item = Term>) -> Self {
        let mut terms: Vec<Term> = terms.into_iter().collect();
        terms.sort();
        terms.dedup();
        Self { terms }
    }

    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Both must hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(self.terms.into_iter().chain(other.terms))
    }

    /// With `me` replaced by who asks.
    #[must_use]
    pub fn for_user(self, me: UserId) -> Self {
        Self::new(self.terms.into_iter().map(|mut term| {
            if term.test == Test::Assignee(Assignee::Me) {
                term.test = Test::Assignee(Assignee::Id(me));
            }
            term
        }))
    }
}

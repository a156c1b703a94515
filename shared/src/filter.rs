//! The query language of the list: `status:open priority:>=high -service:search words`.
//! Parsed here once for the query bar, the command line and the API's `filter`.
//!
//! White space separates terms, `-` before a term negates it, and quotes take every character as
//! it is (`\` before a quote or a backslash inside them). What is quoted is never syntax:
//! `assignee:"me"` is a person called me, `"a:b"` a word.
//!
//! | term | holds for |
//! |---|---|
//! | `status:open` | that status |
//! | `priority:high` `priority:>=high` | that priority, or with `<` `<=` `=` `>=` `>` those around it |
//! | `assignee:me` `assignee:none` `assignee:dana` | who works on it, by name or id |
//! | `service:checkout` `service:""` | that service; none |
//! | `label:region=eu` | a label and its value |
//! | `age:<2h` | younger than that; units `s m h d w` |
//! | `timeout "bad gateway"` | each of the words |

mod complete;
mod parse;
#[cfg(test)]
mod tests;
mod token;

use std::fmt::{self, Write};

pub use complete::{Completion, Vocabulary};

use crate::ids::UserId;
use crate::incident::{Priority, Status};

/// All terms must hold. Positive terms on the same field are alternatives (`status:open
/// status:investigating`); labels and words must each hold. Terms are sorted and distinct, so two
/// spellings of one question are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

/// Characters a filter has at most, as it is written and in its canonical form.
pub const TEXT_MAX: usize = 1_000;
/// Terms a filter has at most.
pub const TERMS_MAX: usize = 50;
/// The oldest age that can be asked for, in seconds: 100 years of 365 days.
pub const AGE_MAX: i64 = 100 * 365 * 86_400;

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
    /// Time since creation, in seconds, 0 to [`AGE_MAX`].
    Age(Comparison, i64),
    /// A word of the title, the description, the service or a label's value; matched by prefix.
    /// It has no white space.
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

impl Comparison {
    /// The longer signs first, so that the first match is the right one.
    const SIGNS: [(&'static str, Self); 5] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("<", Self::Less),
        (">", Self::Greater),
        ("=", Self::Equal),
    ];
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Equal => "=",
            Self::AtLeast => ">=",
            Self::Greater => ">",
        })
    }
}

/// A mistake and its place: a range of characters of the text, never empty.
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

/// The canonical text; parsing it gives the same filter.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, term) in self.terms.iter().enumerate() {
            if number > 0 {
                f.write_char(' ')?;
            }
            term.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negated {
            f.write_char('-')?;
        }
        self.test.fmt(f)
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status:{status}"),
            Self::Priority(Comparison::Equal, priority) => write!(f, "priority:{priority}"),
            Self::Priority(comparison, priority) => write!(f, "priority:{comparison}{priority}"),
            Self::Assignee(assignee) => write!(f, "assignee:{assignee}"),
            Self::Service(service) => {
                f.write_str("service:")?;
                write_value(f, service, |_| false)
            }
            Self::Label { name, value } => {
                f.write_str("label:")?;
                write_value(f, name, |name| name.contains('='))?;
                f.write_char('=')?;
                write_value(f, value, |_| false)
            }
            Self::Age(comparison, seconds) => {
                let (size, unit) = parse::UNITS
                    .into_iter()
                    .rev()
                    .find(|(size, _)| *seconds != 0 && seconds % size == 0)
                    .unwrap_or(parse::UNITS[0]);
                write!(f, "age:{comparison}{}{unit}", seconds / size)
            }
            Self::Word(word) => {
                write_value(f, word, |word| word.starts_with('-') || word.contains(':'))
            }
        }
    }
}

impl fmt::Display for Assignee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Me => f.write_str("me"),
            Self::Nobody => f.write_str("none"),
            Self::Id(id) => id.fmt(f),
            Self::Named(name) => {
                write_value(f, name, |name| !matches!(Self::bare(name), Self::Named(_)))
            }
        }
    }
}

/// Writes a value bare where it reads back as itself, else in quotes; `special` says what else
/// than spaces and quotes would be read as syntax.
fn write_value(
    f: &mut fmt::Formatter<'_>,
    text: &str,
    special: impl Fn(&str) -> bool,
) -> fmt::Result {
    let plain = |ch: char| !ch.is_whitespace() && ch != '"';
    if !text.is_empty() && text.chars().all(plain) && !special(text) {
        return f.write_str(text);
    }
    f.write_char('"')?;
    for ch in text.chars() {
        if matches!(ch, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(ch)?;
    }
    f.write_char('"')
}

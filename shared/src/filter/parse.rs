//! The parser: tokens → terms.

use std::str::FromStr;

use super::token::{Piece, mistake, tokens};
use super::{AGE_MAX, Assignee, Comparison, Filter, FilterError, TERMS_MAX, TEXT_MAX, Term, Test};
use crate::incident::{Priority, Status};

/// Seconds of each unit of an age, the smallest first.
pub(super) const UNITS: [(i64, char); 5] =
    [(1, 's'), (60, 'm'), (3_600, 'h'), (86_400, 'd'), (604_800, 'w')];

const AGE_HELP: &str = "age needs < or > and a time such as 90s, 15m, 2h, 3d or 1w: age:<2h is \
                        younger than two hours, age:>2h older";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Status,
    Priority,
    Assignee,
    Service,
    Label,
    Age,
}

impl Key {
    /// Every key with its names; the first is canonical.
    const NAMES: [(Self, &'static [&'static str]); 6] = [
        (Self::Status, &["status"]),
        (Self::Priority, &["priority", "prio"]),
        (Self::Assignee, &["assignee", "assigned_to", "who"]),
        (Self::Service, &["service"]),
        (Self::Label, &["label"]),
        (Self::Age, &["age"]),
    ];

    pub(super) fn parse(word: &str) -> Option<Self> {
        let named = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
        Self::NAMES.iter().find(|(_, names)| named(names)).map(|(key, _)| *key)
    }

    /// The canonical names.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().map(|(_, names)| names[0])
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let length = text.chars().count();
        if length > TEXT_MAX {
            let message = format!("a filter has at most {TEXT_MAX} characters, not {length}");
            return Err(mistake(TEXT_MAX, length, message));
        }
        let mut terms = Vec::new();
        for token in tokens(text)? {
            let piece = token.piece();
            terms.append(&mut parse_term(piece)?);
            if terms.len() > TERMS_MAX {
                let message = format!("a filter has at most {TERMS_MAX} terms; leave this one out");
                return Err(piece.refuse(message));
            }
        }
        let filter = Self::new(terms);
        let canonical = filter.to_string().chars().count();
        if canonical > TEXT_MAX {
            let message = format!(
                "a filter has at most {TEXT_MAX} characters; with every name in full this one \
                 has {canonical}"
            );
            return Err(mistake(0, length, message));
        }
        Ok(filter)
    }
}

fn parse_term(token: Piece<'_>) -> Result<Vec<Term>, FilterError> {
    let rest = token.after("-");
    let negated = rest.is_some();
    let body = rest.unwrap_or(token);
    if body.start == body.end {
        return Err(token.refuse("- negates the term right after it, as in -status:closed"));
    }
    if body.after("-").is_some() {
        return Err(token.refuse("one - negates; a word that begins with - is put in quotes"));
    }
    let tests = match body.split(':') {
        Some((key, value)) => vec![parse_key(body, key, value)?],
        None => parse_words(body)?,
    };
    let term = |test| Term { negated, test };
    Ok(tests.into_iter().map(term).collect())
}

fn parse_words(body: Piece<'_>) -> Result<Vec<Test>, FilterError> {
    let text = body.text();
    let words: Vec<Test> =
        text.split_whitespace().map(|word| Test::Word(word.to_owned())).collect();
    if words.is_empty() {
        return Err(body.refuse("there is no word between the quotes"));
    }
    Ok(words)
}

fn parse_key(term: Piece<'_>, name: Piece<'_>, value: Piece<'_>) -> Result<Test, FilterError> {
    let Some(key) = Key::parse(&name.text()) else {
        let keys: Vec<&str> = Key::names().collect();
        let message = format!(
            "the keys are {}; put the term in quotes to search for a text with a colon",
            keys.join(", ")
        );
        // Before a lone colon there is no name to underline.
        return Err(mistake(name.start, name.end.max(name.start + 1), message));
    };
    match key {
        Key::Status => parse_status(value)
            .map(Test::Status)
            .ok_or_else(|| refuse_value(term, value, one_of("status", Status::ALL))),
        Key::Priority => {
            let (comparison, word) = parse_comparison(value);
            parse_priority(word)
                .map(|priority| Test::Priority(comparison.unwrap_or(Comparison::Equal), priority))
                .ok_or_else(|| refuse_value(term, word, one_of("priority", Priority::ALL)))
        }
        Key::Assignee => parse_assignee(value)
            .map(Test::Assignee)
            .ok_or_else(|| refuse_value(term, value, "assignee is me, none, a name or an id")),
        Key::Service if value.start == value.end => {
            Err(term.refuse("service needs a name; service:\"\" is for incidents without one"))
        }
        Key::Service => Ok(Test::Service(value.text())),
        Key::Label => parse_label(term, value),
        Key::Age => parse_age(term, value),
    }
}

/// Underlines the value, or the whole term where there is none.
fn refuse_value(term: Piece<'_>, value: Piece<'_>, message: impl Into<String>) -> FilterError {
    if value.start == value.end { term.refuse(message) } else { value.refuse(message) }
}

fn one_of<T: ToString>(key: &str, all: &[T]) -> String {
    let words: Vec<String> = all.iter().map(ToString::to_string).collect();
    format!("{key} is one of {}", words.join(", "))
}

fn parse_status(value: Piece<'_>) -> Option<Status> {
    match value.text().to_ascii_lowercase().as_str() {
        "invest" => Some(Status::Investigating),
        word => word.parse().ok(),
    }
}

fn parse_priority(value: Piece<'_>) -> Option<Priority> {
    match value.text().to_ascii_lowercase().as_str() {
        "crit" => Some(Priority::Critical),
        "med" => Some(Priority::Medium),
        word => word.parse().ok(),
    }
}

/// The sign before a value, where there is one, and the rest.
pub(super) fn parse_comparison(value: Piece<'_>) -> (Option<Comparison>, Piece<'_>) {
    Comparison::SIGNS
        .iter()
        .find_map(|(sign, comparison)| Some((Some(*comparison), value.after(sign)?)))
        .unwrap_or((None, value))
}

fn parse_assignee(value: Piece<'_>) -> Option<Assignee> {
    let text = value.text();
    if text.trim().is_empty() {
        return None;
    }
    Some(if value.has_quotes() { Assignee::Named(text) } else { Assignee::bare(&text) })
}

impl Assignee {
    /// Reads what was written without quotes.
    pub(super) fn bare(text: &str) -> Self {
        if text.eq_ignore_ascii_case("me") {
            Self::Me
        } else if text.eq_ignore_ascii_case("none") {
            Self::Nobody
        } else {
            let named = |_| Self::Named(text.to_owned());
            text.parse().map_or_else(named, Self::Id)
        }
    }
}

fn parse_label(term: Piece<'_>, value: Piece<'_>) -> Result<Test, FilterError> {
    let help = "label needs a name and a value, as in label:region=eu";
    let (name, value) = value.split('=').ok_or_else(|| refuse_value(term, value, help))?;
    if name.glyphs.is_empty() {
        return Err(term.refuse(help));
    }
    if value.start == value.end {
        let message = "this label needs a value; =\"\" is for an empty one";
        return Err(term.refuse(message));
    }
    Ok(Test::Label { name: name.text(), value: value.text() })
}

fn parse_age(term: Piece<'_>, value: Piece<'_>) -> Result<Test, FilterError> {
    let (comparison, time) = parse_comparison(value);
    let text = time.text();
    let mut digits = text.chars();
    let last = digits.next_back();
    let digits = digits.as_str();
    let unit = UNITS.iter().find(|(_, unit)| Some(*unit) == last);
    let numeric = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (Some(comparison), Some((size, _)), true) = (comparison, unit, numeric) else {
        return Err(refuse_value(term, value, AGE_HELP));
    };
    // Only a number beyond 64 bits fails to parse here.
    let seconds = digits.parse().ok().and_then(|n: i64| n.checked_mul(*size));
    match seconds {
        Some(seconds) if seconds <= AGE_MAX => Ok(Test::Age(comparison, seconds)),
        _ => Err(time.refuse("an age is at most 36500d, a hundred years")),
    }
}

//! What could stand at the cursor of the query bar.

use std::collections::BTreeSet;

use super::parse::{Key, UNITS, parse_comparison};
use super::token::{Piece, tokens};
use super::{Assignee, Filter, Test};
use crate::incident::{Priority, Status};

/// One way to go on: `text` replaces the characters from `start` to `end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub start: usize,
    /// The cursor.
    pub end: usize,
    pub text: String,
}

/// What whoever types knows of: values that a query may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vocabulary {
    pub services: BTreeSet<String>,
    /// Each name with a value.
    pub labels: BTreeSet<(String, String)>,
    /// Names of people.
    pub people: BTreeSet<String>,
}

impl Filter {
    /// The keys, words and known values that begin with what stands before the cursor, which counts
    /// characters; none inside quotes, and none where nothing has been typed.
    pub fn complete(text: &str, cursor: usize, known: &Vocabulary) -> Vec<Completion> {
        let typed: String = text.chars().take(cursor).collect();
        let end = typed.chars().count();
        // An open quote is an error, and in quotes there is nothing to complete.
        let tokens = tokens(&typed).unwrap_or_default();
        let Some(token) = tokens.last().map(|token| token.piece()) else {
            return Vec::new();
        };
        if token.end != end || token.has_quotes() {
            return Vec::new();
        }
        let token = token.after("-").unwrap_or(token);
        let (fragment, words) = match token.split(':') {
            None => (token, Key::names().map(|name| format!("{name}:")).collect()),
            Some((key, value)) => values(&key.text(), value, known),
        };
        let prefix = fragment.text().to_lowercase();
        words
            .into_iter()
            // A value in quotes begins with one, whatever was typed of it.
            .filter(|word| word.trim_start_matches('"').to_lowercase().starts_with(&prefix))
            .filter(|word| word.to_lowercase() != prefix)
            .map(|text| Completion { start: fragment.start, end, text })
            .collect()
    }
}

/// The value to complete, without the sign before it, and the words it may be.
fn values<'a>(key: &str, value: Piece<'a>, known: &Vocabulary) -> (Piece<'a>, Vec<String>) {
    match Key::parse(key) {
        Some(Key::Status) => (value, words(Status::ALL)),
        Some(Key::Priority) => (parse_comparison(value).1, words(Priority::ALL)),
        Some(Key::Assignee) => {
            let named = |name: &String| Assignee::Named(name.clone()).to_string();
            let people = known.people.iter().map(named);
            (value, words(&["me", "none"]).into_iter().chain(people).collect())
        }
        Some(Key::Service) => {
            let services = known.services.iter();
            (value, services.map(|service| written(&Test::Service(service.clone()))).collect())
        }
        Some(Key::Label) => labels(value, known),
        Some(Key::Age) => (value, ages(&value.text())),
        None => (value, Vec::new()),
    }
}

/// Names of labels, or after the sign their values.
fn labels<'a>(piece: Piece<'a>, known: &Vocabulary) -> (Piece<'a>, Vec<String>) {
    let all = known.labels.iter();
    let label = |name: &str, value: &str| {
        let (name, value) = (name.to_owned(), value.to_owned());
        written(&Test::Label { name, value })
    };
    match piece.split('=') {
        None => {
            // The value that nothing needs quotes for ends the name with its sign.
            let names: BTreeSet<&String> = all.map(|(name, _)| name).collect();
            let name = |name: &&String| label(name, "x").trim_end_matches('x').to_owned();
            (piece, names.iter().map(name).collect())
        }
        Some((name, value)) => {
            let name = name.text();
            let before = label(&name, "x").chars().count() - 1;
            let cut = |value: &String| label(&name, value).chars().skip(before).collect();
            (value, all.filter(|(other, _)| *other == name).map(|(_, value)| cut(value)).collect())
        }
    }
}

/// Usual ages; after a number its units.
fn ages(typed: &str) -> Vec<String> {
    if typed.ends_with(|c: char| c.is_ascii_digit()) {
        return UNITS.map(|(_, unit)| format!("{typed}{unit}")).to_vec();
    }
    words(&["<1h", "<4h", "<1d", "<1w", ">1h", ">4h", ">1d", ">1w"])
}

/// A value as it stands behind its key.
fn written(test: &Test) -> String {
    let text = test.to_string();
    text.split_once(':').map_or_else(String::new, |(_, value)| value.to_owned())
}

fn words<T: ToString>(all: &[T]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

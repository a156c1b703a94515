//! What could stand at the cursor of the query bar.

use super::Filter;
use super::parse::{Key, parse_comparison};
use super::token::{Piece, tokens};
use crate::incident::{Priority, Status};

/// One way to go on: `text` replaces the characters from `start` to `end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub start: usize,
    /// The cursor.
    pub end: usize,
    pub text: String,
}

impl Filter {
    /// The keys and words that begin with what stands before the cursor, which counts characters;
    /// none inside quotes, and none where nothing has been typed.
    pub fn complete(text: &str, cursor: usize) -> Vec<Completion> {
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
            Some((key, value)) => values(&key.text(), value),
        };
        let prefix = fragment.text().to_ascii_lowercase();
        words
            .into_iter()
            .filter(|word| word.starts_with(&prefix) && *word != prefix)
            .map(|text| Completion { start: fragment.start, end, text })
            .collect()
    }
}

/// The value to complete, without the sign before it, and the words it may be.
fn values<'a>(key: &str, value: Piece<'a>) -> (Piece<'a>, Vec<String>) {
    match Key::parse(key) {
        Some(Key::Status) => (value, words(Status::ALL)),
        Some(Key::Priority) => (parse_comparison(value).1, words(Priority::ALL)),
        Some(Key::Assignee) => (value, words(&["me", "none"])),
        Some(Key::Service | Key::Label | Key::Age) | None => (value, Vec::new()),
    }
}

fn words<T: ToString>(all: &[T]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

//! What is searched in log messages: a text as it stands, or a regular expression. Both are matched
//! in time linear in the message, whatever they are; upper and lower case are the same.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

/// Bytes a compiled expression may take; one that needs more is refused.
const SIZE_MAX: usize = 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    #[default]
    Text,
    Expression,
}

#[derive(Debug, Clone)]
pub struct Pattern {
    pub text: String,
    pub kind: Kind,
    compiled: Regex,
}

/// What is wrong with an expression: half a sentence, and where, in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub why: String,
    pub place: Range<usize>,
}

impl Pattern {
    pub fn new(text: &str, kind: Kind) -> Result<Self, Mistake> {
        let source = match kind {
            Kind::Text => regex::escape(text),
            Kind::Expression => {
                check(text)?;
                text.to_owned()
            }
        };
        let compiled = RegexBuilder::new(&source)
            .case_insensitive(true)
            .size_limit(SIZE_MAX)
            .dfa_size_limit(SIZE_MAX)
            .build();
        match compiled {
            Ok(compiled) => Ok(Self { text: text.to_owned(), kind, compiled }),
            Err(error) => {
                let why = match error {
                    regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                    error => error.to_string(),
                };
                Err(Mistake { why, place: 0..text.chars().count() })
            }
        }
    }

    pub fn matches(&self, message: &str) -> bool {
        self.compiled.is_match(message)
    }

    /// Where it stands in a message, the first `most` places; a match of nothing is no place.
    pub fn places(&self, message: &str, most: usize) -> Vec<Range<usize>> {
        let found = self.compiled.find_iter(message).map(|found| found.range());
        found.filter(|range| !range.is_empty()).take(most).collect()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.kind) == (&other.text, other.kind)
    }
}

/// The parser alone says where a mistake is.
fn check(text: &str) -> Result<(), Mistake> {
    let Err(error) = regex_syntax::parse(text) else {
        return Ok(());
    };
    let (why, span) = match &error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), *error.span()),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), *error.span()),
        other => (
            other.to_string(),
            regex_syntax::ast::Span::splat(regex_syntax::ast::Position::new(0, 1, 1)),
        ),
    };
    let chars = |bytes: usize| text.get(..bytes).map_or(0, |before| before.chars().count());
    let start = chars(span.start.offset);
    let end = chars(span.end.offset);
    // At the end of the text there is nothing to underline: its last character stands for it.
    let last = text.chars().count();
    let start = start.min(last.saturating_sub(1));
    Err(Mistake { why, place: start..end.max(start + 1).min(last.max(1)) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_searched_as_it_stands_and_an_expression_means_something() {
        let found = |text, kind| {
            let pattern = Pattern::new(text, kind).expect("right");
            pattern.places("a.b A.B axb", 10)
        };
        assert_eq!(found("a.b", Kind::Text), [0..3, 4..7]);
        assert_eq!(found("a.b", Kind::Expression), [0..3, 4..7, 8..11]);
        let last = 9..10;
        assert_eq!(found("x*", Kind::Expression), [last], "what matches nothing marks nothing");
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (text, place, why) in [
            ("監(b", 1..2, "unclosed group"),
            ("a[z-a]", 2..5, "invalid character class range"),
            ("*", 0..1, "repetition operator missing expression"),
            ("a\\", 1..2, "incomplete escape sequence"),
            (r"\p{Nonsense}", 0..12, "Unicode property not found"),
        ] {
            let mistake = Pattern::new(text, Kind::Expression).expect_err(text);
            assert_eq!(mistake.place, place, "{text}: {mistake:?}");
            assert!(mistake.why.contains(why), "{text}: {mistake:?}");
        }
        assert!(Pattern::new("監(b", Kind::Text).is_ok());
    }

    #[test]
    fn what_would_take_too_much_is_refused() {
        let mistake = Pattern::new(r"(\w{1000}){1000}", Kind::Expression).expect_err("huge");
        assert_eq!(mistake.why, "it is too large");
    }

    /// In a matcher that tries every way this would take longer than the universe has been there.
    #[test]
    fn what_other_matchers_choke_on_is_answered() {
        let pattern = Pattern::new("(a|a)*(a|a)*(a|a)*$", Kind::Expression).expect("right");
        let text = format!("{}!", "a".repeat(50_000));
        assert!(pattern.matches(&text));
        let pattern = Pattern::new("(a*)*(a*)*b$", Kind::Expression).expect("right");
        assert!(!pattern.matches(&text));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_an_expression_or_a_mistake_within_it(text in any::<String>()) {
            if let Err(mistake) = Pattern::new(&text, Kind::Expression) {
                prop_assert!(mistake.place.start < mistake.place.end, "{mistake:?}");
                prop_assert!(mistake.place.end <= text.chars().count().max(1), "{mistake:?}");
            }
            prop_assert!(Pattern::new(&text, Kind::Text).is_ok());
        }
    }
}

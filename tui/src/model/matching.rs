//! Whether an incident belongs to a query, as far as its row can tell.

use chrono::{DateTime, Utc};
use watchfire_shared::filter::{Assignee, Comparison, Filter, Test};
use watchfire_shared::ids::UserId;
use watchfire_shared::incident::Incident;

/// `Some(true)` or `Some(false)` where the row decides it; none where only the daemon knows, because
/// a word may stand in the description.
pub fn belongs(
    filter: &Filter,
    incident: &Incident,
    me: Option<UserId>,
    now: DateTime<Utc>,
) -> Option<bool> {
    let mut certain = true;
    for (index, term) in filter.terms().iter().enumerate() {
        let alternatives = || {
            filter.terms().iter().filter(|other| {
                !term.negated && !other.negated && are_alternatives(&term.test, &other.test)
            })
        };
        // Alternatives are judged once, at the first of them.
        if filter.terms()[..index].iter().any(|other| alternatives().any(|a| a == other)) {
            continue;
        }
        let mut held = holds(&term.test, incident, me, now).map(|held| held != term.negated);
        for other in alternatives() {
            held = either(held, holds(&other.test, incident, me, now));
        }
        match held {
            Some(true) => {}
            Some(false) => return Some(false),
            None => certain = false,
        }
    }
    certain.then_some(true)
}

const fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// Positive terms on one field are alternatives; words, labels and ages must each hold.
const fn are_alternatives(a: &Test, b: &Test) -> bool {
    matches!(
        (a, b),
        (Test::Status(_), Test::Status(_))
            | (Test::Priority(..), Test::Priority(..))
            | (Test::Assignee(_), Test::Assignee(_))
            | (Test::Service(_), Test::Service(_))
    )
}

fn holds(test: &Test, incident: &Incident, me: Option<UserId>, now: DateTime<Utc>) -> Option<bool> {
    let assignee = incident.assigned_to.as_ref();
    Some(match test {
        Test::Status(status) => incident.status == *status,
        Test::Priority(comparison, priority) => compare(*comparison, &incident.priority, priority),
        Test::Assignee(Assignee::Nobody) => assignee.is_none(),
        Test::Assignee(Assignee::Me) => {
            let me = me?;
            assignee.is_some_and(|user| user.id == me)
        }
        Test::Assignee(Assignee::Id(id)) => assignee.is_some_and(|user| user.id == *id),
        Test::Assignee(Assignee::Named(name)) => {
            assignee.is_some_and(|user| same_text(&user.name, name))
        }
        Test::Service(service) => same_text(&incident.service, service),
        Test::Label { name, value } => incident.labels.get(name).is_some_and(|v| v == value),
        Test::Age(comparison, seconds) => {
            compare(*comparison, &(now - incident.created_at).num_seconds(), seconds)
        }
        Test::Word(word) => return shows_word(incident, word).then_some(true),
    })
}

fn compare<T: Ord>(comparison: Comparison, actual: &T, bound: &T) -> bool {
    match comparison {
        Comparison::Less => actual < bound,
        Comparison::AtMost => actual <= bound,
        Comparison::Equal => actual == bound,
        Comparison::AtLeast => actual >= bound,
        Comparison::Greater => actual > bound,
    }
}

fn same_text(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn shows_word(incident: &Incident, word: &str) -> bool {
    let word = word.to_lowercase();
    let labels = incident.labels.values().map(String::as_str);
    [incident.title.as_str(), incident.service.as_str()].into_iter().chain(labels).any(|text| {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .any(|part| part.starts_with(&word))
    })
}

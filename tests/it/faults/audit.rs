//! The checker: what is stored must be what was acknowledged, whole, once and in order.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;
use watchfire_shared::event::{Event as Told, Fact};
use watchfire_shared::incident::Incident;
use watchfire_tests::{Api, Daemon};

use super::ledger::{Ack, Book, Command, Ledger, Write};
use super::stored::{Event, Line, Stored};

/// Positions are given within a second, and the journal shows them.
const SETTLED: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(10);

/// Compares a daemon's database, journal and answers with what its writers were told. Everything
/// that can be wrong is reported at once.
pub async fn verify(daemon: &Daemon, api: &Api, ledger: &Ledger) -> Stored {
    let deadline = Instant::now() + SETTLED;
    loop {
        let (stored, told) = settled(daemon, api, deadline).await;
        let mut problems = audit(&stored, &ledger.book());
        if stored.journal().as_ref() != Some(&told) {
            problems.push("the journal is not the events in order of position".to_owned());
        }
        for (id, last) in last_facts(&stored.events) {
            let read: Incident = api.get(id).await;
            if read.summary() != *last {
                problems.push(format!("{:?} is read, the last fact is {last:?}", read.summary()));
            }
        }
        if problems.is_empty() {
            return stored;
        }
        // What a client who hung up had asked for may still have been on its way: then look again.
        let moved = Stored::of(daemon).await.events.len() > stored.events.len();
        assert!(
            moved && Instant::now() < deadline,
            "{} problems:\n{}",
            problems.len(),
            problems.join("\n")
        );
    }
}

/// The database and the journal at a moment when nothing waits for a position. A statement that a
/// killed daemon had sent may still have been running.
async fn settled(daemon: &Daemon, api: &Api, deadline: Instant) -> (Stored, Vec<(i64, Uuid)>) {
    loop {
        let stored = Stored::of(daemon).await;
        let told = journal(&api.journal().await);
        let numbered = stored.journal();
        if numbered.as_ref().is_some_and(|numbered| numbered.len() == told.len()) {
            return (stored, told);
        }
        assert!(
            Instant::now() < deadline,
            "after {SETTLED:?} {} events are stored, {} of them without position, and the journal \
             shows {}",
            stored.events.len(),
            stored.events.iter().filter(|event| event.position.is_none()).count(),
            told.len()
        );
        tokio::time::sleep(GLANCE).await;
    }
}

/// Events as they were told, by what identifies them.
pub fn journal(events: &[Told]) -> Vec<(i64, Uuid)> {
    let told = events.iter().map(|event| {
        let position = event.position.expect("what is told has a position");
        (position, event.event_id.0)
    });
    told.collect()
}

fn last_facts(events: &[Event]) -> HashMap<Uuid, &Incident> {
    let facts = events.iter().filter_map(|event| Some((event.aggregate, event.fact.incident()?)));
    facts.collect()
}

/// What is wrong with what is stored.
pub fn audit(stored: &Stored, book: &Book) -> Vec<String> {
    let mut problems = Vec::new();
    let mut aggregates: BTreeMap<Uuid, Vec<&Event>> = BTreeMap::new();
    for event in &stored.events {
        aggregates.entry(event.aggregate).or_default().push(event);
    }
    for (id, events) in &aggregates {
        problems.extend(sequence(events).map(|problem| format!("{id}: {problem}")));
        if events[0].fact.incident().is_some() {
            problems.extend(row(stored, *id, events).map(|problem| format!("{id}: {problem}")));
        }
    }
    for id in stored.incidents.keys().filter(|id| !aggregates.contains_key(id)) {
        problems.push(format!("{id}: a row without an event"));
    }
    problems.extend(writes(stored, &aggregates, book));
    problems
}

/// Versions are 1, 2, 3 …, inserted and positioned in this order.
fn sequence(events: &[&Event]) -> impl Iterator<Item = String> {
    let mut problems = Vec::new();
    for (event, expected) in events.iter().zip(1..) {
        if event.version != expected {
            problems.push(format!("version {} where {expected} was due", event.version));
        }
    }
    for pair in events.windows(2) {
        if let (Some(one), Some(next)) = (pair[0].position, pair[1].position)
            && one >= next
        {
            let version = pair[1].version;
            problems.push(format!("version {version} has position {next}, the one before {one}"));
        }
    }
    problems.into_iter()
}

/// The row is what its last fact says, and its lines are those its facts attached.
fn row(stored: &Stored, id: Uuid, events: &[&Event]) -> impl Iterator<Item = String> {
    let mut problems = Vec::new();
    let last = events[events.len() - 1];
    match (stored.incidents.get(&id), last.fact.incident()) {
        (Some(row), Some(fact)) => {
            let assigned_to = fact.assigned_to.as_ref().map(|user| user.id.0);
            let said = (&fact.title, fact.status.as_str(), fact.version, fact.log_count);
            let is = (&row.title, row.status.as_str(), row.version, row.log_count);
            if (said, assigned_to) != (is, row.assigned_to) || last.version != row.version {
                problems.push(format!("the row is {row:?}, its last fact says {fact:?}"));
            }
            if !lines(stored, id).iter().map(|line| line.seq).eq(1..=row.log_count) {
                problems.push(format!("its lines are not 1 to {}", row.log_count));
            }
        }
        _ => problems.push("events without a row".to_owned()),
    }
    let mut next = 1;
    for event in events {
        if let Fact::LogAttached { first_seq, last_seq, counts, .. } = &event.fact {
            if *first_seq != next || counts.values().sum::<i64>() != last_seq - first_seq + 1 {
                problems.push(format!("{:?} where line {next} was due", event.fact));
            }
            next = last_seq + 1;
        }
    }
    problems.into_iter()
}

fn lines(stored: &Stored, incident: Uuid) -> &[Line] {
    stored.lines.get(&incident).map_or(&[], Vec::as_slice)
}

/// Every acknowledged write is there as it was acknowledged; one in doubt is there or not, but
/// never in part; and there is nothing else.
fn writes(
    stored: &Stored,
    aggregates: &BTreeMap<Uuid, Vec<&Event>>,
    book: &Book,
) -> impl Iterator<Item = String> {
    let mut problems = Vec::new();
    let mut effects: HashMap<&str, Vec<&Event>> = HashMap::new();
    for event in stored.events.iter().filter(|event| by_a_writer(event)) {
        effects.entry(&event.request_id).or_default().push(event);
    }
    let acknowledged = book.acknowledged.iter().map(|(write, ack)| (write, Some(ack)));
    let all = acknowledged.chain(book.doubtful.iter().map(|write| (write, None)));
    for (write, ack) in all {
        let problem = match effects.remove(write.mark.as_str()) {
            None => ack.map(|ack| format!("was acknowledged with {ack:?} and is not there")),
            Some(events) => {
                let before = before(aggregates, events[0]);
                check(stored, write, ack, &events, before)
            }
        };
        problems.extend(problem.map(|problem| format!("{write:?} {problem}")));
    }
    problems.extend(effects.keys().map(|mark| format!("nobody wrote {mark}")));
    problems.into_iter()
}

/// Not what the worker made of it, which has a checker of its own.
const fn by_a_writer(event: &Event) -> bool {
    !matches!(
        event.fact,
        Fact::AssessmentRequested { .. }
            | Fact::AssessmentCompleted { .. }
            | Fact::UserCreated { .. }
            | Fact::UserUpdated { .. }
    )
}

/// The incident before this event.
fn before<'a>(aggregates: &BTreeMap<Uuid, Vec<&'a Event>>, event: &Event) -> Option<&'a Incident> {
    let events = &aggregates[&event.aggregate];
    let at = events.iter().position(|other| other.id == event.id)?;
    events.get(at.checked_sub(1)?)?.fact.incident()
}

/// What is wrong with the effects of one write.
fn check(
    stored: &Stored,
    write: &Write,
    ack: Option<&Ack>,
    events: &[&Event],
    before: Option<&Incident>,
) -> Option<String> {
    let one_sequence = events.windows(2).all(|pair| {
        pair[0].aggregate == pair[1].aggregate && pair[0].version + 1 == pair[1].version
    });
    let is: Vec<String> = events.iter().map(|event| describe(stored, write, event)).collect();
    let expected = expected(write, before);
    if is != expected || !one_sequence {
        return Some(format!("is there as {is:?}, not as {expected:?}"));
    }
    let Some(Ack::Body(body)) = ack else { return None };
    let last = events.last()?;
    let agrees = match &last.fact {
        Fact::LogAttached { first_seq, last_seq, .. } => {
            body["first_seq"] == *first_seq && body["last_seq"] == *last_seq
        }
        Fact::IncidentCommented { .. } if matches!(write.command, Command::Comment { .. }) => {
            body["version"] == last.version
        }
        _ => body["version"] == last.version && body["id"] == last.aggregate.to_string(),
    };
    (!agrees).then(|| format!("was acknowledged with {body}, but is version {}", last.version))
}

/// The facts a write makes true, from what it found.
fn expected(write: &Write, before: Option<&Incident>) -> Vec<String> {
    let mark = &write.mark;
    match &write.command {
        Command::Create => vec![format!("created {mark} {mark}")],
        Command::Comment { incident } => vec![format!("commented {incident} {mark}")],
        Command::Attach { incident, lines } => vec![format!("attached {incident} {lines}")],
        Command::Patch { incident, assigned_to } => {
            let mut facts = vec![format!("updated {incident} {mark}")];
            let had = before.and_then(|incident| incident.assigned_to.as_ref()).map(|user| user.id);
            if had != *assigned_to {
                facts.push(format!("assigned {incident} {assigned_to:?}"));
            }
            facts.push(format!("commented {incident} {mark}"));
            facts
        }
    }
}

/// A fact as [`expected`] puts it.
fn describe(stored: &Stored, write: &Write, event: &Event) -> String {
    let id = event.aggregate;
    match &event.fact {
        Fact::IncidentCreated { incident } => {
            let row = stored.incidents.get(&id).map_or("no row", |row| row.description.as_str());
            format!("created {} {row}", incident.title)
        }
        Fact::IncidentUpdated { incident, changes } => {
            let to = changes.get("title").and_then(|change| change.to.as_str());
            let to = to.filter(|to| *to == incident.title).unwrap_or("something else");
            format!("updated {id} {to}")
        }
        Fact::IncidentAssigned { to, .. } => {
            format!("assigned {id} {:?}", to.as_ref().map(|user| user.id))
        }
        Fact::IncidentCommented { body, .. } => format!("commented {id} {body}"),
        Fact::LogAttached { first_seq, last_seq, .. } => {
            let texts = (0..).map(|line| write.line(line));
            let range = (*first_seq..=*last_seq).zip(texts);
            let stored = lines(stored, id);
            let same = range.filter(|(seq, text)| {
                let at = usize::try_from(seq - 1).ok();
                at.and_then(|at| stored.get(at)).is_some_and(|line| line.message == *text)
            });
            format!("attached {id} {}", same.count())
        }
        other => format!("{other:?}"),
    }
}

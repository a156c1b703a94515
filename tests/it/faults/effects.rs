//! The checker of what the worker did: every fact handled, every effect exactly once.

use std::collections::BTreeMap;

use watchfire_shared::assessment::Assessment;
use watchfire_shared::event::{Event, Fact};
use watchfire_shared::ids::{AssessmentId, EventId, IncidentId};
use watchfire_tests::{Api, Daemon};

/// Facts that no row of the inbox counts as handled, and rows that count more than there is.
const INBOX_IS_WRONG: &str = "select count(*) from (select aggregate_id, max(version) + 1 as due \
     from events group by aggregate_id) e left join inbox i on i.aggregate_id = e.aggregate_id \
     where i.next_version is null or i.next_version <> e.due";

/// Once nothing more happens: compares the inbox, the dead letters and the assessments with what
/// happened.
pub async fn exactly_once(daemon: &Daemon, api: &Api) {
    let mut problems = effects(&api.journal().await);
    for (what, query) in [
        ("aggregates whose inbox is wrong", INBOX_IS_WRONG),
        ("dead letters", "select count(*) from dead_letters"),
        ("unfinished assessments", "select count(*) from assessments where status <> 'completed'"),
    ] {
        let count = daemon.number(query).await;
        if count > 0 {
            problems.push(format!("{count} {what}"));
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// What the worker owes an incident, and what it did.
#[derive(Default)]
struct Account {
    created: bool,
    lines: i64,
    last_completed: Option<Assessment>,
}

/// What is wrong with what came of events.
pub fn effects(journal: &[Event]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut requested: BTreeMap<AssessmentId, EventId> = BTreeMap::new();
    let mut completed: BTreeMap<AssessmentId, usize> = BTreeMap::new();
    let mut accounts: BTreeMap<IncidentId, Account> = BTreeMap::new();
    for event in journal {
        let Some(incident) = event.incident_id() else { continue };
        let account = accounts.entry(incident).or_default();
        match &event.fact {
            Fact::IncidentCreated { .. } => account.created = true,
            Fact::LogAttached { last_seq, .. } => account.lines = *last_seq,
            Fact::AssessmentRequested { assessment, .. }
                if requested.insert(assessment.id, event.event_id).is_some() =>
            {
                problems.push(format!("{} was requested twice", assessment.id));
            }
            Fact::AssessmentCompleted { assessment, .. } => {
                *completed.entry(assessment.id).or_default() += 1;
                if requested.get(&assessment.id).copied() != event.caused_by {
                    problems.push(format!("{} was completed by nothing", assessment.id));
                }
                account.last_completed = Some(assessment.clone());
            }
            _ => {}
        }
    }
    for id in requested.keys() {
        match completed.get(id) {
            Some(1) => {}
            Some(times) => problems.push(format!("{id} was completed {times} times")),
            None => problems.push(format!("{id} was never completed")),
        }
    }
    for (incident, account) in accounts.iter().filter(|(_, account)| account.created) {
        let summary = account.last_completed.as_ref().and_then(|it| it.summary.as_ref());
        match summary.map(|summary| summary.lines) {
            None => problems.push(format!("{incident} was never assessed")),
            Some(lines) if lines != account.lines => problems.push(format!(
                "{incident} has {} lines, its last assessment saw {lines}",
                account.lines
            )),
            Some(_) => {}
        }
    }
    problems
}

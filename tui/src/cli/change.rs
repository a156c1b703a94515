//! `set`, the short verbs and `comment`: they read what is there and change it under its guard.

use std::io::Read;

use watchfire_shared::field::Field;
use watchfire_shared::ids::{IncidentRef, UserId};
use watchfire_shared::incident::{Expect, Incident, IncidentPatch, Status};
use watchfire_shared::user::UserStatus;

use super::args::{Set, Verb};
use super::output::Out;
use super::{Done, Exit, Failure, words};
use crate::action::Step;
use crate::client::{Client, ClientError};
use crate::clock;

/// A step under its name on the command line.
#[derive(Debug, Clone, Copy)]
pub struct NamedStep {
    name: &'static str,
    step: Step,
}

pub const ACK: NamedStep = named("ack", Step::Investigate);
pub const RESOLVE: NamedStep = named("resolve", Step::Resolve);
pub const CLOSE: NamedStep = named("close", Step::Close);
pub const REOPEN: NamedStep = named("reopen", Step::Reopen);

const fn named(name: &'static str, step: Step) -> NamedStep {
    NamedStep { name, step }
}

/// Takes one step, from the one status it starts at: `ack` never reopens what somebody resolved.
pub async fn step(client: &Client, out: &mut Out, named: NamedStep, verb: Verb) -> Done {
    let before = client.incident(&verb.incident).await?;
    let (from, to) = (named.step.from(), named.step.to());
    if before.status != from && before.status != to {
        let message = format!(
            "{} is {}: `{}` is for incidents that are {from}{}",
            before.reference,
            before.status,
            named.name,
            way_out(before.status),
        );
        return Err(Failure::said(Exit::Failed, message));
    }
    let patch = IncidentPatch {
        status: Field::Set(to),
        note: verb.note.map_or(Field::Absent, Field::Set),
        expect: Some(Expect { status: Some(before.status), ..Expect::default() }),
        ..IncidentPatch::default()
    };
    apply(client, out, &before, &patch).await
}

/// What can be done instead.
fn way_out(status: Status) -> String {
    let ways: Vec<&str> = [ACK, RESOLVE, CLOSE, REOPEN]
        .iter()
        .filter(|named| named.step.is_possible(status))
        .map(|named| named.name)
        .collect();
    match ways.as_slice() {
        [] => "; closed is final".to_owned(),
        ways => format!("; what it can do now: {}", ways.join(", ")),
    }
}

pub async fn set(client: &Client, out: &mut Out, set: Set) -> Done {
    let before = client.incident(&set.incident).await?;
    let mut expect = Expect {
        status: set.expect_status.or(set.status.map(|_| before.status)),
        priority: set.priority.map(|_| before.priority),
        assigned_to: Field::Absent,
        title: set.title.as_ref().map(|_| before.title.clone()),
    };
    let mut assigned_to = Field::Absent;
    if let Some(who) = &set.assign {
        assigned_to = Field::from(person(client, who).await?);
        expect.assigned_to = Field::from(before.assigned_to.as_ref().map(|user| user.id));
    }
    let patch = IncidentPatch {
        status: said(set.status),
        priority: said(set.priority),
        assigned_to,
        title: said(set.title),
        service: said(set.service),
        note: said(set.note),
        expect: Some(expect),
        ..IncidentPatch::default()
    };
    apply(client, out, &before, &patch).await
}

fn said<T>(value: Option<T>) -> Field<T> {
    value.map_or(Field::Absent, Field::Set)
}

/// `me`, `none`, an id or a name.
async fn person(client: &Client, who: &str) -> Result<Option<UserId>, Failure> {
    match who {
        "none" => return Ok(None),
        "me" => return Ok(Some(client.me().await?.id)),
        _ => {}
    }
    if let Ok(id) = who.parse() {
        return Ok(Some(id));
    }
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = client.users(cursor.as_deref()).await?;
        let active = page.items.into_iter().filter(|user| user.status == UserStatus::Active);
        found.extend(active.filter(|user| user.name.to_lowercase() == who.to_lowercase()));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    match found.as_slice() {
        [one] => Ok(Some(one.id)),
        [] => {
            let message = format!("Nobody active is called {who}; use me, none, a name or an id");
            Err(Failure::said(Exit::NotFound, message))
        }
        many => {
            let ids: Vec<String> = many.iter().map(|user| user.id.to_string()).collect();
            let message = format!("Several people are called {who}; use an id: {}", ids.join(", "));
            Err(Failure::said(Exit::Failed, message))
        }
    }
}

async fn apply(client: &Client, out: &mut Out, before: &Incident, patch: &IncidentPatch) -> Done {
    let after = client.patch(&IncidentRef::Id(before.id), patch).await?;
    if out.json {
        return Ok(out.value(&after)?);
    }
    let mut changes = differences(before, &after);
    if matches!(patch.note, Field::Set(_)) && after.version > before.version {
        changes.push("note added".to_owned());
    }
    let what = if changes.is_empty() { "needs no change".to_owned() } else { changes.join(", ") };
    let line = out.safe(&format!("{} {what}", after.reference));
    Ok(out.line(line.as_str())?)
}

fn differences(before: &Incident, after: &Incident) -> Vec<String> {
    let name = |incident: &Incident| {
        incident.assigned_to.as_ref().map_or_else(|| "nobody".to_owned(), |user| user.name.clone())
    };
    [
        ("status", before.status.to_string(), after.status.to_string()),
        ("priority", before.priority.to_string(), after.priority.to_string()),
        ("assigned", name(before), name(after)),
        ("title", before.title.clone(), after.title.clone()),
        ("service", before.service.clone(), after.service.clone()),
    ]
    .into_iter()
    .filter(|(_, from, to)| from != to)
    .map(|(field, from, to)| format!("{field} {from} → {to}"))
    .collect()
}

pub async fn comment(client: &Client, out: &mut Out, which: &IncidentRef, text: &str) -> Done {
    let body = if text == "-" {
        let mut body = String::new();
        std::io::stdin().read_to_string(&mut body).map_err(|error| {
            ClientError::local(format!("Standard input cannot be read: {error}"))
        })?;
        body.trim_end().to_owned()
    } else {
        text.to_owned()
    };
    if body.trim().is_empty() {
        return Err(Failure::said(Exit::Usage, "The comment must not be empty"));
    }
    let comment = client.comment(which, &body).await?;
    if out.json {
        return Ok(out.value(&comment)?);
    }
    let when = words::time(comment.created_at, clock::now());
    Ok(out.line(&format!("{which} commented at {when}"))?)
}

//! `outbox` and `processes`: how events get on, and who carries them.

use serde_json::json;
use watchfire_shared::ids::EventId;
use watchfire_shared::outbox::{FailedEvent, OutboxStatus};
use watchfire_shared::process::{Process, ProcessKind};

use super::output::{Out, Table, Tone};
use super::{Done, words};
use crate::client::Client;
use crate::clock;
use crate::model::letters::about;
use crate::safe::SafeText;

pub async fn outbox(client: &Client, out: &mut Out) -> Done {
    let status = client.outbox().await?;
    if out.json {
        return Ok(out.value(&status)?);
    }
    for (name, tone, value) in facts(&status) {
        let name = out.paint(Tone::Dim, &format!("{name:<12}"));
        let value = out.paint(tone, out.safe(&value).as_str());
        out.line(&format!("{name} {value}"))?;
    }
    Ok(failures(out, &status.items).print(out)?)
}

fn failures(out: &Out, failed: &[FailedEvent]) -> Table {
    let now = clock::now();
    let mut table = Table::new(5);
    if !failed.is_empty() {
        let heads = ["ID", "ABOUT", "TYPE", "TRIES", "AGE", "CAUSE"];
        table.row(heads.map(|head| (Tone::Dim, SafeText::line(head))).to_vec());
    }
    for FailedEvent { event, cause, attempts, failed_at } in failed {
        table.row(vec![
            (Tone::Dim, SafeText::line(&event.event_id.to_string())),
            (Tone::Strong, SafeText::line(&about(Some(event)))),
            (Tone::Plain, out.safe(event.fact.event_type())),
            (Tone::Plain, SafeText::line(&attempts.to_string())),
            (Tone::Dim, SafeText::line(&words::age(*failed_at, now))),
            (Tone::Bad, out.safe(cause)),
        ]);
    }
    table
}

pub async fn retry(client: &Client, out: &mut Out, id: EventId) -> Done {
    client.retry(id).await?;
    if out.json {
        return Ok(out.value(&json!({ "id": id }))?);
    }
    Ok(out.line(&format!("{id} will be published once more"))?)
}

fn facts(status: &OutboxStatus) -> Vec<(&'static str, Tone, String)> {
    let waits = |n: i64| if n > 0 { Tone::Attention } else { Tone::Plain };
    let unpositioned =
        ("unpositioned", waits(status.unpositioned), status.unpositioned.to_string());
    if status.transport == "journal" {
        let text = "journal: events are read where they are, none needs to be published";
        return vec![("transport", Tone::Plain, text.to_owned()), unpositioned];
    }
    let oldest = status.oldest_pending_seconds.filter(|_| status.pending > 0);
    let oldest = oldest.map(|seconds| format!(", the oldest for {seconds:.1} s"));
    let leader = match &status.leader {
        Some(leader) => (Tone::Plain, leader.clone()),
        None => (Tone::Attention, "nobody: nothing is published".to_owned()),
    };
    let failed = if status.failed > 0 { Tone::Bad } else { Tone::Plain };
    vec![
        ("transport", Tone::Plain, status.transport.clone()),
        ("leader", leader.0, leader.1),
        unpositioned,
        (
            "pending",
            waits(status.pending),
            format!("{}{}", status.pending, oldest.unwrap_or_default()),
        ),
        ("published", Tone::Plain, format!("{}, {:.1}/s", status.published, status.rate_1m)),
        ("failed", failed, status.failed.to_string()),
    ]
}

pub async fn processes(client: &Client, out: &mut Out) -> Done {
    let fleet = client.processes().await?;
    if out.json {
        return Ok(out.value(&fleet)?);
    }
    if fleet.items.is_empty() {
        return Ok(out.line("No process is heard of, also not the daemon that answers")?);
    }
    let now = clock::now();
    let mut table = Table::new(4);
    let heads = ["KIND", "NAME", "VERSION", "UP", "DOES"];
    table.row(heads.map(|head| (Tone::Dim, SafeText::line(head))).to_vec());
    for process in &fleet.items {
        let kind = match process.kind {
            ProcessKind::Daemon => Tone::Plain,
            ProcessKind::Worker => Tone::Work,
        };
        let (tone, does) = does(process);
        table.row(vec![
            (kind, SafeText::line(process.kind.as_str())),
            (Tone::Strong, out.safe(&process.name)),
            (Tone::Dim, out.safe(&process.version)),
            (Tone::Dim, SafeText::line(&words::age(process.started_at, now))),
            (tone, out.safe(&does)),
        ]);
    }
    Ok(table.print(out)?)
}

/// What a process does besides answering, and why it does not get on.
fn does(process: &Process) -> (Tone, String) {
    let mut parts = Vec::new();
    let mut troubles = Vec::new();
    if let Some(relay) = &process.figures.relay {
        if relay.leading {
            parts.push(format!("publishes {:.1}/s", relay.rate_1m));
        }
        troubles.extend(relay.trouble.clone());
    }
    if let Some(worker) = &process.figures.worker {
        parts.push(format!(
            "handles {} {:.1}/s, lag {}, {} since its start",
            worker.source, worker.rate_1m, worker.lag, worker.handled
        ));
        for (number, what) in [
            (worker.duplicates, "duplicates"),
            (worker.filled, "filled"),
            (worker.foreign, "foreign"),
            (worker.parked, "parked"),
        ] {
            if number > 0 {
                parts.push(format!("{what} {number}"));
            }
        }
        troubles.extend(worker.trouble.clone());
    }
    let does = if parts.is_empty() { "answers".to_owned() } else { parts.join(", ") };
    if troubles.is_empty() {
        (Tone::Plain, does)
    } else {
        (Tone::Attention, format!("{}; {does}", troubles.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use watchfire_shared::ids::ProcessId;
    use watchfire_shared::process::{Figures, RelayFigures, WorkerFigures};

    use super::*;

    fn process(figures: Figures) -> Process {
        Process {
            id: ProcessId(Uuid::from_u128(1)),
            kind: ProcessKind::Daemon,
            name: "eu-1:1".to_owned(),
            version: "0.1.0".to_owned(),
            started_at: clock::now(),
            seen_at: clock::now(),
            figures,
        }
    }

    #[test]
    fn a_process_is_told_by_what_it_does_and_its_trouble_first() {
        assert_eq!(does(&process(Figures::default())), (Tone::Plain, "answers".to_owned()));
        let relay = Some(RelayFigures { leading: true, rate_1m: 41.25, trouble: None });
        let worker = Some(WorkerFigures {
            source: "journal".to_owned(),
            lag: 31,
            rate_1m: 40.0,
            handled: 99,
            parked: 2,
            trouble: Some("the database is full".to_owned()),
            ..WorkerFigures::default()
        });
        let (tone, text) = does(&process(Figures { relay, worker, cache: None }));
        assert_eq!(tone, Tone::Attention);
        let expected = "the database is full; publishes 41.2/s, \
                        handles journal 40.0/s, lag 31, 99 since its start, parked 2";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_journal_publishes_nothing_and_kafka_says_what_waits() {
        let journal = OutboxStatus { transport: "journal".to_owned(), ..OutboxStatus::default() };
        let names: Vec<&str> = facts(&journal).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["transport", "unpositioned"]);
        let kafka = OutboxStatus {
            transport: "kafka".to_owned(),
            pending: 12,
            oldest_pending_seconds: Some(4.24),
            failed: 2,
            ..OutboxStatus::default()
        };
        let facts = facts(&kafka);
        let said = |name| facts.iter().find(|fact| fact.0 == name).expect("said").clone();
        assert_eq!(said("pending").2, "12, the oldest for 4.2 s");
        assert_eq!(said("leader").1, Tone::Attention);
        assert_eq!(said("failed").1, Tone::Bad);
    }
}

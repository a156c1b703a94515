//! `logs`: the newest lines of an incident, and those that come.

use watchfire_shared::event::Fact;
use watchfire_shared::ids::{IncidentId, IncidentRef};
use watchfire_shared::log::LogEntry;
use watchfire_shared::page::MAX_LINES;

use super::args::Logs;
use super::output::{Out, Tone};
use super::{Done, Exit, Failure, events, words};
use crate::client::stream::{EventStream, Message};
use crate::client::{Client, ClientError, LogQuery};
use crate::clock;

pub async fn logs(client: &Client, out: &mut Out, args: &Logs) -> Done {
    let query = LogQuery {
        min_level: args.min_level,
        q: args.grep.clone(),
        limit: Some(args.limit),
        ..LogQuery::default()
    };
    if args.follow {
        let incident = client.incident(&args.incident).await?;
        return follow(client, out, incident.id, query).await;
    }
    let page = client.logs(&args.incident, &query).await?;
    if out.json {
        return Ok(out.value(&page)?);
    }
    for entry in &page.items {
        line(out, entry)?;
    }
    Ok(())
}

/// The stream says that lines came; they are read by number, so none is lost or shown twice.
async fn follow(client: &Client, out: &mut Out, id: IncidentId, newest: LogQuery) -> Done {
    let mut stream = EventStream::new(client.clone(), None);
    let mut seen = None;
    loop {
        match stream.next().await {
            Message::Hello(_) | Message::Resync(_) => {
                seen = Some(catch_up(client, out, id, &newest, seen).await?);
            }
            Message::Event(event) if event.incident_id() == Some(id) => match event.fact {
                Fact::LogAttached { last_seq, .. } if Some(last_seq) > seen => {
                    seen = Some(catch_up(client, out, id, &newest, seen).await?.max(last_seq));
                }
                Fact::IncidentDeleted { incident } => {
                    let message = format!("{} has been deleted", incident.reference);
                    return Err(Failure::said(Exit::NotFound, message));
                }
                _ => {}
            },
            Message::Lost { error, retry_in } => events::lost(error, retry_in.as_secs_f64())?,
            Message::Connecting
            | Message::Event(_)
            | Message::Resumed
            | Message::Heartbeat { .. } => {}
        }
    }
}

/// Prints what came after `seen`, or the newest lines at first; returns the last number.
async fn catch_up(
    client: &Client,
    out: &mut Out,
    id: IncidentId,
    newest: &LogQuery,
    seen: Option<i64>,
) -> Result<i64, Failure> {
    let which = IncidentRef::Id(id);
    let mut query = newest.clone();
    if seen.is_some() {
        query.limit = Some(MAX_LINES);
    }
    let mut last = seen.unwrap_or(0);
    loop {
        query.after = seen.map(|_| last);
        let page = fetch(client, &which, &query).await?;
        for entry in &page {
            if out.json {
                out.record(entry)?;
            } else {
                line(out, entry)?;
            }
            last = last.max(entry.seq);
        }
        let full = u32::try_from(page.len()).unwrap_or(u32::MAX) >= MAX_LINES;
        if seen.is_none() || !full {
            out.flush()?;
            return Ok(last);
        }
    }
}

async fn fetch(
    client: &Client,
    which: &IncidentRef,
    query: &LogQuery,
) -> Result<Vec<LogEntry>, ClientError> {
    client.logs(which, query).await.map(|page| page.items)
}

fn line(out: &mut Out, entry: &LogEntry) -> Done {
    let time = words::time(entry.occurred_at, clock::now());
    let level = out.paint(words::level(entry.level), &format!("{:<5}", entry.level));
    let source = match entry.source.as_str() {
        "" => String::new(),
        source => format!("{} ", out.paint(Tone::Work, out.safe(source).as_str())),
    };
    let message = out.safe(&entry.message);
    let time = out.paint(Tone::Dim, &time);
    Ok(out.line(&format!("{time} {level} {source}{message}"))?)
}

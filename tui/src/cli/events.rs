//! `events`: the journal, and what happens from now on.

use watchfire_shared::event::Event;

use super::args::Events;
use super::output::{Out, Tone};
use super::{Done, note, words};
use crate::client::stream::{EventStream, Message};
use crate::client::{Client, ClientError, ErrorKind};
use crate::clock;

pub async fn events(client: &Client, out: &mut Out, args: &Events) -> Done {
    let after = match args.after {
        Some(after) => after,
        None => newest(client, args).await?,
    };
    let page = client.events(after, Some(args.limit), &args.kinds).await?;
    let position = page.items.iter().filter_map(|event| event.position).max();
    for event in &page.items {
        print_one(out, event)?;
    }
    if args.follow {
        let begin = match args.after {
            Some(after) => position.unwrap_or(after),
            None => position.unwrap_or(page.head).max(after),
        };
        return follow(client, out, args, begin).await;
    }
    Ok(())
}

/// The position after which the newest `limit` events stand.
async fn newest(client: &Client, args: &Events) -> Result<i64, ClientError> {
    let head = client.events(i64::MAX, Some(1), &[]).await?.head;
    Ok((head - i64::from(args.limit)).max(0))
}

async fn follow(client: &Client, out: &mut Out, args: &Events, after: i64) -> Done {
    out.flush()?;
    let mut stream = EventStream::new(client.clone(), Some(after));
    loop {
        match stream.next().await {
            Message::Event(event) => {
                let kind = event.fact.event_type();
                if args.kinds.is_empty() || args.kinds.iter().any(|wanted| wanted == kind) {
                    print_one(out, &event)?;
                }
            }
            Message::Resync(_) => {
                note("the daemon cannot go on from there; what happened in between is not shown");
            }
            Message::Lost { error, retry_in } => lost(error, retry_in.as_secs_f64())?,
            Message::Connecting
            | Message::Hello(_)
            | Message::Resumed
            | Message::Heartbeat { .. } => {}
        }
    }
}

/// A lost stream comes back by itself, except where only a person can help.
pub fn lost(error: ClientError, retry_in: f64) -> Result<(), ClientError> {
    match error.kind {
        ErrorKind::Unauthenticated | ErrorKind::Forbidden | ErrorKind::Local => Err(error),
        _ => {
            note(&format!("{error}; next try in {retry_in:.1} s"));
            Ok(())
        }
    }
}

fn print_one(out: &mut Out, event: &Event) -> Done {
    if out.json {
        out.record(event)?;
    } else {
        line(out, event)?;
        out.flush()?;
    }
    Ok(())
}

fn line(out: &mut Out, event: &Event) -> Done {
    let time = words::time(event.occurred_at, clock::now());
    let subject = event.fact.incident().map_or_else(
        || event.aggregate_type.to_string(),
        |incident| incident.reference.to_string(),
    );
    let position = event.position.map(|position| position.to_string()).unwrap_or_default();
    let text = format!(
        "{} {}  {}  {}  {}",
        out.paint(Tone::Dim, &format!("{position:>6}")),
        out.paint(Tone::Dim, &time),
        out.paint(Tone::Strong, &format!("{subject:<8}")),
        out.paint(Tone::Work, out.safe(&event.actor.name).as_str()),
        out.safe(&words::what(event)),
    );
    Ok(out.line(&text)?)
}

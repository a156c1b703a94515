//! What a worker does by time: assessments that are due, parked events somebody wants to be handled
//! again, and events that were never delivered.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::{Instant, MissedTickBehavior};
use watchfire_shared::dead_letter::DeadLetter;
use watchfire_shared::event::Event;

use super::waiting::{ATTEMPTS, pause};
use super::{handlers, warn};
use crate::service::inbox::{Behind, Delivery, Inbox, Taken};
use crate::service::{Error, Result, Working};

/// How often what is due is looked for.
const TICK: Duration = Duration::from_secs(1);
/// How often what was never delivered is looked for.
const SWEEP: Duration = Duration::from_mins(1);

/// Requests served in one transaction.
const MANY: i64 = 50;
/// Transactions of requests before others have their turn.
const ROUNDS: usize = 20;
/// How often dead letters are counted.
const COUNT: Duration = Duration::from_secs(15);

/// Runs until it is dropped.
pub async fn run(inbox: Inbox, working: Working) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut sweep_due, mut count_due) = (Instant::now(), Instant::now());
    loop {
        tick.tick().await;
        if let Err(error) = request_due(&inbox).await {
            warn("assessments cannot be requested", &error);
        }
        if let Err(error) = redrive(&inbox, &working).await {
            warn("parked events cannot be handled again", &error);
        }
        if Instant::now() >= count_due {
            if let Ok(waiting) = inbox.waiting().await {
                metrics::gauge!("dead_letters_waiting")
                    .set(f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
            }
            count_due = Instant::now() + COUNT;
        }
        if Instant::now() >= sweep_due {
            if let Err(error) = sweep(&inbox, &working).await {
                warn("events that were not delivered cannot be looked for", &error);
            }
            sweep_due = Instant::now() + SWEEP;
        }
    }
}

/// Handles one event in a transaction of its own.
pub async fn handle(inbox: &Inbox, delivery: &Delivery) -> Result<Taken> {
    let effect = handlers::decide(inbox, &delivery.event).await?;
    let taken = inbox.take(vec![(delivery.clone(), effect)]).await?;
    taken.first().copied().ok_or_else(|| Error::internal("one event, one outcome"))
}

/// The facts of an aggregate from `next` on that come before an event. Where they are not kept any
/// more, it begins with what is.
pub async fn missing(inbox: &Inbox, event: &Event, next: i64) -> Result<Vec<Delivery>> {
    let events = inbox.missing(event.aggregate_id, next, event.version).await?;
    let first = events.first().unwrap_or(event);
    if first.version > next {
        inbox.begin_at(first).await?;
    }
    let delivery = |event| Delivery { event: Arc::new(event), place: None };
    Ok(events.into_iter().map(delivery).collect())
}

/// What a person is told of a failure: the innermost cause as well.
pub fn cause(error: &Error) -> String {
    // That an internal error is one says nothing.
    let outer = matches!(error, Error::Refused { .. }).then(|| error.to_string());
    let sources = std::iter::successors(std::error::Error::source(error), |it| it.source());
    let mut texts: Vec<String> = Vec::new();
    for text in outer.into_iter().chain(sources.map(ToString::to_string)) {
        // Some errors quote their source themselves.
        if !texts.iter().any(|told| told.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

/// Many in one transaction; where one of them fails, each in its own, and that one later.
async fn request_due(inbox: &Inbox) -> Result<()> {
    for _ in 0..ROUNDS {
        if !inbox.any_due().await? {
            break;
        }
        match inbox.request_due(MANY).await {
            Err(error @ Error::Unavailable { .. }) => return Err(error),
            Err(_) => match inbox.request_due(1).await {
                Err(error @ Error::Unavailable { .. }) => return Err(error),
                Err(error) => {
                    warn("an assessment cannot be requested", &error);
                    inbox.postpone().await?;
                }
                Ok(()) => {}
            },
            Ok(()) => {}
        }
    }
    Ok(())
}

async fn redrive(inbox: &Inbox, working: &Working) -> Result<()> {
    loop {
        let wanted = inbox.wanted().await?;
        if wanted.is_empty() {
            return Ok(());
        }
        for letter in wanted {
            let id = letter.id;
            match again(inbox, working, letter).await {
                Ok(()) => {}
                Err(error @ Error::Unavailable { .. }) => return Err(error),
                Err(error) => inbox.failed_again(id, cause(&error)).await?,
            }
        }
    }
}

async fn again(inbox: &Inbox, working: &Working, letter: DeadLetter) -> Result<()> {
    if let Some(event) = letter.event {
        let effect = handlers::decide(inbox, &event).await?;
        if inbox.redrive(letter.id, event, effect).await? {
            working.took(Taken::Handled);
        }
        return Ok(());
    }
    let bytes = letter.bytes.ok_or_else(|| Error::internal("this version cannot read it"))?;
    let bytes = STANDARD.decode(bytes).map_err(Error::internal)?;
    let event: Event = serde_json::from_slice(&bytes).map_err(Error::internal)?;
    if event.log_id != inbox.log_id {
        return Err(Error::internal("it is of another journal, from before a restore"));
    }
    let delivery = Delivery { event: Arc::new(event), place: letter.place };
    if inbox.dig_up(letter.id).await? {
        catch_up(inbox, working, delivery).await?;
    }
    Ok(())
}

async fn sweep(inbox: &Inbox, working: &Working) -> Result<()> {
    let fill = |behind: Behind| async move {
        let mut next = behind.next_version;
        loop {
            let events = inbox.missing(behind.aggregate_id, next, behind.below).await?;
            let Some(last) = events.last().map(|event| event.version) else { return Ok(()) };
            working.filled(events.len());
            for event in events {
                let delivery = Delivery { event: Arc::new(event), place: None };
                catch_up(inbox, working, delivery).await?;
            }
            next = last + 1;
        }
    };
    inbox.sweep(fill).await
}

/// Handles an event, what is missing before it first; parks what fails too often.
async fn catch_up(inbox: &Inbox, working: &Working, delivery: Delivery) -> Result<()> {
    let mut queue = vec![delivery];
    while let Some(delivery) = queue.pop() {
        let taken = persist(inbox, &delivery).await?;
        if let Taken::Gap { next } = taken {
            let before = missing(inbox, &delivery.event, next).await?;
            queue.push(delivery);
            queue.extend(before.into_iter().rev());
        }
        working.took(taken);
    }
    Ok(())
}

/// As [`handle`], again and again, and parked at last.
async fn persist(inbox: &Inbox, delivery: &Delivery) -> Result<Taken> {
    for failures in 0..ATTEMPTS {
        match handle(inbox, delivery).await {
            Err(error @ Error::Unavailable { .. }) => return Err(error),
            Err(error) if failures + 1 == ATTEMPTS => {
                return inbox.park(delivery.clone(), cause(&error), ATTEMPTS).await;
            }
            Err(_) => tokio::time::sleep(pause(u32::try_from(failures).unwrap_or(0))).await,
            Ok(taken) => return Ok(taken),
        }
    }
    Err(Error::internal("it was tried and neither handled nor parked"))
}

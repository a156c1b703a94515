//! The journal: read by position, or followed live.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use watchfire_shared::event::{Event, EventPage, Heartbeat, Hello};
use watchfire_shared::ids::{IncidentRef, JournalId};
use watchfire_shared::page::Page;
use watchfire_shared::user::Role;

use super::{Authority, Caller, Error, Inner, Result, Service};
use crate::outbox::{Live, Reader};
use crate::store::outbox;

/// Between heartbeats; each says that the journal was read with success.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often a stream asks whether its reader may still read.
const AUTHORITY: Duration = Duration::from_secs(5);

/// What a stream carries.
#[derive(Debug, Clone)]
pub enum StreamItem {
    /// First, where no position was given: load your lists now, then apply what follows.
    Hello(Hello),
    Event(Arc<Event>),
    Heartbeat(Heartbeat),
    /// The position given is not one of this journal, or too old: start anew from here.
    Resync(Hello),
}

/// A live stream; ends with the process or with its reader's authority.
pub struct Subscription {
    service: Service,
    bearer: String,
    authority: Authority,
    reader: Reader,
    first: Option<StreamItem>,
    beat_due: Instant,
    check_due: Instant,
    stopping: CancellationToken,
}

impl Inner {
    /// An incident's facts after a version, by version.
    pub async fn timeline(
        &self,
        caller: &Caller,
        which: IncidentRef,
        after: i64,
        limit: u32,
    ) -> Result<Page<Event>> {
        let id = self.incident(caller, which, None).await?.id;
        let items = outbox::timeline(&self.db, id.0, after, limit.into()).await?;
        let full = items.len() >= limit.try_into().unwrap_or(usize::MAX);
        let next_cursor = items.last().filter(|_| full).map(|event| event.version.to_string());
        Ok(Page { items, next_cursor })
    }

    /// Facts after a position, of the given types or of all.
    pub async fn events(
        &self,
        caller: &Caller,
        after: i64,
        limit: u32,
        kinds: &[String],
    ) -> Result<EventPage> {
        caller.require(Role::Viewer)?;
        let head = outbox::head(&self.db).await?;
        let items = outbox::page(&self.db, after, limit.into(), kinds).await?;
        let full = items.len() >= limit.try_into().unwrap_or(usize::MAX);
        let last = items.last().and_then(|event| event.position);
        // Everything up to the head was looked through, whether it matched or not.
        let next_after = if full { last.unwrap_or(after) } else { last.unwrap_or(after).max(head) };
        // More may have been given positions since the head was asked for.
        let head = last.map_or(head, |last| head.max(last));
        Ok(EventPage { log_id: self.log_id, items, next_after: next_after.max(after), head })
    }
}

impl Service {
    /// Follows the journal from behind `after`, or from its head. `log_id` is the journal the
    /// reader believes in, where it says so.
    pub async fn subscribe(
        &self,
        caller: &Caller,
        bearer: String,
        after: Option<i64>,
        log_id: Option<JournalId>,
    ) -> Result<Subscription> {
        caller.require(Role::Viewer)?;
        let hello = Hello { position: outbox::head(&self.db).await?, ..self.hub.hello() };
        let oldest = outbox::oldest(&self.db).await?;
        let known = |after: i64| {
            log_id.is_none_or(|log_id| log_id == hello.log_id)
                && after <= hello.position
                && after + 1 >= oldest
        };
        let (first, from) = match after {
            None => (Some(StreamItem::Hello(hello)), hello.position),
            Some(after) if known(after) => (None, after),
            Some(_) => (Some(StreamItem::Resync(hello)), hello.position),
        };
        let now = Instant::now();
        Ok(Subscription {
            bearer,
            authority: caller.authority.clone(),
            reader: self.hub.read_from(from),
            first,
            beat_due: now + HEARTBEAT,
            check_due: now + AUTHORITY,
            stopping: self.lifecycle.stopping().clone(),
            service: self.clone(),
        })
    }
}

impl Subscription {
    /// None when the stream has ended.
    pub async fn next(&mut self) -> Option<StreamItem> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let stopping = self.stopping.clone();
        loop {
            let live = tokio::select! {
                () = stopping.cancelled() => return None,
                live = self.reader.next(self.beat_due) => Some(live),
                () = tokio::time::sleep_until(self.check_due) => None,
            };
            if Instant::now() >= self.check_due && !self.may_still_read().await {
                return None;
            }
            match live {
                None => {}
                Some(Live::Event(event)) => return Some(StreamItem::Event(event)),
                Some(Live::Beat(position)) => {
                    self.beat_due = Instant::now() + HEARTBEAT;
                    return Some(StreamItem::Heartbeat(Heartbeat { position }));
                }
            }
        }
    }

    /// Unreadable authority ends nothing: no heartbeat comes then, and the reader knows.
    async fn may_still_read(&mut self) -> bool {
        self.check_due = Instant::now() + AUTHORITY;
        match self.service.authorise(&self.bearer).await {
            Ok(authority) => authority.who == self.authority.who,
            Err(Error::Refused { .. }) => false,
            Err(_) => true,
        }
    }
}

//! The journal as a worker reads it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;
use watchfire_shared::event::Event;

use super::Result;
use super::inbox::Inbox;
use crate::outbox::{Hub, Live, Reader};
use crate::store::leader::{self, Leader, Turn};

/// A reader that nobody waits for needs no sign of life.
const NEVER: Duration = Duration::from_hours(24 * 365);

/// Events from behind a position on, without gap.
pub struct Journal {
    hub: Hub,
    reader: Reader,
    at: i64,
}

impl Journal {
    /// From behind what a consumer has handled.
    pub async fn of(inbox: &Inbox, hub: Hub) -> Result<Self> {
        let at = inbox.position().await?;
        Ok(Self { reader: hub.read_from(at), hub, at })
    }

    /// Waits for the next one. Safe to drop and call again.
    pub async fn next(&mut self) -> Arc<Event> {
        loop {
            if let Live::Event(event) = self.reader.next(Instant::now() + NEVER).await {
                self.at = event.position.unwrap_or(self.at);
                return event;
            }
        }
    }

    /// The next one where it need not be waited for.
    pub fn ready(&mut self) -> Option<Arc<Event>> {
        self.next().now_or_never()
    }

    /// Events not yet handled: from `low` on, or from behind what was read.
    pub fn lag(&self, low: Option<i64>) -> i64 {
        (self.hub.hello().position - low.map_or(self.at, |low| low - 1)).max(0)
    }
}

impl Inbox {
    /// The right to read the journal for this consumer, where no other process has it.
    pub async fn turn(&self) -> Result<Option<Leader>> {
        Ok(leader::lead(&self.db, Turn::Journal).await?)
    }
}

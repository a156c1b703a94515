//! Events straight from the database, by position.

use std::sync::Arc;
use std::time::Duration;

use watchfire_shared::dead_letter::Place;
use watchfire_shared::event::Event;

use super::{BATCH, Batch, Message};
use crate::service::Journal;
use crate::service::inbox::{Delivery, Inbox};

/// Events gather for so long: nobody waits for the worker, and writers wait for its transactions.
const GATHER: Duration = Duration::from_millis(50);

pub struct JournalSource {
    inbox: Inbox,
    journal: Journal,
    /// Read, while others gather; kept when nobody waits for them any more.
    gathered: Vec<Arc<Event>>,
}

impl JournalSource {
    pub const fn new(inbox: Inbox, journal: Journal) -> Self {
        Self { inbox, journal, gathered: Vec::new() }
    }

    pub async fn next(&mut self) -> Batch {
        if self.gathered.is_empty() {
            let first = self.journal.next().await;
            self.gathered.push(first);
        }
        self.gather();
        if self.gathered.len() < BATCH {
            tokio::time::sleep(GATHER).await;
            self.gather();
        }
        let events = std::mem::take(&mut self.gathered).into_iter();
        let message = |event: Arc<Event>| {
            let place = Place {
                topic: "journal".to_owned(),
                partition: 0,
                offset: event.position.unwrap_or_default(),
            };
            Message::Event(Delivery { event, place: Some(place) })
        };
        Batch { revoked: Vec::new(), messages: events.map(message).collect() }
    }

    fn gather(&mut self) {
        let ready = std::iter::from_fn(|| self.journal.ready());
        self.gathered.extend(ready.take(BATCH - self.gathered.len()));
    }

    pub async fn commit(&self, commits: &[(i32, i64)]) -> bool {
        let Some((_, next)) = commits.first() else { return true };
        match self.inbox.keep_position(next - 1).await {
            Ok(()) => true,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the worker's position could not be stored");
                false
            }
        }
    }

    pub fn lag(&self, low: Option<i64>) -> i64 {
        self.journal.lag(low)
    }
}

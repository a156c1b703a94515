//! Events straight from the database, by position.

use watchfire_shared::dead_letter::Place;

use super::{BATCH, Batch, Message};
use crate::service::Journal;
use crate::service::inbox::{Delivery, Inbox};

pub struct JournalSource {
    inbox: Inbox,
    journal: Journal,
}

impl JournalSource {
    pub const fn new(inbox: Inbox, journal: Journal) -> Self {
        Self { inbox, journal }
    }

    pub async fn next(&mut self) -> Batch {
        let first = self.journal.next().await;
        let rest = std::iter::from_fn(|| self.journal.ready());
        let events = std::iter::once(first).chain(rest).take(BATCH);
        let message = |event: std::sync::Arc<watchfire_shared::event::Event>| {
            let place = Place {
                topic: "journal".to_owned(),
                partition: 0,
                offset: event.position.unwrap_or_default(),
            };
            Message::Event(Delivery { event, place: Some(place) })
        };
        Batch { revoked: Vec::new(), messages: events.map(message).collect() }
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

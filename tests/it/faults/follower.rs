//! A reader of the live stream who goes on where they were, whatever happens to the daemon.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use uuid::Uuid;
use watchfire_shared::event::Event;
use watchfire_tests::Api;

/// Between two attempts to connect, and between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Heartbeats come every 5 s: no message for so long is a dead stream.
const SILENCE: Duration = Duration::from_secs(30);

/// What a follower was told, in the order in which it came.
#[derive(Debug, Default)]
pub struct Follower {
    told: RefCell<Vec<Event>>,
    connections: Cell<usize>,
    /// The longest time from a fact to its being told.
    slowest: Cell<Duration>,
}

impl Follower {
    /// Follows the journal from its beginning; ends only by being dropped.
    pub async fn follow(&self, api: &Api) -> Infallible {
        loop {
            let last = self.told.borrow().last().and_then(|event| event.position);
            if let Some(mut stream) = api.try_stream(last.unwrap_or(0)).await {
                self.connections.update(|connections| connections + 1);
                let opened = SystemTime::now();
                while let Some(event) = stream.try_next_event(SILENCE).await {
                    let happened = SystemTime::from(event.occurred_at);
                    if happened > opened {
                        let took = happened.elapsed().unwrap_or_default();
                        self.slowest.update(|slowest| slowest.max(took));
                    }
                    self.told.borrow_mut().push(event);
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// How often it had to connect.
    pub fn connections(&self) -> usize {
        self.connections.get()
    }

    /// The longest time from a fact to its being told, of what happened while the stream was open.
    pub fn slowest(&self) -> Duration {
        self.slowest.get()
    }

    /// Waits until it has been told as many events as the journal holds, and fails unless they
    /// are these, each once, in order.
    pub async fn has_seen(&self, journal: &[(i64, Uuid)], limit: Duration) {
        let complete = async {
            while self.told.borrow().len() < journal.len() {
                tokio::time::sleep(PAUSE).await;
            }
        };
        let in_time = tokio::time::timeout(limit, complete).await;
        let told = super::audit::journal(&self.told.borrow());
        let differ = told.iter().zip(journal).position(|(told, stored)| told != stored);
        assert!(
            in_time.is_ok() && told == journal,
            "the stream told {} of {} events; the first that differs is number {differ:?}: {:?}, \
             where {:?} is stored",
            told.len(),
            journal.len(),
            differ.and_then(|at| told.get(at)),
            differ.and_then(|at| journal.get(at)),
        );
    }
}

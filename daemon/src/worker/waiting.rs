//! Events that wait in memory: behind one of their aggregate that is tried again, or behind one
//! that is fetched first. Nobody else waits for them.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use rand::RngExt as _;
use tokio::time::Instant;
use uuid::Uuid;

use crate::service::inbox::Delivery;

/// A handler is tried so often before its event is parked.
pub const ATTEMPTS: i64 = 5;
/// Before the second attempt; doubled with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub struct Waiting {
    queues: HashMap<Uuid, Queue>,
    len: usize,
}

/// The events of one aggregate, in order.
#[derive(Debug)]
struct Queue {
    events: VecDeque<Delivery>,
    /// How often the handler of the first failed.
    attempts: i64,
    /// How often anything failed, since something worked.
    failures: u32,
    due: Instant,
}

impl Waiting {
    /// Events held in memory.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Appends an event to its aggregate's queue, where there is one.
    pub fn join(&mut self, delivery: Delivery) -> Result<(), Delivery> {
        match self.queues.get_mut(&delivery.event.aggregate_id) {
            None => Err(delivery),
            Some(queue) => {
                queue.events.push_back(delivery);
                self.len += 1;
                Ok(())
            }
        }
    }

    /// Appends an event to its aggregate's queue, which is begun where there is none.
    pub fn push(&mut self, delivery: Delivery) {
        let queue = self.queues.entry(delivery.event.aggregate_id).or_insert_with(Queue::new);
        queue.events.push_back(delivery);
        self.len += 1;
    }

    /// Puts what has to come first before what waits.
    pub fn put_first(&mut self, aggregate: Uuid, events: Vec<Delivery>) {
        self.len += events.len();
        let queue = self.queues.entry(aggregate).or_insert_with(Queue::new);
        for delivery in events.into_iter().rev() {
            queue.events.push_front(delivery);
        }
        queue.attempts = 0;
    }

    /// When the next queue is to be looked at.
    pub fn next_due(&self) -> Option<Instant> {
        self.queues.values().map(|queue| queue.due).min()
    }

    /// Aggregates whose time has come.
    pub fn due(&self) -> Vec<Uuid> {
        let now = Instant::now();
        self.queues.iter().filter(|(_, queue)| queue.due <= now).map(|(id, _)| *id).collect()
    }

    /// The first event of an aggregate, and how often its handler has failed.
    pub fn first(&self, aggregate: Uuid) -> Option<(Delivery, i64)> {
        let queue = self.queues.get(&aggregate)?;
        queue.events.front().map(|delivery| (delivery.clone(), queue.attempts))
    }

    /// The first event of an aggregate is finished.
    pub fn finished(&mut self, aggregate: Uuid) {
        let Some(queue) = self.queues.get_mut(&aggregate) else { return };
        if queue.events.pop_front().is_some() {
            self.len -= 1;
        }
        (queue.attempts, queue.failures) = (0, 0);
        if queue.events.is_empty() {
            self.queues.remove(&aggregate);
        }
    }

    /// The handler of the first event failed; it is tried again later.
    pub fn failed(&mut self, aggregate: Uuid) {
        if let Some(queue) = self.queues.get_mut(&aggregate) {
            queue.attempts += 1;
        }
        self.later(aggregate);
    }

    /// Something it needs is not there; that is nobody's attempt.
    pub fn later(&mut self, aggregate: Uuid) {
        if let Some(queue) = self.queues.get_mut(&aggregate) {
            queue.due = Instant::now() + pause(queue.failures);
            queue.failures += 1;
        }
    }

    /// Events of partitions that are another's now; queues are dropped as a whole where they hold
    /// one, because all of an aggregate comes by one partition.
    pub fn forget(&mut self, partitions: &[i32]) {
        let gone = |delivery: &Delivery| {
            delivery.place.as_ref().is_some_and(|place| partitions.contains(&place.partition))
        };
        self.queues.retain(|_, queue| !queue.events.iter().any(gone));
        self.len = self.queues.values().map(|queue| queue.events.len()).sum();
    }
}

impl Queue {
    fn new() -> Self {
        Self { events: VecDeque::new(), attempts: 0, failures: 0, due: Instant::now() }
    }
}

/// Doubled with each failure, and never the same for two workers that failed together.
pub fn pause(failures: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << failures.min(16)).min(LONGEST_PAUSE);
    whole.mul_f64(rand::rng().random_range(0.5..1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_differ() {
        for failures in 0..40 {
            let whole = FIRST_PAUSE.saturating_mul(1 << failures.min(16)).min(LONGEST_PAUSE);
            let pauses: Vec<Duration> = (0..20).map(|_| pause(failures)).collect();
            assert!(pauses.iter().all(|it| *it >= whole / 2 && *it <= whole), "{pauses:?}");
            assert!(pauses.iter().any(|it| *it != pauses[0]), "jitter");
        }
    }
}

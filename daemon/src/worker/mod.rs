//! The worker: events in, effects out, each once and in the order of its aggregate.
//!
//! `source` delivers → `handlers` decide → the inbox (a use case) does what was decided in one
//! transaction with the version it expects next → the offset is committed. `waiting` holds what
//! is tried again, `upkeep` does what is due by time.

#[cfg(feature = "kafka")]
mod copies;
mod handlers;
mod progress;
mod source;
mod upkeep;
mod waiting;

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use watchfire_shared::dead_letter::Place;

#[cfg(feature = "kafka")]
pub use copies::Copies;

use crate::lifecycle::Lifecycle;
use crate::service::inbox::{Delivery, Effect, Inbox, Taken};
use crate::service::{Error, Hub, Journal, Leader, Result, Working};
use progress::Progress;
#[cfg(feature = "kafka")]
use source::KafkaSource;
use source::{Batch, JournalSource, Message, Source};
use waiting::{ATTEMPTS, Waiting, pause};

/// Events held in memory while something they need is not there; more are not asked for.
const FULL: usize = 5_000;
/// Offsets are committed this long after something was finished.
const COMMIT: Duration = Duration::from_millis(100);
/// How long after a failure, or while another process reads the journal, it is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// One worker of a consumer.
struct Worker {
    inbox: Inbox,
    working: Working,
    source: Source,
    progress: Progress,
    waiting: Waiting,
    commit_due: Option<Instant>,
    stopping: CancellationToken,
}

/// Reads the topic as a member of the consumer's group, until this process stops.
#[cfg(feature = "kafka")]
pub async fn run_on_kafka(
    inbox: Inbox,
    working: Working,
    kafka: crate::config::Kafka,
    lifecycle: Lifecycle,
) {
    working.start("kafka");
    let stopping = lifecycle.stopping().clone();
    let joining = async {
        loop {
            match KafkaSource::join(&kafka, inbox.consumer, inbox.log_id, &working).await {
                Ok(source) => return source,
                Err(error) => {
                    warn("the topic cannot be read", &error);
                    working.tell(Some(error.to_string()));
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    };
    if let Some(source) = stopping.run_until_cancelled(joining).await {
        Box::pin(Worker::new(inbox, working, Source::Kafka(source), &lifecycle).run()).await;
    }
}

/// Reads the journal whenever no other process does, until this one stops.
pub async fn run_on_journal(inbox: Inbox, working: Working, hub: Hub, lifecycle: Lifecycle) {
    working.start("journal");
    let stopping = lifecycle.stopping().clone();
    while !stopping.is_cancelled() {
        match start_on_journal(&inbox, &hub).await {
            Ok(Some((turn, source))) => {
                let worker = Worker::new(inbox.clone(), working.clone(), source, &lifecycle);
                tokio::select! {
                    () = worker.run() => {}
                    () = turn.lost() => tracing::warn!("another worker may read the journal now"),
                }
                working.behind_by(0);
            }
            Ok(None) => {}
            Err(error) => warn("the journal cannot be read", &error),
        }
        stopping.run_until_cancelled(tokio::time::sleep(AGAIN)).await;
    }
}

async fn start_on_journal(inbox: &Inbox, hub: &Hub) -> Result<Option<(Leader, Source)>> {
    let Some(turn) = inbox.turn().await? else { return Ok(None) };
    let journal = Journal::of(inbox, hub.clone()).await?;
    Ok(Some((turn, Source::Journal(Box::new(JournalSource::new(inbox.clone(), journal))))))
}

impl Worker {
    fn new(inbox: Inbox, working: Working, source: Source, lifecycle: &Lifecycle) -> Self {
        let stopping = lifecycle.stopping().clone();
        let (progress, waiting) = (Progress::default(), Waiting::default());
        Self { inbox, working, source, progress, waiting, commit_due: None, stopping }
    }

    /// Handles events, and what is due by time, until the process stops; then commits what is
    /// finished and leaves.
    async fn run(mut self) {
        let upkeep = upkeep::run(self.inbox.clone(), self.working.clone());
        tokio::select! {
            () = self.handle_all() => {}
            () = upkeep => {}
        }
        self.source.close(&self.progress.commits()).await;
    }

    async fn handle_all(&mut self) {
        while !self.stopping.is_cancelled() {
            let due = [self.waiting.next_due(), self.commit_due].into_iter().flatten().min();
            let wake = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.stopping.cancelled() => return,
                batch = self.source.next(), if self.waiting.len() < FULL => {
                    self.receive(batch).await;
                }
                () = wake => {}
            }
            for aggregate in self.waiting.due() {
                self.work_off(aggregate).await;
            }
            self.commit().await;
        }
    }

    /// Takes a batch in one transaction where nothing stands in the way; else each of its events
    /// waits for its own turn.
    async fn receive(&mut self, Batch { revoked, messages }: Batch) {
        self.waiting.forget(&revoked);
        for partition in revoked {
            self.progress.forget(partition);
        }
        let mut batch = Vec::with_capacity(messages.len());
        for message in messages {
            if let Some(place) = message.place() {
                self.progress.begin(place.partition, place.offset);
            }
            match message {
                Message::Event(delivery) => {
                    batch.extend(self.waiting.join(delivery).err());
                }
                #[cfg(feature = "kafka")]
                Message::Foreign(place) => {
                    self.working.foreign();
                    self.progress.finish(place.partition, place.offset);
                }
                #[cfg(feature = "kafka")]
                Message::Undecodable { bytes, place, cause } => {
                    self.bury(bytes, place, cause).await;
                }
            }
        }
        if let Err(error) = self.take(&batch).await {
            warn("a batch is taken one by one", &error);
            for delivery in batch {
                self.waiting.push(delivery);
            }
        }
    }

    async fn take(&mut self, batch: &[Delivery]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut decided = Vec::with_capacity(batch.len());
        for (delivery, known) in batch.iter().zip(self.inbox.known(batch).await?) {
            let effect = if known {
                Effect::Nothing
            } else {
                handlers::decide(&self.inbox, &delivery.event).await?
            };
            decided.push((delivery.clone(), effect));
        }
        for (delivery, taken) in batch.iter().zip(self.inbox.take(decided).await?) {
            match taken {
                Taken::Gap { .. } => self.waiting.push(delivery.clone()),
                Taken::Handled | Taken::Duplicate | Taken::Parked => self.finish(delivery, taken),
            }
        }
        Ok(())
    }

    /// Handles what waits of an aggregate, one by one, until nothing does or something fails.
    async fn work_off(&mut self, aggregate: Uuid) {
        while let Some((delivery, attempts)) = self.waiting.first(aggregate) {
            match upkeep::handle(&self.inbox, &delivery).await {
                Ok(Taken::Gap { next }) => {
                    if let Err(error) = self.fill(&delivery, next).await {
                        warn("a gap cannot be filled", &error);
                        return self.waiting.later(aggregate);
                    }
                }
                Ok(taken) => {
                    self.waiting.finished(aggregate);
                    self.finish(&delivery, taken);
                }
                Err(Error::Unavailable { reason, .. }) => {
                    self.working.waits(Some(reason));
                    return self.waiting.later(aggregate);
                }
                Err(error) if attempts + 1 < ATTEMPTS => {
                    warn("a handler failed and is tried again", &error);
                    return self.waiting.failed(aggregate);
                }
                Err(error) => {
                    if !self.give_up(delivery, &error, attempts + 1).await {
                        return self.waiting.later(aggregate);
                    }
                }
            }
        }
    }

    /// Parks the first event of its aggregate; false where that cannot be done now.
    async fn give_up(&mut self, delivery: Delivery, error: &Error, attempts: i64) -> bool {
        let (aggregate, cause) = (delivery.event.aggregate_id, upkeep::cause(error));
        match self.inbox.park(delivery.clone(), cause, attempts).await {
            Ok(Taken::Gap { .. }) => return false,
            Ok(taken) => {
                warn("an event is parked", error);
                self.waiting.finished(aggregate);
                self.finish(&delivery, taken);
            }
            Err(Error::Unavailable { reason, .. }) => {
                self.working.waits(Some(reason));
                return false;
            }
            // No event of ours: those come from a database, which could store them.
            Err(_) => {
                self.waiting.finished(aggregate);
                if let Some(place) = delivery.place {
                    let bytes = serde_json::to_vec(&*delivery.event).unwrap_or_default();
                    self.bury(bytes, place, error.to_string()).await;
                }
            }
        }
        true
    }

    /// Puts what was not delivered before what was.
    async fn fill(&mut self, delivery: &Delivery, next: i64) -> Result<()> {
        let event = &delivery.event;
        let missing = upkeep::missing(&self.inbox, event, next).await?;
        self.working.filled(missing.len());
        self.waiting.put_first(event.aggregate_id, missing);
        Ok(())
    }

    fn finish(&mut self, delivery: &Delivery, taken: Taken) {
        self.working.took(taken);
        self.working.waits(None);
        if let Some(place) = &delivery.place {
            self.progress.finish(place.partition, place.offset);
        }
    }

    /// Nothing goes on before it is kept; a process that stops meanwhile leaves it to the next.
    async fn bury(&mut self, bytes: Vec<u8>, place: Place, cause: String) {
        tracing::warn!(?place, cause, "what arrived is no event");
        let mut failures = 0;
        while let Err(error) = self.inbox.bury(bytes.clone(), place.clone(), cause.clone()).await {
            self.working.waits(Some(error.to_string()));
            let pause = tokio::time::sleep(pause(failures));
            if self.stopping.run_until_cancelled(pause).await.is_none() {
                return;
            }
            failures += 1;
        }
        self.working.waits(None);
        self.working.buried();
        self.progress.finish(place.partition, place.offset);
    }

    /// Commits what is finished, a moment after it was: one commit for much.
    async fn commit(&mut self) {
        self.source.measure(&self.working, self.progress.low(0));
        let now = Instant::now();
        if self.commit_due.is_some_and(|due| due <= now) {
            let commits = self.progress.commits();
            if self.source.commit(&commits).await {
                self.progress.committed(&commits);
            }
            self.commit_due = None;
        }
        if self.commit_due.is_none() && self.progress.is_behind() {
            self.commit_due = Some(now + COMMIT);
        }
    }
}

fn warn(what: &str, error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(error, "{what}");
}

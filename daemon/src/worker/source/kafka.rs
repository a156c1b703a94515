//! Events from a topic, as a member of a consumer group. Offsets are committed by hand, after the
//! effects.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use rdkafka::Message as _;
use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance, StreamConsumer,
};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use watchfire_shared::dead_letter::Place;
use watchfire_shared::event::Event;
use watchfire_shared::ids::JournalId;

use super::{BATCH, Batch, Message};
use crate::broker;
use crate::config::Kafka;
use crate::service::Working;
use crate::service::inbox::Delivery;

/// How long after an error the source is asked again.
const PAUSE: Duration = Duration::from_secs(1);
/// Time to leave the group.
const FAREWELL: Duration = Duration::from_secs(5);

pub struct KafkaSource {
    consumer: Arc<StreamConsumer<Context>>,
    topic: String,
    log_id: JournalId,
}

struct Context {
    topic: String,
    working: Working,
    /// Taken from us since somebody asked.
    revoked: Mutex<Vec<i32>>,
}

impl Context {
    fn take_revoked(&self) -> Vec<i32> {
        std::mem::take(&mut self.revoked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        broker::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "the broker");
        self.working.tell(Some(format!("the broker does not answer: {reason}")));
    }

    fn stats(&self, statistics: Statistics) {
        let Some(topic) = statistics.topics.get(&self.topic) else { return };
        let ours = topic.partitions.values().filter(|it| it.fetch_state == "active");
        self.working.behind_by(ours.map(|it| it.consumer_lag_stored.max(0)).sum());
        if statistics.brokers.values().any(|broker| broker.state == "UP") {
            self.working.tell(None);
        }
    }
}

impl ConsumerContext for Context {
    /// Runs inside a call that waits for messages, so nothing is being handled: what was stored is
    /// committed before others go on from there. What finished since then they get again.
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(partitions) = rebalance else { return };
        // Of partitions that were lost already nothing can be committed.
        if !consumer.assignment_lost()
            && let Err(error) = consumer.commit_consumer_state(CommitMode::Sync)
        {
            tracing::debug!(%error, "nothing was committed before partitions were given away");
        }
        let taken = partitions.elements();
        let mut revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
        revoked.extend(taken.iter().map(TopicPartitionListElem::partition));
    }
}

impl KafkaSource {
    /// Joins the group of a consumer, once there is a topic.
    pub async fn join(
        kafka: &Kafka,
        consumer: &str,
        log_id: JournalId,
        working: &Working,
    ) -> Result<Self, broker::Error> {
        broker::make_topic(kafka, &kafka.topic, kafka.partitions).await?;
        Self::subscribe(kafka, consumer, log_id, working.clone()).map_err(broker::Error::Setting)
    }

    fn subscribe(
        kafka: &Kafka,
        consumer: &str,
        log_id: JournalId,
        working: Working,
    ) -> Result<Self, KafkaError> {
        let mut config = broker::client(kafka);
        config
            // One group for each topic: several installations may share a broker.
            .set("group.id", format!("{}.{consumer}", kafka.topic))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("partition.assignment.strategy", "cooperative-sticky")
            // A worker that was killed holds its partitions for so long: the least a broker allows.
            .set("session.timeout.ms", "6000")
            .set("heartbeat.interval.ms", "1500")
            .set("statistics.interval.ms", "2000");
        let topic = kafka.topic.clone();
        let context = Context { topic: topic.clone(), working, revoked: Mutex::default() };
        let consumer = StreamConsumer::from_config_and_context(&config, context)?;
        consumer.subscribe(&[&topic])?;
        Ok(Self { consumer: Arc::new(consumer), topic, log_id })
    }

    pub async fn next(&mut self) -> Batch {
        let mut batch = Batch::default();
        let mut received = Some(self.consumer.recv().await);
        while let Some(message) = received {
            self.give_away(&mut batch);
            match message {
                Ok(message) => batch.messages.push(self.read(&message)),
                Err(error) => {
                    let trouble = format!("the broker does not deliver: {error}");
                    self.consumer.context().working.tell(Some(trouble));
                    // Dropped while it sleeps, it must not take with it what it was told.
                    if batch.messages.is_empty() && batch.revoked.is_empty() {
                        tokio::time::sleep(PAUSE).await;
                    }
                    break;
                }
            }
            received = match batch.messages.len() {
                BATCH => None,
                _ => self.consumer.recv().now_or_never(),
            };
        }
        self.give_away(&mut batch);
        batch
    }

    /// What came before a partition was taken from us is its new owner's.
    fn give_away(&self, batch: &mut Batch) {
        let revoked = self.consumer.context().take_revoked();
        if revoked.is_empty() {
            return;
        }
        batch.messages.retain(|message| {
            message.place().is_none_or(|place| !revoked.contains(&place.partition))
        });
        batch.revoked.extend(revoked);
    }

    fn read(&self, message: &BorrowedMessage<'_>) -> Message {
        let place = Place {
            topic: message.topic().to_owned(),
            partition: message.partition(),
            offset: message.offset(),
        };
        let bytes = message.payload().unwrap_or_default();
        match serde_json::from_slice::<Event>(bytes) {
            Ok(event) if event.log_id != self.log_id => Message::Foreign(place),
            Ok(event) => Message::Event(Delivery { event: Arc::new(event), place: Some(place) }),
            Err(error) => {
                Message::Undecodable { bytes: bytes.to_vec(), place, cause: error.to_string() }
            }
        }
    }

    pub fn commit(&self, commits: &[(i32, i64)]) -> bool {
        for (partition, next) in commits {
            // A partition that is another's now has nothing to be stored.
            self.consumer.store_offset(&self.topic, *partition, next - 1).ok();
        }
        self.consumer.commit_consumer_state(CommitMode::Async).is_ok()
    }

    /// Leaving and the last commit wait for the broker, which may be gone.
    pub async fn close(self) {
        let leave = tokio::task::spawn_blocking(move || {
            self.consumer.commit_consumer_state(CommitMode::Sync).ok();
            drop(self);
        });
        if tokio::time::timeout(FAREWELL, leave).await.is_err() {
            tracing::warn!("the broker did not let us go in time");
        }
    }
}

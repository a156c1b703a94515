//! The producer: facts to a topic, in order, each acknowledged by every replica or not at all.

use std::collections::HashSet;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{
    BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer,
};
use tokio::sync::mpsc;
use watchfire_shared::event::Event;

use super::relay::{Outcome, Sent};
use crate::broker::{self, PATIENCE};
use crate::config::Kafka;

/// A producer with its own order of messages; whoever loses faith in it makes another.
pub struct Producer {
    inner: ThreadedProducer<Reports>,
    reports: mpsc::UnboundedReceiver<(i64, Outcome)>,
    topic: String,
}

struct Reports(mpsc::UnboundedSender<(i64, Outcome)>);

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        broker::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        // Whoever probes the topic says so once.
        tracing::debug!(%error, reason, "the broker");
    }
}

impl ProducerContext for Reports {
    /// The position of the fact.
    type DeliveryOpaque = Box<i64>;

    fn delivery(&self, result: &DeliveryResult<'_>, position: Box<i64>) {
        let outcome =
            result.as_ref().map_or_else(|(error, _)| Outcome::of(error), |_| Outcome::Done);
        // Nobody listens once the batch was given up.
        self.0.send((*position, outcome)).ok();
    }
}

impl Outcome {
    fn of(error: &KafkaError) -> Self {
        let cause = error.to_string();
        match error.rdkafka_error_code() {
            Some(
                RDKafkaErrorCode::MessageSizeTooLarge
                | RDKafkaErrorCode::InvalidMessage
                | RDKafkaErrorCode::InvalidMessageSize
                | RDKafkaErrorCode::InvalidRecord,
            ) => Self::Refused(cause),
            _ => Self::Unknown(cause),
        }
    }
}

/// Asks the broker about the topic.
pub struct Probe {
    inner: ThreadedProducer<Reports>,
    topic: String,
}

impl Probe {
    /// Why the topic cannot be reached; none when it can.
    pub async fn trouble(&self) -> Option<String> {
        let (inner, topic) = (self.inner.clone(), self.topic.clone());
        let asked = tokio::task::spawn_blocking(move || {
            inner.client().fetch_metadata(Some(&topic), PATIENCE).map(drop)
        });
        match asked.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("the broker does not answer: {error}")),
            Err(error) => Some(error.to_string()),
        }
    }
}

/// Whether the broker answers and has the topic, in words.
pub async fn check_broker(kafka: &Kafka) -> Result<String, String> {
    let producer = Producer::new(kafka).map_err(|error| error.to_string())?;
    match producer.probe().trouble().await {
        None => Ok(format!("{}, topic {}", kafka.brokers, kafka.topic)),
        Some(trouble) => Err(format!("{}: {trouble}", kafka.brokers)),
    }
}

impl Producer {
    /// Connects by itself, now or when there is a broker.
    pub fn new(kafka: &Kafka) -> Result<Self, KafkaError> {
        let (sender, reports) = mpsc::unbounded_channel();
        let inner = broker::client(kafka)
            .set("enable.idempotence", "true")
            // Without it the next fact of an incident would follow one that was refused.
            .set("enable.gapless.guarantee", "true")
            .set("acks", "all")
            // A broker that is away is waited for; what is sent is ours to give up.
            .set("message.timeout.ms", "0")
            .set("linger.ms", "5")
            .set("compression.type", "lz4")
            // That of other clients: the same key finds the same partition from any of them.
            .set("partitioner", "murmur2_random")
            .create_with_context(Reports(sender))?;
        Ok(Self { inner, reports, topic: kafka.topic.clone() })
    }

    /// What asks the broker whether it is there, beside what is sent.
    pub fn probe(&self) -> Probe {
        Probe { inner: self.inner.clone(), topic: self.topic.clone() }
    }

    /// Sends facts in order and waits until each is acknowledged, refused or given up. Dropped
    /// meanwhile, the producer must be dropped too.
    pub async fn send(&mut self, events: &[Event]) -> Vec<Sent> {
        let mut open = HashSet::with_capacity(events.len());
        let mut sent = Vec::with_capacity(events.len());
        for event in events {
            let Some(position) = event.position else { continue };
            match self.enqueue(position, event) {
                Ok(()) => {
                    open.insert(position);
                }
                Err(outcome) => {
                    sent.push(Sent { position, outcome });
                    // What follows may be of the same incident.
                    break;
                }
            }
        }
        while !open.is_empty() {
            let Some((position, outcome)) = self.reports.recv().await else { break };
            if open.remove(&position) {
                sent.push(Sent { position, outcome });
            }
        }
        sent
    }

    fn enqueue(&self, position: i64, event: &Event) -> Result<(), Outcome> {
        let payload =
            serde_json::to_vec(event).map_err(|error| Outcome::Refused(error.to_string()))?;
        let key = event.aggregate_id.to_string();
        let version = event.schema_version.to_string();
        let headers = OwnedHeaders::new_with_capacity(2)
            .insert(Header { key: "event_type", value: Some(event.fact.event_type()) })
            .insert(Header { key: "schema_version", value: Some(&version) });
        let record = BaseRecord::with_opaque_to(&self.topic, Box::new(position))
            .key(&key)
            .payload(&payload)
            .timestamp(event.occurred_at.timestamp_millis())
            .headers(headers);
        self.inner.send(record).map_err(|(error, _)| Outcome::of(&error))
    }
}

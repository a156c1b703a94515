//! Copies of dead letters for the topic of dead letters. The rows are the truth: a copy is sent
//! again until the broker has acknowledged it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use watchfire_shared::dead_letter::DeadLetter;
use watchfire_shared::ids::DeadLetterId;

use super::warn;
use crate::broker;
use crate::config::Kafka;
use crate::lifecycle::Lifecycle;
use crate::service::inbox::Inbox;
use crate::service::{Error, Result};

const EACH: Duration = Duration::from_secs(1);
/// How long the broker may take for one copy.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends copies until the process stops.
pub struct Copies {
    inbox: Inbox,
    kafka: Kafka,
    topic: String,
}

struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        broker::log(level, facility, message);
    }

    /// The source that reads events says the same.
    fn error(&self, _: KafkaError, _: &str) {}
}

impl Copies {
    pub fn new(inbox: Inbox, kafka: Kafka) -> Self {
        let topic = format!("{}.dlq", kafka.topic);
        Self { inbox, kafka, topic }
    }

    pub async fn run(self, lifecycle: Lifecycle) {
        let copying = async {
            let mut producer = None;
            loop {
                if let Err(error) = self.copy(&mut producer).await {
                    warn("dead letters cannot be copied", &error);
                }
                tokio::time::sleep(EACH).await;
            }
        };
        lifecycle.stopping().run_until_cancelled(copying).await;
    }

    /// The producer is made when there is something to send.
    async fn copy(&self, producer: &mut Option<FutureProducer<Quiet>>) -> Result<()> {
        let letters = self.inbox.uncopied().await?;
        if letters.is_empty() {
            return Ok(());
        }
        broker::make_topic(&self.kafka, &self.topic, 1).await.map_err(Error::internal)?;
        let producer = match producer {
            Some(producer) => producer,
            None => producer.insert(self.connect().map_err(Error::internal)?),
        };
        let mut copied: Vec<DeadLetterId> = Vec::new();
        let mut failed = None;
        for letter in letters {
            match self.send(producer, &letter).await {
                Ok(()) => copied.push(letter.id),
                Err(error) => failed = Some(error),
            }
        }
        if !copied.is_empty() {
            self.inbox.copied(copied).await?;
        }
        failed.map_or(Ok(()), |error| Err(Error::internal(error)))
    }

    fn connect(&self) -> Result<FutureProducer<Quiet>, KafkaError> {
        let mut config = broker::client(&self.kafka);
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("message.timeout.ms", "8000");
        FutureProducer::from_config_and_context(&config, Quiet)
    }

    /// One that is too large with all its headers goes without what it is about.
    async fn send(
        &self,
        to: &FutureProducer<Quiet>,
        letter: &DeadLetter,
    ) -> Result<(), KafkaError> {
        let event = letter.event.as_ref().and_then(|event| serde_json::to_vec(event).ok());
        let bytes = letter.bytes.as_ref().and_then(|bytes| STANDARD.decode(bytes).ok());
        let payload = event.or(bytes).unwrap_or_default();
        let sent = self.send_with(to, letter, &payload).await;
        let code = sent.as_ref().err().and_then(KafkaError::rdkafka_error_code);
        match code {
            Some(RDKafkaErrorCode::MessageSizeTooLarge) => self.send_with(to, letter, &[]).await,
            _ => sent,
        }
    }

    async fn send_with(
        &self,
        to: &FutureProducer<Quiet>,
        letter: &DeadLetter,
        payload: &[u8],
    ) -> Result<(), KafkaError> {
        let key = letter.event.as_ref().map_or_else(String::new, |it| it.aggregate_id.to_string());
        let record = FutureRecord::to(&self.topic).key(&key).payload(payload);
        let record = record.headers(headers(letter));
        to.send(record, PATIENCE).await.map(drop).map_err(|(error, _)| error)
    }
}

/// Why it is there, and where it came from.
fn headers(letter: &DeadLetter) -> OwnedHeaders {
    let attempts = letter.attempts.to_string();
    let mut headers = OwnedHeaders::new()
        .insert(Header { key: "dead_letter", value: Some(&letter.id.to_string()) })
        .insert(Header { key: "consumer", value: Some(&letter.consumer) })
        .insert(Header { key: "kind", value: Some(letter.kind.as_str()) })
        .insert(Header { key: "cause", value: Some(&letter.cause) })
        .insert(Header { key: "attempts", value: Some(&attempts) });
    if let Some(event) = &letter.event {
        let event_type = event.fact.event_type();
        headers = headers.insert(Header { key: "event_type", value: Some(event_type) });
    }
    if let Some(place) = &letter.place {
        headers = headers
            .insert(Header { key: "topic", value: Some(&place.topic) })
            .insert(Header { key: "partition", value: Some(&place.partition.to_string()) })
            .insert(Header { key: "offset", value: Some(&place.offset.to_string()) });
    }
    headers
}

//! What every client of Kafka in this process has in common.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::config::Kafka;

/// How long the broker may take to answer a question.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Why a topic cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the broker does not answer: {0}")]
    Silent(#[source] KafkaError),
    #[error("no client can be made, check kafka.options: {0}")]
    Setting(#[source] KafkaError),
    #[error("there is no topic {topic}, and the broker does not let us make it: {reason}")]
    NoTopic { topic: String, reason: String },
}

/// A client's settings: the installation's own, then where the broker is.
pub fn client(kafka: &Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in &kafka.options.0 {
        config.set(name, value);
    }
    config
        .set("bootstrap.servers", &kafka.brokers)
        .set("client.id", "watchfired")
        // Whoever makes a topic by accident gives it the broker's number of partitions, for good.
        .set("allow.auto.create.topics", "false");
    config
}

/// Has librdkafka's words in our log.
pub fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    use RDKafkaLogLevel as L;
    match level {
        // That a setting of ours is called experimental is known, and nothing to act on.
        _ if facility == "CONFWARN" => tracing::debug!(facility, message, "librdkafka"),
        L::Emerg | L::Alert | L::Critical | L::Error | L::Warning => {
            tracing::warn!(facility, message, "librdkafka");
        }
        L::Notice | L::Info | L::Debug => tracing::debug!(facility, message, "librdkafka"),
    }
}

struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    /// The call that fails says so itself.
    fn error(&self, _: KafkaError, _: &str) {}
}

/// Makes a topic where there is none. The partitions of one that is there stay as they are.
pub async fn make_topic(kafka: &Kafka, name: &str, partitions: i32) -> Result<(), Error> {
    let admin =
        AdminClient::from_config_and_context(&client(kafka), Quiet).map_err(Error::Setting)?;
    let asked = name.to_owned();
    let (admin, there) = tokio::task::spawn_blocking(move || {
        let metadata = admin.inner().fetch_metadata(Some(&asked), PATIENCE);
        let there = metadata.map(|it| it.topics().iter().any(|it| !it.partitions().is_empty()));
        (admin, there)
    })
    .await
    .map_err(|_| Error::Silent(KafkaError::Canceled))?;
    if there.map_err(Error::Silent)? {
        return Ok(());
    }
    // As many copies as the broker makes of any topic.
    let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(-1));
    let options = AdminOptions::new().request_timeout(Some(PATIENCE));
    let made = admin.create_topics([&topic], &options).await.map_err(Error::Silent)?;
    match made.into_iter().next() {
        None | Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => {
            tracing::info!(topic = name, partitions, "the topic is made");
            Ok(())
        }
        Some(Err((topic, code))) => Err(Error::NoTopic { topic, reason: code.to_string() }),
    }
}

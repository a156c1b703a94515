//! Apache Kafka, the broker that `tests/run` starts: a topic for each test, read by Kafka's own
//! consumer or by ours.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};
use watchfire_shared::event::Event;

use crate::daemon::{Daemon, Setup};
use crate::programs;

/// A message, as it lies in the topic.
#[derive(Debug, Clone)]
pub struct Record {
    pub partition: i32,
    pub offset: i64,
    pub key: String,
    pub event_type: String,
    pub event: Event,
}

/// A topic of its own.
#[derive(Debug, Clone)]
pub struct Topic {
    pub name: String,
    pub brokers: String,
}

impl Topic {
    /// On the broker of `WATCHFIRE_TEST_KAFKA_BROKERS`, which all tests share.
    pub fn fresh() -> Self {
        let brokers = programs::variable("WATCHFIRE_TEST_KAFKA_BROKERS");
        let brokers = brokers.expect("run the tests with tests/run");
        Self::on(brokers.into_string().expect("an address is text"))
    }

    /// On another broker.
    pub fn on(brokers: String) -> Self {
        Self { name: format!("test.{}", uuid::Uuid::now_v7().simple()), brokers }
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        config
    }

    /// Makes the topic with so many partitions.
    pub async fn make(&self, partitions: i32) {
        let topic = NewTopic::new(&self.name, partitions, TopicReplication::Fixed(1));
        let made = self.admin().create_topics([&topic], &AdminOptions::new()).await;
        made.expect("the broker answers")[0].as_ref().expect("the topic is made");
    }

    /// Makes the topic, which takes messages of at most so many bytes.
    pub async fn narrow(&self, bytes: u32) {
        let bytes = bytes.to_string();
        let topic = NewTopic::new(&self.name, 3, TopicReplication::Fixed(1));
        let topic = topic.set("max.message.bytes", &bytes);
        let made = self.admin().create_topics([&topic], &AdminOptions::new()).await;
        made.expect("the broker answers")[0].as_ref().expect("the topic is made");
    }

    /// Lets it take messages of any usual size.
    pub async fn widen(&self) {
        let change = AlterConfig::new(ResourceSpecifier::Topic(&self.name));
        let change = change.set("max.message.bytes", "1000000");
        let changed = self.admin().alter_configs([&change], &AdminOptions::new()).await;
        changed.expect("the broker answers")[0].as_ref().expect("the topic is changed");
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.client().create().expect("a client can be made")
    }

    /// Everything that lies in the topic now, partition by partition in order.
    pub fn read(&self) -> Vec<Record> {
        let mut records = self.read_all(&self.name, record);
        records.sort_by_key(|record| (record.partition, record.offset));
        records
    }

    /// Everything that lies in a topic now.
    fn read_all<T>(&self, topic: &str, read: impl Fn(&BorrowedMessage<'_>) -> T) -> Vec<T> {
        let consumer: BaseConsumer = self
            .client()
            .set("group.id", uuid::Uuid::now_v7().to_string())
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("enable.partition.eof", "true")
            .create()
            .expect("a consumer can be made");
        let limit = Duration::from_secs(20);
        let metadata = consumer.fetch_metadata(Some(topic), limit).expect("the broker answers");
        let partitions = metadata.topics()[0].partitions();
        let mut wanted = TopicPartitionList::new();
        for partition in partitions {
            wanted
                .add_partition_offset(topic, partition.id(), Offset::Beginning)
                .expect("a partition has a beginning");
        }
        consumer.assign(&wanted).expect("partitions can be taken");
        let mut records = Vec::new();
        let mut open = partitions.len();
        while open > 0 {
            match consumer.poll(limit).expect("the broker answers") {
                Ok(message) => records.push(read(&message)),
                Err(rdkafka::error::KafkaError::PartitionEOF(_)) => open -= 1,
                Err(error) => panic!("{error}"),
            }
        }
        records
    }
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let headers = message.headers().expect("an event has headers");
    let kind = headers.iter().find(|header| header.key == "event_type").expect("its type");
    Record {
        partition: message.partition(),
        offset: message.offset(),
        key: text(message.key().expect("an event has a key")),
        event_type: text(kind.value.expect("its type")),
        event: serde_json::from_slice(message.payload().expect("an event")).expect("an event"),
    }
}

/// A copy of a dead letter.
#[derive(Debug, Clone)]
pub struct Copy {
    pub payload: Vec<u8>,
    pub headers: BTreeMap<String, String>,
}

impl Topic {
    /// Has the workers of this topic, none of which may run, go on from here.
    pub async fn place(&self, offset: Offset) {
        let group: BaseConsumer = self
            .client()
            .set("group.id", format!("{}.worker", self.name))
            .create()
            .expect("a consumer can be made");
        let limit = Duration::from_secs(20);
        let metadata = group.fetch_metadata(Some(&self.name), limit).expect("the broker answers");
        let mut places = TopicPartitionList::new();
        for partition in metadata.topics()[0].partitions() {
            let (low, high) = group
                .fetch_watermarks(&self.name, partition.id(), limit)
                .expect("the broker answers");
            let at = if offset == Offset::Beginning { low } else { high };
            places
                .add_partition_offset(&self.name, partition.id(), Offset::Offset(at))
                .expect("a partition has offsets");
        }
        // Refused as long as the broker takes somebody for a member of the group.
        crate::eventually(async || group.commit(&places, CommitMode::Sync).ok()).await;
    }

    /// Puts a message there that no daemon sent.
    pub async fn write(&self, key: &[u8], payload: &[u8]) {
        let producer: FutureProducer = self.client().create().expect("a producer can be made");
        let record = FutureRecord::to(&self.name).key(key).payload(payload);
        producer.send(record, Duration::from_secs(20)).await.expect("the broker takes it");
    }

    /// Copies of dead letters there are now; none while their topic is not there.
    pub fn dead_letters(&self) -> Vec<Copy> {
        let name = format!("{}.dlq", self.name);
        let copy = |message: &BorrowedMessage<'_>| Copy {
            payload: message.payload().unwrap_or_default().to_vec(),
            headers: message.headers().map_or_else(BTreeMap::new, |headers| {
                let text = |value: Option<&[u8]>| {
                    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
                };
                headers.iter().map(|it| (it.key.to_owned(), text(it.value))).collect()
            }),
        };
        self.read_all(&name, copy)
    }
}

impl Daemon {
    /// A second daemon over the same database, which publishes to this topic.
    pub async fn sibling_publishing_to(&self, topic: &Topic) -> Self {
        self.sibling_with(&[
            ("WATCHFIRE_KAFKA_BROKERS", &topic.brokers),
            ("WATCHFIRE_KAFKA_TOPIC", &topic.name),
        ])
        .await
    }
}

impl Setup {
    /// Its events leave for this topic.
    #[must_use]
    pub fn publishing_to(self, topic: &Topic) -> Self {
        self.env("WATCHFIRE_KAFKA_BROKERS", &topic.brokers)
            .env("WATCHFIRE_KAFKA_TOPIC", &topic.name)
    }
}

//! Publication: one process at a time sends every positioned fact to the broker, in the order of
//! positions, and remembers what was acknowledged. Whoever sends holds a lock on a connection that
//! the database ends when we no longer answer, so a stopped process does not stop everybody.

use std::time::Duration;

use watchfire_shared::event::Event;

use super::Publishing;
use super::kafka::Producer;
use super::publishing::measure;
use crate::broker;
use crate::clock;
use crate::config::Kafka;
use crate::lifecycle::Lifecycle;
use crate::store::leader::{self, Leader, Turn};
use crate::store::{Db, StoreError, publication};

/// Facts sent before any is waited for.
const BATCH: i64 = 1_000;
/// How long nobody may lead, and the longest a fact another daemon committed waits to be sent.
const PAUSE: Duration = Duration::from_millis(500);

/// How often the broker is asked whether it is there.
const PROBE: Duration = Duration::from_secs(5);

/// What became of one fact.
#[derive(Debug)]
pub struct Sent {
    pub position: i64,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub enum Outcome {
    /// Every replica has it.
    Done,
    /// The broker does not take this message.
    Refused(String),
    /// It may be there or not: it is sent again.
    Unknown(String),
}

/// Why a producer is given up; the next begins at the first unpublished fact.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("the broker did not take what was sent: {0}")]
    Broker(String),
}

pub struct Relay {
    db: Db,
    kafka: Kafka,
    publishing: Publishing,
    /// Up to this position facts are sent one by one: one of them was refused among others, which
    /// may be the fault of the batch they travelled in.
    careful: i64,
}

impl Relay {
    pub const fn new(db: Db, kafka: Kafka, publishing: Publishing) -> Self {
        Self { db, kafka, publishing, careful: 0 }
    }

    /// Publishes whenever no other process does, until this one stops.
    pub async fn run(mut self, lifecycle: Lifecycle) {
        let stopping = lifecycle.stopping().clone();
        let publishing = async {
            loop {
                match leader::lead(&self.db, Turn::Publish).await {
                    Ok(Some(leader)) => self.publish(leader).await,
                    Ok(None) => {}
                    Err(error) => warn("nobody could be asked who publishes", &error),
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        stopping.run_until_cancelled(publishing).await;
    }

    async fn publish(&mut self, leader: Leader) {
        let producer = match Producer::new(&self.kafka) {
            Ok(producer) => producer,
            Err(error) => return warn("no producer can be made: check kafka.options", &error),
        };
        tracing::info!(topic = self.kafka.topic, "this process publishes");
        let publishing = self.publishing.clone();
        publishing.lead(true);
        let (probe, db) = (producer.probe(), self.db.clone());
        let watching = async {
            loop {
                publishing.tell(probe.trouble().await);
                if let Ok(figures) = publication::figures(&db).await {
                    measure(&figures);
                }
                tokio::time::sleep(PROBE).await;
            }
        };
        tokio::select! {
            () = leader.lost() => tracing::warn!("another process may publish: the lock was lost"),
            ended = self.begin(producer) => {
                if let Err(error) = ended {
                    warn("publishing begins anew", &error);
                }
            }
            never = watching => never,
        }
        publishing.lead(false);
    }

    /// There is a topic, then everything goes there.
    async fn begin(&mut self, producer: Producer) -> Result<(), Interrupted> {
        let Kafka { topic, partitions, .. } = &self.kafka;
        while let Err(error) = broker::make_topic(&self.kafka, topic, *partitions).await {
            self.publishing.tell(Some(error.to_string()));
            tokio::time::sleep(PAUSE).await;
        }
        self.publish_all(producer).await
    }

    /// Ends with the first error of the producer as a whole.
    async fn publish_all(&mut self, mut producer: Producer) -> Result<(), Interrupted> {
        loop {
            let mut batch = publication::next(&self.db, BATCH).await?;
            match batch.first().and_then(|event| event.position) {
                None => tokio::time::sleep(PAUSE).await,
                Some(first) => {
                    if first <= self.careful {
                        batch.truncate(1);
                    }
                    self.send(&mut producer, &batch).await?;
                }
            }
        }
    }

    async fn send(&mut self, producer: &mut Producer, batch: &[Event]) -> Result<(), Interrupted> {
        let mut done = Vec::with_capacity(batch.len());
        let mut refused = Vec::new();
        let mut unknown = None;
        for Sent { position, outcome } in producer.send(batch).await {
            match outcome {
                Outcome::Done => done.push(position),
                Outcome::Refused(cause) => refused.push((position, cause)),
                Outcome::Unknown(cause) => unknown = Some(cause),
            }
        }
        let count = done.len();
        let alone = (batch.len() == 1).then(|| refused.pop()).flatten();
        let among_others = refused.iter().map(|(position, _)| *position).max();
        self.careful = among_others.unwrap_or(self.careful);
        let write = self.db.write(move |tx| {
            Box::pin(async move {
                let now = clock::now();
                publication::published(tx, &done, now).await?;
                if let Some((position, cause)) = alone {
                    publication::failed(tx, position, &cause, now).await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        write.await?;
        self.publishing.sent(count);
        match unknown {
            Some(cause) => Err(Interrupted::Broker(cause)),
            None => Ok(()),
        }
    }
}

fn warn(what: &str, error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(error, "{what}");
}

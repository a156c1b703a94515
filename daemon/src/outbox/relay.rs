//! Publication: one process at a time sends every positioned fact to the broker, in the order of
//! positions, and remembers what was acknowledged. Whoever sends holds a lock on a connection that
//! the database ends when we no longer answer, so a stopped process does not stop everybody.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use watchfire_shared::event::Event;

use super::hub::Changes;
use super::kafka::Producer;
use super::publishing::gauges;
use super::{Hub, Publishing};
use crate::broker;
use crate::clock;
use crate::config::Kafka;
use crate::lifecycle::Lifecycle;
use crate::store::leader::{self, Leader, Turn};
use crate::store::{Db, StoreError, publication};

/// Facts sent before any is waited for.
const BATCH: i64 = 2_000;
/// How often reading begins at the first fact that is not published.
const ANEW: Duration = Duration::from_secs(2);
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
    changes: Changes,
}

impl Relay {
    pub fn new(db: Db, kafka: Kafka, publishing: Publishing, hub: &Hub) -> Self {
        Self { db, kafka, publishing, careful: 0, changes: hub.changes() }
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

    /// Reads ahead, sends and marks at once: each batch passes the three one after another. Ends
    /// with the first error of the producer as a whole.
    async fn publish_all(&mut self, mut producer: Producer) -> Result<(), Interrupted> {
        let mut flow = Flow::begin();
        loop {
            let marks = Marks { done: std::mem::take(&mut flow.sent), refused: None };
            let limit = if flow.read_up_to < self.careful { 1 } else { BATCH };
            let read = async {
                if flow.is_draining() {
                    return Ok(Vec::new());
                }
                publication::next(&self.db, flow.read_up_to, limit).await
            };
            let (read, sent, marked) =
                tokio::join!(read, producer.send(&flow.read), self.mark(marks));
            let read = read?;
            marked?;
            if read.first().and_then(|event| event.position) > Some(self.careful) {
                self.careful = 0;
            }
            let verdict = Verdict::of(sent, flow.read.len());
            if verdict.is_clean() {
                flow.go_on(read, verdict.done);
            } else {
                // What was read ahead may have to wait behind what was refused.
                self.settle(verdict).await?;
                flow = Flow::begin();
            }
            if flow.is_empty() {
                if !flow.is_draining() {
                    tokio::time::timeout(PAUSE, self.changes.next()).await.ok();
                }
                flow = Flow::begin();
            }
        }
    }

    /// A refusal among others may be the fault of the batch they travelled in: only one of a fact
    /// that was sent alone counts.
    async fn settle(&mut self, verdict: Verdict) -> Result<(), Interrupted> {
        let Verdict { done, mut refused, unknown, alone } = verdict;
        let counts = if alone { refused.pop() } else { None };
        self.careful = refused.iter().map(|(position, _)| *position).max().unwrap_or(self.careful);
        self.mark(Marks { done, refused: counts }).await?;
        unknown.map_or(Ok(()), |cause| Err(Interrupted::Broker(cause)))
    }

    async fn mark(&self, Marks { done, refused }: Marks) -> Result<(), StoreError> {
        if done.is_empty() && refused.is_none() {
            return Ok(());
        }
        let count = done.len();
        let write = self.db.write(move |tx| {
            Box::pin(async move {
                let now = clock::now();
                publication::published(tx, &done, now).await?;
                if let Some((position, cause)) = refused {
                    publication::failed(tx, position, &cause, now).await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        write.await?;
        self.publishing.sent(count);
        Ok(())
    }
}

/// Positions that were acknowledged, and the one that was refused, with its cause.
struct Marks {
    done: Vec<i64>,
    refused: Option<(i64, String)>,
}

/// What is between the database and the broker.
struct Flow {
    /// Read, and not yet sent.
    read: Vec<Event>,
    read_up_to: i64,
    /// Acknowledged, and not yet marked.
    sent: Vec<i64>,
    begun: Instant,
}

impl Flow {
    fn begin() -> Self {
        Self { read: Vec::new(), read_up_to: 0, sent: Vec::new(), begun: Instant::now() }
    }

    /// A fact that is to be sent again stands before what was read: now and then everything that
    /// was read is finished, and reading begins at the first that is not published.
    fn is_draining(&self) -> bool {
        self.begun.elapsed() > ANEW
    }

    fn is_empty(&self) -> bool {
        self.read.is_empty() && self.sent.is_empty()
    }

    fn go_on(&mut self, read: Vec<Event>, sent: Vec<i64>) {
        self.read_up_to = read.last().and_then(|event| event.position).unwrap_or(self.read_up_to);
        (self.read, self.sent) = (read, sent);
    }
}

/// What became of a batch.
struct Verdict {
    done: Vec<i64>,
    refused: Vec<(i64, String)>,
    unknown: Option<String>,
    /// Whether it held one fact.
    alone: bool,
}

impl Verdict {
    fn of(sent: Vec<Sent>, size: usize) -> Self {
        let mut verdict = Self {
            done: Vec::with_capacity(size),
            refused: Vec::new(),
            unknown: None,
            alone: size == 1,
        };
        for Sent { position, outcome } in sent {
            match outcome {
                Outcome::Done => verdict.done.push(position),
                Outcome::Refused(cause) => verdict.refused.push((position, cause)),
                Outcome::Unknown(cause) => verdict.unknown = Some(cause),
            }
        }
        verdict
    }

    const fn is_clean(&self) -> bool {
        self.refused.is_empty() && self.unknown.is_none()
    }
}

fn measure(figures: &publication::Figures) {
    let waits = |since: DateTime<Utc>| (clock::now() - since).as_seconds_f64().max(0.0);
    gauges(figures.pending, figures.failed, figures.oldest.map_or(0.0, waits));
}

fn warn(what: &str, error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(error, "{what}");
}

//! Where events come from: Kafka, or the journal.

mod journal;
#[cfg(feature = "kafka")]
mod kafka;

use watchfire_shared::dead_letter::Place;

pub use journal::JournalSource;
#[cfg(feature = "kafka")]
pub use kafka::KafkaSource;

use crate::service::Working;
use crate::service::inbox::Delivery;

/// Messages taken at once.
const BATCH: usize = 500;

/// One message.
#[derive(Debug)]
pub enum Message {
    Event(Delivery),
    /// Of another journal: from before a restore.
    #[cfg(feature = "kafka")]
    Foreign(Place),
    /// Not an event.
    #[cfg(feature = "kafka")]
    Undecodable {
        bytes: Vec<u8>,
        place: Place,
        cause: String,
    },
}

impl Message {
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Event(delivery) => delivery.place.as_ref(),
            #[cfg(feature = "kafka")]
            Self::Foreign(place) | Self::Undecodable { place, .. } => Some(place),
        }
    }
}

/// Some messages, in order.
#[derive(Debug, Default)]
pub struct Batch {
    /// Partitions that are another's now: what was read from them before these messages came is
    /// not ours to finish.
    pub revoked: Vec<i32>,
    pub messages: Vec<Message>,
}

pub enum Source {
    Journal(Box<JournalSource>),
    #[cfg(feature = "kafka")]
    Kafka(KafkaSource),
}

impl Source {
    /// Waits for messages. Safe to drop and call again: nothing is lost.
    pub async fn next(&mut self) -> Batch {
        match self {
            Self::Journal(journal) => journal.next().await,
            #[cfg(feature = "kafka")]
            Self::Kafka(kafka) => kafka.next().await,
        }
    }

    /// Remembers from where to go on after a restart, as far as that succeeds.
    pub async fn commit(&self, commits: &[(i32, i64)]) -> bool {
        match self {
            Self::Journal(journal) => journal.commit(commits).await,
            #[cfg(feature = "kafka")]
            Self::Kafka(kafka) => kafka.commit(commits),
        }
    }

    /// Commits for good and leaves.
    pub async fn close(self, commits: &[(i32, i64)]) {
        self.commit(commits).await;
        match self {
            Self::Journal(_) => {}
            #[cfg(feature = "kafka")]
            Self::Kafka(kafka) => kafka.close().await,
        }
    }

    /// Tells how far behind it is, where the source does not do so by itself. `low` is the lowest
    /// offset not finished.
    pub fn measure(&self, working: &Working, low: Option<i64>) {
        match self {
            Self::Journal(journal) => working.behind_by(journal.lag(low)),
            #[cfg(feature = "kafka")]
            Self::Kafka(_) => {}
        }
    }
}

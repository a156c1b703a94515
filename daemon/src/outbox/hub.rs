//! Live fan-out: one task reads the journal, every stream follows it through a ring of the newest
//! facts and falls back to the database for older ones.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use uuid::Uuid;
use watchfire_shared::event::{Event, Hello};
use watchfire_shared::ids::JournalId;

use super::{Ledger, positions};
use crate::clock;
use crate::lifecycle::Lifecycle;
use crate::store::{Db, Result, outbox, wakes};

/// Facts kept in memory for streams that are a little behind.
const RING: usize = 2_048;
/// Facts read at once.
const PAGE: i64 = 500;
/// How long a fact another daemon committed may wait, at most.
const POLL: Duration = Duration::from_secs(1);
/// Facts gather this long before the next positions are given.
const GATHER: Duration = Duration::from_millis(2);

/// The newest facts, shared by every stream. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    db: Db,
    log_id: JournalId,
    ring: Arc<RwLock<VecDeque<Arc<Event>>>>,
    state: watch::Sender<State>,
    /// This process, among those that wake each other.
    me: Uuid,
    /// Another process gave positions.
    told: Arc<Notify>,
}

/// Why the hub looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Woken {
    /// This daemon committed something.
    Committed,
    /// Another one has given positions.
    Told,
    /// Nothing happened for a while.
    Idle,
}

#[derive(Debug, Clone, Copy)]
struct State {
    head: i64,
    /// When the journal was last read with success.
    read_at: Instant,
}

/// What a stream hears next.
pub enum Live {
    Event(Arc<Event>),
    /// The journal was read just now and there is nothing beyond this position.
    Beat(i64),
}

impl Hub {
    pub async fn open(db: Db, log_id: JournalId) -> Result<Self> {
        let head = outbox::head(&db).await?;
        let state = watch::Sender::new(State { head, read_at: Instant::now() });
        let (me, told) = (clock::new_id(), Arc::default());
        Ok(Self { db, log_id, ring: Arc::default(), state, me, told })
    }

    pub const fn log_id(&self) -> JournalId {
        self.log_id
    }

    /// The newest position read, with the journal it belongs to.
    pub fn hello(&self) -> Hello {
        Hello { log_id: self.log_id, position: self.state.borrow().head }
    }

    /// Follows the journal until the process stops. On `PostgreSQL` it also gives positions to what
    /// this daemon committed, at once. What other processes did they tell; what one left that was
    /// killed is found each second.
    pub async fn run(self, ledger: Ledger, lifecycle: Lifecycle) {
        let stopping = lifecycle.stopping().clone();
        let mut watched = outbox::watch_head(&self.db);
        let mut woken = Woken::Idle;
        while !stopping.is_cancelled() {
            if let Err(error) = self.step(&ledger, woken).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the journal could not be read"
                );
            }
            let wake = async {
                if let Some(head) = &mut watched {
                    head.changed().await.ok();
                } else {
                    ledger.committed.notified().await;
                    tokio::time::sleep(GATHER).await;
                }
            };
            woken = tokio::select! {
                () = stopping.cancelled() => return,
                () = wake => Woken::Committed,
                () = self.told.notified() => Woken::Told,
                () = tokio::time::sleep(POLL) => Woken::Idle,
            };
        }
    }

    /// Hears what other processes of this database tell, until this one stops.
    pub async fn listen(self, lifecycle: Lifecycle) {
        let listening = async {
            loop {
                let heard = wakes::listen(&self.db, self.me, || self.told.notify_one()).await;
                if let Err(error) = heard {
                    // Nothing is lost: the journal is read each second all the same.
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "others cannot be heard"
                    );
                }
                tokio::time::sleep(POLL).await;
            }
        };
        lifecycle.stopping().run_until_cancelled(listening).await;
    }

    /// Gives positions where that is due and reads what is new, batch by batch: whoever positioned
    /// until nothing is left would show nothing while writers are busy. Own writes find others'
    /// too: only an idle daemon has to look for them.
    async fn step(&self, ledger: &Ledger, woken: Woken) -> Result<()> {
        if woken == Woken::Told {
            return self.read().await;
        }
        if woken == Woken::Idle {
            outbox::find_others(&self.db).await?;
        }
        loop {
            let more = self.db.is_postgres() && positions::step(&self.db, ledger, self.me).await?;
            self.read().await?;
            if !more {
                return Ok(());
            }
        }
    }

    async fn read(&self) -> Result<()> {
        loop {
            let head = self.state.borrow().head;
            let events = outbox::page(&self.db, head, PAGE, &[]).await?;
            let Some(last) = events.last().and_then(|event| event.position) else {
                break;
            };
            {
                let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
                ring.extend(events.into_iter().map(Arc::new));
                let excess = ring.len().saturating_sub(RING);
                ring.drain(..excess);
            }
            self.state.send_replace(State { head: last, read_at: Instant::now() });
        }
        self.state.send_modify(|state| state.read_at = Instant::now());
        Ok(())
    }

    /// What wakes whoever else wants to know that there is more to read.
    pub fn changes(&self) -> Changes {
        Changes(self.state.subscribe())
    }

    /// A reader behind `after`.
    pub fn read_from(&self, after: i64) -> Reader {
        Reader { hub: self.clone(), after, ready: VecDeque::new(), state: self.state.subscribe() }
    }

    /// What follows `after`, while the ring reaches back that far.
    fn in_memory(&self, after: i64) -> Option<Vec<Arc<Event>>> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let first = ring.front()?.position?;
        if first > after + 1 {
            return None;
        }
        let from = ring.partition_point(|event| event.position.is_none_or(|at| at <= after));
        Some(ring.range(from..).cloned().collect())
    }
}

/// Looks of the hub at the journal.
pub struct Changes(watch::Receiver<State>);

impl Changes {
    /// Returns after the next look that found something.
    pub async fn next(&mut self) {
        let head = self.0.borrow_and_update().head;
        // The hub ends with the process.
        self.0.wait_for(|state| state.head > head).await.ok();
    }
}

/// One stream's place in the journal.
pub struct Reader {
    hub: Hub,
    after: i64,
    ready: VecDeque<Arc<Event>>,
    state: watch::Receiver<State>,
}

impl Reader {
    /// The next fact in order, without gap; or a beat once the journal was read with success and
    /// held nothing new. Returns only then: silence means that the journal cannot be read. Safe to
    /// drop and call again.
    pub async fn next(&mut self, beat_after: Instant) -> Live {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.after = event.position.unwrap_or(self.after);
                return Live::Event(event);
            }
            let State { head, read_at } = *self.state.borrow_and_update();
            if head > self.after {
                self.refill().await;
                continue;
            }
            if read_at >= beat_after {
                return Live::Beat(head);
            }
            // The hub ends with the process; then the stream is ended from outside.
            if self.state.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    async fn refill(&mut self) {
        if let Some(events) = self.hub.in_memory(self.after) {
            self.ready.extend(events);
        } else {
            match outbox::page(&self.hub.db, self.after, PAGE, &[]).await {
                Ok(events) => self.ready.extend(events.into_iter().map(Arc::new)),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "a stream could not be filled"
                    );
                }
            }
        }
        if self.ready.is_empty() {
            // Try again when the hub has read the journal once more, not at once.
            self.state.changed().await.ok();
        }
    }
}

//! SQLite's single writer: queued writes run one after another, each in a savepoint, and commit as
//! a group when the queue is empty or [`GROUP_TIME`] has passed, so that one fsync serves many.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use watchfire_shared::event::Event;

use super::outbox::HEAD;
use super::watermark::Watermark;
use super::{Result, StoreError, Ticket, Touched, Tx};
use crate::lifecycle::spawn_detached;

/// How long a group may gather before it commits.
const GROUP_TIME: Duration = Duration::from_millis(5);
/// Writes that may wait; beyond it callers wait for a place.
const QUEUE: usize = 1024;

/// What becomes of a write's savepoint.
pub(super) enum Verdict {
    Keep,
    Undo,
    /// The connection failed, and why: the whole group is lost.
    Broken(StoreError),
}

/// What a committed write leaves behind.
#[derive(Default)]
pub(super) struct Kept {
    pub events: Vec<Event>,
    pub touched: Vec<Touched>,
    pub ticket: Option<Ticket>,
}

/// Tells the caller how it ended: what it left behind, or why the group was lost.
pub(super) type Finish = Box<dyn FnOnce(Result<Kept>) + Send>;
/// A write without its types; given an error instead of a transaction it only answers its caller.
pub(super) type Job =
    Box<dyn for<'t> FnOnce(Result<&'t mut Tx>) -> BoxFuture<'t, (Verdict, Finish)> + Send>;

enum Order {
    Write(Job),
    Close(oneshot::Sender<()>),
}

#[derive(Clone)]
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
    pub(super) watermark: Watermark,
}

impl Writer {
    /// Opens the writing connection and starts the task.
    pub(super) async fn start(options: SqliteConnectOptions, watermark: Watermark) -> Result<Self> {
        let (orders, queue) = mpsc::channel(QUEUE);
        let tx = Tx::sqlite(options.connect().await?);
        let task = Task { options, tx: Some(tx), watermark: watermark.clone() };
        spawn_detached(task.run(queue));
        Ok(Self { orders, watermark })
    }

    pub(super) async fn submit(&self, job: Job) -> Result<()> {
        let gone = |_| StoreError::Unavailable { reason: "the daemon is stopping", source: None };
        self.orders.send(Order::Write(job)).await.map_err(gone)
    }

    /// Returns when everything queued before has committed and the connection is closed.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.orders.send(Order::Close(done)).await.is_ok() {
            closed.await.ok();
        }
    }
}

struct Task {
    options: SqliteConnectOptions,
    /// None after a failure, until it can be opened anew.
    tx: Option<Tx>,
    watermark: Watermark,
}

/// A write that ran and waits for the group's commit.
struct Ran {
    finish: Finish,
    /// None when it was undone.
    kept: Option<Kept>,
}

impl Task {
    async fn run(mut self, mut queue: mpsc::Receiver<Order>) {
        while let Some(order) = queue.recv().await {
            let done = match order {
                Order::Write(first) => self.group(first, &mut queue).await,
                Order::Close(done) => Some(done),
            };
            if let Some(done) = done {
                if let Some(mut tx) = self.tx.take()
                    && let Some(conn) = tx.sqlite_conn()
                {
                    // Leaves the file without its log, as a copy of it expects.
                    conn.execute("pragma wal_checkpoint(truncate)").await.ok();
                }
                done.send(()).ok();
                return;
            }
        }
    }

    /// Runs a group and answers everyone in it. Returns a request to close met on the way.
    async fn group(
        &mut self,
        first: Job,
        queue: &mut mpsc::Receiver<Order>,
    ) -> Option<oneshot::Sender<()>> {
        let mut ran = Vec::new();
        let mut close = None;
        let outcome = self.run_group(first, queue, &mut ran, &mut close).await;
        if let Err(error) = &outcome {
            tracing::error!(
                error = error as &dyn std::error::Error,
                writes = ran.len(),
                "a group of writes was lost"
            );
            self.reopen().await;
        }
        for Ran { finish, kept } in ran {
            finish(match (&outcome, kept) {
                (Err(error), _) => Err(lost(error)),
                (Ok(()), None) => Ok(Kept::default()),
                (Ok(()), Some(kept)) => {
                    let last = kept.events.iter().filter_map(|event| event.position).max();
                    Ok(Kept { ticket: last.map(|last| self.watermark.committed(last)), ..kept })
                }
            });
        }
        close
    }

    async fn run_group(
        &mut self,
        first: Job,
        queue: &mut mpsc::Receiver<Order>,
        ran: &mut Vec<Ran>,
        close: &mut Option<oneshot::Sender<()>>,
    ) -> Result<()> {
        let started = Instant::now();
        if let Err(error) = self.begin().await {
            refuse(first, &error, ran).await;
            return Err(error);
        }
        let mut next = Some(first);
        while let Some(job) = next {
            self.step(job, ran).await?;
            next = if started.elapsed() < GROUP_TIME && close.is_none() {
                match queue.try_recv() {
                    Ok(Order::Write(job)) => Some(job),
                    Ok(Order::Close(done)) => {
                        *close = Some(done);
                        None
                    }
                    Err(_) => None,
                }
            } else {
                None
            };
        }
        self.connection().await?.execute("commit").await?;
        Ok(())
    }

    /// From here on nobody else can write, so what is stored now and was not ours is another's.
    async fn begin(&mut self) -> Result<()> {
        let conn = self.connection().await?;
        conn.execute("begin immediate").await?;
        let stored: i64 = sqlx::query_scalar(HEAD).fetch_one(conn).await?;
        self.watermark.found(stored);
        Ok(())
    }

    /// Runs one write in its savepoint.
    async fn step(&mut self, job: Job, ran: &mut Vec<Ran>) -> Result<()> {
        let begun = match self.connection().await {
            Ok(conn) => conn.execute("savepoint one").await.map_err(StoreError::from).map(drop),
            Err(error) => Err(error),
        };
        let tx = match (begun, &mut self.tx) {
            (Ok(()), Some(tx)) => tx,
            (begun, _) => {
                let error = begun.err().unwrap_or_else(closed);
                refuse(job, &error, ran).await;
                return Err(error);
            }
        };
        let (verdict, finish) = job(Ok(tx)).await;
        let events = std::mem::take(&mut tx.events);
        let touched = std::mem::take(&mut tx.touched);
        let keep = matches!(verdict, Verdict::Keep);
        ran.push(Ran { finish, kept: keep.then_some(Kept { events, touched, ticket: None }) });
        let end = match verdict {
            Verdict::Keep => "release one",
            Verdict::Undo => "rollback to one; release one",
            Verdict::Broken(error) => return Err(error),
        };
        self.connection().await?.execute(end).await?;
        Ok(())
    }

    async fn connection(&mut self) -> Result<&mut SqliteConnection> {
        if self.tx.is_none() {
            self.tx = Some(Tx::sqlite(self.options.connect().await?));
        }
        self.tx.as_mut().and_then(Tx::sqlite_conn).ok_or_else(closed)
    }

    /// After a failed write the transaction may be gone although savepoints seem to work: only a
    /// new connection is sure to be clean.
    async fn reopen(&mut self) {
        if let Some(tx) = self.tx.take() {
            tx.close().await;
        }
    }
}

/// Answers the caller of a write that could not run.
async fn refuse(job: Job, error: &StoreError, ran: &mut Vec<Ran>) {
    let (_, finish) = job(Err(lost(error))).await;
    ran.push(Ran { finish, kept: None });
}

/// What everybody in a group is told that this error ended.
pub(super) fn lost(error: &StoreError) -> StoreError {
    match error {
        StoreError::Unavailable { reason, .. } => StoreError::Unavailable { reason, source: None },
        _ => StoreError::Unavailable { reason: "the database could not commit", source: None },
    }
}

const fn closed() -> StoreError {
    StoreError::Unavailable { reason: "the database could not be written", source: None }
}

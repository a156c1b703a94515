//! The one door for writes.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tokio::sync::oneshot;
use watchfire_shared::event::Event;
use watchfire_shared::ids::{IncidentId, Reference, UserId};

use super::writer::{self, Job, Kept};
use super::{Connection, Db, Engine, Result, StoreError, Ticket};
use crate::lifecycle::spawn_detached;

/// An open transaction. What it appended to the outbox is kept beside it, because whoever commits
/// must forget what these facts made stale.
pub struct Tx {
    conn: Engine<sqlx::Transaction<'static, sqlx::Postgres>, SqliteConnection>,
    pub(super) events: Vec<Event>,
    pub(super) touched: Vec<Touched>,
}

/// What a write makes stale although no fact says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Touched {
    Incident(IncidentId),
    Reference(Reference),
    User(UserId),
    Lists,
}

impl Tx {
    pub(crate) fn conn(&mut self) -> Connection<'_> {
        match &mut self.conn {
            Engine::Postgres(tx) => Engine::Postgres(&mut *tx as &mut PgConnection),
            Engine::Sqlite(conn) => Engine::Sqlite(conn),
        }
    }

    /// Whether no fact was appended so far.
    pub const fn is_silent(&self) -> bool {
        self.events.is_empty()
    }

    /// Has a cached copy forgotten although no fact says so: a counter moved, or
    /// an earlier answer is given again and its own forgetting may have failed.
    pub fn touch(&mut self, touched: Touched) {
        self.touched.push(touched);
    }

    pub(super) const fn sqlite(conn: SqliteConnection) -> Self {
        Self { conn: Engine::Sqlite(conn), events: Vec::new(), touched: Vec::new() }
    }

    /// Closes the connection and waits until it is closed; what was not committed is undone.
    pub(super) async fn close(self) {
        if let Engine::Sqlite(conn) = self.conn {
            conn.close_hard().await.ok();
        }
    }

    /// The raw connection of the writer task.
    pub(super) const fn sqlite_conn(&mut self) -> Option<&mut SqliteConnection> {
        match &mut self.conn {
            Engine::Sqlite(conn) => Some(conn),
            Engine::Postgres(_) => None,
        }
    }
}

/// What a committed transaction leaves behind.
pub struct Committed<T> {
    pub value: T,
    /// The facts it made true, in order.
    pub events: Vec<Event>,
    /// Stale beyond what the facts say: see [`Tx::touch`].
    pub touched: Vec<Touched>,
    /// Readers do not see the positions of these facts before this is dropped (SQLite; on
    /// `PostgreSQL` there is none yet to hide).
    pub ticket: Option<Ticket>,
}

/// An error a write may end with: the writer must know whether the connection failed.
pub trait Fallible: From<StoreError> + Send + 'static {
    /// The database's error, where it is one.
    fn store_error(&self) -> Option<&StoreError>;
}

impl Fallible for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl Db {
    /// Runs `work` in a transaction and commits it, unless it fails. Runs to its end whatever
    /// becomes of the caller: a dropped future cannot leave an open transaction in the pool.
    /// `work` awaits only statements on its own `Tx`; on SQLite it stands in everybody's way.
    pub async fn write<T, E, F>(&self, work: F) -> Result<Committed<T>, E>
    where
        T: Send + 'static,
        E: Fallible,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        match &self.door {
            Engine::Postgres(()) => {
                let db = self.clone();
                spawn_detached(async move {
                    answer.send(db.write_postgres(work).await).ok();
                });
            }
            Engine::Sqlite(writer) => writer.submit(job(work, answer)).await.map_err(E::from)?,
        }
        answered.await.unwrap_or_else(|_| Err(gone().into()))
    }

    async fn write_postgres<T, E, F>(&self, work: F) -> Result<Committed<T>, E>
    where
        E: Fallible,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>>,
    {
        let Engine::Postgres(pool) = &self.pools else {
            return Err(gone().into());
        };
        let conn = Engine::Postgres(pool.begin().await.map_err(StoreError::from)?);
        let mut tx = Tx { conn, events: Vec::new(), touched: Vec::new() };
        let value = unwound(work, &mut tx).await;
        let Engine::Postgres(transaction) = tx.conn else {
            return Err(gone().into());
        };
        match value {
            Ok(value) => {
                transaction.commit().await.map_err(StoreError::from)?;
                Ok(Committed { value, events: tx.events, touched: tx.touched, ticket: None })
            }
            Err(error) => {
                transaction.rollback().await.ok();
                Err(error)
            }
        }
    }
}

/// Runs the work; a panic becomes an error, so that the transaction is undone in order.
async fn unwound<T, E, F>(work: F, tx: &mut Tx) -> Result<T, E>
where
    E: Fallible,
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>>,
{
    let run = async { work(tx).await };
    AssertUnwindSafe(run).catch_unwind().await.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Err(StoreError::Panicked(text).into())
    })
}

/// Wraps the work so that the writer need not know its types.
fn job<T, E, F>(work: F, answer: oneshot::Sender<Result<Committed<T>, E>>) -> Job
where
    T: Send + 'static,
    E: Fallible,
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
{
    Box::new(move |tx| {
        Box::pin(async move {
            let result = match tx {
                Ok(tx) => unwound(work, tx).await,
                Err(error) => Err(error.into()),
            };
            let verdict = match result.as_ref().map_err(Fallible::store_error) {
                Ok(_) => writer::Verdict::Keep,
                Err(Some(error)) if error.is_fatal() => {
                    writer::Verdict::Broken(writer::lost(error))
                }
                Err(_) => writer::Verdict::Undo,
            };
            let finish: writer::Finish = Box::new(move |end| {
                let result = match (result, end) {
                    (Ok(value), Ok(Kept { events, touched, ticket })) => {
                        Ok(Committed { value, events, touched, ticket })
                    }
                    (Ok(_), Err(error)) => Err(error.into()),
                    (Err(error), _) => Err(error),
                };
                answer.send(result).ok();
            });
            (verdict, finish)
        })
    })
}

const fn gone() -> StoreError {
    StoreError::Unavailable { reason: "the daemon is stopping", source: None }
}

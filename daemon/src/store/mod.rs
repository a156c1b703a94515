//! The database: one SQL text, two engines.
//!
//! Reads take `&Db`; writes, and the reads that decide them, take `&mut Tx`, so a signature shows
//! that a write shares its transaction with its event. The only way to a `Tx` is [`Db::write`].

pub mod alert_groups;
pub mod alerts;
pub mod assessments;
pub mod credentials;
pub mod dead_letters;
pub mod error;
pub mod idempotency;
pub mod inbox;
pub mod incidents;
pub mod installation;
pub mod leader;
pub mod listing;
pub mod logs;
mod open;
pub mod outbox;
pub mod people;
pub mod probe;
pub mod processes;
pub mod prune;
pub mod publication;
mod standby;
mod tx;
pub mod wakes;
mod watermark;
mod writer;

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;
use sqlx::{PgConnection, SqliteConnection};

pub use error::{Result, StoreError};
pub use open::Settings;
use standby::Standby;
pub use tx::{Committed, Fallible, Touched, Tx};
pub use watermark::Ticket;

/// One of the two, everywhere something differs by database.
#[derive(Debug, Clone, Copy)]
pub enum Engine<P, S> {
    Postgres(P),
    Sqlite(S),
}

impl<P, S> Engine<P, S> {
    pub const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    const fn as_ref(&self) -> Engine<&P, &S> {
        match self {
            Self::Postgres(postgres) => Engine::Postgres(postgres),
            Self::Sqlite(sqlite) => Engine::Sqlite(sqlite),
        }
    }
}

/// Runs the same body on whichever engine it is.
macro_rules! on {
    ($engine:expr, |$conn:ident| $body:expr) => {
        match $engine {
            $crate::store::Engine::Postgres($conn) => $body,
            $crate::store::Engine::Sqlite($conn) => $body,
        }
    };
}
pub(crate) use on;

/// The few statements that must differ, side by side.
pub struct Dialect {
    pub postgres: &'static str,
    pub sqlite: &'static str,
}

impl Dialect {
    pub const fn of<P, S>(&self, engine: &Engine<P, S>) -> &'static str {
        match engine {
            Engine::Postgres(_) => self.postgres,
            Engine::Sqlite(_) => self.sqlite,
        }
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pools: Engine<PgPool, SqlitePool>,
    /// Neither long lists nor writers that wait for each other may keep this question waiting.
    authority: Engine<Standby<PgConnection>, Standby<SqliteConnection>>,
    door: Engine<(), writer::Writer>,
}

impl Db {
    /// Where reads run.
    pub const fn reads(&self) -> Engine<&PgPool, &SqlitePool> {
        self.pools.as_ref()
    }

    /// Where the authority query runs.
    pub(super) const fn authority(
        &self,
    ) -> Engine<&Standby<PgConnection>, &Standby<SqliteConnection>> {
        self.authority.as_ref()
    }

    /// `postgres` or `sqlite`.
    pub const fn kind(&self) -> &'static str {
        match self.pools {
            Engine::Postgres(_) => "postgres",
            Engine::Sqlite(_) => "sqlite",
        }
    }

    pub const fn is_postgres(&self) -> bool {
        self.pools.is_postgres()
    }

    /// Waits for queued writes, then closes every connection.
    pub async fn close(&self) {
        if let Engine::Sqlite(writer) = &self.door {
            writer.close().await;
        }
        on!(self.reads(), |pool| pool.close().await);
        on!(self.authority(), |standby| standby.clear());
    }
}

/// A connection of a transaction.
pub(crate) type Connection<'c> = Engine<&'c mut PgConnection, &'c mut SqliteConnection>;

//! One process among many: whoever holds the lock on a connection of its own.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::timeout;

use super::{Db, Engine, Result};

/// What one process at a time does.
#[derive(Debug, Clone, Copy)]
pub enum Turn {
    Publish,
    Journal,
}

impl Turn {
    /// Advisory locks are numbers, within one database.
    const fn lock(self) -> i64 {
        match self {
            Self::Publish => 0x5746_5055_424c_4953,
            Self::Journal => 0x5746_4a4f_5552_4e41,
        }
    }
}

const TRY: &str = "select pg_try_advisory_lock($1)";
/// An advisory lock has no lease: the server ends a session that does not ask anything for so long,
/// and another process leads.
const LEASE: &str = "set idle_session_timeout = '5s'";
const PING: &str = "select 1";
const EACH: Duration = Duration::from_secs(1);

/// The lock, while this value lives.
pub struct Leader(Engine<PgConnection, ()>);

/// Takes the lock where nobody holds it. On SQLite there is one process.
pub async fn lead(db: &Db, turn: Turn) -> Result<Option<Leader>> {
    let standby = match db.authority() {
        Engine::Postgres(standby) => standby,
        Engine::Sqlite(_) => return Ok(Some(Leader(Engine::Sqlite(())))),
    };
    let mut conn = standby.fresh().await?;
    sqlx::query(LEASE).execute(&mut conn).await?;
    let taken: bool = sqlx::query_scalar(TRY).bind(turn.lock()).fetch_one(&mut conn).await?;
    Ok(taken.then_some(Leader(Engine::Postgres(conn))))
}

impl Leader {
    /// Keeps the lock; returns when it may be another's.
    pub async fn lost(self) {
        let Engine::Postgres(mut conn) = self.0 else {
            return std::future::pending().await;
        };
        loop {
            tokio::time::sleep(EACH).await;
            let ping = sqlx::query(PING).execute(&mut conn);
            if !matches!(timeout(EACH, ping).await, Ok(Ok(_))) {
                return;
            }
        }
    }
}

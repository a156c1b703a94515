//! What can go wrong with the database, as the layers above need to tell it apart.

use std::sync::Arc;

use sqlx::error::ErrorKind;

/// An error of the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique value is taken already: table and column, where the engine says so.
    #[error("{0} is taken")]
    Taken(String),
    /// A fact says more than can travel.
    #[error("the event has {bytes} bytes, at most {most} can travel")]
    TooLarge { bytes: usize, most: usize },
    /// A row it refers to does not exist.
    #[error("a row it refers to does not exist")]
    Dangling,
    /// Deadlock, serialisation failure or a lock not got in time: nothing happened, the same again may succeed.
    #[error("another write was in the way")]
    Contended,
    /// The database cannot be used now. The text is fit for a caller.
    #[error("{reason}")]
    Unavailable { reason: &'static str, source: Option<sqlx::Error> },
    /// The write is committed, and the cache may still answer from before it.
    #[error("the write is done, but not everybody can be made to see it yet")]
    Unforgotten(#[source] Arc<Self>),
    /// What is stored cannot be read as what it should be, or a statement is wrong.
    #[error("the database answered an error")]
    Broken(#[source] sqlx::Error),
    /// A write panicked; its changes were undone.
    #[error("the write panicked: {0}")]
    Panicked(String),
    /// The stored schema is not one this version can run.
    #[error("{0}")]
    Schema(String),
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl StoreError {
    /// What is stored is not what was written.
    pub fn unreadable(what: String) -> Self {
        Self::Broken(sqlx::Error::Decode(what.into()))
    }

    /// Whether the connection or the file itself failed: nothing on this connection can be trusted.
    /// A refused constraint (a trigger's too) and a value that cannot be read are one write's own.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Broken(sqlx::Error::Database(error)) => !is_sqlite_constraint(&**error),
            _ => false,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(db) => match db.kind() {
                ErrorKind::UniqueViolation => {
                    Self::Taken(db.constraint().unwrap_or(db.message()).to_owned())
                }
                ErrorKind::ForeignKeyViolation => Self::Dangling,
                _ => match db.code().as_deref() {
                    Some("40P01" | "40001" | "55P03") => Self::Contended,
                    Some("53100" | "13") => unavailable("the database has no space left", error),
                    Some(code) if is_postgres_outage(code) => {
                        unavailable("the database is restarting, full or closed to us", error)
                    }
                    // SQLite: busy, read-only, I/O, corrupt, cannot open (primary result codes).
                    Some(code) if is_sqlite_io(code) => {
                        unavailable("the database file cannot be written", error)
                    }
                    _ => Self::Broken(error),
                },
            },
            // Every connection is in use, or none can be made: the pool does not tell.
            sqlx::Error::PoolTimedOut => unavailable("the database does not answer in time", error),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => unavailable("the database cannot be reached", error),
            _ => Self::Broken(error),
        }
    }
}

/// `SQLITE_CONSTRAINT`, with any extended code.
fn is_sqlite_constraint(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 19)
}

/// Codes that say something about the server or our session, not about the statement: connection
/// (08), sign-in (28), no such database, resources (53), shutdown and session ended (57P), system
/// (58), a database that takes no connections, a standby, an ended idle transaction, a statement that
/// took too long.
fn is_postgres_outage(code: &str) -> bool {
    code.len() == 5
        && (["08", "28", "53", "57P", "58"].iter().any(|class| code.starts_with(class))
            || matches!(code, "3D000" | "55000" | "25006" | "25P03" | "57014"))
}

/// `SQLITE_BUSY`, `_LOCKED`, `_READONLY`, `_IOERR`, `_CANTOPEN`, with any extended code.
fn is_sqlite_io(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 14))
        && code.len() < 5
}

const fn unavailable(reason: &'static str, source: sqlx::Error) -> StoreError {
    StoreError::Unavailable { reason, source: Some(source) }
}

//! Opening a database, making its schema current, and closing the door to schemas we cannot run.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use log::LevelFilter;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};
use tokio::time::timeout;
use watchfire_shared::ids::JournalId;

use super::installation;
use super::outbox::HEAD;
use super::standby::Standby;
use super::watermark::Watermark;
use super::writer::Writer;
use super::{Db, Engine, Result, StoreError};
use crate::clock;

const COMPATIBLE_FROM: &str = "select compatible_from from installation";
const INSTALL: &str = "insert into installation (id, log_id) values (1, $1) on conflict do nothing";
const MIGRATED: &str =
    "select coalesce(max(version), 0) from _sqlx_migrations where success = true";
const BACK_UP: &str = "vacuum into $1";
/// Nobody waits for a lock for longer than a caller would.
const LOCK_TIMEOUT: &str = "8s";

/// Where the database is and how many connections it may have.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite:///path/to/file` or `postgres://…`
    pub url: String,
    /// Connections kept open, and at most.
    pub min_connections: u32,
    pub max_connections: u32,
    /// How long a request waits for a free connection before it is answered 503.
    pub acquire_timeout: Duration,
}

impl Db {
    /// Connects and migrates. On SQLite the file is made when it is missing and copied beside
    /// itself before a migration changes it.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let is_sqlite = settings.url.starts_with("sqlite:");
        if is_sqlite { open_sqlite(settings).await } else { open_postgres(settings).await }
    }
}

async fn open_postgres(settings: &Settings) -> Result<Db> {
    let options = PgConnectOptions::from_str(&settings.url)?
        .application_name("watchfired")
        // A stopped or cut process must not hold locks for longer than this.
        .options([("idle_in_transaction_session_timeout", "10s"), ("jit", "off")])
        .log_statements(LevelFilter::Trace)
        // None counts as slow: a slow one would be logged at that level only.
        .log_slow_statements(LevelFilter::Off, Duration::MAX);
    // The one that migrates is waited for, however long that takes.
    let mut first = timeout(settings.acquire_timeout, options.connect())
        .await
        .map_err(|_| sqlx::Error::PoolTimedOut)??;
    postgres_migrator().run(&mut first).await.map_err(schema)?;
    sqlx::query(INSTALL).bind(clock::new_id()).execute(&mut first).await?;
    let compatible: i64 = sqlx::query_scalar(COMPATIBLE_FROM).fetch_one(&mut first).await?;
    check_compatible(compatible, &postgres_migrator())?;
    if installation::recognise(&mut first, JournalId(clock::new_id())).await? {
        tracing::warn!("this is a restored copy: its journal begins anew, caches and clients too");
    }
    sqlx::Connection::close(first).await?;
    let options = options.options([("lock_timeout", LOCK_TIMEOUT)]);
    let pool = PgPoolOptions::new()
        .min_connections(settings.min_connections)
        .max_connections(settings.max_connections)
        .acquire_timeout(settings.acquire_timeout)
        .connect_with(options.clone())
        .await?;
    Ok(Db {
        pools: Engine::Postgres(pool),
        authority: Engine::Postgres(Standby::new(options)),
        door: Engine::Postgres(()),
    })
}

async fn open_sqlite(settings: &Settings) -> Result<Db> {
    let options = SqliteConnectOptions::from_str(&settings.url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("temp_store", "memory")
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Off, Duration::MAX);
    let mut first = options.connect().await?;
    back_up(&mut first, options.get_filename()).await?;
    sqlite_migrator().run(&mut first).await.map_err(schema)?;
    sqlx::query(INSTALL).bind(clock::new_id()).execute(&mut first).await?;
    let compatible: i64 = sqlx::query_scalar(COMPATIBLE_FROM).fetch_one(&mut first).await?;
    check_compatible(compatible, &sqlite_migrator())?;
    let head: i64 = sqlx::query_scalar(HEAD).fetch_one(&mut first).await?;
    sqlx::Connection::close(first).await?;
    let reading = options.clone().pragma("query_only", "on");
    let pool = SqlitePoolOptions::new()
        .min_connections(0)
        .max_connections(settings.max_connections)
        .acquire_timeout(settings.acquire_timeout)
        .connect_lazy_with(reading.clone());
    let writer = Writer::start(options, Watermark::new(head)).await?;
    Ok(Db {
        pools: Engine::Sqlite(pool),
        authority: Engine::Sqlite(Standby::new(reading)),
        door: Engine::Sqlite(writer),
    })
}

/// A migration this version does not know is accepted here; whether the schema is still one it can
/// run says `compatible_from`. So old and new daemons run side by side while one replaces the other.
fn postgres_migrator() -> Migrator {
    Migrator { ignore_missing: true, ..sqlx::migrate!("../migrations/postgres") }
}

fn sqlite_migrator() -> Migrator {
    Migrator { ignore_missing: true, ..sqlx::migrate!("../migrations/sqlite") }
}

fn newest(migrator: &Migrator) -> i64 {
    migrator.iter().map(|migration| migration.version).max().unwrap_or(0)
}

fn check_compatible(compatible_from: i64, migrator: &Migrator) -> Result<()> {
    let newest = newest(migrator);
    if compatible_from <= newest {
        return Ok(());
    }
    Err(StoreError::Schema(format!(
        "the database needs a newer watchfired: its schema is for migration {compatible_from} and \
         later, this one knows up to {newest}"
    )))
}

/// Copies the file before a migration changes it; a file that is new or current is left alone.
async fn back_up(conn: &mut SqliteConnection, file: &Path) -> Result<()> {
    let Ok(migrated) = sqlx::query_scalar::<_, i64>(MIGRATED).fetch_one(&mut *conn).await else {
        return Ok(());
    };
    if migrated >= newest(&sqlite_migrator()) {
        return Ok(());
    }
    let copy = format!("{}.before-{}", file.display(), newest(&sqlite_migrator()));
    if Path::new(&copy).exists() {
        return Ok(());
    }
    sqlx::query(BACK_UP).bind(&copy).execute(conn).await?;
    tracing::info!(copy, "copied the database before migrating it");
    Ok(())
}

fn schema(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => error.into(),
        other => StoreError::Schema(format!("the schema could not be made current: {other}")),
    }
}

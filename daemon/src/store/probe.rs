//! Looking at a database without changing it.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::time::timeout;

use super::{Db, Result, StoreError, on};

const VERSION: &str = "show server_version";
const SCHEMA: &str = "select max(version) from _sqlx_migrations where success = true";
const SOUND: &str = "pragma quick_check(1)";
const QUESTION: &str = "select epoch from installation";
const LIMIT: Duration = Duration::from_secs(5);

/// What is there, in words; an error says why it cannot be used.
pub async fn probe(url: &str) -> Result<String> {
    let looked = timeout(LIMIT, async {
        if url.starts_with("sqlite:") { probe_sqlite(url).await } else { probe_postgres(url).await }
    });
    looked.await.map_err(|_| StoreError::from(sqlx::Error::PoolTimedOut))?
}

async fn probe_postgres(url: &str) -> Result<String> {
    let mut conn = PgConnectOptions::from_str(url)?.connect().await?;
    let version: String = sqlx::query_scalar(VERSION).fetch_one(&mut conn).await?;
    let schema = sqlx::query_scalar(SCHEMA).fetch_one(&mut conn).await.ok().flatten();
    conn.close().await?;
    Ok(format!("PostgreSQL {version}, {}", described(schema)))
}

async fn probe_sqlite(url: &str) -> Result<String> {
    let options = SqliteConnectOptions::from_str(url)?.read_only(true);
    if !options.get_filename().exists() {
        return Ok(described(None));
    }
    let mut conn = options.connect().await?;
    let sound: String = sqlx::query_scalar(SOUND).fetch_one(&mut conn).await?;
    if sound != "ok" {
        return Err(StoreError::Schema(format!("the file is damaged: {sound}; restore a copy")));
    }
    let schema = sqlx::query_scalar(SCHEMA).fetch_one(&mut conn).await.ok().flatten();
    conn.close().await?;
    Ok(described(schema))
}

fn described(schema: Option<i64>) -> String {
    match schema {
        Some(schema) => format!("schema {schema}"),
        None => "no schema yet: the first start makes it".to_owned(),
    }
}

/// A small question on a connection of the pool.
pub async fn ask(db: &Db) -> Result<()> {
    on!(db.reads(), |pool| sqlx::query(QUESTION).fetch_one(pool).await.map(drop))?;
    Ok(())
}

/// The same on a connection opened for it and closed again.
pub async fn ask_unpooled(db: &Db) -> Result<()> {
    on!(db.authority(), |standby| {
        let mut connection = standby.fresh().await?;
        sqlx::query(QUESTION).fetch_one(&mut connection).await?;
        connection.close().await?;
    });
    Ok(())
}

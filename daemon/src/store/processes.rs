//! Who shares this database: each process writes its row every two seconds.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use sqlx::types::Json;
use watchfire_shared::ids::ProcessId;
use watchfire_shared::process::{Figures, Process, ProcessKind};

use super::{Db, Result, Tx, on};

const BEAT: &str = "insert into processes (id, kind, name, version, started_at, seen_at, figures) \
     values ($1, $2, $3, $4, $5, $6, $7) \
     on conflict (id) do update set seen_at = excluded.seen_at, figures = excluded.figures";
const SEEN_SINCE: &str = "select id, kind, name, version, started_at, seen_at, figures \
     from processes where seen_at > $1 order by started_at, id";
const FORGET: &str = "delete from processes where id = $1 or seen_at < $2";

#[derive(FromRow)]
struct Row {
    id: ProcessId,
    kind: ProcessKind,
    name: String,
    version: String,
    started_at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
    figures: Json<Figures>,
}

/// A process says that it is there, and how it is.
pub async fn beat(tx: &mut Tx, process: &Process) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(BEAT)
        .bind(process.id)
        .bind(process.kind)
        .bind(&process.name)
        .bind(&process.version)
        .bind(process.started_at)
        .bind(process.seen_at)
        .bind(Json(&process.figures))
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Those that said something after a moment, the oldest first.
pub async fn seen_since(db: &Db, moment: DateTime<Utc>) -> Result<Vec<Process>> {
    let rows: Vec<Row> =
        on!(db.reads(), |pool| sqlx::query_as(SEEN_SINCE).bind(moment).fetch_all(pool).await)?;
    let process = |row: Row| Process {
        id: row.id,
        kind: row.kind,
        name: row.name,
        version: row.version,
        started_at: row.started_at,
        seen_at: row.seen_at,
        figures: row.figures.0,
    };
    Ok(rows.into_iter().map(process).collect())
}

/// Forgets a process that ends, and those that were not heard of since long ago.
pub async fn forget(tx: &mut Tx, id: ProcessId, long_ago: DateTime<Utc>) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(FORGET)
        .bind(id)
        .bind(long_ago)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

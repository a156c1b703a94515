//! The one row about this installation: which journal it writes, and the cache epoch.

use sqlx::PgConnection;
use watchfire_shared::ids::JournalId;

use super::{Db, Result, Tx, on};

const LOG_ID: &str = "select log_id from installation";
const RENEW: &str = "update installation set log_id = $1, epoch = epoch + 1";
const CLUSTER: &str = "select cast(system_identifier as text) from pg_control_system()";
/// Where another cluster is recorded, the journal is a copy of the one written there.
const MOVED: &str = "update installation set log_id = $2, epoch = epoch + 1, system_identifier = $1 \
     where system_identifier <> $1";
const RECORD: &str =
    "update installation set system_identifier = $1 where system_identifier is null";
const RAISE: &str = "update installation set epoch = epoch + 1";

pub async fn log_id(db: &Db) -> Result<JournalId> {
    Ok(on!(db.reads(), |pool| sqlx::query_scalar(LOG_ID).fetch_one(pool).await)?)
}

/// A new journal: after a restore, versions and positions may be used a second time.
pub async fn renew_log(tx: &mut Tx, log_id: JournalId) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(RENEW).bind(log_id).execute(conn).await.map(drop))?;
    Ok(())
}

/// Gives the journal a new id when this is another cluster than the recorded one: what was dumped
/// there goes on here, and its positions may be used a second time. True when it did.
pub(super) async fn recognise(conn: &mut PgConnection, log_id: JournalId) -> Result<bool> {
    let cluster: String = sqlx::query_scalar(CLUSTER).fetch_one(&mut *conn).await?;
    let moved = sqlx::query(MOVED).bind(&cluster).bind(log_id).execute(&mut *conn).await?;
    sqlx::query(RECORD).bind(&cluster).execute(conn).await?;
    Ok(moved.rows_affected() > 0)
}

/// Makes every cached value of every daemon absent.
pub async fn raise_epoch(tx: &mut Tx) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(RAISE).execute(conn).await.map(drop))?;
    Ok(())
}

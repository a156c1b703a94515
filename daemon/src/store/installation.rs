//! The one row about this installation: which journal it writes, and the cache epoch.

use watchfire_shared::ids::JournalId;

use super::{Db, Result, Tx, on};

const LOG_ID: &str = "select log_id from installation";
const RENEW: &str = "update installation set log_id = $1, epoch = epoch + 1";
const RAISE: &str = "update installation set epoch = epoch + 1";

pub async fn log_id(db: &Db) -> Result<JournalId> {
    Ok(on!(db.reads(), |pool| sqlx::query_scalar(LOG_ID).fetch_one(pool).await)?)
}

/// A new journal: after a restore, versions and positions may be used a second time.
pub async fn renew_log(tx: &mut Tx, log_id: JournalId) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(RENEW).bind(log_id).execute(conn).await.map(drop))?;
    Ok(())
}

/// Makes every cached value of every daemon absent.
pub async fn raise_epoch(tx: &mut Tx) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(RAISE).execute(conn).await.map(drop))?;
    Ok(())
}

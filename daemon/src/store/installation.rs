//! The one row about this installation: which journal it writes, the cache epoch, and which Redis
//! holds what is cached.

use std::sync::Arc;

use sqlx::PgConnection;
use watchfire_shared::ids::JournalId;

use super::{Db, Result, StoreError, Tx, on};

const LOG_ID: &str = "select log_id from installation";
const RENEW: &str = "update installation set log_id = $1, epoch = epoch + 1";
const CLUSTER: &str = "select cast(system_identifier as text) from pg_control_system()";
/// Where another cluster is recorded, the journal is a copy of the one written there.
const MOVED: &str = "update installation set log_id = $2, epoch = epoch + 1, system_identifier = $1 \
     where system_identifier <> $1";
const RECORD: &str =
    "update installation set system_identifier = $1 where system_identifier is null";
const RAISE: &str = "update installation set epoch = epoch + 1";
const MOMENT: &str = "select epoch, cache_identity from installation";
const ADOPT: &str = "update installation set epoch = epoch + 1, cache_identity = $1 \
     where cache_identity is distinct from $1";

/// What the database said of the cache at one moment: a value of another epoch is not there for a
/// request of this one, and neither is another Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    pub epoch: i64,
    /// The identity recorded last; none where no daemon ever used Redis.
    pub redis: Option<Arc<str>>,
}

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

/// Now.
pub async fn moment(db: &Db) -> Result<Moment> {
    let (epoch, redis): (i64, Option<String>) =
        on!(db.reads(), |pool| sqlx::query_as(MOMENT).fetch_one(pool).await)?;
    Ok(Moment { epoch, redis: redis.map(Into::into) })
}

/// As [`moment`], on a connection that needs nobody's leave: who asks has little time, and a pool that
/// is busy is no reason to believe that anything changed.
pub async fn moment_at_once(db: &Db) -> Result<Moment> {
    let (epoch, redis): (i64, Option<String>) = on!(db.authority(), |standby| {
        let mut connection = standby.take().await?;
        let found = sqlx::query_as(MOMENT).fetch_one(&mut connection).await?;
        standby.give(connection);
        found
    });
    Ok(Moment { epoch, redis: redis.map(Into::into) })
}

/// Records which Redis holds what is cached from now on. When that was another one, the epoch is
/// raised with it: what stands there may be from before writes nobody told it of.
pub async fn adopt_cache(db: &Db, identity: Arc<str>) -> Result<()> {
    let adopted = db.write(move |tx| {
        Box::pin(async move {
            on!(tx.conn(), |conn| sqlx::query(ADOPT)
                .bind(&*identity)
                .execute(conn)
                .await
                .map(drop))?;
            Ok::<_, StoreError>(())
        })
    });
    adopted.await.map(drop)
}

/// As [`raise_epoch`], in a transaction of its own.
pub async fn raise_epoch_now(db: &Db) -> Result<()> {
    db.write(|tx| Box::pin(raise_epoch(tx))).await.map(drop)
}

/// Makes every cached value of every daemon absent.
pub async fn raise_epoch(tx: &mut Tx) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(RAISE).execute(conn).await.map(drop))?;
    Ok(())
}

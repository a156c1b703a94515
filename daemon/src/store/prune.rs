//! Removing what is old: the beginning of the journal, sessions that are over, answers kept for
//! repeats.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Db, Result, Tx, on};

/// The first position that stays: that of the oldest fact which is younger, not yet published where
/// that matters ($2), or the newest of all. Only what is before it goes, so the journal has no holes.
const BOUNDARY: &str = "select coalesce(min(position), 0) from events where position is not null \
     and (occurred_at >= $1 or (published_at is null and $2) \
     or position = (select max(position) from events))";
const COUNT: &str = "select \
     (select count(*) from events where position < $1) as events, \
     (select count(*) from sessions where expires_at < $2 or revoked_at < $2) as sessions, \
     (select count(*) from idempotency_keys where created_at < $2) as idempotency_keys";
const EVENTS: &str = "delete from events where position in \
     (select position from events where position < $1 order by position limit $2)";
const SESSIONS: &str = "delete from sessions where expires_at < $1 or revoked_at < $1";
const IDEMPOTENCY_KEYS: &str = "delete from idempotency_keys where created_at < $1";

/// How many rows of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Old {
    pub events: i64,
    pub sessions: i64,
    pub idempotency_keys: i64,
}

/// The first position of the journal that stays.
pub async fn boundary(db: &Db, before: DateTime<Utc>, unpublished_stay: bool) -> Result<i64> {
    Ok(on!(db.reads(), |pool| sqlx::query_scalar(BOUNDARY)
        .bind(before)
        .bind(unpublished_stay)
        .fetch_one(pool)
        .await)?)
}

/// What would go.
pub async fn count(db: &Db, boundary: i64, before: DateTime<Utc>) -> Result<Old> {
    Ok(on!(db.reads(), |pool| sqlx::query_as(COUNT)
        .bind(boundary)
        .bind(before)
        .fetch_one(pool)
        .await)?)
}

/// Removes up to `limit` facts before a position; returns how many.
pub async fn events(tx: &mut Tx, boundary: i64, limit: i64) -> Result<u64> {
    Ok(on!(tx.conn(), |conn| sqlx::query(EVENTS)
        .bind(boundary)
        .bind(limit)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Removes sessions that ended, with their refresh tokens, and answers kept for repeats.
pub async fn sessions_and_keys(tx: &mut Tx, before: DateTime<Utc>) -> Result<()> {
    for statement in [SESSIONS, IDEMPOTENCY_KEYS] {
        on!(tx.conn(), |conn| sqlx::query(statement).bind(before).execute(conn).await.map(drop))?;
    }
    Ok(())
}

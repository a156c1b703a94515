//! Answers kept for a repeat of the same request.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;

use super::{Db, Result, Tx, on};

const CLAIM: &str = "insert into idempotency_keys \
     (actor, route, key, request_hash, answer, created_at) values ($1, $2, $3, $4, $5, $6) \
     on conflict (actor, route, key) do update set request_hash = excluded.request_hash, \
     answer = excluded.answer, created_at = excluded.created_at \
     where idempotency_keys.created_at <= $7";
const FIND: &str = "select request_hash, answer from idempotency_keys \
     where actor = $1 and route = $2 and key = $3";
const KEEP: &str = "update idempotency_keys set answer = $4 \
     where actor = $1 and route = $2 and key = $3";
const FORGET_OLD: &str = "delete from idempotency_keys where created_at <= $1";

/// Who asked, for what, under which key.
#[derive(Debug, Clone)]
pub struct Request {
    pub actor: String,
    pub route: String,
    pub key: String,
    /// Keyed digest of the body.
    pub hash: String,
}

#[derive(Debug, FromRow)]
pub struct Kept {
    pub request_hash: String,
    pub answer: Json<Value>,
}

/// Takes the key for this request. False when it was taken since `expired`; a transaction that
/// holds it is waited for.
pub async fn claim(
    tx: &mut Tx,
    request: &Request,
    now: DateTime<Utc>,
    expired: DateTime<Utc>,
) -> Result<bool> {
    let claimed: u64 = on!(tx.conn(), |conn| sqlx::query(CLAIM)
        .bind(&request.actor)
        .bind(&request.route)
        .bind(&request.key)
        .bind(&request.hash)
        .bind(Json(Value::Null))
        .bind(now)
        .bind(expired)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(claimed > 0)
}

/// What was answered under a key that is taken.
pub async fn find(tx: &mut Tx, request: &Request) -> Result<Kept> {
    Ok(on!(tx.conn(), |conn| sqlx::query_as(FIND)
        .bind(&request.actor)
        .bind(&request.route)
        .bind(&request.key)
        .fetch_one(conn)
        .await)?)
}

/// What was answered to an earlier one, where there was one.
pub async fn earlier(db: &Db, request: &Request) -> Result<Option<Kept>> {
    Ok(on!(db.reads(), |pool| sqlx::query_as(FIND)
        .bind(&request.actor)
        .bind(&request.route)
        .bind(&request.key)
        .fetch_optional(pool)
        .await)?)
}

/// Keeps the answer under a key claimed in this transaction.
pub async fn keep(tx: &mut Tx, request: &Request, answer: &Value) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(KEEP)
        .bind(&request.actor)
        .bind(&request.route)
        .bind(&request.key)
        .bind(Json(answer))
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Forgets what nobody may repeat any more.
pub async fn forget_before(tx: &mut Tx, before: DateTime<Utc>) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(FORGET_OLD).bind(before).execute(conn).await.map(drop))?;
    Ok(())
}

//! Answers kept for a repeat of the same request.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;

use super::{Result, Tx, on};

const FIND: &str = "select request_hash, answer from idempotency_keys \
     where actor = $1 and route = $2 and key = $3 and created_at > $4";
const KEEP: &str = "insert into idempotency_keys (actor, route, key, request_hash, answer, created_at) \
     values ($1, $2, $3, $4, $5, $6) \
     on conflict (actor, route, key) do update set request_hash = excluded.request_hash, \
     answer = excluded.answer, created_at = excluded.created_at \
     where idempotency_keys.created_at <= $7 returning 1";
const FORGET_OLD: &str = "delete from idempotency_keys where created_at <= $1";

/// Who asked, for what, under which key.
#[derive(Debug, Clone)]
pub struct Request {
    pub actor: String,
    pub route: String,
    pub key: String,
    /// Hex digest of the body.
    pub hash: String,
}

#[derive(Debug, FromRow)]
pub struct Kept {
    pub request_hash: String,
    pub answer: Json<Value>,
}

/// What was answered to this key since `after`.
pub async fn find(tx: &mut Tx, request: &Request, after: DateTime<Utc>) -> Result<Option<Kept>> {
    Ok(on!(tx.conn(), |conn| sqlx::query_as(FIND)
        .bind(&request.actor)
        .bind(&request.route)
        .bind(&request.key)
        .bind(after)
        .fetch_optional(conn)
        .await)?)
}

/// Keeps an answer. False when the same key was answered meanwhile: the caller starts again.
pub async fn keep(
    tx: &mut Tx,
    request: &Request,
    answer: &Value,
    now: DateTime<Utc>,
    after: DateTime<Utc>,
) -> Result<bool> {
    let kept: Option<i32> = on!(tx.conn(), |conn| sqlx::query_scalar(KEEP)
        .bind(&request.actor)
        .bind(&request.route)
        .bind(&request.key)
        .bind(&request.hash)
        .bind(Json(answer))
        .bind(now)
        .bind(after)
        .fetch_optional(conn)
        .await)?;
    Ok(kept.is_some())
}

/// Forgets what nobody may repeat any more.
pub async fn forget_before(tx: &mut Tx, before: DateTime<Utc>) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(FORGET_OLD).bind(before).execute(conn).await.map(drop))?;
    Ok(())
}

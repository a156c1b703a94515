//! What a consumer could not handle: one row each, until somebody decides.

use std::collections::{BTreeSet, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;
use watchfire_shared::dead_letter::{
    DeadLetter, DeadLetterKind, DeadLetterState, Discarded, Place,
};
use watchfire_shared::event::Event;
use watchfire_shared::ids::DeadLetterId;

use super::{Db, Dialect, Result, Tx, on};

macro_rules! select {
    ($rest:literal) => {
        select!("bytes", $rest)
    };
    ($bytes:literal, $rest:literal) => {
        concat!(
            "select id, consumer, event, ",
            $bytes,
            " as bytes, cause, attempts, place, parked_at, redrive, \
             discarded from dead_letters ",
            $rest
        )
    };
}

const PARK: &str = "insert into dead_letters (id, consumer, aggregate_id, version, event, cause, \
     attempts, place, parked_at, redrive) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, false) \
     on conflict (consumer, aggregate_id, version) do nothing";
const BURY: &str = "insert into dead_letters (id, consumer, bytes, cause, attempts, place, \
     parked_at, redrive) select $1, $2, $3, $4, 0, $5, $6, false \
     where not exists (select 1 from dead_letters where consumer = $2 and bytes = $3 and place = $5)";
/// A page of letters is for a screen: their beginnings will do.
const PAGE: &str = select!("substr(bytes, 1, 4096)", "where id > ");
const LOCK: Dialect = Dialect {
    postgres: select!("where id = $1 and discarded is null for update"),
    sqlite: select!("where id = $1 and discarded is null"),
};
const FIND: &str = select!("where id = $1 and discarded is null");
const FIRST: &str = select!(
    "where consumer = $1 and aggregate_id = $2 and discarded is null order by version limit 1"
);
const WANTED: &str =
    select!("where consumer = $1 and redrive and discarded is null order by id limit $2");
const UNCOPIED: &str = select!("where consumer = $1 and copied_at is null order by id limit $2");
const REDRIVE: &str = "update dead_letters set redrive = true where id = $1";
const AGAIN: &str = "update dead_letters set redrive = false, cause = $2, attempts = attempts + 1 \
     where id = $1 and redrive and discarded is null";
const REMOVE: &str = "delete from dead_letters where id = $1";
const DISCARD: &str = "update dead_letters set discarded = $2, redrive = false where id = $1";
const WAITING: &str = "select count(*) from dead_letters where discarded is null";

#[derive(FromRow)]
struct Row {
    id: DeadLetterId,
    consumer: String,
    event: Option<Json<Value>>,
    bytes: Option<Vec<u8>>,
    cause: String,
    attempts: i64,
    place: Option<Json<Place>>,
    parked_at: DateTime<Utc>,
    redrive: bool,
    discarded: Option<Json<Discarded>>,
}

impl From<Row> for DeadLetter {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: match row.bytes {
                None => DeadLetterKind::Parked,
                Some(_) => DeadLetterKind::Undecodable,
            },
            state: match (&row.discarded, row.redrive) {
                (Some(_), _) => DeadLetterState::Discarded,
                (None, true) => DeadLetterState::Redriving,
                (None, false) => DeadLetterState::Waiting,
            },
            consumer: row.consumer,
            // What this version cannot read stands in nobody's way.
            event: row.event.and_then(|event| Event::deserialize(event.0).ok()),
            bytes: row.bytes.map(|bytes| STANDARD.encode(bytes)),
            cause: row.cause,
            attempts: row.attempts,
            place: row.place.map(|place| place.0),
            parked_at: row.parked_at,
            discarded: row.discarded.map(|discarded| discarded.0),
        }
    }
}

/// Keeps an event; the same again changes nothing.
pub async fn park(tx: &mut Tx, letter: &DeadLetter, event: &Event) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(PARK)
        .bind(letter.id)
        .bind(&letter.consumer)
        .bind(event.aggregate_id)
        .bind(event.version)
        .bind(Json(event))
        .bind(&letter.cause)
        .bind(letter.attempts)
        .bind(letter.place.as_ref().map(Json))
        .bind(letter.parked_at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Keeps bytes that are no event; the same from the same place changes nothing.
pub async fn bury(tx: &mut Tx, letter: &DeadLetter, bytes: &[u8]) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(BURY)
        .bind(letter.id)
        .bind(&letter.consumer)
        .bind(bytes)
        .bind(&letter.cause)
        .bind(letter.place.as_ref().map(Json))
        .bind(letter.parked_at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Those of some aggregates that wait for somebody's decision.
pub async fn stuck(
    tx: &mut Tx,
    consumer: &str,
    aggregates: &BTreeSet<Uuid>,
) -> Result<HashSet<Uuid>> {
    if aggregates.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<Uuid> = on!(tx.conn(), |conn| {
        let mut query = QueryBuilder::new(
            "select distinct aggregate_id from dead_letters where discarded is null \
             and consumer = ",
        );
        query.push_bind(consumer).push(" and aggregate_id in (");
        let mut list = query.separated(", ");
        for aggregate in aggregates {
            list.push_bind(*aggregate);
        }
        query.push(")");
        query.build_query_scalar().fetch_all(conn).await
    })?;
    Ok(rows.into_iter().collect())
}

/// Those in a state, or all that are not discarded, the oldest first.
pub async fn page(
    db: &Db,
    state: Option<DeadLetterState>,
    after: DeadLetterId,
    limit: i64,
) -> Result<Vec<DeadLetter>> {
    let state = match state {
        None => " and discarded is null",
        Some(DeadLetterState::Waiting) => " and discarded is null and not redrive",
        Some(DeadLetterState::Redriving) => " and discarded is null and redrive",
        Some(DeadLetterState::Discarded) => " and discarded is not null",
    };
    let rows: Vec<Row> = on!(db.reads(), |pool| {
        let mut query = QueryBuilder::new(PAGE);
        query.push_bind(after.0).push(state).push(" order by id limit ").push_bind(limit);
        query.build_query_as().fetch_all(pool).await
    })?;
    Ok(rows.into_iter().map(DeadLetter::from).collect())
}

/// One that is not discarded, as it is now.
pub async fn find(tx: &mut Tx, id: DeadLetterId) -> Result<Option<DeadLetter>> {
    let row: Option<Row> =
        on!(tx.conn(), |conn| sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)?;
    Ok(row.map(DeadLetter::from))
}

/// As [`find`], locked.
pub async fn lock(tx: &mut Tx, id: DeadLetterId) -> Result<Option<DeadLetter>> {
    let lock = LOCK.of(&tx.conn());
    let row: Option<Row> =
        on!(tx.conn(), |conn| sqlx::query_as(lock).bind(id).fetch_optional(conn).await)?;
    Ok(row.map(DeadLetter::from))
}

/// The lowest version of an aggregate that is not discarded.
pub async fn first(tx: &mut Tx, consumer: &str, aggregate: Uuid) -> Result<Option<DeadLetter>> {
    let row: Option<Row> = on!(tx.conn(), |conn| sqlx::query_as(FIRST)
        .bind(consumer)
        .bind(aggregate)
        .fetch_optional(conn)
        .await)?;
    Ok(row.map(DeadLetter::from))
}

/// Those somebody wants to be handled again.
pub async fn wanted(db: &Db, consumer: &str, limit: i64) -> Result<Vec<DeadLetter>> {
    listed(db, WANTED, consumer, limit).await
}

/// Those whose copy the broker has not acknowledged.
pub async fn uncopied(db: &Db, consumer: &str, limit: i64) -> Result<Vec<DeadLetter>> {
    listed(db, UNCOPIED, consumer, limit).await
}

async fn listed(db: &Db, sql: &'static str, consumer: &str, limit: i64) -> Result<Vec<DeadLetter>> {
    let rows: Vec<Row> = on!(db.reads(), |pool| sqlx::query_as(sql)
        .bind(consumer)
        .bind(limit)
        .fetch_all(pool)
        .await)?;
    Ok(rows.into_iter().map(DeadLetter::from).collect())
}

pub async fn copied(tx: &mut Tx, ids: &[DeadLetterId], now: DateTime<Utc>) -> Result<()> {
    on!(tx.conn(), |conn| {
        let mut query = QueryBuilder::new("update dead_letters set copied_at = ");
        query.push_bind(now).push(" where id in (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.0);
        }
        query.push(")");
        query.build().execute(conn).await.map(drop)
    })?;
    Ok(())
}

/// Has it handled again.
pub async fn redrive(tx: &mut Tx, id: DeadLetterId) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(REDRIVE).bind(id).execute(conn).await.map(drop))?;
    Ok(())
}

/// It was handled again and failed again.
pub async fn failed_again(tx: &mut Tx, id: DeadLetterId, cause: &str) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(AGAIN).bind(id).bind(cause).execute(conn).await.map(drop))?;
    Ok(())
}

/// It was handled.
pub async fn remove(tx: &mut Tx, id: DeadLetterId) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(REMOVE).bind(id).execute(conn).await.map(drop))?;
    Ok(())
}

/// It is never handled; the row stays as the record of that.
pub async fn discard(tx: &mut Tx, id: DeadLetterId, discarded: &Discarded) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(DISCARD)
        .bind(id)
        .bind(Json(discarded))
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// How many wait for a decision or for their redrive.
pub async fn waiting(db: &Db) -> Result<i64> {
    Ok(on!(db.reads(), |pool| sqlx::query_scalar(WAITING).fetch_one(pool).await)?)
}

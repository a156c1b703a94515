//! What each consumer has handled: per aggregate the next version it expects, and how far it has
//! read and looked through the journal.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::outbox::readable;
use super::{Db, Dialect, Result, Tx, on};

const INSERT: &str = "insert into inbox (consumer, aggregate_id, next_version) ";
/// A worker that falls silent meanwhile holds up its successor for no longer than this.
const SELECT: Dialect = Dialect {
    postgres: "select aggregate_id, next_version from inbox, \
               set_config('idle_in_transaction_session_timeout', '5s', true) lease \
               where consumer = ",
    sqlite: "select aggregate_id, next_version from inbox where consumer = ",
};
const LOCK: Dialect =
    Dialect { postgres: ") order by aggregate_id for update of inbox", sqlite: ")" };
const BEHIND: &str = "select e.aggregate_id, coalesce(i.next_version, 1) as next_version, \
     max(e.version) + 1 as below from events e \
     left join inbox i on i.consumer = $1 and i.aggregate_id = e.aggregate_id \
     where e.position > $2 and e.position <= $3 and e.version >= coalesce(i.next_version, 1) \
     group by e.aggregate_id, i.next_version order by min(e.position) limit $4";
const OLD: &str = "select coalesce(max(position), $1) from (select position, occurred_at \
     from events where position > $1 and position <= $2 order by position limit $3) e \
     where occurred_at < $4";
const MARKS: &str = "select handled, swept from consumers where name = $1";
const HANDLED: &str = "insert into consumers (name, handled, swept) values ($1, $2, 0) \
     on conflict (name) do update set handled = excluded.handled";
const SWEPT: &str = "insert into consumers (name, handled, swept) values ($1, 0, $2) \
     on conflict (name) do update set swept = excluded.swept";

/// Facts a consumer has not handled although they are there: versions from `next_version` on,
/// before `below`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Behind {
    pub aggregate_id: Uuid,
    pub next_version: i64,
    pub below: i64,
}

/// Positions up to which a consumer has read the journal, and looked for what it missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Marks {
    pub handled: i64,
    pub swept: i64,
}

/// Locks the rows of some aggregates, in one order everywhere, and returns the versions they
/// expect; who was never heard of expects 1.
pub async fn lock(
    tx: &mut Tx,
    consumer: &str,
    aggregates: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, i64>> {
    if aggregates.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (select, lock) = (SELECT.of(&tx.conn()), LOCK.of(&tx.conn()));
    let rows: Vec<(Uuid, i64)> = on!(tx.conn(), |conn| {
        let mut insert = QueryBuilder::new(INSERT);
        insert.push_values(aggregates, |mut row, aggregate| {
            row.push_bind(consumer).push_bind(*aggregate).push("1");
        });
        insert.push(" on conflict (consumer, aggregate_id) do nothing");
        insert.build().execute(&mut *conn).await?;
        let mut select = QueryBuilder::new(select);
        select.push_bind(consumer).push(" and aggregate_id in (");
        let mut list = select.separated(", ");
        for aggregate in aggregates {
            list.push_bind(*aggregate);
        }
        select.push(lock);
        select.build_query_as().fetch_all(conn).await
    })?;
    Ok(rows.into_iter().collect())
}

/// Versions some aggregates expected a moment ago: what is below them is handled for good.
pub async fn expected(
    db: &Db,
    consumer: &str,
    aggregates: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, i64>> {
    let rows: Vec<(Uuid, i64)> = on!(db.reads(), |pool| {
        let mut select =
            QueryBuilder::new("select aggregate_id, next_version from inbox where consumer = ");
        select.push_bind(consumer).push(" and aggregate_id in (");
        let mut list = select.separated(", ");
        for aggregate in aggregates {
            list.push_bind(*aggregate);
        }
        select.push(")");
        select.build_query_as().fetch_all(pool).await
    })?;
    Ok(rows.into_iter().collect())
}

/// Stores what aggregates locked by [`lock`] expect now.
pub async fn advance(tx: &mut Tx, consumer: &str, next: &BTreeMap<Uuid, i64>) -> Result<()> {
    if next.is_empty() {
        return Ok(());
    }
    on!(tx.conn(), |conn| {
        let mut query = QueryBuilder::new(INSERT);
        query.push_values(next, |mut row, (aggregate, version)| {
            row.push_bind(consumer).push_bind(*aggregate).push_bind(*version);
        });
        query.push(
            " on conflict (consumer, aggregate_id) \
             do update set next_version = excluded.next_version",
        );
        query.build().execute(conn).await.map(drop)
    })?;
    Ok(())
}

/// Aggregates with facts between two positions that the consumer has not handled.
pub async fn behind(
    db: &Db,
    consumer: &str,
    (after, upto): (i64, i64),
    limit: i64,
) -> Result<Vec<Behind>> {
    Ok(on!(db.reads(), |pool| sqlx::query_as(BEHIND)
        .bind(consumer)
        .bind(after)
        .bind(upto)
        .bind(limit)
        .fetch_all(pool)
        .await)?)
}

/// The newest position among the next so many facts that happened before a moment; `after` where
/// there is none.
pub async fn older_than(
    db: &Db,
    after: i64,
    limit: i64,
    moment: chrono::DateTime<chrono::Utc>,
) -> Result<i64> {
    let upto = readable(db).unwrap_or(i64::MAX);
    Ok(on!(db.reads(), |pool| sqlx::query_scalar(OLD)
        .bind(after)
        .bind(upto)
        .bind(limit)
        .bind(moment)
        .fetch_one(pool)
        .await)?)
}

pub async fn marks(db: &Db, consumer: &str) -> Result<Marks> {
    let marks: Option<Marks> =
        on!(db.reads(), |pool| sqlx::query_as(MARKS).bind(consumer).fetch_optional(pool).await)?;
    Ok(marks.unwrap_or_default())
}

pub async fn keep_handled(tx: &mut Tx, consumer: &str, position: i64) -> Result<()> {
    keep(tx, HANDLED, consumer, position).await
}

pub async fn keep_swept(tx: &mut Tx, consumer: &str, position: i64) -> Result<()> {
    keep(tx, SWEPT, consumer, position).await
}

async fn keep(tx: &mut Tx, sql: &'static str, consumer: &str, position: i64) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(sql)
        .bind(consumer)
        .bind(position)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

//! What has left the database: every positioned fact is published once, in the order of positions;
//! one that failed holds back the later ones of its aggregate and nobody else's.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use sqlx::types::Json;
use watchfire_shared::event::Event;
use watchfire_shared::ids::EventId;
use watchfire_shared::outbox::FailedEvent;

use super::outbox::{Row, columns, events, readable};
use super::{Db, Dialect, Engine, Result, StoreError, Tx, on};

const UNPUBLISHED: &str = concat!(
    "select ",
    columns!(),
    " from events e where position is not null and published_at is null and failed_at is null \
     and position > $3 and position <= $2 and not exists (select 1 from events f where f.aggregate_id = e.aggregate_id \
     and f.failed_at is not null and f.version < e.version) order by position limit $1"
);
const PUBLISHED: Dialect = Dialect {
    postgres: "update events set published_at = $1, attempts = attempts + 1, last_error = null \
               where position = any($2) and published_at is null",
    sqlite: "update events set published_at = $1, attempts = attempts + 1, last_error = null \
             where position in (select value from json_each($2)) and published_at is null",
};
const FAILED: &str = "update events set failed_at = $1, attempts = attempts + 1, last_error = $2 \
     where position = $3 and published_at is null";
const RETRY: &str = "update events set failed_at = null where id = $1 and failed_at is not null";
const FAILURES: &str = concat!(
    "select ",
    columns!(),
    ", attempts, coalesce(last_error, '') as cause, failed_at \
     from events where failed_at is not null order by position limit $1"
);
const FIGURES: &str = "select \
     (select count(*) from events where published_at is null and failed_at is null) as pending, \
     (select count(*) from events where position is null) as unpositioned, \
     (select count(*) from events where failed_at is not null) as failed, \
     (select coalesce(max(position) - min(position) + 1, 0) from events) as positioned, \
     (select min(occurred_at) from events where published_at is null and failed_at is null) as oldest";

/// Counts of the outbox.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct Figures {
    /// Not yet published, whether positioned or not; failed ones count apart.
    pub pending: i64,
    pub unpositioned: i64,
    pub failed: i64,
    /// Positions are given without gap: those that are kept, whatever became of them.
    pub positioned: i64,
    /// When the oldest pending fact happened.
    pub oldest: Option<DateTime<Utc>>,
}

impl Figures {
    /// Acknowledged by the broker.
    pub const fn published(&self) -> i64 {
        self.positioned - self.failed - (self.pending - self.unpositioned)
    }
}

#[derive(FromRow)]
struct FailedRow {
    #[sqlx(flatten)]
    row: Row,
    attempts: i32,
    cause: String,
    failed_at: DateTime<Utc>,
}

impl TryFrom<FailedRow> for FailedEvent {
    type Error = StoreError;

    fn try_from(failed: FailedRow) -> Result<Self> {
        let FailedRow { row, attempts, cause, failed_at } = failed;
        Ok(Self { event: row.try_into()?, cause, attempts: attempts.into(), failed_at })
    }
}

/// The next facts to publish after a position, in order.
pub async fn next(db: &Db, after: i64, limit: i64) -> Result<Vec<Event>> {
    let upto = readable(db).unwrap_or(i64::MAX);
    let rows: Vec<Row> = on!(db.reads(), |pool| sqlx::query_as(UNPUBLISHED)
        .bind(limit)
        .bind(upto)
        .bind(after)
        .fetch_all(pool)
        .await)?;
    events(rows)
}

/// Remembers that the facts at these positions have been acknowledged by the broker.
pub async fn published(tx: &mut Tx, positions: &[i64], now: DateTime<Utc>) -> Result<()> {
    match tx.conn() {
        Engine::Postgres(conn) => {
            sqlx::query(PUBLISHED.postgres).bind(now).bind(positions).execute(conn).await?;
        }
        Engine::Sqlite(conn) => {
            sqlx::query(PUBLISHED.sqlite).bind(now).bind(Json(positions)).execute(conn).await?;
        }
    }
    Ok(())
}

/// Remembers why the fact at a position was refused: it and its followers wait for a retry.
pub async fn failed(tx: &mut Tx, position: i64, cause: &str, now: DateTime<Utc>) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(FAILED)
        .bind(now)
        .bind(cause)
        .bind(position)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Lets a failed fact be published again; false when there is none of this id.
pub async fn retry(tx: &mut Tx, id: EventId) -> Result<bool> {
    let changed = on!(tx.conn(), |conn| sqlx::query(RETRY)
        .bind(id)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Failed facts, the oldest first.
pub async fn failures(db: &Db, limit: i64) -> Result<Vec<FailedEvent>> {
    let rows: Vec<FailedRow> =
        on!(db.reads(), |pool| sqlx::query_as(FAILURES).bind(limit).fetch_all(pool).await)?;
    rows.into_iter().map(FailedEvent::try_from).collect()
}

pub async fn figures(db: &Db) -> Result<Figures> {
    Ok(on!(db.reads(), |pool| sqlx::query_as(FIGURES).fetch_one(pool).await)?)
}

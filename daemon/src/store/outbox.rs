//! Events: appended in the transaction that made them true, positioned, read by position.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::types::Json;
use sqlx::{FromRow, QueryBuilder};
use tokio::sync::watch;
use uuid::Uuid;
use watchfire_shared::event::{Actor, AggregateType, Event, Fact, Source};
use watchfire_shared::ids::{EventId, JournalId};

use super::{Db, Engine, Result, StoreError, Tx, on};

macro_rules! columns {
    () => {
        "id, position, aggregate_type, aggregate_id, version, event_type, schema_version, log_id, \
         occurred_at, source, actor, request_id, caused_by, payload"
    };
}
pub(super) use columns;

const INSERT: &str = concat!(
    "insert into events (",
    columns!(),
    ") values ($1, null, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning seq"
);
const INSERT_MANY: &str = concat!("insert into events (", columns!(), ") ");
/// Bytes of what one fact says. A broker takes messages of a million bytes unless told otherwise;
/// the rest is for the envelope.
const PAYLOAD_MAX: usize = 900_000;
/// Facts of one insert: 13 binds each, `SQLite` takes 32,766 of them.
const CHUNK: usize = 500;
/// Whoever falls silent while it holds the lock is ended before others have waited for long.
const LOCK_COUNTER: &str = "select last, set_config('idle_in_transaction_session_timeout', '5s', true) \
     from event_positions where id = 1 for update";
const UNPOSITIONED: &str = concat!(
    "select seq, ",
    columns!(),
    " from events where position is null order by seq limit $1"
);
const POSITION: &str = "update events set position = numbered.position \
     from (select unnest($1::bigint[]) as seq, unnest($2::bigint[]) as position) numbered \
     where events.seq = numbered.seq";
const COUNT_ON: &str = "update event_positions set last = $1 where id = 1";
const PAGE: &str = concat!(
    "select ",
    columns!(),
    " from events where position > $1 and position <= $2 order by position limit $3"
);
const TIMELINE: &str = concat!(
    "select ",
    columns!(),
    " from events where aggregate_id = $1 and version > $2 order by version limit $3"
);
const LAST_CHANGE: &str = concat!(
    "select ",
    columns!(),
    " from events where aggregate_id = $1 and event_type = $2 order by version desc limit $3"
);
const LAST: &str = concat!(
    "select ",
    columns!(),
    " from events where aggregate_id = $1 order by version desc limit 1"
);
pub(super) const HEAD: &str = "select coalesce(max(position), 0) from events";
const OLDEST: &str = "select coalesce(min(position), 0) from events";
const WAITING: &str = "select count(*) from events where position is null";

#[derive(FromRow)]
pub(super) struct Row {
    id: EventId,
    position: Option<i64>,
    aggregate_type: AggregateType,
    aggregate_id: Uuid,
    version: i64,
    event_type: String,
    schema_version: i16,
    log_id: JournalId,
    occurred_at: DateTime<Utc>,
    source: Source,
    actor: Json<Actor>,
    request_id: String,
    caused_by: Option<EventId>,
    payload: Json<Value>,
}

impl TryFrom<Row> for Event {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let fact = Fact::read(row.event_type, row.payload.0)
            .map_err(|error| StoreError::Broken(sqlx::Error::Decode(error.into())))?;
        Ok(Self {
            event_id: row.id,
            fact,
            schema_version: row.schema_version,
            log_id: row.log_id,
            position: row.position,
            aggregate_type: row.aggregate_type,
            aggregate_id: row.aggregate_id,
            version: row.version,
            occurred_at: row.occurred_at,
            source: row.source,
            actor: row.actor.0,
            request_id: row.request_id,
            caused_by: row.caused_by,
        })
    }
}

pub(super) fn events(rows: Vec<Row>) -> Result<Vec<Event>> {
    rows.into_iter().map(Event::try_from).collect()
}

/// Appends facts in order. On SQLite they have their positions at once.
pub async fn append(tx: &mut Tx, facts: Vec<Event>) -> Result<()> {
    let mut facts = facts.into_iter().peekable();
    while facts.peek().is_some() {
        let mut chunk: Vec<Event> = facts.by_ref().take(CHUNK).collect();
        let seqs = match &chunk[..] {
            [event] => vec![insert(tx, event).await?],
            chunk => insert_many(tx, chunk).await?,
        };
        if !tx.conn().is_postgres() {
            for (event, seq) in chunk.iter_mut().zip(seqs) {
                event.position = Some(seq);
            }
        }
        tx.events.append(&mut chunk);
    }
    Ok(())
}

async fn insert(tx: &mut Tx, event: &Event) -> Result<i64> {
    let payload = payload_of(&event.fact)?;
    Ok(on!(tx.conn(), |conn| sqlx::query_scalar(INSERT)
        .bind(event.event_id)
        .bind(event.aggregate_type)
        .bind(event.aggregate_id)
        .bind(event.version)
        .bind(event.fact.event_type())
        .bind(event.schema_version)
        .bind(event.log_id)
        .bind(event.occurred_at)
        .bind(event.source)
        .bind(Json(&event.actor))
        .bind(&event.request_id)
        .bind(event.caused_by)
        .bind(Json(&payload))
        .fetch_one(conn)
        .await)?)
}

/// Rows of one statement get their numbers in the order they stand in.
async fn insert_many(tx: &mut Tx, events: &[Event]) -> Result<Vec<i64>> {
    let payloads: Vec<Box<RawValue>> =
        events.iter().map(|event| payload_of(&event.fact)).collect::<Result<_>>()?;
    let mut seqs: Vec<i64> = on!(tx.conn(), |conn| {
        let mut query = QueryBuilder::new(INSERT_MANY);
        query.push_values(events.iter().zip(&payloads), |mut row, (event, payload)| {
            row.push_bind(event.event_id.0)
                .push("null")
                .push_bind(event.aggregate_type)
                .push_bind(event.aggregate_id)
                .push_bind(event.version)
                .push_bind(event.fact.event_type())
                .push_bind(event.schema_version)
                .push_bind(event.log_id.0)
                .push_bind(event.occurred_at)
                .push_bind(event.source)
                .push_bind(Json(&event.actor))
                .push_bind(&event.request_id)
                .push_bind(event.caused_by.map(|id| id.0))
                .push_bind(Json(payload));
        });
        query.push(" returning seq");
        query.build_query_scalar().persistent(false).fetch_all(conn).await
    })?;
    // They are returned in no promised order.
    seqs.sort_unstable();
    Ok(seqs)
}

/// What a fact says, as JSON; refused where its message would be too large for a broker, because
/// there it would hold back its incident for good.
fn payload_of(fact: &Fact) -> Result<Box<RawValue>> {
    #[derive(Deserialize)]
    struct Tagged {
        payload: Box<RawValue>,
    }
    let unwritable =
        |error: serde_json::Error| StoreError::Broken(sqlx::Error::Encode(error.into()));
    let tagged = serde_json::to_string(fact).map_err(unwritable)?;
    let Tagged { payload } = serde_json::from_str(&tagged).map_err(unwritable)?;
    match payload.get().len() {
        ..=PAYLOAD_MAX => Ok(payload),
        bytes => Err(StoreError::TooLarge { bytes, most: PAYLOAD_MAX }),
    }
}

/// Locks the counter and returns the last position given with every fact that has none yet, in
/// order of insertion. The lock is a statement of its own: a statement that waited for it would
/// keep the snapshot from before and number facts a second time. `PostgreSQL` only.
pub async fn take_unpositioned(tx: &mut Tx, limit: usize) -> Result<(i64, Vec<(i64, Event)>)> {
    #[derive(FromRow)]
    struct Taken {
        seq: i64,
        #[sqlx(flatten)]
        row: Row,
    }
    let Engine::Postgres(conn) = tx.conn() else {
        return Ok((0, Vec::new()));
    };
    let last: i64 = sqlx::query_scalar(LOCK_COUNTER).fetch_one(&mut *conn).await?;
    let taken: Vec<Taken> = sqlx::query_as(UNPOSITIONED)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(conn)
        .await?;
    let taken = taken.into_iter().map(|taken| Ok((taken.seq, taken.row.try_into()?)));
    Ok((last, taken.collect::<Result<_>>()?))
}

/// Numbers what [`take_unpositioned`] took, from `last + 1` on. `PostgreSQL` only.
pub async fn position(tx: &mut Tx, last: i64, seqs: &[i64]) -> Result<()> {
    let Engine::Postgres(conn) = tx.conn() else {
        return Ok(());
    };
    let positions: Vec<i64> = (last + 1..).take(seqs.len()).collect();
    sqlx::query(POSITION).bind(seqs).bind(&positions).execute(&mut *conn).await?;
    sqlx::query(COUNT_ON).bind(positions.last().unwrap_or(&last)).execute(conn).await?;
    Ok(())
}

/// Facts after a position, by position; never beyond what may be read.
pub async fn page(db: &Db, after: i64, limit: i64, kinds: &[String]) -> Result<Vec<Event>> {
    let upto = readable(db).unwrap_or(i64::MAX);
    if kinds.is_empty() {
        return events(on!(db.reads(), |pool| sqlx::query_as(PAGE)
            .bind(after)
            .bind(upto)
            .bind(limit)
            .fetch_all(pool)
            .await)?);
    }
    events(on!(db.reads(), |pool| {
        let mut query =
            QueryBuilder::new(concat!("select ", columns!(), " from events where position > "));
        query
            .push_bind(after)
            .push(" and position <= ")
            .push_bind(upto)
            .push(" and event_type in (");
        let mut list = query.separated(", ");
        for kind in kinds {
            list.push_bind(kind);
        }
        query.push(") order by position limit ").push_bind(limit);
        query.build_query_as::<Row>().fetch_all(pool).await
    })?)
}

/// The facts of one aggregate after a version, by version.
pub async fn timeline(db: &Db, aggregate: Uuid, after: i64, limit: i64) -> Result<Vec<Event>> {
    events(on!(db.reads(), |pool| sqlx::query_as(TIMELINE)
        .bind(aggregate)
        .bind(after)
        .bind(limit)
        .fetch_all(pool)
        .await)?)
}

/// The latest fact of an aggregate.
pub async fn latest(tx: &mut Tx, aggregate: Uuid) -> Result<Option<Event>> {
    let row: Option<Row> =
        on!(tx.conn(), |conn| sqlx::query_as(LAST).bind(aggregate).fetch_optional(conn).await)?;
    row.map(Event::try_from).transpose()
}

/// The latest facts of one type, the newest first: who changed what, for a refusal.
pub async fn latest_of(tx: &mut Tx, aggregate: Uuid, kind: &str, limit: i64) -> Result<Vec<Event>> {
    events(on!(tx.conn(), |conn| sqlx::query_as(LAST_CHANGE)
        .bind(aggregate)
        .bind(kind)
        .bind(limit)
        .fetch_all(conn)
        .await)?)
}

/// The newest position that may be read.
pub async fn head(db: &Db) -> Result<i64> {
    match readable(db) {
        Some(head) => Ok(head),
        None => Ok(on!(db.reads(), |pool| sqlx::query_scalar(HEAD).fetch_one(pool).await)?),
    }
}

/// The oldest position kept; 0 while there is none.
pub async fn oldest(db: &Db) -> Result<i64> {
    Ok(on!(db.reads(), |pool| sqlx::query_scalar(OLDEST).fetch_one(pool).await)?)
}

/// Facts that have no position yet.
pub async fn unpositioned(db: &Db) -> Result<i64> {
    Ok(on!(db.reads(), |pool| sqlx::query_scalar(WAITING).fetch_one(pool).await)?)
}

/// Lets readers see what another process has committed meanwhile. On `PostgreSQL` whoever gives
/// positions finds it; on `SQLite` the writer does with each group, so an empty one is run.
pub async fn find_others(db: &Db) -> Result<()> {
    let (Engine::Sqlite(pool), Engine::Sqlite(writer)) = (db.reads(), &db.door) else {
        return Ok(());
    };
    let stored: i64 = sqlx::query_scalar(HEAD).fetch_one(pool).await?;
    if stored > writer.watermark.known() {
        db.write(|_| Box::pin(async { Ok::<_, StoreError>(()) })).await?;
    }
    Ok(())
}

/// Wakes whenever more may be read; none on `PostgreSQL`, where any daemon may position.
pub fn watch_head(db: &Db) -> Option<watch::Receiver<i64>> {
    match &db.door {
        Engine::Sqlite(writer) => Some(writer.watermark.watch()),
        Engine::Postgres(()) => None,
    }
}

pub(super) fn readable(db: &Db) -> Option<i64> {
    match &db.door {
        Engine::Sqlite(writer) => Some(writer.watermark.head()),
        Engine::Postgres(()) => None,
    }
}

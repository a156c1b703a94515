//! Incidents: one row each, with their labels beside it for filters.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;
use watchfire_shared::event::{Actor, Source};
use watchfire_shared::ids::{IncidentId, Reference, UserId};
use watchfire_shared::incident::{Incident, Labels, Priority, Status};
use watchfire_shared::stats::{Counts, Stats};
use watchfire_shared::user::UserRef;

use super::{Db, Dialect, Result, StoreError, Tx, on};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select i.id, i.number, i.title, i.description, i.status, i.priority, \
             i.priority_chosen, i.service, i.labels, i.assigned_to, u.name as assignee_name, \
             i.created_by, i.source, i.version, i.log_count, i.firing_alerts, i.score, \
             i.created_at, i.updated_at, i.acknowledged_at, i.resolved_at, i.closed_at, \
             i.last_fact_at from incidents i left join users u on u.id = i.assigned_to ",
            $rest
        )
    };
}

const BY_ID: &str = select!("where i.id = $1");
const MANY: &str = select!("where i.id in (");
const LOCK: Dialect = Dialect {
    postgres: "select id from incidents where id = $1 for update",
    sqlite: "select id from incidents where id = $1",
};
const TRY_LOCK: Dialect = Dialect {
    postgres: "select id from incidents where id = $1 for update skip locked",
    sqlite: "select id from incidents where id = $1",
};
const EXISTS: &str = "select count(*) from incidents where id = $1";
const ID_OF: &str = "select id from incidents where number = $1";
const REFERENCE_OF: &str = "select number from incidents where id = $1";
const NUMBER: &str = "update incident_numbers set last = last + 1 where id = 1 returning last";
const SEQUENCE: &str = "select nextval('incident_number')";
const INSERT: &str = "insert into incidents (id, number, title, description, status, priority, \
     priority_chosen, service, labels, assigned_to, created_by, source, version, log_count, \
     firing_alerts, score, created_at, updated_at, acknowledged_at, resolved_at, closed_at, \
     last_fact_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
     $17, $18, $19, $20, $21, $22)";
const UPDATE: &str = "update incidents set title = $2, description = $3, status = $4, \
     priority = $5, priority_chosen = $6, service = $7, labels = $8, assigned_to = $9, \
     version = $10, log_count = $11, firing_alerts = $12, score = $13, updated_at = $14, \
     acknowledged_at = $15, resolved_at = $16, closed_at = $17, last_fact_at = $18 where id = $1";
const DROP_LABELS: &str = "delete from incident_labels where incident_id = $1";
const ADD_LABELS: &str = "insert into incident_labels (incident_id, name, value) ";
const DELETE: &str = "delete from incidents where id = $1";
const ASSIGNED: &str =
    "select id from incidents where assigned_to = $1 and status <> 'closed' order by id";
const COUNTS: &str = "select status, priority, count(*) from incidents \
     where status <> 'closed' group by status, priority";
const STATS: &str = "select count(case when created_at > $1 then 1 end), \
     cast(coalesce(sum(firing_alerts), 0) as bigint) from incidents";
const ACTIVE_SINCE: &str =
    "select id from incidents where updated_at > $1 order by updated_at desc, id desc limit $2";
const TIMES: Dialect = Dialect {
    postgres: "select cast(avg(extract(epoch from acknowledged_at - created_at)) as double precision), \
     cast(avg(extract(epoch from resolved_at - created_at)) as double precision) \
     from incidents where created_at > $1",
    sqlite: "select avg((julianday(acknowledged_at) - julianday(created_at)) * 86400.0), \
     avg((julianday(resolved_at) - julianday(created_at)) * 86400.0) \
     from incidents where created_at > $1",
};

/// An incident with what only the daemon knows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// With its description.
    pub incident: Incident,
    /// A person chose the priority: alerts no longer change it.
    pub priority_chosen: bool,
    /// Time of the latest fact; the next one is not earlier.
    pub last_fact_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Row {
    id: IncidentId,
    number: Reference,
    title: String,
    description: String,
    status: Status,
    priority: i16,
    priority_chosen: bool,
    service: String,
    labels: Json<Labels>,
    assigned_to: Option<UserId>,
    assignee_name: Option<String>,
    created_by: Json<Actor>,
    source: Source,
    version: i64,
    log_count: i64,
    firing_alerts: i64,
    score: f64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    acknowledged_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    last_fact_at: DateTime<Utc>,
}

impl TryFrom<Row> for Stored {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let assigned_to = row.assigned_to.zip(row.assignee_name);
        Ok(Self {
            priority_chosen: row.priority_chosen,
            last_fact_at: row.last_fact_at,
            incident: Incident {
                id: row.id,
                reference: row.number,
                title: row.title,
                description: Some(row.description),
                status: row.status,
                priority: priority(row.priority)?,
                service: row.service,
                labels: row.labels.0,
                assigned_to: assigned_to.map(|(id, name)| UserRef { id, name }),
                created_by: row.created_by.0,
                source: row.source,
                version: row.version,
                log_count: row.log_count,
                firing_alerts: row.firing_alerts,
                score: (row.score >= 0.0).then_some(row.score),
                created_at: row.created_at,
                updated_at: row.updated_at,
                acknowledged_at: row.acknowledged_at,
                resolved_at: row.resolved_at,
                closed_at: row.closed_at,
            },
        })
    }
}

pub(super) fn priority(rank: i16) -> Result<Priority> {
    Priority::from_rank(rank).ok_or_else(|| StoreError::unreadable(format!("priority {rank}")))
}

pub async fn by_id(db: &Db, id: IncidentId) -> Result<Option<Incident>> {
    let row: Option<Row> =
        on!(db.reads(), |pool| sqlx::query_as(BY_ID).bind(id).fetch_optional(pool).await)?;
    Ok(row.map(Stored::try_from).transpose()?.map(|stored| stored.incident))
}

pub async fn id_by_reference(db: &Db, number: Reference) -> Result<Option<IncidentId>> {
    Ok(on!(db.reads(), |pool| sqlx::query_scalar(ID_OF).bind(number).fetch_optional(pool).await)?)
}

/// As [`id_by_reference`], to decide a write.
pub async fn id_of(tx: &mut Tx, number: Reference) -> Result<Option<IncidentId>> {
    Ok(on!(tx.conn(), |conn| sqlx::query_scalar(ID_OF).bind(number).fetch_optional(conn).await)?)
}

/// The reference of an incident that is there.
pub async fn reference_of(tx: &mut Tx, id: IncidentId) -> Result<Option<Reference>> {
    Ok(on!(tx.conn(), |conn| sqlx::query_scalar(REFERENCE_OF).bind(id).fetch_optional(conn).await)?)
}

/// Those that changed after a moment, the latest first.
pub async fn active_since(db: &Db, moment: DateTime<Utc>, at_most: u32) -> Result<Vec<IncidentId>> {
    Ok(on!(db.reads(), |pool| sqlx::query_scalar(ACTIVE_SINCE)
        .bind(moment)
        .bind(i64::from(at_most))
        .fetch_all(pool)
        .await)?)
}

/// Those of `ids` that exist, in no order.
pub async fn many(db: &Db, ids: &[IncidentId]) -> Result<Vec<Incident>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = on!(db.reads(), |pool| {
        let mut query = QueryBuilder::new(MANY);
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.0);
        }
        query.push(")");
        query.build_query_as().fetch_all(pool).await
    })?;
    rows.into_iter().map(|row| Ok(Stored::try_from(row)?.incident)).collect()
}

/// Locks the row until the transaction ends and reads it as it is then.
pub async fn lock(tx: &mut Tx, id: IncidentId) -> Result<Option<Stored>> {
    let lock = LOCK.of(&tx.conn());
    let found: Option<Uuid> =
        on!(tx.conn(), |conn| sqlx::query_scalar(lock).bind(id).fetch_optional(conn).await)?;
    if found.is_none() {
        return Ok(None);
    }
    let row: Option<Row> =
        on!(tx.conn(), |conn| sqlx::query_as(BY_ID).bind(id).fetch_optional(conn).await)?;
    row.map(Stored::try_from).transpose()
}

/// As [`lock`], but waits for nobody: another's lock is [`StoreError::Contended`].
pub async fn try_lock(tx: &mut Tx, id: IncidentId) -> Result<Option<Stored>> {
    let lock = TRY_LOCK.of(&tx.conn());
    let found: Option<Uuid> =
        on!(tx.conn(), |conn| sqlx::query_scalar(lock).bind(id).fetch_optional(conn).await)?;
    if found.is_some() {
        let row: Option<Row> =
            on!(tx.conn(), |conn| sqlx::query_as(BY_ID).bind(id).fetch_optional(conn).await)?;
        return row.map(Stored::try_from).transpose();
    }
    let count: i64 =
        on!(tx.conn(), |conn| sqlx::query_scalar(EXISTS).bind(id).fetch_one(conn).await)?;
    if count > 0 { Err(StoreError::Contended) } else { Ok(None) }
}

/// The open work of one person, in the order rows are locked.
pub async fn assigned_to(tx: &mut Tx, user: UserId) -> Result<Vec<IncidentId>> {
    Ok(on!(tx.conn(), |conn| sqlx::query_scalar(ASSIGNED).bind(user).fetch_all(conn).await)?)
}

/// The next reference. A number whose transaction fails is not used again on `PostgreSQL`.
pub async fn next_reference(tx: &mut Tx) -> Result<Reference> {
    let next = Dialect { postgres: SEQUENCE, sqlite: NUMBER }.of(&tx.conn());
    Ok(on!(tx.conn(), |conn| sqlx::query_scalar(next).fetch_one(conn).await)?)
}

pub async fn insert(tx: &mut Tx, stored: &Stored) -> Result<()> {
    let i = &stored.incident;
    on!(tx.conn(), |conn| sqlx::query(INSERT)
        .bind(i.id)
        .bind(i.reference)
        .bind(&i.title)
        .bind(i.description.as_deref().unwrap_or_default())
        .bind(i.status)
        .bind(i.priority.rank())
        .bind(stored.priority_chosen)
        .bind(&i.service)
        .bind(Json(&i.labels))
        .bind(i.assigned_to.as_ref().map(|user| user.id))
        .bind(Json(&i.created_by))
        .bind(i.source)
        .bind(i.version)
        .bind(i.log_count)
        .bind(i.firing_alerts)
        .bind(i.score.unwrap_or(-1.0))
        .bind(i.created_at)
        .bind(i.updated_at)
        .bind(i.acknowledged_at)
        .bind(i.resolved_at)
        .bind(i.closed_at)
        .bind(stored.last_fact_at)
        .execute(conn)
        .await
        .map(drop))?;
    add_labels(tx, i.id, &i.labels).await
}

/// Stores a row read by [`lock`]; `before` tells whether its labels changed.
pub async fn update(tx: &mut Tx, stored: &Stored, before: &Labels) -> Result<()> {
    let i = &stored.incident;
    on!(tx.conn(), |conn| sqlx::query(UPDATE)
        .bind(i.id)
        .bind(&i.title)
        .bind(i.description.as_deref().unwrap_or_default())
        .bind(i.status)
        .bind(i.priority.rank())
        .bind(stored.priority_chosen)
        .bind(&i.service)
        .bind(Json(&i.labels))
        .bind(i.assigned_to.as_ref().map(|user| user.id))
        .bind(i.version)
        .bind(i.log_count)
        .bind(i.firing_alerts)
        .bind(i.score.unwrap_or(-1.0))
        .bind(i.updated_at)
        .bind(i.acknowledged_at)
        .bind(i.resolved_at)
        .bind(i.closed_at)
        .bind(stored.last_fact_at)
        .execute(conn)
        .await
        .map(drop))?;
    if i.labels == *before {
        return Ok(());
    }
    on!(tx.conn(), |conn| sqlx::query(DROP_LABELS).bind(i.id).execute(conn).await.map(drop))?;
    add_labels(tx, i.id, &i.labels).await
}

async fn add_labels(tx: &mut Tx, id: IncidentId, labels: &Labels) -> Result<()> {
    if labels.is_empty() {
        return Ok(());
    }
    on!(tx.conn(), |conn| {
        let mut query = QueryBuilder::new(ADD_LABELS);
        query.push_values(labels, |mut row, (name, value)| {
            row.push_bind(id.0).push_bind(name).push_bind(value);
        });
        query.build().execute(conn).await.map(drop)
    })?;
    Ok(())
}

/// Logs, alerts and labels go with it.
pub async fn delete(tx: &mut Tx, id: IncidentId) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(DELETE).bind(id).execute(conn).await.map(drop))?;
    Ok(())
}

/// What is not closed, exact.
pub async fn counts(db: &Db) -> Result<Counts> {
    let rows: Vec<(Status, i16, i64)> =
        on!(db.reads(), |pool| sqlx::query_as(COUNTS).fetch_all(pool).await)?;
    let mut counts = Counts::default();
    for (status, rank, count) in rows {
        *counts.by_status.entry(status).or_default() += count;
        let priority = priority(rank)?;
        *counts.by_priority.entry(priority).or_default() += count;
        if status != Status::Resolved {
            *counts.unresolved_by_priority.entry(priority).or_default() += count;
        }
    }
    Ok(counts)
}

/// The dashboard's figures: created since `day`, acknowledged and resolved among those since `month`.
pub async fn stats(db: &Db, now: DateTime<Utc>) -> Result<Stats> {
    let day = now - chrono::TimeDelta::days(1);
    let month = now - chrono::TimeDelta::days(30);
    let counts = counts(db).await?;
    let (created_24h, firing_alerts): (i64, i64) =
        on!(db.reads(), |pool| sqlx::query_as(STATS).bind(day).fetch_one(pool).await)?;
    let times = TIMES.of(&db.reads());
    let (mtta_seconds, mttr_seconds): (Option<f64>, Option<f64>) =
        on!(db.reads(), |pool| sqlx::query_as(times).bind(month).fetch_one(pool).await)?;
    Ok(Stats {
        as_of: now,
        by_status: counts.by_status,
        by_priority: counts.by_priority,
        created_24h,
        firing_alerts,
        mtta_seconds,
        mttr_seconds,
    })
}

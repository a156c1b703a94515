//! Assessments of incidents, and which incidents ask for one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{FromRow, QueryBuilder};
use watchfire_shared::assessment::{Assessment, AssessmentStatus, LogSummary, TopMessage};
use watchfire_shared::event::Actor;
use watchfire_shared::ids::{AssessmentId, EventId, IncidentId};
use watchfire_shared::log::Level;

use super::{Db, Dialect, Result, StoreError, Tx, on};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, incident_id, component, status, progress, requested_by, started_at, \
             completed_at, parameter_version, summary, error from assessments ",
            $rest
        )
    };
}

const INSERT: &str = "insert into assessments (id, incident_id, component, status, progress, \
     requested_by, started_at, parameter_version) values ($1, $2, $3, $4, $5, $6, $7, $8)";
const BY_ID: &str = select!("where id = $1");
const RUNNING: &str = select!(
    "where incident_id = $1 and component = $2 and status = 'in_progress' order by id limit 1"
);
const PAGE: &str = select!("where incident_id = $1 and id < $2 order by id desc limit $3");
const END: &str = "update assessments set status = $2, progress = $3, completed_at = $4, \
     summary = $5, error = $6 where id = $1";
const ASK: &str = "insert into assessment_requests (incident_id, caused_by, due_at, latest_at) ";
const ASK_AGAIN: &str = " on conflict (incident_id) do update set caused_by = excluded.caused_by, \
     due_at = case when excluded.due_at < assessment_requests.latest_at then excluded.due_at \
     else assessment_requests.latest_at end";
const DUE: Dialect = Dialect {
    postgres: "select incident_id, caused_by from assessment_requests where due_at <= $1 \
               order by due_at limit $2 for update skip locked",
    sqlite: "select incident_id, caused_by from assessment_requests where due_at <= $1 \
             order by due_at limit $2",
};
const SERVED: &str = "delete from assessment_requests where incident_id = $1";
const ANY_DUE: &str = "select count(*) from (select 1 as one from assessment_requests \
     where due_at <= $1 limit 1) due";
const POSTPONE: &str = "update assessment_requests set due_at = $2, \
     latest_at = case when latest_at < $2 then $2 else latest_at end where incident_id = $1";
const LEVELS: &str = "select level, count(*) as count, min(occurred_at) as first_at, \
     max(occurred_at) as last_at from log_entries where incident_id = $1 group by level";
const MESSAGES: &str = "select level, substr(message, 1, 500) as message, count(*) as count \
     from log_entries where incident_id = $1 group by level, substr(message, 1, 500) \
     order by count(*) desc, level desc, substr(message, 1, 500) limit $2";

#[derive(FromRow)]
struct Row {
    id: AssessmentId,
    incident_id: IncidentId,
    component: String,
    status: AssessmentStatus,
    progress: i16,
    requested_by: Json<Actor>,
    started_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
    parameter_version: i32,
    summary: Option<Json<LogSummary>>,
    error: Option<String>,
}

impl From<Row> for Assessment {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            incident_id: row.incident_id,
            component: row.component,
            status: row.status,
            progress: row.progress,
            requested_by: row.requested_by.0,
            started_at: row.started_at,
            completed_at: row.completed_at,
            parameter_version: row.parameter_version,
            summary: row.summary.map(|summary| summary.0),
            error: row.error,
        }
    }
}

/// Stores one that begins.
pub async fn insert(tx: &mut Tx, it: &Assessment) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(INSERT)
        .bind(it.id)
        .bind(it.incident_id)
        .bind(&it.component)
        .bind(it.status)
        .bind(it.progress)
        .bind(Json(&it.requested_by))
        .bind(it.started_at)
        .bind(it.parameter_version)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Stores how one ended.
pub async fn end(tx: &mut Tx, it: &Assessment) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(END)
        .bind(it.id)
        .bind(it.status)
        .bind(it.progress)
        .bind(it.completed_at)
        .bind(it.summary.as_ref().map(Json))
        .bind(&it.error)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn by_id(tx: &mut Tx, id: AssessmentId) -> Result<Option<Assessment>> {
    let row: Option<Row> =
        on!(tx.conn(), |conn| sqlx::query_as(BY_ID).bind(id).fetch_optional(conn).await)?;
    Ok(row.map(Assessment::from))
}

/// The one a component is at, of a locked incident.
pub async fn running(
    tx: &mut Tx,
    incident: IncidentId,
    component: &str,
) -> Result<Option<Assessment>> {
    let row: Option<Row> = on!(tx.conn(), |conn| sqlx::query_as(RUNNING)
        .bind(incident)
        .bind(component)
        .fetch_optional(conn)
        .await)?;
    Ok(row.map(Assessment::from))
}

/// Those of an incident before one, the newest first.
pub async fn page(
    db: &Db,
    incident: IncidentId,
    before: AssessmentId,
    limit: i64,
) -> Result<Vec<Assessment>> {
    let rows: Vec<Row> = on!(db.reads(), |pool| sqlx::query_as(PAGE)
        .bind(incident)
        .bind(before)
        .bind(limit)
        .fetch_all(pool)
        .await)?;
    Ok(rows.into_iter().map(Assessment::from).collect())
}

/// Incidents ask for an assessment: at `due`, or later when they ask again before, but never after
/// `latest`, which the first of several requests sets.
pub async fn ask(
    tx: &mut Tx,
    incidents: &BTreeMap<IncidentId, EventId>,
    due: DateTime<Utc>,
    latest: DateTime<Utc>,
) -> Result<()> {
    if incidents.is_empty() {
        return Ok(());
    }
    on!(tx.conn(), |conn| {
        let mut query = QueryBuilder::new(ASK);
        query.push_values(incidents, |mut row, (incident, caused_by)| {
            row.push_bind(incident.0).push_bind(caused_by.0).push_bind(due).push_bind(latest);
        });
        query.push(ASK_AGAIN);
        query.build().execute(conn).await.map(drop)
    })?;
    Ok(())
}

/// Locks those that are due and nobody else is at, with the fact that asked.
pub async fn due(
    tx: &mut Tx,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(IncidentId, EventId)>> {
    let due = DUE.of(&tx.conn());
    Ok(on!(tx.conn(), |conn| sqlx::query_as(due).bind(now).bind(limit).fetch_all(conn).await)?)
}

/// A request is over.
pub async fn served(tx: &mut Tx, incident: IncidentId) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(SERVED).bind(incident).execute(conn).await.map(drop))?;
    Ok(())
}

/// Whether any is due.
pub async fn any_due(db: &Db, now: DateTime<Utc>) -> Result<bool> {
    let count: i64 =
        on!(db.reads(), |pool| sqlx::query_scalar(ANY_DUE).bind(now).fetch_one(pool).await)?;
    Ok(count > 0)
}

/// Has a request wait until a later moment.
pub async fn postpone(tx: &mut Tx, incident: IncidentId, until: DateTime<Utc>) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(POSTPONE)
        .bind(incident)
        .bind(until)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// An incident's lines at a glance, with the `top` most frequent messages.
pub async fn summarise(db: &Db, incident: IncidentId, top: i64) -> Result<LogSummary> {
    type Levels = (i16, i64, DateTime<Utc>, DateTime<Utc>);
    let levels: Vec<Levels> =
        on!(db.reads(), |pool| sqlx::query_as(LEVELS).bind(incident).fetch_all(pool).await)?;
    let messages: Vec<(i16, String, i64)> = on!(db.reads(), |pool| sqlx::query_as(MESSAGES)
        .bind(incident)
        .bind(top)
        .fetch_all(pool)
        .await)?;
    let mut summary = LogSummary::default();
    for (rank, count, first_at, last_at) in levels {
        summary.lines += count;
        summary.counts.insert(level(rank)?, count);
        summary.first_at = Some(summary.first_at.map_or(first_at, |at| at.min(first_at)));
        summary.last_at = summary.last_at.max(Some(last_at));
    }
    for (rank, message, count) in messages {
        summary.top_messages.push(TopMessage { level: level(rank)?, message, count });
    }
    Ok(summary)
}

fn level(rank: i16) -> Result<Level> {
    Level::from_rank(rank).ok_or_else(|| StoreError::unreadable(format!("level {rank}")))
}

//! Log lines of incidents.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sqlx::types::Json;
use sqlx::{FromRow, QueryBuilder};
use watchfire_shared::ids::{IncidentId, LogEntryId};
use watchfire_shared::log::{Level, LogEntry};

use super::{Db, Dialect, Result, StoreError, Tx, on};

const INSERT: &str = "insert into log_entries \
     (id, incident_id, seq, level, message, source, occurred_at, fields) ";
const SELECT: &str = "select id, incident_id, seq, level, message, source, occurred_at, fields \
     from log_entries where 1 = 1";
const CONTAINS: Dialect = Dialect {
    postgres: " and strpos(lower(message), lower(",
    sqlite: " and instr(lower(message), lower(",
};
/// Rows of one insert: 8 binds each, `SQLite` takes 32,766 of them.
const CHUNK: usize = 4_000;

#[derive(FromRow)]
struct Row {
    id: LogEntryId,
    incident_id: IncidentId,
    seq: i64,
    level: i16,
    message: String,
    source: String,
    occurred_at: DateTime<Utc>,
    fields: Json<Map<String, Value>>,
}

impl TryFrom<Row> for LogEntry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let level = Level::from_rank(row.level)
            .ok_or_else(|| StoreError::unreadable(format!("level {}", row.level)))?;
        Ok(Self {
            id: row.id,
            incident_id: row.incident_id,
            seq: row.seq,
            level,
            message: row.message,
            source: row.source,
            occurred_at: row.occurred_at,
            fields: row.fields.0,
        })
    }
}

pub async fn insert(tx: &mut Tx, entries: &[LogEntry]) -> Result<()> {
    for chunk in entries.chunks(CHUNK) {
        on!(tx.conn(), |conn| {
            let mut query = QueryBuilder::new(INSERT);
            query.push_values(chunk, |mut row, entry| {
                row.push_bind(entry.id.0)
                    .push_bind(entry.incident_id.0)
                    .push_bind(entry.seq)
                    .push_bind(entry.level.rank())
                    .push_bind(&entry.message)
                    .push_bind(&entry.source)
                    .push_bind(entry.occurred_at)
                    .push_bind(Json(&entry.fields));
            });
            query.build().persistent(false).execute(conn).await.map(drop)
        })?;
    }
    Ok(())
}

/// Which lines, and where the page stands among them.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub incident: Option<IncidentId>,
    pub min_level: Option<Level>,
    /// Substring of the message, compared without case as far as the database knows cases: `SQLite`
    /// knows ASCII's.
    pub contains: Option<String>,
    pub source: Option<String>,
    /// Exclusive bounds: the line's number within its incident, or across incidents its id.
    pub before: Option<Mark>,
    pub after: Option<Mark>,
    pub limit: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Seq(i64),
    Id(LogEntryId),
}

/// The newest page, or with `after` the oldest one behind it; always the newest line last.
pub async fn page(db: &Db, query: &Query) -> Result<Vec<LogEntry>> {
    let key = if query.incident.is_some() { "seq" } else { "id" };
    let forwards = query.after.is_some() && query.before.is_none();
    let contains = CONTAINS.of(&db.reads());
    let mut rows: Vec<Row> = on!(db.reads(), |pool| {
        let mut sql = QueryBuilder::new(SELECT);
        if let Some(incident) = query.incident {
            sql.push(" and incident_id = ").push_bind(incident.0);
        }
        if let Some(level) = query.min_level {
            sql.push(" and level >= ").push_bind(level.rank());
        }
        if let Some(source) = &query.source {
            sql.push(" and source = ").push_bind(source);
        }
        if let Some(text) = &query.contains {
            sql.push(contains).push_bind(text).push(")) > 0");
        }
        for (operator, mark) in [(" < ", query.before), (" > ", query.after)] {
            match mark {
                Some(Mark::Seq(seq)) => {
                    sql.push(" and seq").push(operator).push_bind(seq);
                }
                Some(Mark::Id(id)) => {
                    sql.push(" and id").push(operator).push_bind(id.0);
                }
                None => {}
            }
        }
        sql.push(" order by ").push(key).push(if forwards { " asc" } else { " desc" });
        sql.push(" limit ").push_bind(query.limit);
        sql.build_query_as().fetch_all(pool).await
    })?;
    if !forwards {
        rows.reverse();
    }
    rows.into_iter().map(LogEntry::try_from).collect()
}

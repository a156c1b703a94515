//! What is really in the database, read in one snapshot past the daemon.

use std::collections::HashMap;
use std::str::FromStr;

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::types::Json;
use sqlx::{ConnectOptions, Connection, Executor, FromRow, PgConnection};
use uuid::Uuid;
use watchfire_shared::event::Fact;
use watchfire_tests::Daemon;

const INCIDENTS: &str =
    "select id, title, description, status, version, log_count, assigned_to from incidents";
const EVENTS: &str = "select id, position, aggregate_id, version, event_type, request_id, \
     payload from events order by seq";
const LINES: &str = "select incident_id, seq, message from log_entries order by incident_id, seq";

#[derive(Debug, Clone, FromRow)]
pub struct Row {
    pub id: Uuid,
    pub title: String,
    pub description: String,
    pub status: String,
    pub version: i64,
    pub log_count: i64,
    pub assigned_to: Option<Uuid>,
}

#[derive(Debug, Clone, FromRow)]
pub struct Line {
    pub incident_id: Uuid,
    pub seq: i64,
    pub message: String,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub id: Uuid,
    pub position: Option<i64>,
    pub aggregate: Uuid,
    pub version: i64,
    pub request_id: String,
    pub fact: Fact,
}

#[derive(FromRow)]
struct EventRow {
    id: Uuid,
    position: Option<i64>,
    aggregate_id: Uuid,
    version: i64,
    event_type: String,
    request_id: String,
    payload: Json<Value>,
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        let tagged = json!({ "event_type": row.event_type, "payload": row.payload.0 });
        Self {
            id: row.id,
            position: row.position,
            aggregate: row.aggregate_id,
            version: row.version,
            request_id: row.request_id,
            fact: serde_json::from_value(tagged).expect("a stored event has its shape"),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Stored {
    pub incidents: HashMap<Uuid, Row>,
    /// In order of insertion.
    pub events: Vec<Event>,
    /// By incident, in order.
    pub lines: HashMap<Uuid, Vec<Line>>,
}

/// The same statements on either engine's connection.
macro_rules! read {
    ($conn:expr, $begin:literal) => {{
        let mut conn = $conn;
        conn.execute($begin).await.expect("a transaction begins");
        let rows = sqlx::query_as(INCIDENTS).fetch_all(&mut conn).await;
        let rows: Vec<Row> = rows.expect("incidents can be read");
        let events = sqlx::query_as(EVENTS).fetch_all(&mut conn).await;
        let events: Vec<EventRow> = events.expect("events can be read");
        let lines = sqlx::query_as(LINES).fetch_all(&mut conn).await;
        let lines: Vec<Line> = lines.expect("log lines can be read");
        conn.close().await.expect("the connection closes");
        Stored::new(rows, events, lines)
    }};
}

impl Stored {
    pub async fn of(daemon: &Daemon) -> Self {
        let url = daemon.database_url();
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(&url).expect("a URL").read_only(true);
            read!(options.connect().await.expect("the file can be read"), "begin")
        } else {
            let conn = PgConnection::connect(&url).await.expect("the database answers");
            read!(conn, "begin transaction isolation level repeatable read, read only")
        }
    }

    fn new(rows: Vec<Row>, events: Vec<EventRow>, lines: Vec<Line>) -> Self {
        let mut by_incident: HashMap<Uuid, Vec<Line>> = HashMap::new();
        for line in lines {
            by_incident.entry(line.incident_id).or_default().push(line);
        }
        Self {
            incidents: rows.into_iter().map(|row| (row.id, row)).collect(),
            events: events.into_iter().map(Event::from).collect(),
            lines: by_incident,
        }
    }

    /// The events by position, as whoever pages or listens must get them; none before each has one.
    pub fn journal(&self) -> Option<Vec<(i64, Uuid)>> {
        let numbered = self.events.iter().map(|event| Some((event.position?, event.id)));
        let mut journal: Vec<_> = numbered.collect::<Option<_>>()?;
        journal.sort_unstable();
        Some(journal)
    }
}

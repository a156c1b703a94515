//! Alerts, by episode.
//!
//! Every statement has one fixed text however many alerts a notification carries: the rows travel
//! as one JSON parameter, so the statement stays prepared and costs one round trip.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;
use watchfire_shared::alert::{Alert, AlertStatus};
use watchfire_shared::event::Source;
use watchfire_shared::ids::{AlertId, IncidentId};

use super::{Db, Dialect, Result, Tx, on};

macro_rules! columns {
    () => {
        "id, incident_id, source, fingerprint, starts_at, ends_at, status, severity, labels, \
         annotations, generator_url, repeats, last_seen_at"
    };
}

macro_rules! known {
    ($named:literal) => {
        concat!(
            "select a.id, a.incident_id, a.fingerprint, a.starts_at, a.ends_at, a.over_until from ",
            $named,
            // A plain join would let SQLite, which keeps no statistics, begin with every alert.
            " cross join alerts a where a.source = $1 and a.fingerprint = n.fingerprint and \
             a.starts_at >= coalesce((select max(p.starts_at) from alerts p where p.source = $1 \
             and p.fingerprint = n.fingerprint and p.starts_at < n.since), n.since)"
        )
    };
}
/// Of each fingerprint: the episode before `since`, and all from there on.
const KNOWN: Dialect = Dialect {
    postgres: known!("jsonb_to_recordset($2) as n(fingerprint text, since timestamptz)"),
    sqlite: known!(
        "(select value->>'fingerprint' as fingerprint, value->>'since' as since from json_each($2)) n"
    ),
};
macro_rules! insert {
    ($rows:literal) => {
        concat!("insert into alerts (", columns!(), ", over_until) select ", $rows)
    };
}
const INSERT: Dialect = Dialect {
    postgres: insert!(
        "id, incident_id, source, fingerprint, starts_at, ends_at, status, severity, labels, \
         annotations, generator_url, 0, last_seen_at, over_until \
         from jsonb_to_recordset($1) as n(id uuid, incident_id uuid, source text, \
         fingerprint text, starts_at timestamptz, ends_at timestamptz, status text, \
         severity text, labels jsonb, annotations jsonb, generator_url text, \
         last_seen_at timestamptz, over_until timestamptz)"
    ),
    sqlite: insert!(
        "unhex(value->>'id'), unhex(value->>'incident_id'), value->>'source', \
         value->>'fingerprint', value->>'starts_at', value->>'ends_at', value->>'status', \
         value->>'severity', value->'labels', value->'annotations', value->>'generator_url', \
         0, value->>'last_seen_at', value->>'over_until' from json_each($1)"
    ),
};
const REPEAT: Dialect = Dialect {
    // In order of id: another group may count the same alerts at this moment.
    postgres: "update alerts set repeats = repeats + 1, \
     last_seen_at = case when last_seen_at < $2 then $2 else last_seen_at end from \
     (select id from alerts where id in (select cast(jsonb_array_elements_text($1) as uuid)) \
     order by id for update) n where alerts.id = n.id",
    sqlite: "update alerts set repeats = repeats + 1, \
     last_seen_at = case when last_seen_at < $2 then $2 else last_seen_at end \
     where id in (select unhex(value) from json_each($1))",
};

macro_rules! end {
    ($rows:literal) => {
        concat!(
            "update alerts set ends_at = n.ends_at, over_until = n.over_until, status = \
             case when n.ends_at is null then status else 'resolved' end from ",
            $rows,
            " where alerts.id = n.id returning alerts.id, incident_id, source, fingerprint, \
             starts_at, alerts.ends_at, status, severity, labels, annotations, generator_url, \
             repeats, last_seen_at"
        )
    };
}
const END: Dialect = Dialect {
    postgres: end!(
        "jsonb_to_recordset($1) as n(id uuid, ends_at timestamptz, over_until timestamptz)"
    ),
    sqlite: end!(
        "(select unhex(value->>'id') as id, value->>'ends_at' as ends_at, \
         value->>'over_until' as over_until from json_each($1)) n"
    ),
};
const FIRING: &str = "select severity, count(*) from alerts \
     where incident_id = $1 and status = 'firing' group by severity";
const OF_INCIDENT: &str = concat!(
    "select ",
    columns!(),
    " from alerts where incident_id = $1 order by status, starts_at desc, id"
);

/// An episode as far as a decision needs it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Known {
    pub id: AlertId,
    /// None when it is kept only to know its copies.
    pub incident_id: Option<IncidentId>,
    pub fingerprint: String,
    pub starts_at: DateTime<Utc>,
    /// None while it fires.
    pub ends_at: Option<DateTime<Utc>>,
    /// The latest end stated for it or for an older episode, where that is behind its start.
    pub over_until: Option<DateTime<Utc>>,
}

/// A row to insert, seen once.
#[derive(Debug, Clone)]
pub struct NewAlert {
    pub id: AlertId,
    /// None keeps it only to know its copies.
    pub incident_id: Option<IncidentId>,
    pub source: Source,
    pub fingerprint: String,
    pub starts_at: DateTime<Utc>,
    /// None while it fires.
    pub ends_at: Option<DateTime<Utc>>,
    pub over_until: Option<DateTime<Utc>>,
    pub severity: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub generator_url: String,
    pub last_seen_at: DateTime<Utc>,
}

impl NewAlert {
    const fn status(&self) -> AlertStatus {
        if self.ends_at.is_some() { AlertStatus::Resolved } else { AlertStatus::Firing }
    }

    /// None for what belongs to no incident.
    pub fn alert(self) -> Option<Alert> {
        Some(Alert {
            status: self.status(),
            id: self.id,
            incident_id: self.incident_id?,
            source: self.source,
            fingerprint: self.fingerprint,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            severity: self.severity,
            labels: self.labels,
            annotations: self.annotations,
            generator_url: self.generator_url,
            repeats: 0,
            last_seen_at: self.last_seen_at,
        })
    }
}

/// What a known episode's end becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    pub id: AlertId,
    pub ends_at: Option<DateTime<Utc>>,
    pub over_until: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct Row {
    id: AlertId,
    incident_id: Option<IncidentId>,
    source: Source,
    fingerprint: String,
    starts_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
    status: AlertStatus,
    severity: String,
    labels: Json<BTreeMap<String, String>>,
    annotations: Json<BTreeMap<String, String>>,
    generator_url: String,
    repeats: i64,
    last_seen_at: DateTime<Utc>,
}

impl Row {
    /// None for what belongs to no incident.
    fn alert(self) -> Option<Alert> {
        Some(Alert {
            id: self.id,
            incident_id: self.incident_id?,
            source: self.source,
            fingerprint: self.fingerprint,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            status: self.status,
            severity: self.severity,
            labels: self.labels.0,
            annotations: self.annotations.0,
            generator_url: self.generator_url,
            repeats: self.repeats,
            last_seen_at: self.last_seen_at,
        })
    }
}

/// An instant as SQLite stores it, so that texts compare as times do.
struct Stamp(DateTime<Utc>);

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, false))
    }
}

/// The digits of an id, which both engines turn back into one.
fn digits(id: Uuid) -> String {
    id.simple().to_string()
}

/// What is known of these fingerprints: from each, the episode before the given time and all that
/// began since. In no order.
pub async fn known(
    tx: &mut Tx,
    source: Source,
    since: &BTreeMap<&str, DateTime<Utc>>,
) -> Result<Vec<Known>> {
    #[derive(Serialize)]
    struct Named<'a> {
        fingerprint: &'a str,
        since: Stamp,
    }
    let named =
        since.iter().map(|(fingerprint, since)| Named { fingerprint, since: Stamp(*since) });
    let named = Json(named.collect::<Vec<_>>());
    let statement = KNOWN.of(&tx.conn());
    Ok(on!(tx.conn(), |conn| sqlx::query_as(statement)
        .bind(source)
        .bind(named)
        .fetch_all(conn)
        .await)?)
}

/// Inserts new episodes. [`super::StoreError::Taken`] when another group brought one of them first.
pub async fn insert(tx: &mut Tx, alerts: &[NewAlert]) -> Result<()> {
    #[derive(Serialize)]
    struct Insert<'a> {
        id: String,
        incident_id: Option<String>,
        source: Source,
        fingerprint: &'a str,
        starts_at: Stamp,
        ends_at: Option<Stamp>,
        status: AlertStatus,
        severity: &'a str,
        labels: &'a BTreeMap<String, String>,
        annotations: &'a BTreeMap<String, String>,
        generator_url: &'a str,
        last_seen_at: Stamp,
        over_until: Option<Stamp>,
    }
    let rows = alerts.iter().map(|new| Insert {
        id: digits(new.id.0),
        incident_id: new.incident_id.map(|id| digits(id.0)),
        source: new.source,
        fingerprint: &new.fingerprint,
        starts_at: Stamp(new.starts_at),
        ends_at: new.ends_at.map(Stamp),
        status: new.status(),
        severity: &new.severity,
        labels: &new.labels,
        annotations: &new.annotations,
        generator_url: &new.generator_url,
        last_seen_at: Stamp(new.last_seen_at),
        over_until: new.over_until.map(Stamp),
    });
    let rows = Json(rows.collect::<Vec<_>>());
    let statement = INSERT.of(&tx.conn());
    on!(tx.conn(), |conn| sqlx::query(statement).bind(rows).execute(conn).await.map(drop))?;
    Ok(())
}

/// Counts another copy of each.
pub async fn repeat(tx: &mut Tx, ids: &[AlertId], now: DateTime<Utc>) -> Result<()> {
    let ids = Json(ids.iter().map(|id| digits(id.0)).collect::<Vec<_>>());
    let statement = REPEAT.of(&tx.conn());
    on!(tx.conn(), |conn| sqlx::query(statement)
        .bind(ids)
        .bind(now)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Stores ends, and returns those alerts of incidents as they are now, in no order.
pub async fn end(tx: &mut Tx, ends: &[End]) -> Result<Vec<Alert>> {
    #[derive(Serialize)]
    struct Update {
        id: String,
        ends_at: Option<Stamp>,
        over_until: Option<Stamp>,
    }
    let rows = ends.iter().map(|end| Update {
        id: digits(end.id.0),
        ends_at: end.ends_at.map(Stamp),
        over_until: end.over_until.map(Stamp),
    });
    let rows = Json(rows.collect::<Vec<_>>());
    let statement = END.of(&tx.conn());
    let rows: Vec<Row> =
        on!(tx.conn(), |conn| sqlx::query_as(statement).bind(rows).fetch_all(conn).await)?;
    Ok(rows.into_iter().filter_map(Row::alert).collect())
}

/// How many alerts of an incident fire, by severity as their senders wrote it.
pub async fn firing(tx: &mut Tx, incident: IncidentId) -> Result<Vec<(String, i64)>> {
    Ok(on!(tx.conn(), |conn| sqlx::query_as(FIRING).bind(incident).fetch_all(conn).await)?)
}

/// Every episode of an incident: the firing ones first, the newest first.
pub async fn of_incident(db: &Db, incident: IncidentId) -> Result<Vec<Alert>> {
    let rows: Vec<Row> =
        on!(db.reads(), |pool| sqlx::query_as(OF_INCIDENT).bind(incident).fetch_all(pool).await)?;
    Ok(rows.into_iter().filter_map(Row::alert).collect())
}

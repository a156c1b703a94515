//! Groups of alerts: the rows where notifications of one group meet.

use sqlx::FromRow;
use uuid::Uuid;
use watchfire_shared::event::Source;
use watchfire_shared::ids::IncidentId;

use super::{Dialect, Result, StoreError, Tx, on};
use crate::clock;

const LOCK_GROUP: Dialect = Dialect {
    postgres: "select id, incident_id from alert_groups \
     where source = $1 and group_key = $2 for update",
    sqlite: "select id, incident_id from alert_groups where source = $1 and group_key = $2",
};
const ADD_GROUP: &str = "insert into alert_groups (id, source, group_key) values ($1, $2, $3) \
     on conflict (source, group_key) do nothing";
const SET_INCIDENT: &str = "update alert_groups set incident_id = $2 where id = $1";
const LOCK_GROUPS_OF: Dialect = Dialect {
    postgres: "select id from alert_groups where incident_id = $1 order by id for update",
    sqlite: "select id from alert_groups where incident_id = $1",
};
/// Only what tells its copies apart is kept. Rows are locked in order of id, as repeats do.
const SWALLOW: Dialect = Dialect {
    postgres: "update alerts set incident_id = null, labels = '{}', annotations = '{}', \
     severity = '', generator_url = '' from (select id from alerts where incident_id = $1 \
     order by id for update) n where alerts.id = n.id",
    sqlite: "update alerts set incident_id = null, labels = '{}', annotations = '{}', \
     severity = '', generator_url = '' where incident_id = $1",
};

/// What arrives together; its incident is the one that takes its new alerts.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct AlertGroup {
    pub id: Uuid,
    pub incident_id: Option<IncidentId>,
}

/// The group's row, made when it is missing and locked until the transaction ends: here two
/// replicas that post the same new group meet.
pub async fn lock(tx: &mut Tx, source: Source, key: &str) -> Result<AlertGroup> {
    if let Some(group) = find(tx, source, key).await? {
        return Ok(group);
    }
    let id = clock::new_id();
    let added: u64 = on!(tx.conn(), |conn| sqlx::query(ADD_GROUP)
        .bind(id)
        .bind(source)
        .bind(key)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    if added > 0 {
        return Ok(AlertGroup { id, incident_id: None });
    }
    // Another transaction was first, and has committed by now.
    let found = find(tx, source, key).await?;
    found.ok_or(StoreError::Contended)
}

async fn find(tx: &mut Tx, source: Source, key: &str) -> Result<Option<AlertGroup>> {
    let statement = LOCK_GROUP.of(&tx.conn());
    Ok(on!(tx.conn(), |conn| sqlx::query_as(statement)
        .bind(source)
        .bind(key)
        .fetch_optional(conn)
        .await)?)
}

/// New alerts of the group go to this incident from now on.
pub async fn set_incident(tx: &mut Tx, group: Uuid, incident: IncidentId) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(SET_INCIDENT)
        .bind(group)
        .bind(incident)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Locks the groups of an incident. Comes before the lock of the incident itself where that is to
/// be deleted, for its groups lose it then.
pub async fn lock_of(tx: &mut Tx, incident: IncidentId) -> Result<()> {
    let statement = LOCK_GROUPS_OF.of(&tx.conn());
    on!(tx.conn(), |conn| sqlx::query(statement).bind(incident).execute(conn).await.map(drop))?;
    Ok(())
}

/// Before a locked incident is deleted: its episodes are kept without their content and without an
/// incident, so that their repeats open no new one.
pub async fn swallow(tx: &mut Tx, incident: IncidentId) -> Result<()> {
    let statement = SWALLOW.of(&tx.conn());
    on!(tx.conn(), |conn| sqlx::query(statement).bind(incident).execute(conn).await.map(drop))?;
    Ok(())
}

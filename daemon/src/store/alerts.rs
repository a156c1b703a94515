//! Alerts and their groups.

use watchfire_shared::ids::IncidentId;

use super::{Result, Tx, on};

const SWALLOW: &str = "insert into swallowed_episodes (source, fingerprint, starts_at) \
     select source, fingerprint, starts_at from alerts where incident_id = $1 \
     on conflict do nothing";

/// Before an incident is deleted: repeats of its episodes will be swallowed.
pub async fn swallow_incident(tx: &mut Tx, incident: IncidentId) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(SWALLOW).bind(incident).execute(conn).await.map(drop))?;
    Ok(())
}

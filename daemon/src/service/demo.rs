//! The cache at work, measured here and now: the same code that answers every request, on one
//! incident that is made for it and removed again.

mod stage;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use watchfire_shared::cache::CacheDemo;
use watchfire_shared::ids::IncidentRef;
use watchfire_shared::incident::{Incident, NewIncident, Priority};
use watchfire_shared::problem::Code;
use watchfire_shared::user::Role;

use super::{Caller, Error, Result, Service};
use stage::Stage;

/// A demonstration that takes longer is broken off.
const LIMIT: Duration = Duration::from_secs(15);
const TITLE: &str = "Demonstration of the cache: it removes itself in a few seconds";
/// What plain cache-aside keeps, and what it keeps while its staleness is measured.
const KEPT: Duration = Duration::from_secs(10);
const BRIEFLY: Duration = Duration::from_secs(1);

impl Service {
    /// Takes some seconds; one at a time. It ends and tidies up although the caller may go away.
    pub async fn cache_demo(&self, caller: &Caller) -> Result<CacheDemo> {
        caller.require(Role::Admin)?;
        let service = self.clone();
        let by = Caller { idempotency: None, ..caller.clone() };
        let work = async {
            let one = self.demonstration.clone().try_lock_owned().map_err(|_| {
                Error::refused(
                    Code::Conflict,
                    "Another demonstration is running; try again in a few seconds.",
                )
            })?;
            let running = self.lifecycle.spawn("demonstration", async move {
                let _one = one;
                service.demonstrate(by).await
            });
            running.await.map_err(Error::internal)?
        };
        self.once(caller, work).await
    }

    async fn demonstrate(self, caller: Caller) -> Result<CacheDemo> {
        let plain = |time| self.cache.plain(self.log_id, time).map(Arc::new);
        let (kept, brief) = (plain(KEPT)?, plain(BRIEFLY)?);
        if let Some(trouble) = self.cache.trouble() {
            return Err(Error::unavailable(trouble));
        }
        let incident = self.create_incident(&caller, incident()).await?;
        let stage = Stage {
            service: self.clone(),
            cache: self.cache.uncounted(),
            caller: caller.clone(),
            incident: incident.id,
            kept: kept.clone(),
            brief: brief.clone(),
            reads: Arc::default(),
        };
        // In a task of its own: whatever becomes of it, we tidy up.
        let task = self.lifecycle.spawn("demonstration", stage.measure());
        let end = task.abort_handle();
        let measured = timeout(LIMIT, task).await;
        end.abort();
        kept.remove().await;
        brief.remove().await;
        self.remove(&caller, &incident).await?;
        if let Some(trouble) = self.cache.trouble() {
            return Err(Error::unavailable(trouble));
        }
        let late = |_| Error::unavailable("the demonstration took too long and was broken off");
        measured.map_err(late)?.map_err(Error::internal)?
    }

    async fn remove(&self, caller: &Caller, incident: &Incident) -> Result<()> {
        let removed = self.delete_incident(caller, IncidentRef::Id(incident.id)).await;
        match removed {
            // Or somebody was faster.
            Ok(()) | Err(Error::Refused { code: Code::NotFound, .. }) => Ok(()),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    incident = %incident.reference,
                    "the incident of a demonstration could not be removed"
                );
                Err(error)
            }
        }
    }
}

fn incident() -> NewIncident {
    NewIncident {
        description: "Made by `watchfire cache demo`. Nothing is wrong.".to_owned(),
        priority: Priority::Low,
        ..NewIncident::titled(TITLE)
    }
}

//! Values stored before anybody asks for them.

use std::sync::Arc;

use watchfire_shared::cache::CacheType;
use watchfire_shared::ids::IncidentId;

use super::{Backend, Cache, Filled, Sheet};
use crate::store::StoreError;
use crate::store::installation::Moment;

/// Incidents loaded by one statement.
const AT_ONCE: usize = 10;

impl Cache {
    /// Stores incidents that are not there, ten at a time, once there is somewhere to store them; a
    /// failure harms none but those ten. Answers how many were stored.
    pub async fn warm<F, Fut>(
        &self,
        ids: &[IncidentId],
        moment: impl AsyncFnOnce() -> Result<Moment, StoreError>,
        load: F,
    ) -> Result<usize, StoreError>
    where
        F: Fn(Arc<[IncidentId]>) -> Fut + Send + Sync,
        Fut: Future<Output = Result<Vec<Sheet>, StoreError>> + Send,
    {
        if let Backend::Redis(redis) = &self.backend {
            redis.connected().await;
        }
        let moment = moment().await?;
        let mut warmed = 0;
        for ids in ids.chunks(AT_ONCE) {
            let filled = match self.load_sheets(ids.into(), &moment, &load).await {
                Ok(loading) => loading.filled,
                Err(error) => {
                    tracing::debug!(%error, "some incidents stay cold");
                    continue;
                }
            };
            for _ in filled.iter().filter(|filled| **filled == Filled::Stored) {
                self.recorder.warmed(CacheType::Incident);
                warmed += 1;
            }
        }
        Ok(warmed)
    }
}

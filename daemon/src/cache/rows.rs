//! The rows of a page: many incidents by one look, and those it does not find by one load.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use watchfire_shared::cache::Operation;
use watchfire_shared::ids::IncidentId;

use super::key::{self, Key};
use super::read::cut_off;
use super::value::Cacheable;
use super::{Backend, Cache, Claim, Filled, Look, Outcome, Sheet, Unread};
use crate::store::StoreError;
use crate::store::installation::Moment;

/// What one look at the rows of a page found.
pub struct Rows {
    /// In the order asked for.
    found: Vec<Arc<Sheet>>,
    missing: Arc<[IncidentId]>,
    /// Among `missing`, those of which the cache could not say anything.
    failed: usize,
    /// Known not to exist any more.
    gone: usize,
    took: Duration,
}

/// Incidents that were to be loaded.
pub struct Loading {
    sheets: Vec<Arc<Sheet>>,
    /// What became of each store.
    pub(super) filled: Vec<Filled>,
    /// What somebody else had stored by then.
    found: u64,
}

impl Cache {
    /// Incidents by id, as they stand in a list; those that are gone are left out. All that the cache
    /// does not have comes by one `load`. The look is counted, and answered also where the load fails.
    pub async fn sheets<F, Fut>(
        &self,
        ids: Vec<IncidentId>,
        moment: &Moment,
        load: F,
    ) -> (Result<Vec<Arc<Sheet>>, Unread>, Arc<Rows>)
    where
        F: Fn(Arc<[IncidentId]>) -> Fut + Send + Sync + Clone + 'static,
        Fut: Future<Output = Result<Vec<Sheet>, StoreError>> + Send,
    {
        let ids: Arc<[IncidentId]> = ids.into();
        let rows = self.look_at_rows(&ids, moment).await;
        self.count_rows(&rows);
        if rows.missing.is_empty() {
            return (Ok(rows.found.clone()), rows);
        }
        let loaded = self.load_missing(&rows, moment, load).await;
        let sheets = loaded.map(|loaded| {
            let mut by_id: HashMap<IncidentId, &Arc<Sheet>> =
                rows.found.iter().chain(&loaded).map(|sheet| (sheet.id, sheet)).collect();
            ids.iter().filter_map(|id| by_id.remove(id).cloned()).collect()
        });
        (sheets, rows)
    }

    /// What a look did not find, with all who miss the same.
    async fn load_missing<F, Fut>(
        &self,
        rows: &Rows,
        moment: &Moment,
        load: F,
    ) -> Result<Vec<Arc<Sheet>>, Unread>
    where
        F: Fn(Arc<[IncidentId]>) -> Fut + Send + Sync + Clone + 'static,
        Fut: Future<Output = Result<Vec<Sheet>, StoreError>> + Send,
    {
        let name = (rows.missing.clone(), moment.epoch);
        let (cache, wanted, at) = (self.clone(), rows.missing.clone(), moment.clone());
        let read = move || {
            let (cache, wanted, at) = (cache.clone(), wanted.clone(), at.clone());
            let load = load.clone();
            async move {
                let timed = async |ids| {
                    let started = Instant::now();
                    let loaded = load(ids).await;
                    cache.recorder.load(started.elapsed());
                    loaded
                };
                let Loading { sheets, filled, found } =
                    cache.load_sheets(wanted, &at, timed).await?;
                cache.recorder.waits(Sheet::TYPE, found);
                for filled in filled {
                    cache.count_fill(Sheet::TYPE, filled);
                }
                Ok(sheets)
            }
        };
        let (loaded, own) = self.loads.read(name, read).await.ok_or_else(cut_off)?;
        if !own && loaded.is_ok() {
            self.count_rows_waited(rows);
        }
        loaded
    }

    async fn look_at_rows(&self, ids: &[IncidentId], moment: &Moment) -> Arc<Rows> {
        let keys: Vec<Key<Sheet>> = ids.iter().map(|id| key::incident(*id)).collect();
        let started = Instant::now();
        let looks = self.look_many(&keys, moment).await;
        let took = started.elapsed();
        let (mut found, mut missing) = (Vec::with_capacity(ids.len()), Vec::new());
        let (mut failed, mut gone) = (0, 0);
        for (look, id) in looks.into_iter().zip(ids) {
            match look {
                Look::Hit(Some(sheet)) => found.push(sheet),
                Look::Hit(None) => gone += 1,
                Look::Miss | Look::Leased => missing.push(*id),
                Look::Failed => {
                    failed += 1;
                    missing.push(*id);
                }
            }
        }
        Arc::new(Rows { found, missing: missing.into(), failed, gone, took })
    }

    /// Counts a look, for one of those who shared it.
    pub(super) fn count_rows(&self, rows: &Rows) {
        let hits = (rows.found.len() + rows.gone) as u64;
        if hits > 0 {
            self.recorder.hits(Sheet::TYPE, hits, rows.gone as u64, rows.took);
        }
        if hits > 0 && rows.missing.is_empty() {
            self.recorder.saved(Sheet::TYPE);
        }
        for _ in rows.failed..rows.missing.len() {
            self.recorder.miss(Sheet::TYPE, rows.took);
        }
        if !matches!(self.backend, Backend::None(_)) {
            for _ in 0..rows.failed {
                self.recorder.error(Sheet::TYPE, Operation::Get);
            }
        }
    }

    /// Counts what was missed as loaded for another, by the one statement that reads them all.
    pub(super) fn count_rows_waited(&self, rows: &Rows) {
        let waited = rows.missing.len() - rows.failed;
        if waited > 0 {
            self.recorder.waits(Sheet::TYPE, waited as u64);
            self.recorder.saved(Sheet::TYPE);
        }
    }

    /// Incidents from the database, stored where this process has the duty to.
    pub(super) async fn load_sheets<F, Fut>(
        &self,
        ids: Arc<[IncidentId]>,
        moment: &Moment,
        load: F,
    ) -> Result<Loading, Unread>
    where
        F: Fn(Arc<[IncidentId]>) -> Fut + Send + Sync,
        Fut: Future<Output = Result<Vec<Sheet>, StoreError>> + Send,
    {
        let keys: Vec<Key<Sheet>> = ids.iter().map(|id| key::incident(*id)).collect();
        let mut sheets = Vec::with_capacity(ids.len());
        let (mut wanted, mut leases, mut found) = (Vec::new(), Vec::new(), 0);
        for (key, (id, claim)) in
            keys.iter().zip(ids.iter().zip(self.claim(&keys, moment, None).await))
        {
            match claim {
                Claim::Found(value) => {
                    found += 1;
                    sheets.extend(value);
                    continue;
                }
                Claim::Lead(lease) => leases.push((key.clone(), *id, lease)),
                Claim::Leased | Claim::Failed => {}
            }
            wanted.push(*id);
        }
        if wanted.is_empty() {
            return Ok(Loading { sheets, filled: Vec::new(), found });
        }
        let loaded = load(wanted.into()).await;
        let loaded: Result<Vec<Arc<Sheet>>, Unread> =
            loaded.map(|sheets| sheets.into_iter().map(Arc::new).collect()).map_err(Arc::new);
        let outcome = |id| match &loaded {
            Ok(sheets) => Outcome::Loaded(sheets.iter().find(|sheet| sheet.id == id).cloned()),
            Err(_) => Outcome::GivenBack,
        };
        let filled = leases.into_iter().map(|(key, id, lease)| (key, lease, outcome(id))).collect();
        let filled = self.fill(moment.epoch, filled).await;
        sheets.extend(loaded?);
        Ok(Loading { sheets, filled, found })
    }
}

//! Alerts in: a notification becomes episodes, an incident where there is news, and facts.

mod changes;
pub(super) mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

use watchfire_shared::alert::Alert;
use watchfire_shared::event::Source;
use watchfire_shared::ids::{IncidentId, IncidentRef};
use watchfire_shared::problem::Code;
use watchfire_shared::user::KeySource;

use super::alertmanager::Notification;
use super::{Author, Caller, Error, Inner, Result, Who};
use crate::store::alert_groups::{self, AlertGroup};
use crate::store::alerts;
use crate::store::incidents::{self, Stored};
use crate::store::{Fallible, StoreError, Touched, Tx};
use changes::Changes;
use plan::Plan;

/// How often a notification is tried before its sender is asked to come back. One is enough, unless
/// two groups bring the same new alert at the same moment.
const ATTEMPTS: usize = 3;
/// How often the incidents concerned may turn out to be others, once they are locked.
const ROUNDS: usize = 4;

impl Inner {
    /// Takes in a group of alerts, the body of Alertmanager's webhook. Returns after the commit:
    /// what returns an error was not taken.
    pub async fn ingest_alertmanager(&self, caller: &Caller, body: &[u8]) -> Result<()> {
        let Who::Key { source: KeySource::Alertmanager | KeySource::Generic, .. } =
            caller.authority.who
        else {
            return Err(Error::refused(
                Code::Forbidden,
                "Alerts are taken from an ingest key of source alertmanager or generic only.",
            ));
        };
        let notification = Notification::parse(body)?;
        if notification.alerts.is_empty() {
            return Ok(());
        }
        let author = Author { source: Source::Alertmanager, ..Author::new(self.log_id, caller) };
        let auto_resolve = self.policy.auto_resolve;
        let ingest = Arc::new(Ingest { notification, author, auto_resolve });
        let mut attempt = 1;
        loop {
            let work = Arc::clone(&ingest);
            let done =
                self.transact(caller, move |tx| Box::pin(async move { work.take(tx).await })).await;
            match done {
                Err(error) if attempt < ATTEMPTS && was_contended(&error) => attempt += 1,
                done => return done,
            }
        }
    }

    /// Every episode of an incident: the firing ones first, the newest first.
    pub async fn alerts(&self, caller: &Caller, which: IncidentRef) -> Result<Vec<Alert>> {
        let id = self.incident(caller, which, None).await?.id;
        Ok(alerts::of_incident(&self.db, id).await?)
    }
}

/// Nothing happened, and the same again may succeed.
fn was_contended(error: &Error) -> bool {
    matches!(error.store_error(), Some(StoreError::Contended))
}

/// One notification on its way in.
struct Ingest {
    notification: Notification,
    author: Author,
    auto_resolve: bool,
}

/// Incidents under lock; none for one that was deleted meanwhile.
type Locked = BTreeMap<IncidentId, Option<Stored>>;

impl Ingest {
    /// Locks the group, then the incidents of which something becomes true. A notification that
    /// only repeats what is known locks none.
    async fn take(&self, tx: &mut Tx) -> Result<()> {
        let signals = &self.notification.alerts;
        let key = &self.notification.group_key;
        let group = alert_groups::lock(tx, Source::Alertmanager, key).await?;
        let since = plan::since(signals);
        let mut locked = Locked::new();
        for _ in 0..ROUNDS {
            // Read again under new locks: other groups hold alerts of the same incidents.
            let known = alerts::known(tx, Source::Alertmanager, &since).await?;
            let plan = Plan::of(signals, &known);
            let mut wanted = plan.resolving();
            if !plan.new.is_empty() {
                wanted.extend(group.incident_id);
            }
            wanted.retain(|id| !locked.contains_key(id));
            if wanted.is_empty() {
                return self.apply(tx, group, &plan, locked).await;
            }
            for id in wanted {
                locked.insert(id, incidents::lock(tx, id).await?);
            }
        }
        Err(StoreError::Contended.into())
    }

    async fn apply(
        &self,
        tx: &mut Tx,
        group: AlertGroup,
        plan: &Plan<'_>,
        locked: Locked,
    ) -> Result<()> {
        // An earlier copy may have been committed and not acknowledged.
        for id in &plan.repeated {
            tx.touch(Touched::Incident(*id));
            super::answered_again(tx, Touched::Incident(*id)).await?;
        }
        if !plan.repeats.is_empty() {
            alerts::repeat(tx, &plan.repeats, crate::clock::now()).await?;
        }
        if plan.endings.is_empty() && plan.new.is_empty() {
            return Ok(());
        }
        let mut changes = Changes::of(locked);
        changes.end(tx, plan).await?;
        changes.begin(tx, self, group, plan).await?;
        changes.finish(tx, self).await
    }
}

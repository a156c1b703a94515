//! The processes that share this database, each as it last told of itself.

use chrono::{DateTime, TimeDelta, Utc};
use watchfire_shared::ids::ProcessId;
use watchfire_shared::process::{Figures, Process, ProcessKind};

use super::{Inner, Result};
use crate::clock;
use crate::store::processes;

/// Who was silent for longer is not counted any more: five beats.
const SILENT: TimeDelta = TimeDelta::seconds(10);
/// Rows of processes that were killed are kept so long.
const GONE: TimeDelta = TimeDelta::days(1);

/// Which process this is.
#[derive(Debug, Clone)]
pub struct Identity {
    id: ProcessId,
    kind: ProcessKind,
    name: String,
    started_at: DateTime<Utc>,
}

impl Identity {
    pub fn of_this_process(kind: ProcessKind) -> Self {
        let host = rustix::system::uname();
        let name = format!("{}:{}", host.nodename().to_string_lossy(), std::process::id());
        Self { id: ProcessId(clock::new_id()), kind, name, started_at: clock::now() }
    }
}

impl Inner {
    /// This process, now.
    fn myself(&self) -> Process {
        let Identity { id, kind, name, started_at } = self.identity.clone();
        Process {
            id,
            kind,
            name,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at,
            seen_at: clock::now(),
            figures: Figures { relay: Some(self.publishing.figures()), worker: None },
        }
    }

    /// Tells the others that this process is there. On SQLite there are no others.
    pub async fn beat(&self) -> Result<()> {
        let process = self.myself();
        let write =
            self.db.write(move |tx| Box::pin(async move { processes::beat(tx, &process).await }));
        Ok(write.await.map(drop)?)
    }

    /// Tells the others that it ends.
    pub async fn leave(&self) -> Result<()> {
        let (id, long_ago) = (self.identity.id, clock::now() - GONE);
        let write = self
            .db
            .write(move |tx| Box::pin(async move { processes::forget(tx, id, long_ago).await }));
        Ok(write.await.map(drop)?)
    }

    /// Everybody who was heard of just now; this process as it is at this moment.
    pub async fn fleet(&self) -> Result<Vec<Process>> {
        let me = self.myself();
        if !self.db.is_postgres() {
            return Ok(vec![me]);
        }
        let mut all = processes::seen_since(&self.db, me.seen_at - SILENT).await?;
        match all.iter_mut().find(|process| process.id == me.id) {
            Some(known) => *known = me,
            None => all.push(me),
        }
        Ok(all)
    }
}

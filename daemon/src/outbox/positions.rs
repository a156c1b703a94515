//! Positions on `PostgreSQL`: a short transaction after the commit numbers every fact that is
//! visible and has none yet, under the lock of one counter row, so positions become visible in
//! order whichever daemon gives them.

use uuid::Uuid;

use super::Ledger;
use crate::store::{Db, StoreError, outbox, wakes};

/// Facts numbered in one transaction.
const BATCH: usize = 500;

/// Gives positions to a batch; true when it was full, so that more may wait.
pub async fn step(db: &Db, ledger: &Ledger, me: Uuid) -> Result<bool, StoreError> {
    let ledger = ledger.clone();
    let done = db.write(move |tx| {
        Box::pin(async move {
            let (last, taken) = outbox::take_unpositioned(tx, BATCH).await?;
            if taken.is_empty() {
                return Ok(false);
            }
            // Nobody may read the position of a fact whose stale copy is still served.
            let events: Vec<_> = taken.iter().map(|(_, event)| event).collect();
            ledger.make_sure(&events).await?;
            let seqs: Vec<i64> = taken.iter().map(|(seq, _)| *seq).collect();
            outbox::position(tx, last, &seqs).await?;
            wakes::tell(tx, me).await?;
            Ok::<_, StoreError>(seqs.len() == BATCH)
        })
    });
    Ok(done.await?.value)
}

//! Events that cannot be handled: parked, kept with their bytes, driven again, copied.

use std::collections::{BTreeMap, BTreeSet};

use watchfire_shared::dead_letter::{DeadLetter, DeadLetterKind, DeadLetterState, Place};
use watchfire_shared::event::Event;
use watchfire_shared::ids::DeadLetterId;

use super::{Delivery, Effect, Inbox, Taken};
use crate::clock;
use crate::service::{Error, Result};
use crate::store::{Tx, dead_letters, inbox};

/// Dead letters handled again, or copied, at once.
const LETTERS: i64 = 20;
/// Characters of a cause.
const CAUSE_MAX: usize = 1_000;

impl Inbox {
    /// Gives up an event whose handler failed too often: it waits for somebody's decision, and what
    /// follows it waits behind it.
    pub async fn park(&self, delivery: Delivery, cause: String, attempts: i64) -> Result<Taken> {
        let inbox = self.clone();
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                let (aggregate, version) = (delivery.event.aggregate_id, delivery.event.version);
                let next = inbox::lock(tx, inbox.consumer, &BTreeSet::from([aggregate])).await?;
                let next = next.get(&aggregate).copied().unwrap_or(1);
                if next != version {
                    let gap = Taken::Gap { next };
                    return Ok(if next > version { Taken::Duplicate } else { gap });
                }
                inbox.keep(tx, &delivery, &cause, attempts).await?;
                let after = BTreeMap::from([(aggregate, version + 1)]);
                inbox::advance(tx, inbox.consumer, &after).await?;
                Ok::<_, Error>(Taken::Parked)
            })
        });
        write.await
    }

    pub(super) async fn follow(&self, tx: &mut Tx, delivery: &Delivery) -> Result<()> {
        self.keep(tx, delivery, "waits for an earlier event of its incident", 0).await
    }

    async fn keep(
        &self,
        tx: &mut Tx,
        delivery: &Delivery,
        cause: &str,
        attempts: i64,
    ) -> Result<()> {
        let letter = self.letter(delivery.place.clone(), cause, attempts);
        Ok(dead_letters::park(tx, &letter, &delivery.event).await?)
    }

    fn letter(&self, place: Option<Place>, cause: &str, attempts: i64) -> DeadLetter {
        DeadLetter {
            id: DeadLetterId(clock::new_id()),
            kind: DeadLetterKind::Parked,
            state: DeadLetterState::Waiting,
            consumer: self.consumer.to_owned(),
            event: None,
            bytes: None,
            // It may quote what arrived; no database stores the character NUL.
            cause: cause.replace('\0', "\u{fffd}").chars().take(CAUSE_MAX).collect(),
            attempts,
            place,
            parked_at: clock::now(),
            discarded: None,
        }
    }

    /// Keeps what is no event at all.
    pub async fn bury(&self, bytes: Vec<u8>, place: Place, cause: String) -> Result<()> {
        let letter = self.letter(Some(place), &cause, 0);
        let write = self.ledger.write(move |tx| {
            Box::pin(async move { Ok::<_, Error>(dead_letters::bury(tx, &letter, &bytes).await?) })
        });
        write.await
    }

    /// Dead letters somebody wants to be handled again.
    pub async fn wanted(&self) -> Result<Vec<DeadLetter>> {
        Ok(dead_letters::wanted(&self.db, self.consumer, LETTERS).await?)
    }

    /// Handles a parked event again; the next one of its aggregate follows. False where nobody wants
    /// that any more.
    pub async fn redrive(&self, id: DeadLetterId, event: Event, effect: Effect) -> Result<bool> {
        let inbox = self.clone();
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                let aggregate = event.aggregate_id;
                inbox::lock(tx, inbox.consumer, &BTreeSet::from([aggregate])).await?;
                let first = dead_letters::first(tx, inbox.consumer, aggregate).await?;
                let still = first.is_some_and(|first| {
                    first.id == id && first.state == DeadLetterState::Redriving
                });
                if !still {
                    return Ok(false);
                }
                let mut asked = BTreeMap::new();
                inbox.apply(tx, &event, effect, &mut asked).await?;
                inbox.ask(tx, &asked).await?;
                dead_letters::remove(tx, id).await?;
                if let Some(next) = dead_letters::first(tx, inbox.consumer, aggregate).await? {
                    dead_letters::redrive(tx, next.id).await?;
                }
                Ok::<_, Error>(true)
            })
        });
        write.await
    }

    /// It could not be handled this time either.
    pub async fn failed_again(&self, id: DeadLetterId, cause: String) -> Result<()> {
        let write = self.ledger.write(move |tx| {
            Box::pin(
                async move { Ok::<_, Error>(dead_letters::failed_again(tx, id, &cause).await?) },
            )
        });
        write.await
    }

    /// It can be read after all: an event like any other, which the table of events holds too. False
    /// where nobody wants it to be handled any more.
    pub async fn dig_up(&self, id: DeadLetterId) -> Result<bool> {
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                let letter = dead_letters::lock(tx, id).await?;
                if letter.is_none_or(|letter| letter.state != DeadLetterState::Redriving) {
                    return Ok(false);
                }
                dead_letters::remove(tx, id).await?;
                Ok::<_, Error>(true)
            })
        });
        write.await
    }

    /// Dead letters whose copies are still to be sent.
    pub async fn uncopied(&self) -> Result<Vec<DeadLetter>> {
        Ok(dead_letters::uncopied(&self.db, self.consumer, LETTERS).await?)
    }

    pub async fn copied(&self, ids: Vec<DeadLetterId>) -> Result<()> {
        let write = self.ledger.write(move |tx| {
            Box::pin(
                async move { Ok::<_, Error>(dead_letters::copied(tx, &ids, clock::now()).await?) },
            )
        });
        write.await
    }

    /// How many dead letters wait.
    pub async fn waiting(&self) -> Result<i64> {
        Ok(dead_letters::waiting(&self.db).await?)
    }
}

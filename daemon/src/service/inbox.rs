//! What a consumer does with events: each is handled once and in the order of its aggregate,
//! however often and in whatever order it is delivered, because the effect shares a transaction
//! with the row that says which version comes next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use uuid::Uuid;
use watchfire_shared::assessment::LogSummary;
use watchfire_shared::dead_letter::{DeadLetter, DeadLetterKind, DeadLetterState, Place};
use watchfire_shared::event::{Actor, Event, Source};
use watchfire_shared::ids::{AssessmentId, DeadLetterId, EventId, IncidentId, JournalId};

pub use crate::store::inbox::Behind;

use super::{Author, Error, Result, assessments as use_cases};
use crate::clock;
use crate::outbox::Ledger;
use crate::store::{Db, StoreError, Tx, assessments, dead_letters, inbox, incidents, outbox};

/// Facts read at once to fill a gap.
const FILL: i64 = 500;
/// A request whose incident somebody works on is tried again after this.
const SOON: TimeDelta = TimeDelta::seconds(1);
/// A request that cannot be served is tried again after this.
const LATER: TimeDelta = TimeDelta::minutes(1);
/// Messages an assessment names.
const TOP_MESSAGES: i64 = 5;
/// Facts looked through at once by the sweep.
const SWEEP: i64 = 20_000;
/// What is younger may still be on its way.
const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(1);
/// Aggregates a sweep names at once.
const BEHIND: i64 = 500;
/// Dead letters handled again, or copied, at once.
const LETTERS: i64 = 20;
/// Characters of a cause.
const CAUSE_MAX: usize = 1_000;

/// An incident is assessed when nothing was attached to it for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debounce {
    pub quiet: Duration,
    /// However busy it is, not later than this after the first request.
    pub at_most: Duration,
}

/// One event as it was delivered.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub event: Arc<Event>,
    /// Where it was read; none where it was found in the database.
    pub place: Option<Place>,
}

/// What a handler decided, to be done in the transaction that advances the inbox.
#[derive(Debug, Clone)]
pub enum Effect {
    Nothing,
    /// Asks for an assessment once the incident is quiet.
    AskForAssessment(IncidentId),
    CompleteAssessment {
        incident: IncidentId,
        assessment: AssessmentId,
        summary: LogSummary,
    },
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Handled,
    Duplicate,
    /// It waits behind one of its aggregate that could not be handled.
    Parked,
    /// Versions from `next` on come first.
    Gap {
        next: i64,
    },
}

/// The use cases of one consumer. Cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    pub db: Db,
    pub ledger: Ledger,
    pub log_id: JournalId,
    pub consumer: &'static str,
    pub debounce: Debounce,
}

impl Inbox {
    /// Does in one transaction what handlers decided, in order; all or nothing.
    pub async fn take(&self, batch: Vec<(Delivery, Effect)>) -> Result<Vec<Taken>> {
        let inbox = self.clone();
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                let aggregates: BTreeSet<Uuid> =
                    batch.iter().map(|(delivery, _)| delivery.event.aggregate_id).collect();
                let mut next = inbox::lock(tx, inbox.consumer, &aggregates).await?;
                let before = next.clone();
                let stuck = dead_letters::stuck(tx, inbox.consumer, &aggregates).await?;
                let mut asked = BTreeMap::new();
                let mut taken = Vec::with_capacity(batch.len());
                for (delivery, effect) in batch {
                    let event = &delivery.event;
                    let expected = next.entry(event.aggregate_id).or_insert(1);
                    taken.push(match event.version.cmp(expected) {
                        std::cmp::Ordering::Less => Taken::Duplicate,
                        std::cmp::Ordering::Greater => Taken::Gap { next: *expected },
                        std::cmp::Ordering::Equal => {
                            *expected += 1;
                            if stuck.contains(&event.aggregate_id) {
                                inbox.follow(tx, &delivery).await?;
                                Taken::Parked
                            } else {
                                inbox.apply(tx, event, effect, &mut asked).await?;
                                Taken::Handled
                            }
                        }
                    });
                }
                inbox.ask(tx, &asked).await?;
                next.retain(|aggregate, version| before.get(aggregate) != Some(version));
                inbox::advance(tx, inbox.consumer, &next).await?;
                Ok::<_, Error>(taken)
            })
        });
        write.await
    }

    async fn apply(
        &self,
        tx: &mut Tx,
        event: &Event,
        effect: Effect,
        asked: &mut BTreeMap<IncidentId, EventId>,
    ) -> Result<()> {
        match effect {
            Effect::Nothing => Ok(()),
            Effect::AskForAssessment(incident) => {
                asked.insert(incident, event.event_id);
                Ok(())
            }
            Effect::CompleteAssessment { incident, assessment, summary } => {
                let author = self.author(event);
                use_cases::complete(tx, &author, incident, assessment, summary).await
            }
        }
    }

    async fn ask(&self, tx: &mut Tx, asked: &BTreeMap<IncidentId, EventId>) -> Result<()> {
        let now = clock::now();
        let (due, latest) = (now + self.debounce.quiet, now + self.debounce.at_most);
        Ok(assessments::ask(tx, asked, due, latest).await?)
    }

    /// Who acts because of an event.
    fn author(&self, event: &Event) -> Author {
        Author {
            log_id: self.log_id,
            actor: Actor::system(),
            source: Source::Worker,
            request_id: event.request_id.clone(),
            caused_by: Some(event.event_id),
        }
    }

    /// Those of some deliveries that need not be looked at again: they were handled before.
    pub async fn known(&self, batch: &[Delivery]) -> Result<Vec<bool>> {
        let aggregates = batch.iter().map(|delivery| delivery.event.aggregate_id).collect();
        let expected = inbox::expected(&self.db, self.consumer, &aggregates).await?;
        let known = |delivery: &Delivery| {
            let expected = expected.get(&delivery.event.aggregate_id);
            expected.is_some_and(|expected| delivery.event.version < *expected)
        };
        Ok(batch.iter().map(known).collect())
    }

    /// Facts of an aggregate from a version on, before another: those that are kept.
    pub async fn missing(&self, aggregate: Uuid, next: i64, below: i64) -> Result<Vec<Event>> {
        let mut events = outbox::timeline(&self.db, aggregate, next - 1, FILL).await?;
        events.retain(|event| event.version < below);
        Ok(events)
    }

    /// What came before this version is not kept any more: the incident itself says what it led
    /// to, so it is assessed as it is.
    pub async fn begin_at(&self, event: &Event) -> Result<()> {
        let (inbox, aggregate, version) = (self.clone(), event.aggregate_id, event.version);
        let incident = event.incident_id().map(|id| (id, event.event_id));
        let author = self.author(event);
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                let next = inbox::lock(tx, inbox.consumer, &BTreeSet::from([aggregate])).await?;
                if next.get(&aggregate).is_some_and(|next| *next >= version) {
                    return Ok(());
                }
                // A request among them would keep others from being made.
                if let Some((incident, _)) = incident {
                    let reason = "its request is not kept any more";
                    use_cases::give_up(tx, &author, incident, reason).await?;
                }
                inbox.ask(tx, &incident.into_iter().collect()).await?;
                inbox::advance(tx, inbox.consumer, &BTreeMap::from([(aggregate, version)])).await?;
                Ok::<_, Error>(())
            })
        });
        write.await
    }

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

    async fn follow(&self, tx: &mut Tx, delivery: &Delivery) -> Result<()> {
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

    /// Whether an assessment is due: a read, where [`Self::request_due`] writes.
    pub async fn any_due(&self) -> Result<bool> {
        Ok(assessments::any_due(&self.db, clock::now()).await?)
    }

    /// Requests assessments that are due. Waits for nobody: an incident somebody works on has its
    /// turn later.
    pub async fn request_due(&self, at_most: i64) -> Result<()> {
        let author = Author {
            log_id: self.log_id,
            actor: Actor::system(),
            source: Source::Worker,
            request_id: String::new(),
            caused_by: None,
        };
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                for (incident, caused_by) in assessments::due(tx, clock::now(), at_most).await? {
                    let stored = match incidents::try_lock(tx, incident).await {
                        Err(StoreError::Contended) => {
                            assessments::postpone(tx, incident, clock::now() + SOON).await?;
                            continue;
                        }
                        found => found?,
                    };
                    if let Some(stored) = stored {
                        let author = Author { caused_by: Some(caused_by), ..author.clone() };
                        use_cases::request(tx, &author, stored).await?;
                    }
                    assessments::served(tx, incident).await?;
                }
                Ok::<_, Error>(())
            })
        });
        write.await
    }

    /// Has the request that is due first wait: it cannot be served.
    pub async fn postpone(&self) -> Result<()> {
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                let now = clock::now();
                for (incident, _) in assessments::due(tx, now, 1).await? {
                    assessments::postpone(tx, incident, now + LATER).await?;
                }
                Ok::<_, Error>(())
            })
        });
        write.await
    }

    /// An incident's lines at a glance.
    pub async fn summarise(&self, incident: IncidentId) -> Result<LogSummary> {
        Ok(assessments::summarise(&self.db, incident, TOP_MESSAGES).await?)
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

    /// The position up to which this consumer has handled the journal.
    pub async fn position(&self) -> Result<i64> {
        Ok(inbox::marks(&self.db, self.consumer).await?.handled)
    }

    pub async fn keep_position(&self, position: i64) -> Result<()> {
        let consumer = self.consumer;
        let write = self.ledger.write(move |tx| {
            Box::pin(
                async move { Ok::<_, Error>(inbox::keep_handled(tx, consumer, position).await?) },
            )
        });
        write.await
    }

    /// Looks for old facts that were never delivered. `fill` is given each aggregate that lacks
    /// some, and the mark moves on once it has returned for all of them.
    pub async fn sweep<F>(&self, mut fill: impl FnMut(Behind) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        loop {
            let after = inbox::marks(&self.db, self.consumer).await?.swept;
            let old = clock::now() - ON_ITS_WAY;
            let upto = inbox::older_than(&self.db, after, SWEEP, old).await?;
            if upto == after {
                return Ok(());
            }
            loop {
                let behind = inbox::behind(&self.db, self.consumer, (after, upto), BEHIND).await?;
                if behind.is_empty() {
                    break;
                }
                for each in behind {
                    fill(each).await?;
                }
            }
            let consumer = self.consumer;
            let write = self.ledger.write(move |tx| {
                Box::pin(
                    async move { Ok::<_, Error>(inbox::keep_swept(tx, consumer, upto).await?) },
                )
            });
            write.await?;
        }
    }
}

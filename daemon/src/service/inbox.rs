//! What a consumer does with events: each is handled once and in the order of its aggregate,
//! however often and in whatever order it is delivered, because the effect shares a transaction
//! with the row that says which version comes next.

mod letters;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;
use watchfire_shared::assessment::LogSummary;
use watchfire_shared::dead_letter::Place;
use watchfire_shared::event::{Actor, Event, Source};
use watchfire_shared::ids::{AssessmentId, EventId, IncidentId, JournalId};

pub use crate::store::inbox::Behind;

use super::{Author, Error, Result, assessments as use_cases};
use crate::clock;
use crate::outbox::Ledger;
use crate::store::{Db, Tx, assessments, dead_letters, inbox, outbox};

/// Facts read at once to fill a gap.
const FILL: i64 = 500;

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
}

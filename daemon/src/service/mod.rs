//! Use cases: authorise, transact, and what follows a commit. Nothing here knows HTTP.

pub mod admin;
mod alertmanager;
mod alerts;
mod assessments;
mod authority;
mod cache;
mod dead_letters;
mod demo;
mod error;
mod events;
mod fleet;
mod health;
pub mod inbox;
mod incidents;
mod journal;
mod logs;
mod outbox;
mod pages;
pub mod secrets;
mod sessions;
mod upkeep;
mod users;
mod working;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use watchfire_shared::event::{Actor, AggregateType, Event, Fact, SCHEMA_VERSION, Source};
use watchfire_shared::ids::{EventId, IncidentId, JournalId};
use watchfire_shared::incident::{Comment, Incident};
use watchfire_shared::log::LogsAccepted;
use watchfire_shared::problem::Code;
use watchfire_shared::user::UserOut;

pub use authority::{Authorities, Authority, Caller, Idempotency, Who};
pub use error::{Error, Result};
pub use events::{StreamItem, Subscription};
pub use fleet::Fleet;
pub use journal::Journal;
pub use logs::LogQuery;
pub use pages::IncidentQuery;
pub use working::Working;

use crate::cache::Cache;
use crate::clock;
use crate::lifecycle::Lifecycle;
pub use crate::outbox::Hub;
use crate::outbox::Ledger;
pub use crate::store::leader::Leader;
use crate::store::{self, Db, Touched, Tx, idempotency, installation};
use secrets::{Passwords, Signer};
use sessions::Attempts;

/// Answers are kept for a repeat of the request for so long.
const IDEMPOTENCY_HOURS: i64 = 24;

/// Where events go, for those who ask: use cases are the same with either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Journal,
    Kafka,
}

impl Transport {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Kafka => "kafka",
        }
    }
}

/// What a person may decide about use cases.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Alerts that have all resolved at their source resolve their incident.
    pub auto_resolve: bool,
    pub transport: Transport,
}

/// Every use case. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

pub struct Inner {
    db: Db,
    cache: Cache,
    ledger: Ledger,
    hub: Hub,
    log_id: JournalId,
    signer: Signer,
    passwords: Passwords,
    attempts: Attempts,
    authorities: Authorities,
    lifecycle: Lifecycle,
    policy: Policy,
    health: health::Watch,
    fleet: Fleet,
    /// Held by the one demonstration of the cache that runs.
    demonstration: Arc<Mutex<()>>,
    pages: pages::Pages,
}

impl std::ops::Deref for Service {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// What a service is made of.
pub struct Parts {
    pub db: Db,
    pub cache: Cache,
    pub ledger: Ledger,
    pub hub: Hub,
    pub signer: Signer,
    pub lifecycle: Lifecycle,
    pub policy: Policy,
    pub fleet: Fleet,
}

impl Service {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            authorities: Authorities::start(parts.db.clone()),
            log_id: parts.hub.log_id(),
            health: health::Watch::new(),
            passwords: Passwords::default(),
            attempts: Attempts::default(),
            db: parts.db,
            cache: parts.cache,
            ledger: parts.ledger,
            hub: parts.hub,
            signer: parts.signer,
            lifecycle: parts.lifecycle,
            policy: parts.policy,
            fleet: parts.fleet,
            // What a page is made of is patient itself.
            pages: pages::Pages::new(None),
            demonstration: Arc::default(),
        }))
    }
}

/// An answer that may be kept for a repeat.
pub(crate) trait Answer: Serialize + DeserializeOwned + Send + 'static {
    /// What an acknowledgement with this answer must not leave stale.
    fn touched(&self) -> Option<Touched>;
}

impl Answer for Incident {
    fn touched(&self) -> Option<Touched> {
        Some(Touched::Incident(self.id))
    }
}

impl Answer for Comment {
    fn touched(&self) -> Option<Touched> {
        Some(Touched::Incident(self.incident_id))
    }
}

impl Answer for (IncidentId, LogsAccepted) {
    fn touched(&self) -> Option<Touched> {
        Some(Touched::Incident(self.0))
    }
}

impl Answer for UserOut {
    fn touched(&self) -> Option<Touched> {
        Some(Touched::User(self.id))
    }
}

impl Answer for () {
    fn touched(&self) -> Option<Touched> {
        None
    }
}

/// Of what is answered without a word, and makes something stale.
impl Answer for Option<Touched> {
    fn touched(&self) -> Option<Touched> {
        *self
    }
}

impl Inner {
    /// Runs a use case's transaction. With an idempotency key, a repeat gets the first answer, and
    /// another request under the same key is refused; a repeat that arrives while the first still
    /// runs waits for it.
    pub(crate) async fn transact<T, F>(&self, caller: &Caller, work: F) -> Result<T>
    where
        T: Answer,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        self.still_may(caller).await?;
        let request = caller.idempotency.as_ref().map(|key| self.request(caller, key));
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                let Some(request) = request else {
                    let answer = work(tx).await?;
                    answered(tx, answer.touched()).await?;
                    return Ok(answer);
                };
                let now = clock::now();
                let expired = now - chrono::TimeDelta::hours(IDEMPOTENCY_HOURS);
                if idempotency::claim(tx, &request, now, expired).await? {
                    let answer = work(tx).await?;
                    let kept = serde_json::to_value(&answer).map_err(Error::internal)?;
                    idempotency::keep(tx, &request, &kept).await?;
                    answered(tx, answer.touched()).await?;
                    return Ok(answer);
                }
                let kept = idempotency::find(tx, &request).await?;
                if kept.request_hash != request.hash {
                    return Err(used_otherwise());
                }
                let answer: T = serde_json::from_value(kept.answer.0).map_err(Error::internal)?;
                answered(tx, answer.touched()).await?;
                Ok(answer)
            })
        });
        write.await
    }

    /// As [`Self::transact`], for answers that hold a secret: nothing of them is kept, and a repeat
    /// is refused.
    pub(crate) async fn transact_secret<T, F>(&self, caller: &Caller, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        self.still_may(caller).await?;
        let request = caller.idempotency.as_ref().map(|key| self.request(caller, key));
        let write = self.ledger.write(move |tx| {
            Box::pin(async move {
                claim_once(tx, request.as_ref()).await?;
                work(tx).await
            })
        });
        write.await
    }

    fn request(&self, caller: &Caller, idempotency: &Idempotency) -> idempotency::Request {
        let actor = match &caller.authority.who {
            Who::Person { user, .. } => format!("user:{}", user.id),
            Who::Key { id, .. } => format!("key:{id}"),
        };
        self.request_of(actor, idempotency)
    }

    fn request_of(&self, actor: String, idempotency: &Idempotency) -> idempotency::Request {
        idempotency::Request {
            actor,
            route: idempotency.route.clone(),
            key: idempotency.key.clone(),
            hash: self.signer.fingerprint(&idempotency.body),
        }
    }
}

/// Has forgotten what this answer must not leave stale.
async fn answered(tx: &mut Tx, touched: Option<Touched>) -> Result<()> {
    let Some(touched) = touched else { return Ok(()) };
    tx.touch(touched);
    if tx.is_silent() { answered_again(tx, touched).await } else { Ok(()) }
}

/// Nothing happened for this answer, so that it may stand for an earlier one that was not received:
/// of that, everything may be stale that its facts would have named.
pub(crate) async fn answered_again(tx: &mut Tx, touched: Touched) -> Result<()> {
    match touched {
        Touched::Incident(id) => {
            if let Some(number) = store::incidents::reference_of(tx, id).await? {
                tx.touch(Touched::Reference(number));
            }
            tx.touch(Touched::Lists);
        }
        // Somebody's open work was given back, and nobody knows any more which.
        Touched::User(_) => installation::raise_epoch(tx).await?,
        Touched::Reference(_) | Touched::Lists => {}
    }
    Ok(())
}

fn used_otherwise() -> Error {
    Error::refused(
        Code::IdempotencyConflict,
        "This Idempotency-Key was used for another request; use a new one.",
    )
}

/// Takes the key of a request whose answer holds a secret, or refuses its repeat.
async fn claim_once(tx: &mut Tx, request: Option<&idempotency::Request>) -> Result<()> {
    let Some(request) = request else { return Ok(()) };
    let now = clock::now();
    let expired = now - chrono::TimeDelta::hours(IDEMPOTENCY_HOURS);
    if idempotency::claim(tx, request, now, expired).await? {
        return Ok(());
    }
    Err(Error::refused(
        Code::IdempotencyConflict,
        "This was done already, and its secret was answered once; do it again under a new \
         Idempotency-Key.",
    ))
}

/// Makes envelopes for facts: who, when, why.
#[derive(Debug, Clone)]
pub struct Author {
    pub log_id: JournalId,
    pub actor: Actor,
    pub source: Source,
    pub request_id: String,
    pub caused_by: Option<EventId>,
}

impl Author {
    pub fn new(log_id: JournalId, caller: &Caller) -> Self {
        Self {
            log_id,
            actor: caller.actor(),
            source: caller.source(),
            request_id: caller.request_id.clone(),
            caused_by: None,
        }
    }

    /// The same request's steps that nobody took: the system's.
    #[must_use]
    pub fn system(&self) -> Self {
        Self { actor: Actor::system(), source: Source::System, ..self.clone() }
    }

    /// A fact about an incident; its version is the one the fact carries.
    pub fn incident(&self, fact: Fact, now: chrono::DateTime<chrono::Utc>) -> Result<Event> {
        let Some(incident) = fact.incident() else {
            return Err(Error::internal("a fact about a person is no incident's"));
        };
        let (id, version) = (incident.id.0, incident.version);
        Ok(self.event(AggregateType::Incident, id, version, fact, now))
    }

    pub fn event(
        &self,
        aggregate_type: AggregateType,
        aggregate_id: uuid::Uuid,
        version: i64,
        fact: Fact,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Event {
        Event {
            event_id: EventId(clock::new_id()),
            fact,
            schema_version: SCHEMA_VERSION,
            log_id: self.log_id,
            position: None,
            aggregate_type,
            aggregate_id,
            version,
            occurred_at: now,
            source: self.source,
            actor: self.actor.clone(),
            request_id: self.request_id.clone(),
            caused_by: self.caused_by,
        }
    }
}

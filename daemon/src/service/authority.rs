//! Who may what. Never cached: each request is answered by a query that began after it arrived;
//! requests that arrive while one runs share the next.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use watchfire_shared::event::{Actor, ActorKind, Source};
use watchfire_shared::ids::{KeyId, SessionId, UserId};
use watchfire_shared::problem::Code;
use watchfire_shared::user::{KeySource, Role, UserRef};

use super::secrets::digest;
use super::{Error, Result, Service};
use crate::clock;
use crate::lifecycle::spawn_detached;
use crate::store::credentials::{self, Proof, Standing};
use crate::store::{Db, StoreError};

/// Requests answered by one query, at most.
const SHARED: usize = 512;
/// A query that takes longer is given up: one connection on which nothing comes back would
/// otherwise hold up everybody.
const LATE: Duration = Duration::from_secs(5);
/// Length of an ingest key.
const KEY_LENGTH: usize = 32;

/// Who asks, as one query of the database said after the request arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    pub who: Who,
    /// The cache epoch at that moment.
    pub epoch: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// `session` is none for an API token; `expires_at` is the access token's.
    Person {
        user: UserRef,
        role: Role,
        session: Option<SessionId>,
        expires_at: Option<DateTime<Utc>>,
    },
    Key {
        id: KeyId,
        name: String,
        source: KeySource,
    },
}

/// A request that may be repeated: the same key gets the same answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Idempotency {
    pub key: String,
    /// Method and path.
    pub route: String,
    /// A repeat must have the same; never printed, for it may hold a password.
    pub body: Bytes,
}

impl fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency").field("key", &self.key).finish_non_exhaustive()
    }
}

/// One request's caller.
#[derive(Debug, Clone)]
pub struct Caller {
    pub authority: Authority,
    pub request_id: String,
    pub idempotency: Option<Idempotency>,
}

impl Caller {
    /// Refuses who has a lesser role; ingest keys have none.
    pub fn require(&self, role: Role) -> Result<&UserRef> {
        match &self.authority.who {
            Who::Person { user, role: has, .. } if *has >= role => Ok(user),
            Who::Person { role: has, .. } => Err(Error::refused(
                Code::Forbidden,
                format!("This needs the role {role}; yours is {has}."),
            )),
            Who::Key { .. } => {
                Err(Error::refused(Code::Forbidden, "An ingest key may only send what it is for."))
            }
        }
    }

    pub fn actor(&self) -> Actor {
        match &self.authority.who {
            Who::Person { user, .. } => {
                Actor { kind: ActorKind::User, id: Some(user.id.0), name: user.name.clone() }
            }
            Who::Key { id, name, .. } => {
                Actor { kind: ActorKind::Key, id: Some(id.0), name: name.clone() }
            }
        }
    }

    /// What the facts of this request were produced by.
    pub const fn source(&self) -> Source {
        match &self.authority.who {
            Who::Key { source: KeySource::Alertmanager, .. } => Source::Alertmanager,
            Who::Key { source: KeySource::Pagerduty, .. } => Source::Pagerduty,
            Who::Key { .. } | Who::Person { .. } => Source::Api,
        }
    }

    pub fn user_id(&self) -> Option<UserId> {
        match &self.authority.who {
            Who::Person { user, .. } => Some(user.id),
            Who::Key { .. } => None,
        }
    }

    pub const fn epoch(&self) -> i64 {
        self.authority.epoch
    }
}

type Shared = Result<(i64, Option<Standing>), Arc<StoreError>>;

/// Asks the database what credentials are good for, many at once.
#[derive(Clone)]
pub struct Authorities {
    questions: mpsc::Sender<(Proof, oneshot::Sender<Shared>)>,
}

impl Authorities {
    pub fn start(db: Db) -> Self {
        let (questions, queue) = mpsc::channel(SHARED * 4);
        spawn_detached(answer(db, queue));
        Self { questions }
    }

    async fn ask(&self, proof: Proof) -> Shared {
        let gone =
            || Arc::new(StoreError::Unavailable { reason: "the daemon is stopping", source: None });
        let (answer, answered) = oneshot::channel();
        self.questions.send((proof, answer)).await.map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

/// One query after another, each for everyone who asked before it began.
async fn answer(db: Db, mut queue: mpsc::Receiver<(Proof, oneshot::Sender<Shared>)>) {
    let mut asked = Vec::with_capacity(SHARED);
    while queue.recv_many(&mut asked, SHARED).await > 0 {
        let mut proofs: Vec<Proof> = asked.iter().map(|(proof, _)| *proof).collect();
        proofs.sort_unstable();
        proofs.dedup();
        let found = timeout(LATE, credentials::standings(&db, &proofs, clock::now())).await;
        let found = found
            .unwrap_or_else(|_| {
                let reason = "the database does not answer in time";
                Err(StoreError::Unavailable { reason, source: None })
            })
            .map(|(epoch, standings)| (epoch, standings.into_iter().collect::<HashMap<_, _>>()))
            .map_err(Arc::new);
        for (proof, answer) in asked.drain(..) {
            let shared = match &found {
                Ok((epoch, standings)) => Ok((*epoch, standings.get(&proof).cloned())),
                Err(error) => Err(error.clone()),
            };
            answer.send(shared).ok();
        }
    }
}

impl Service {
    /// Who the bearer of this secret is. 401 where it is good for nothing, 503 where that cannot
    /// be read: an outage is never a refusal.
    pub async fn authorise(&self, bearer: &str) -> Result<Authority> {
        let refused = || {
            Error::refused(
                Code::Unauthenticated,
                "The token is unknown, expired or revoked; sign in again.",
            )
        };
        let mut expires_at = None;
        let proof = if bearer.contains('.') {
            let verified = self.signer.verify(bearer, clock::now()).ok_or_else(refused)?;
            expires_at = Some(verified.expires_at);
            Proof::Session(verified.session)
        } else if bearer.len() == KEY_LENGTH {
            Proof::Key(digest(bearer))
        } else {
            Proof::Token(digest(bearer))
        };
        let (epoch, standing) = self.authorities.ask(proof).await?;
        let who = match (standing.ok_or_else(refused)?, proof) {
            (Standing::Person { user, role }, Proof::Session(session)) => {
                Who::Person { user, role, session: Some(session), expires_at }
            }
            (Standing::Person { user, role }, _) => {
                Who::Person { user, role, session: None, expires_at: None }
            }
            (Standing::Key { id, name, source }, _) => Who::Key { id, name, source },
        };
        Ok(Authority { who, epoch })
    }
}

//! Who may what. Never cached: each request is answered by a query that began after it arrived;
//! requests that arrive while one runs share the next.

use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::select_ok;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use uuid::Uuid;
use watchfire_shared::event::{Actor, ActorKind, Source};
use watchfire_shared::ids::{KeyId, SessionId, UserId};
use watchfire_shared::problem::Code;
use watchfire_shared::user::{KeySource, Role, UserRef};

use super::secrets::digest;
use super::{Error, Inner, Result, Service};
use crate::clock;
use crate::gather::gather;
use crate::lifecycle::spawn_detached;
use crate::store::credentials::{self, Proof, Standing};
use crate::store::installation::Moment;
use crate::store::{Db, StoreError};

/// Requests answered by one query, at most.
const SHARED: usize = 512;
/// A second query is sent on a new connection when the first is later than this: one on which
/// nothing comes back must not hold up everybody.
const LATE: Duration = Duration::from_millis(300);
/// A query that takes longer is given up.
const LIMIT: Duration = Duration::from_secs(1);
/// An answer older than this no longer decides a command: its body may have taken its time.
const STALE: Duration = Duration::from_secs(1);
/// Length of an ingest key.
const KEY_LENGTH: usize = 32;

/// Who asks, as one query of the database said after the request arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    pub who: Who,
    /// What the cache held then is good enough for this request.
    pub moment: Moment,
    proof: Proof,
    asked: Instant,
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

    pub const fn moment(&self) -> &Moment {
        &self.authority.moment
    }
}

type Shared = Result<(Moment, Option<Standing>), Arc<StoreError>>;

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

    /// Whether the database answers at all.
    pub(super) async fn ping(&self) -> Result<(), Arc<StoreError>> {
        self.ask(Proof::Session(SessionId(Uuid::nil()))).await.map(drop)
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
    while gather(&mut queue, &mut asked, SHARED).await {
        let mut proofs: Vec<Proof> = asked.iter().map(|(proof, _)| *proof).collect();
        proofs.sort_unstable();
        proofs.dedup();
        // A panic is no reason to leave every request after it without an answer.
        let asked_for = AssertUnwindSafe(standings(&db, &proofs)).catch_unwind().await;
        let found = asked_for
            .unwrap_or_else(|_| Err(cut_off()))
            .map(|(moment, standings)| (moment, standings.into_iter().collect::<HashMap<_, _>>()))
            .map_err(Arc::new);
        for (proof, answer) in asked.drain(..) {
            let shared = match &found {
                Ok((moment, standings)) => Ok((moment.clone(), standings.get(&proof).cloned())),
                Err(error) => Err(error.clone()),
            };
            answer.send(shared).ok();
        }
    }
}

fn cut_off() -> StoreError {
    StoreError::Unavailable { reason: "the question was cut off", source: None }
}

type Standings = (Moment, Vec<(Proof, Standing)>);

/// Asks on the connection at hand, and on a new one when that fails or is late.
async fn standings(db: &Db, proofs: &[Proof]) -> Result<Standings, StoreError> {
    let query = async |fresh| {
        let late = |_| {
            let reason = "the database does not answer in time";
            Err(StoreError::Unavailable { reason, source: None })
        };
        let asked = credentials::standings(db, proofs, clock::now(), fresh);
        timeout(LIMIT, asked).await.unwrap_or_else(late)
    };
    let mut first = Box::pin(query(false));
    match timeout(LATE, &mut first).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) => query(true).await,
        Err(_) => select_ok([first, Box::pin(query(true))]).await.map(|(found, _)| found),
    }
}

impl Service {
    /// Who the bearer of this secret is. 401 where it is good for nothing, 503 where that cannot
    /// be read: an outage is never a refusal.
    pub async fn authorise(&self, bearer: &str) -> Result<Authority> {
        let mut expires_at = None;
        let proof = if bearer.contains('.') {
            let verified = self.signer.verify(bearer, clock::now()).ok_or_else(revoked)?;
            expires_at = Some(verified.expires_at);
            Proof::Session(verified.session)
        } else if bearer.len() == KEY_LENGTH {
            Proof::Key(digest(bearer))
        } else {
            Proof::Token(digest(bearer))
        };
        let asked = Instant::now();
        let (moment, standing) = self.authorities.ask(proof).await?;
        let who = match (standing.ok_or_else(revoked)?, proof) {
            (Standing::Person { user, role }, Proof::Session(session)) => {
                Who::Person { user, role, session: Some(session), expires_at }
            }
            (Standing::Person { user, role }, _) => {
                Who::Person { user, role, session: None, expires_at: None }
            }
            (Standing::Key { id, name, source }, _) => Who::Key { id, name, source },
        };
        Ok(Authority { who, moment, proof, asked })
    }
}

impl Inner {
    /// Refuses a command whose caller was asked about too long ago and may something else by now.
    pub(crate) async fn still_may(&self, caller: &Caller) -> Result<()> {
        let Authority { who, proof, asked, .. } = &caller.authority;
        if asked.elapsed() <= STALE {
            return Ok(());
        }
        let (_, standing) = self.authorities.ask(*proof).await?;
        let role = |who: &Who| match who {
            Who::Person { role, .. } => Some(*role),
            Who::Key { .. } => None,
        };
        match standing.ok_or_else(revoked)? {
            Standing::Person { role: now, .. } if role(who) != Some(now) => Err(Error::refused(
                Code::Forbidden,
                "Your role was changed while this request was on its way; send it again.",
            )),
            Standing::Person { .. } | Standing::Key { .. } => Ok(()),
        }
    }
}

fn revoked() -> Error {
    Error::refused(
        Code::Unauthenticated,
        "The token or key is unknown, expired or revoked; sign in again, or use one that is not.",
    )
}

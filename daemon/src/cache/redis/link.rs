//! Connections to Redis, opened by ourselves: before one serves, we know which Redis it leads to.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, InfoDict, RedisError};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use watchfire_shared::cache::Operation;

use super::super::breaker::Breaker;
use super::super::stats::Recorder;
use super::super::{key, ttl};
use super::lease::{CLAIM, FILL, REMOVE};
use crate::lifecycle::spawn_detached;
use crate::store::{Db, StoreError, installation};

/// Scripts, ranges of hashes and functions as we use them are there since this version.
const OLDEST: u32 = 7;
/// Between two attempts to connect: short, because whoever comes back is wanted; growing, because
/// whoever just started must not be run over. A connection that did not last is a failed attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often the database is asked whether this is still the Redis all daemons share.
const RECORD_READ: Duration = Duration::from_secs(5);

/// A connection on which so many operations in a row came to nothing is opened anew, also while others
/// go well: it may lead nowhere, and nobody would tell.
const GIVEN_UP: u32 = 3;

/// Why an operation came to nothing. Never a miss.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    #[error("the breaker is open")]
    Open,
    #[error("there is no connection to it")]
    Away,
    #[error("{0}")]
    Elsewhere(Elsewhere),
    #[error("no answer within {} ms", .0.as_millis())]
    Late(Duration),
    #[error("it does not keep what it is given")]
    Forgetful,
    #[error("{0}")]
    Redis(Arc<RedisError>),
}

/// Why this Redis is not the one to use: the database names another as the one all daemons share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Elsewhere {
    #[error(
        "the daemons of this database share another Redis (run id and database {recorded}, here \
         {here}): give all of them the same redis_url"
    )]
    Server { recorded: String, here: String },
    #[error("daemons of another version share it now, and keep values of other shapes in it")]
    Shapes,
    #[error("the database did not say which Redis all daemons share")]
    Unknown,
}

impl Elsewhere {
    pub fn of(recorded: Option<&str>, here: &str) -> Self {
        fn server(identity: &str) -> &str {
            identity.rsplit_once('/').map_or(identity, |(server, _)| server)
        }
        match recorded.map(server) {
            None => Self::Unknown,
            Some(recorded) if recorded == server(here) => Self::Shapes,
            Some(recorded) => {
                Self::Server { recorded: recorded.to_owned(), here: server(here).to_owned() }
            }
        }
    }
}

/// Where Redis is, and how long we wait for it.
#[derive(Clone)]
pub struct Reach {
    pub client: Client,
    /// From the first packet to the end of the handshake.
    pub connect_timeout: Duration,
    /// One operation, counted from sending.
    pub operation_timeout: Duration,
}

/// An open connection.
#[derive(Clone)]
pub struct Live {
    connection: MultiplexedConnection,
    /// Which Redis, which database in it, and the shapes we keep there.
    pub identity: Arc<str>,
    broken: CancellationToken,
    /// Operations in a row that failed on it.
    failures: Arc<AtomicU32>,
}

/// A connection, or why there is none; at first nobody knows.
type Current = Result<Live, Option<Arc<str>>>;

/// One connection at a time, opened again whenever it breaks.
#[derive(Clone)]
pub struct Link {
    live: watch::Receiver<Current>,
    operation_timeout: Duration,
    /// Whoever looks after the cache has more time than whoever uses it.
    asking_timeout: Duration,
    breaker: Arc<Breaker>,
    recorder: Arc<Recorder>,
}

impl Link {
    /// Connects in the background, now and whenever it has to.
    pub fn start(reach: Reach, db: Db, breaker: Arc<Breaker>, recorder: Arc<Recorder>) -> Self {
        let (current, live) = watch::channel(Err(None));
        let (operation_timeout, asking_timeout) = (reach.operation_timeout, reach.connect_timeout);
        spawn_detached(keep_open(reach, db, breaker.clone(), current));
        Self { live, operation_timeout, asking_timeout, breaker, recorder }
    }

    /// Returns once it is up.
    pub async fn connected(&self) {
        // It connects for as long as the process lives.
        self.live.clone().wait_for(Result::is_ok).await.ok();
    }

    pub fn is_up(&self) -> bool {
        self.live.borrow().is_ok()
    }

    /// Why it is not up, where that is known.
    pub fn why_down(&self) -> Option<Arc<str>> {
        self.live.borrow().as_ref().err().cloned().flatten()
    }

    /// Runs one operation under the breaker and the clock; answers also on which Redis it was run.
    pub async fn call<T>(
        &self,
        operation: Operation,
        work: impl AsyncFnOnce(MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<(T, Arc<str>), Failure> {
        let sent = Instant::now();
        let Some(live) = self.live() else {
            let why = self.why_down();
            self.breaker.unreachable(sent, why.as_deref().unwrap_or(&Failure::Away.to_string()));
            return Err(Failure::Away);
        };
        if !self.breaker.admits(sent) {
            return Err(Failure::Open);
        }
        let admitted = Admitted(&self.breaker);
        let done = timeout(self.operation_timeout, work(live.connection.clone())).await;
        // Nothing is left of it to report but how it ended.
        std::mem::forget(admitted);
        self.recorder.operation(operation, sent.elapsed());
        match done {
            Ok(Ok(value)) => {
                self.breaker.succeeded(sent);
                live.failures.store(0, Relaxed);
                Ok((value, live.identity))
            }
            Ok(Err(error)) => Err(self.failed(sent, Failure::Redis(Arc::new(error)), &live)),
            Err(_) => Err(self.failed(sent, Failure::Late(self.operation_timeout), &live)),
        }
    }

    /// Runs what somebody asks who looks after the cache: neither a figure nor a reason for the
    /// breaker, which are for those who use it.
    pub async fn ask<T>(
        &self,
        work: impl AsyncFnOnce(MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<(T, Arc<str>), Failure> {
        let live = self.live().ok_or(Failure::Away)?;
        let failure = match timeout(self.asking_timeout, work(live.connection.clone())).await {
            Ok(Ok(value)) => return Ok((value, live.identity)),
            Ok(Err(error)) => Failure::Redis(Arc::new(error)),
            Err(_) => Failure::Late(self.asking_timeout),
        };
        if failure.breaks_the_connection() {
            live.broken.cancel();
        }
        Err(failure)
    }

    /// Removes what ends like this under each name; how many there were.
    pub async fn remove(
        &self,
        these: impl Iterator<Item = (&String, &[u8])>,
    ) -> Result<u64, Failure> {
        let mut pipe = redis::pipe();
        for (name, end) in these {
            pipe.cmd("EVALSHA").arg(REMOVE.get_hash()).arg(1).arg(name).arg(end);
        }
        let removed = self.ask(async |mut redis| pipe.query_async::<Vec<u64>>(&mut redis).await);
        Ok(removed.await?.0.iter().sum())
    }

    fn live(&self) -> Option<Live> {
        self.live.borrow().as_ref().ok().cloned()
    }

    /// The first that is up, beginning with the one at `preferred`; that one when none is.
    pub fn any(links: &[Self], preferred: usize) -> &Self {
        let up = links.iter().cycle().skip(preferred).take(links.len()).find(|link| link.is_up());
        up.unwrap_or(&links[preferred])
    }

    /// Tells the breaker; a connection that cannot recover, or that opened it, is not kept.
    fn failed(&self, sent: Instant, failure: Failure, live: &Live) -> Failure {
        let opened = self.breaker.failed(sent, Instant::now(), &failure.to_string());
        let failures = live.failures.fetch_add(1, Relaxed) + 1;
        if opened || failure.breaks_the_connection() || failures >= GIVEN_UP {
            live.broken.cancel();
        }
        failure
    }
}

/// An operation the breaker has let through; dropped when nobody waits for its end.
struct Admitted<'a>(&'a Breaker);

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.0.abandoned(Instant::now());
    }
}

impl Failure {
    /// Whether nothing more comes of the connection it happened on. A Redis that has lost our scripts
    /// gets them again with the next one.
    fn breaks_the_connection(&self) -> bool {
        matches!(self, Self::Redis(error)
            if error.is_unrecoverable_error() || error.code() == Some("NOSCRIPT"))
    }
}

async fn keep_open(reach: Reach, db: Db, breaker: Arc<Breaker>, current: watch::Sender<Current>) {
    let mut pause = FIRST_PAUSE;
    let (mut told, mut adopted) = (false, None);
    while !current.is_closed() {
        let opened = timeout(reach.connect_timeout, open(&reach, &db, adopted.as_ref())).await;
        match opened.unwrap_or(Err(OpenError::Late(reach.connect_timeout))) {
            Ok(live) => {
                tracing::info!(identity = &*live.identity, "connected to Redis");
                (told, adopted) = (false, Some(live.identity.clone()));
                // A new connection is a probe that went well.
                breaker.succeeded(Instant::now());
                become_known(&current, Ok(live.clone()));
                let opened = Instant::now();
                let reason = end(&live, &db).await;
                become_known(&current, Err(Some(reason.into())));
                tracing::warn!(
                    reason,
                    "the connection to Redis is given up; reads go to the database"
                );
                if opened.elapsed() > LONGEST_PAUSE {
                    pause = FIRST_PAUSE;
                    continue;
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut told, true) {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "Redis cannot be used; reads go to the database"
                    );
                }
                let reason = error.to_string();
                breaker.unreachable(Instant::now(), &reason);
                become_known(&current, Err(Some(reason.into())));
            }
        }
        tokio::time::sleep(ttl::jittered(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn become_known(current: &watch::Sender<Current>, now: Current) {
    current.send_modify(|before| *before = now);
}

/// Returns when a connection is not to be used any longer: why.
async fn end(live: &Live, db: &Db) -> &'static str {
    loop {
        tokio::select! {
            () = live.broken.cancelled() => return "it is broken, or nothing comes back on it",
            () = tokio::time::sleep(ttl::spread(RECORD_READ)) => {}
        }
        let recorded = installation::moment(db).await.map(|moment| moment.redis);
        // Where the database does not answer, it was not said that another is the one.
        if recorded.is_ok_and(|recorded| recorded.as_ref() != Some(&live.identity)) {
            return "the database names another Redis";
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error("no answer to the handshake within {} ms", .0.as_millis())]
    Late(Duration),
    #[error("it answers, but takes longer than the {} ms of cache.operation_timeout_ms", .0.as_millis())]
    Slow(Duration),
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("it is Redis {0}, and version {OLDEST} or later is needed")]
    Old(String),
    #[error("it does not say which Redis it is: its user needs the command INFO")]
    Nameless,
    #[error("the database could not be told of it: {0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Elsewhere(Elsewhere),
}

/// Opens a connection. Another Redis than the recorded one raises the epoch before anything is read
/// from it: it may have come back with values from before writes it has not heard of. The one that was
/// `adopted` last and is not the recorded one any more was replaced by another daemon: taking it back
/// would have the two do so for ever.
async fn open(reach: &Reach, db: &Db, adopted: Option<&Arc<str>>) -> Result<Live, OpenError> {
    let Greeting { mut connection, run_id, .. } = greet(reach).await?;
    // It has to do what is asked of it in the time there is.
    timeout(reach.operation_timeout, redis::cmd("PING").exec_async(&mut connection))
        .await
        .map_err(|_| OpenError::Slow(reach.operation_timeout))??;
    let number = reach.client.get_connection_info().redis_settings().db();
    let identity: Arc<str> = format!("{run_id}/{number}/{}", key::shapes()).into();
    if adopted == Some(&identity) {
        let recorded = installation::moment(db).await?.redis;
        if recorded.as_ref() != Some(&identity) {
            return Err(OpenError::Elsewhere(Elsewhere::of(recorded.as_deref(), &identity)));
        }
    }
    installation::adopt_cache(db, identity.clone()).await?;
    let (broken, failures) = (CancellationToken::new(), Arc::default());
    Ok(Live { connection, identity, broken, failures })
}

struct Greeting {
    connection: MultiplexedConnection,
    run_id: String,
    version: String,
}

/// Connects, asks who is there, and brings what we need.
async fn greet(reach: &Reach) -> Result<Greeting, OpenError> {
    // Whoever calls has one limit for all of it, and a sentence for when it has passed.
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    let mut connection = reach.client.get_multiplexed_async_connection_with_config(&config).await?;
    let server: InfoDict = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
    let version = server.get::<String>("redis_version").unwrap_or_default();
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST) {
        return Err(OpenError::Old(version));
    }
    let run_id = server.get::<String>("run_id").ok_or(OpenError::Nameless)?;
    for script in [&CLAIM, &FILL, &REMOVE] {
        script.load_async(&mut connection).await?;
    }
    Ok(Greeting { connection, run_id, version })
}

/// Whether this Redis would do: which version it is, or a sentence about what is wrong.
pub async fn check(reach: &Reach) -> Result<String, String> {
    let greeted = timeout(reach.connect_timeout, greet(reach)).await;
    let greeted = greeted.unwrap_or(Err(OpenError::Late(reach.connect_timeout)));
    greeted.map(|there| format!("Redis {}", there.version)).map_err(|error| error.to_string())
}

impl fmt::Debug for Reach {
    /// The client's URL may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach").finish_non_exhaustive()
    }
}

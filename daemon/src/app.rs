//! One process from configuration to exit: opens what it needs, wires it, serves, and ends.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use watchfire_shared::event::{Actor, Source};
use watchfire_shared::ids::JournalId;

use crate::cache::{BreakerSettings, Cache, RedisError, RedisSettings};
use crate::config::{self, Config, DEFAULT_ADDR, SecretSource};
use crate::http;
use crate::lifecycle::{GRACE, Lifecycle};
#[cfg(feature = "kafka")]
use crate::outbox::Relay;
use crate::outbox::{Hub, Ledger, Publishing};
use crate::service::inbox::{Debounce, Inbox};
use crate::service::secrets::{Signer, new_token};
use crate::service::{self, Fleet, Parts, Policy, Service, Transport, Working, admin};
use crate::state::{self, StateDir};
use crate::store::{Db, Settings, StoreError, installation};
use crate::telemetry;
use crate::worker;

/// How a process ends that found another daemon on its state folder (`EX_TEMPFAIL`).
pub const ALREADY_RUNNING: u8 = 75;
/// Time for the database to close.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// The consumer that handles events; its group in Kafka is named after the topic as well.
const CONSUMER: &str = "worker";
/// An incident that is never quiet is assessed after so many times the quiet it should have had.
const LONGEST_STORM: u32 = 6;
/// How often what has expired is removed.
const HOUSEKEEPING: Duration = Duration::from_hours(1);

/// Why a start or a command failed: one sentence, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Config(#[from] config::Error),
    #[error("{0}")]
    State(#[from] state::Error),
    #[error("{0}")]
    Telemetry(#[from] telemetry::Error),
    #[error("The database cannot be used: {}.", reason(.0))]
    Store(#[from] StoreError),
    #[error(
        "The database {place} cannot be used: {}. Check it, or set WATCHFIRE_DATABASE_URL to another.",
        reason(.source)
    )]
    Database { place: String, source: StoreError },
    #[error("{0}")]
    Service(#[from] service::Error),
    #[error("Cannot listen on {address}: {source}. Stop what uses it, or set WATCHFIRE_HTTP_ADDR.")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("Cannot read the secret file {path}: {source}.")]
    Secret { path: String, source: std::io::Error },
    #[error(
        "With SQLite the worker runs inside the daemon: start `watchfired serve`, or set \
         WATCHFIRE_DATABASE_URL to the PostgreSQL that daemons and workers share."
    )]
    WorkerInside,
    #[error("WATCHFIRE_REDIS_URL cannot be used: {0}.")]
    Redis(#[source] RedisError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// The innermost cause is what a person can act on.
pub fn reason(error: &StoreError) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Runs the daemon until it is told to stop.
pub async fn serve(config: Config) -> Result<ExitCode, Error> {
    let state = StateDir::open(&config.state_dir)?;
    // Before the database is opened: two daemons on one file would each believe in its own cache.
    // Whoever announces itself in this folder holds its lock, on either engine.
    let _locks = (state.lock()?, lock_database(&config)?);
    // The address a killed daemon left behind would count as ours, now that we hold the lock, for as
    // long as nobody has reaped it.
    state.withdraw();
    // Before the first part that counts.
    telemetry::metrics();
    let lifecycle = Lifecycle::new();
    lifecycle.listen_to_signals()?;
    let db = open(&config).await?;
    let log_id = installation::log_id(&db).await?;
    let cache = cache(&config, &db, log_id)?;
    let ledger = Ledger::new(db.clone(), cache.clone(), lifecycle.clone());
    let hub = Hub::open(db.clone(), log_id).await?;
    if config.is_embedded() {
        welcome_owner(&ledger, &hub, &state).await?;
    }
    let (publishing, working) = (Publishing::default(), Working::default());
    let fleet = Fleet::of_daemon(db.clone(), publishing.clone(), working.clone(), cache.clone());
    let inbox = inbox(&config, &db, &ledger, hub.log_id());
    let service = Service::new(Parts {
        db: db.clone(),
        cache: cache.clone(),
        ledger: ledger.clone(),
        hub: hub.clone(),
        signer: Signer::new(secret(&config, &state)?.as_bytes()),
        lifecycle: lifecycle.clone(),
        policy: Policy {
            auto_resolve: config.auto_resolve,
            transport: config.kafka.as_ref().map_or(Transport::Journal, |_| Transport::Kafka),
        },
        fleet: fleet.clone(),
    });
    let listener = listen(config.http_addr).await?;
    let address = listener.local_addr()?;
    lifecycle.spawn_essential("metrics", telemetry::upkeep(lifecycle.clone()));
    if db.is_postgres() {
        lifecycle.spawn_essential("wakes", hub.clone().listen(lifecycle.clone()));
    }
    if config.is_embedded() {
        let worker = worker::run_on_journal(inbox, working, hub.clone(), lifecycle.clone());
        lifecycle.spawn_essential("worker", worker);
    }
    #[cfg(feature = "kafka")]
    if let Some(kafka) = config.kafka {
        let relay = Relay::new(db.clone(), kafka, publishing, &hub);
        lifecycle.spawn_essential("relay", relay.run(lifecycle.clone()));
    }
    lifecycle.spawn_essential("journal", hub.run(ledger, lifecycle.clone()));
    if db.is_postgres() {
        lifecycle.spawn_essential("heartbeat", fleet.run(lifecycle.clone()));
    }
    lifecycle.spawn_essential("housekeeping", housekeeping(service.clone(), lifecycle.clone()));
    lifecycle.spawn("figures of the cache", cache.clone().watch(lifecycle.clone()));
    if config.cache.warm > 0 && cache.kind() != "none" {
        lifecycle.spawn("warm", warm(service.clone(), config.cache.warm));
    }
    let limits = http::Limits::default();
    let router = http::router(service, limits, &lifecycle);
    lifecycle
        .spawn_essential("http", http::server::serve(listener, router, limits, lifecycle.clone()));
    state.announce(address)?;
    tracing::info!(%address, database = db.kind(), version = env!("CARGO_PKG_VERSION"), "ready");
    let code = lifecycle.finish(GRACE).await;
    state.withdraw();
    close(&db).await;
    Ok(code)
}

/// Runs a worker until it is told to stop. It takes no lock and listens for nobody but whoever
/// reads its metrics.
pub async fn work(config: Config) -> Result<ExitCode, Error> {
    if config.is_embedded() {
        return Err(Error::WorkerInside);
    }
    // Before the first part that counts.
    telemetry::metrics();
    let lifecycle = Lifecycle::new();
    lifecycle.listen_to_signals()?;
    let db = open(&config).await?;
    let log_id = installation::log_id(&db).await?;
    let cache = cache(&config, &db, log_id)?;
    let ledger = Ledger::new(db.clone(), cache.clone(), lifecycle.clone());
    let hub = Hub::open(db.clone(), log_id).await?;
    let inbox = inbox(&config, &db, &ledger, hub.log_id());
    let working = Working::default();
    lifecycle.spawn_essential("metrics", telemetry::upkeep(lifecycle.clone()));
    if let Some(address) = config.metrics_addr {
        let bound = TcpListener::bind(address).await;
        let listener = bound.map_err(|source| Error::Listen { address, source })?;
        let router = http::metrics_router();
        let served =
            http::server::serve(listener, router, http::Limits::default(), lifecycle.clone());
        lifecycle.spawn_essential("http", served);
    }
    let fleet = Fleet::of_worker(db.clone(), working.clone(), cache.clone());
    lifecycle.spawn("figures of the cache", cache.watch(lifecycle.clone()));
    lifecycle.spawn_essential("heartbeat", fleet.run(lifecycle.clone()));
    lifecycle.spawn_essential("wakes", hub.clone().listen(lifecycle.clone()));
    lifecycle.spawn_essential("journal", hub.clone().run(ledger, lifecycle.clone()));
    match config.kafka {
        #[cfg(feature = "kafka")]
        Some(kafka) => {
            let copies = worker::Copies::new(inbox.clone(), kafka.clone());
            lifecycle.spawn_essential("copies", copies.run(lifecycle.clone()));
            let worker = worker::run_on_kafka(inbox, working, kafka, lifecycle.clone());
            lifecycle.spawn_essential("worker", worker);
        }
        _ => {
            let worker = worker::run_on_journal(inbox, working, hub, lifecycle.clone());
            lifecycle.spawn_essential("worker", worker);
        }
    }
    tracing::info!(database = db.kind(), version = env!("CARGO_PKG_VERSION"), "working");
    let code = lifecycle.finish(GRACE).await;
    close(&db).await;
    Ok(code)
}

/// In process with `SQLite`, in Redis where one is configured, else none.
fn cache(config: &Config, db: &Db, log_id: JournalId) -> Result<Cache, Error> {
    let cache = match &config.cache.redis {
        _ if config.is_embedded() => Cache::memory(config.cache.max_bytes),
        None => Cache::none(db),
        Some(redis) => {
            Cache::redis(&redis_settings(redis), db.clone(), log_id).map_err(Error::Redis)?
        }
    };
    Ok(cache.patient_for(config.cache.patience))
}

/// How Redis is reached, as configured.
pub fn redis_settings(redis: &config::Redis) -> RedisSettings {
    RedisSettings {
        url: redis.url.0.clone(),
        connections: redis.connections,
        connect_timeout: redis.connect_timeout,
        operation_timeout: redis.operation_timeout,
        forget_timeout: redis.forget_timeout,
        lease: redis.lease,
        breaker: BreakerSettings {
            failures: redis.breaker_failures,
            pause: redis.breaker_open,
            longest_pause: redis.breaker_open_max,
        },
    }
}

/// Warms the cache in the background; nobody waits for it, and its failure harms nobody.
async fn warm(service: Service, at_most: u32) {
    match service.warm(at_most).await {
        Ok(incidents) => tracing::debug!(incidents, "the cache is warm"),
        Err(error) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "the cache stays cold");
        }
    }
}

fn inbox(config: &Config, db: &Db, ledger: &Ledger, log_id: JournalId) -> Inbox {
    let quiet = config.assess_after;
    let debounce = Debounce { quiet, at_most: quiet * LONGEST_STORM };
    Inbox { db: db.clone(), ledger: ledger.clone(), log_id, consumer: CONSUMER, debounce }
}

/// A write that hangs on a dead disk or a foreign lock must not keep the process.
async fn close(db: &Db) {
    if tokio::time::timeout(LAST_WORDS, db.close()).await.is_err() {
        tracing::warn!("the database did not close in time");
    }
    tracing::info!("stopped");
}

/// The lock of a database file kept elsewhere than in the state folder, whose own lock is enough
/// for its files.
fn lock_database(config: &Config) -> Result<Option<state::Lock>, Error> {
    if !config.is_embedded() {
        return Ok(None);
    }
    let url = &config.database.url.0;
    let file = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let file = Path::new(file.split('?').next().unwrap_or(file));
    if file.parent().is_none_or(|folder| folder == config.state_dir) {
        return Ok(None);
    }
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    Ok(Some(state::lock_file(Path::new(&name))?))
}

/// Opens the database as configured and makes its schema current.
pub async fn open(config: &Config) -> Result<Db, Error> {
    let database = &config.database;
    let settings = Settings {
        url: database.url.0.clone(),
        min_connections: database.min_connections.min(database.max_connections),
        max_connections: database.max_connections,
        acquire_timeout: database.acquire_timeout,
    };
    let opened = Db::open(&settings).await;
    opened.map_err(|source| Error::Database { place: database.url.place(), source })
}

fn secret(config: &Config, state: &StateDir) -> Result<String, Error> {
    match &config.auth_secret {
        SecretSource::Given(secret) => Ok(secret.clone()),
        SecretSource::Own => Ok(state.own_secret(|| new_token(""))?),
        SecretSource::File(path) => read_secret(path),
    }
}

/// The secret in a file, if it is long enough.
pub fn read_secret(path: &Path) -> Result<String, Error> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::Secret { path: shown.clone(), source })?;
    let secret = text.trim_end().to_owned();
    config::check_secret(&shown, &secret)?;
    Ok(secret)
}

/// The configured address, or the default one, or any free port where nothing is configured and
/// the default is taken.
async fn listen(configured: Option<SocketAddr>) -> Result<TcpListener, Error> {
    let address = configured.unwrap_or_else(|| SocketAddr::from(DEFAULT_ADDR));
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(source) if configured.is_none() => {
            tracing::info!(%address, %source, "taken, listening on a free port");
            Ok(TcpListener::bind(SocketAddr::new(address.ip(), 0)).await?)
        }
        Err(source) => Err(Error::Listen { address, source }),
    }
}

/// Makes the embedded owner and the token file, where there is no token that still works.
async fn welcome_owner(ledger: &Ledger, hub: &Hub, state: &StateDir) -> Result<(), Error> {
    let author = system_author(hub.log_id());
    let token = state.owner_token()?;
    if let Some(token) = admin::owner_token(ledger, author, token).await? {
        state.keep_owner_token(&token)?;
    }
    Ok(())
}

/// Who acts when nobody does.
pub fn system_author(log_id: JournalId) -> service::Author {
    service::Author {
        log_id,
        actor: Actor::system(),
        source: Source::System,
        request_id: String::new(),
        caused_by: None,
    }
}

async fn housekeeping(service: Service, lifecycle: Lifecycle) {
    let mut tick = tokio::time::interval(HOUSEKEEPING);
    while lifecycle.stopping().run_until_cancelled(tick.tick()).await.is_some() {
        if let Err(error) = service.forget_old_requests().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "housekeeping failed");
        }
    }
}

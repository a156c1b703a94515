//! A daemon with a person and incidents, as figures are measured on.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use watchfire_shared::user::Role;
use watchfire_tests::daemon::Setup;
use watchfire_tests::{Daemon, Engine, programs, redis};

use crate::load::{self, Connection};
use crate::measure::Result;

const EMAIL: &str = "bench@example.test";

pub struct Scene {
    pub daemon: Daemon,
    pub address: SocketAddr,
    pub token: String,
}

impl Scene {
    /// A fresh daemon on an engine, as it runs by default, with one responder.
    pub async fn start(engine: Engine) -> Result<Self> {
        Self::of(engine, Daemon::setup(engine)).await
    }

    /// As [`Self::start`], with the cache that goes with the engine: Redis with PostgreSQL.
    pub async fn cached(engine: Engine) -> Result<Self> {
        if engine == Engine::Sqlite {
            return Self::start(engine).await;
        }
        if programs::variable("WATCHFIRE_TEST_REDIS_URL").is_none() {
            return Err("there is no Redis to measure on: use `tests/run --with`, or set \
                 WATCHFIRE_TEST_REDIS_URL."
                .into());
        }
        let setup = Daemon::setup(engine).caching_in(&redis::shared());
        let scene = Self::of(engine, setup).await?;
        scene.daemon.connected_to_redis().await;
        Ok(scene)
    }

    async fn of(engine: Engine, setup: Setup) -> Result<Self> {
        program("watchfired")?;
        if engine == Engine::Postgres {
            postgres()?;
        }
        // Tests have incidents assessed much later.
        let daemon = setup.env("WATCHFIRE_ASSESS_AFTER_SECONDS", "5").start().await;
        let address = daemon.url().trim_start_matches("http://").parse()?;
        daemon.add_user(EMAIL, "Bench", Role::Responder).await;
        let token = daemon.add_token(EMAIL).await;
        Ok(Self { daemon, address, token })
    }

    pub fn get(&self, path: &str) -> Arc<[u8]> {
        load::request("GET", path, &self.token, None)
    }

    pub fn create(&self) -> Arc<[u8]> {
        load::request("POST", "/v1/incidents", &self.token, Some(&incident().to_string()))
    }

    /// Makes incidents one after another; the ids.
    pub async fn incidents(&self, count: usize) -> Result<Vec<String>> {
        let mut connection = Connection::open(self.address).await?;
        let mut ids = Vec::new();
        for _ in 0..count {
            let (status, answer) = connection.ask(&self.create()).await?;
            let body = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or_default();
            let made: Value = serde_json::from_slice(&answer[body + 4..])?;
            let id = made["id"].as_str().filter(|_| status == 201);
            ids.push(id.ok_or_else(|| format!("a create was refused: {made}"))?.to_owned());
        }
        Ok(ids)
    }
}

/// What people open every day: no labels, which would be rows of their own.
pub fn incident() -> Value {
    json!({
        "title": "Checkout answers slowly in one region",
        "description": "The 99th percentile of checkout is above two seconds since the last \
            deploy; orders still go through, carts are abandoned more often than usual.",
        "priority": "high",
        "service": "checkout",
    })
}

/// A program beside this one, or what to do.
pub fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.is_file() {
        return Ok(path);
    }
    let profile = if cfg!(debug_assertions) { "" } else { " --release" };
    Err(format!(
        "{} is not built: run `cargo build{profile} -p watchfire-daemon -p watchfire` first.",
        path.display()
    )
    .into())
}

/// That there is a PostgreSQL to measure on.
fn postgres() -> Result<()> {
    if programs::variable("WATCHFIRE_TEST_POSTGRES_URL").is_some() {
        return Ok(());
    }
    Err("there is no PostgreSQL to measure on: run `tests/run --with cargo run --release \
         -p watchfire-tests --bin bench`, or set WATCHFIRE_TEST_POSTGRES_URL."
        .into())
}

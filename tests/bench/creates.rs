//! Creates over HTTP, fsync on, beside the same rows written without HTTP.

use std::time::Duration;

use watchfire_tests::Engine;

use crate::load::{Expected, Load};
use crate::measure::{Measured, Plan, Result};
use crate::pgbench::Pgbench;
use crate::rows::SingleCommits;
use crate::scene::Scene;

/// Of pgbench, where it is compared with itself.
const CLIENTS: usize = 32;

pub async fn sqlite(plan: Plan, clients: usize) -> Result<Measured> {
    let scene = Scene::start(Engine::Sqlite).await?;
    let load = load(&scene, clients);
    let peer = with_one_incident(Engine::Sqlite).await?;
    let mut commits = SingleCommits::open(&peer.daemon.state_dir().join("watchfire.db")).await?;
    let time = time(plan);
    let note =
        format!("{clients} clients, synchronous=FULL; ceiling: the same rows, one commit each");
    let ceiling = async || commits.rate(time).await;
    plan.paired("1/s", note, async || load.rate(time).await, ceiling).await
}

pub async fn postgres(plan: Plan, clients: usize) -> Result<Measured> {
    let scene = Scene::start(Engine::Postgres).await?;
    let load = load(&scene, clients);
    let peer = with_one_incident(Engine::Postgres).await?;
    let database = peer.daemon.postgres();
    let pgbench = Pgbench::new(&database.url(), database.connect().await, clients).await?;
    let time = time(plan);
    let note = format!(
        "{clients} clients, fsync on; ceiling: pgbench, the same transaction, without authority \
         and positions"
    );
    let ceiling = async || pgbench.rate(plan.seconds).await;
    plan.paired("1/s", note, async || load.rate(time).await, ceiling).await
}

/// What the event costs a write, wherever it is written.
pub async fn event_cost(plan: Plan) -> Result<Measured> {
    let peer = with_one_incident(Engine::Postgres).await?;
    let database = peer.daemon.postgres();
    let with = Pgbench::new(&database.url(), database.connect().await, CLIENTS).await?;
    let without = with.without_event()?;
    let note = format!("{CLIENTS} clients, fsync on, pgbench: one transaction with and without");
    plan.paired(
        "1/s",
        note,
        async || with.rate(plan.seconds).await,
        async || without.rate(plan.seconds).await,
    )
    .await
}

fn time(plan: Plan) -> Duration {
    Duration::from_secs(plan.seconds.into())
}

fn load(scene: &Scene, connections: usize) -> Load {
    // The length grows with the number of the incident.
    let expected = Expected { status: 201, length: None };
    Load { address: scene.address, request: scene.create(), connections, expected }
}

/// A daemon's database without its daemon, which would work on what the ceiling writes.
async fn with_one_incident(engine: Engine) -> Result<Scene> {
    let mut scene = Scene::start(engine).await?;
    scene.incidents(1).await?;
    scene.daemon.stop().await;
    Ok(scene)
}

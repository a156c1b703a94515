//! Reads over HTTP, beside bare axum that sends the same bytes.

use std::time::Duration;

use watchfire_tests::Engine;

use crate::bare::Bare;
use crate::load::{Connection, Expected, Load};
use crate::measure::{Measured, Plan, Result};
use crate::scene::Scene;

/// Incidents in the database, all of which fit into the cache.
const INCIDENTS: usize = 200;
/// Connections that leave the processors time.
const FEW: usize = 8;

/// One incident, again and again.
pub async fn incident(plan: Plan, engine: Engine, connections: usize) -> Result<Measured> {
    let scene = Scene::cached(engine).await?;
    let ids = scene.incidents(INCIDENTS).await?;
    read(plan, &scene, &format!("/v1/incidents/{}", ids[INCIDENTS / 2]), connections, engine).await
}

/// The first page of the list, as the client asks for it.
pub async fn page(plan: Plan, engine: Engine, connections: usize) -> Result<Measured> {
    let scene = Scene::cached(engine).await?;
    scene.incidents(INCIDENTS).await?;
    read(plan, &scene, "/v1/incidents?limit=50", connections, engine).await
}

/// Milliseconds of a hit, below which so many of a hundred are, where nobody waits for a processor.
pub async fn hit(plan: Plan, percentile: usize) -> Result<Measured> {
    let scene = Scene::cached(Engine::Postgres).await?;
    let ids = scene.incidents(INCIDENTS).await?;
    let pair = Pair::of(&scene, &format!("/v1/incidents/{}", ids[INCIDENTS / 2]), FEW).await?;
    let time = Duration::from_secs(plan.seconds.into());
    let note = format!("{}: p{percentile}. Less is better", pair.note(Engine::Postgres));
    let ours = async || pair.ours.latency(time, percentile).await;
    plan.paired("ms", note, ours, async || pair.ceiling.latency(time, percentile).await).await
}

async fn read(
    plan: Plan,
    scene: &Scene,
    path: &str,
    connections: usize,
    engine: Engine,
) -> Result<Measured> {
    let pair = Pair::of(scene, path, connections).await?;
    let time = Duration::from_secs(plan.seconds.into());
    let ours = async || pair.ours.rate(time).await;
    plan.paired("req/s", pair.note(engine), ours, async || pair.ceiling.rate(time).await).await
}

/// The daemon under load, and bare axum under the same.
struct Pair {
    ours: Load,
    ceiling: Load,
    body: usize,
    _bare: Bare,
}

impl Pair {
    async fn of(scene: &Scene, path: &str, connections: usize) -> Result<Self> {
        let request = scene.get(path);
        let mut connection = Connection::open(scene.address).await?;
        let (status, answer) = connection.ask(&request).await?;
        if status != 200 {
            return Err(format!("{path} answers {status}").into());
        }
        let bare = Bare::start(&answer).await?;
        let (status, same) = Connection::open(bare.address).await?.ask(&request).await?;
        if status != 200 || same.len() != answer.len() {
            return Err("the bare server does not send the same bytes".into());
        }
        let head = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(0) + 4;
        let body = answer.len() - head;
        let expected = Expected { status: 200, length: Some(body) };
        let ours = Load { address: scene.address, request, connections, expected };
        let ceiling = Load { address: bare.address, ..ours.clone() };
        Ok(Self { ours, ceiling, body, _bare: bare })
    }

    fn note(&self, engine: Engine) -> String {
        let cache = match engine {
            Engine::Sqlite => "cached in process",
            Engine::Postgres => "cached in Redis",
        };
        let (connections, body) = (self.ours.connections, self.body);
        format!("{connections} connections, {body} bytes, {cache}; ceiling: bare axum, same bytes")
    }
}

//! Reads over HTTP, beside bare axum that sends the same bytes.

use std::time::Duration;

use watchfire_tests::Engine;

use crate::bare::Bare;
use crate::load::{Connection, Expected, Load};
use crate::measure::{Measured, Plan, Result};
use crate::scene::Scene;

/// Incidents in the database, all of which fit into the cache.
const INCIDENTS: usize = 200;

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

async fn read(
    plan: Plan,
    scene: &Scene,
    path: &str,
    connections: usize,
    engine: Engine,
) -> Result<Measured> {
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
    let body = answer.len() - answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(0) - 4;
    let expected = Expected { status: 200, length: Some(body) };
    let ours = Load { address: scene.address, request, connections, expected };
    let ceiling = Load { address: bare.address, ..ours.clone() };
    let time = Duration::from_secs(plan.seconds.into());
    let cache = match engine {
        Engine::Sqlite => "cached in process",
        Engine::Postgres => "cached in Redis",
    };
    let note =
        format!("{connections} connections, {body} bytes, {cache}; ceiling: bare axum, same bytes");
    plan.paired("req/s", note, async || ours.rate(time).await, async || ceiling.rate(time).await)
        .await
}

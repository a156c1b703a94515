//! PostgreSQL goes away and comes back.

use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::time::{Instant, timeout};
use watchfire_shared::health::{Health, HealthStatus};
use watchfire_tests::postgres::Database;
use watchfire_tests::programs::number;
use watchfire_tests::stream::Message;
use watchfire_tests::{Api, Daemon, Engine, Link, Stream, bounded};

use super::Campaign;
use super::audit::verify;
use super::ledger::{Ledger, Outcome, unavailable};
use super::workload::{WRITERS, Workload};

/// Longer than two heartbeats are apart.
const SILENCE: Duration = Duration::from_secs(7);
/// Who asks is known, or that it cannot be known, within this time; on a loaded machine too.
const AUTHORITY_LIMIT: Duration = Duration::from_secs(5);
/// All answers in flight, and the first good one after an outage, come within this time.
const LIMIT: Duration = Duration::from_secs(15);

#[tokio::test]
async fn without_its_database_a_daemon_says_so_and_heals() {
    bounded(story()).await;
}

async fn story() {
    let daemon = Daemon::start(Engine::Postgres).await;
    let api = daemon.as_responder().await;
    let incident = api.create("Checkout is slow").await;
    let mut stream = api.stream(Some(0)).await;
    while stream.next_event(LIMIT).await.incident_id() != Some(incident.id) {}

    daemon.postgres().shut().await;
    let silent = async { nothing_is_told(&mut stream).await };
    let asking = async {
        let path = format!("/v1/incidents/{}", incident.id);
        for (method, path) in [
            (Method::GET, path.as_str()),
            (Method::GET, "/v1/incidents"),
            (Method::PATCH, path.as_str()),
            (Method::POST, "/v1/incidents"),
            (Method::GET, "/v1/events"),
            (Method::GET, "/v1/events/stream"),
            (Method::GET, "/readyz"),
        ] {
            refused(&api, method, path).await;
        }
        let reply = api.read("/v1/health").await;
        assert_eq!(reply.status, 503);
        let health: Health = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(health.status, HealthStatus::Unhealthy);
        assert_eq!(health.parts.database.status, HealthStatus::Unhealthy);
        let reason = health.parts.database.reason.expect("an unhealthy part says why");
        assert!(reason.contains("database"), "{reason}");
    };
    tokio::join!(silent, asking);

    daemon.postgres().reopen().await;
    let back = Instant::now();
    while api.read("/readyz").await.status != 200 {
        assert!(back.elapsed() < LIMIT, "not ready {LIMIT:?} after its database came back");
    }
    assert_eq!(api.read("/v1/health").await.status, 200);
    let comment = api.comment(incident.id, "It is back").await;
    assert_eq!(comment.version, 2, "a refused write has left something behind");
    let event = stream.next_event(LIMIT).await;
    assert_eq!((event.incident_id(), event.version), (Some(incident.id), 2));
}

#[tokio::test]
async fn while_its_database_does_not_answer_a_daemon_does_and_heals() {
    bounded(Box::pin(frozen())).await;
}

/// The network between the daemon and its database stops carrying anything, in the middle of a
/// burst of writes, and later carries on.
async fn frozen() {
    let campaign = Campaign::begin();
    let link = Link::to(Database::server()).await;
    let setup = Daemon::setup(Engine::Postgres).through(link.address());
    let daemon = setup.start().await;
    let api = daemon.as_responder().await;
    let ledger = Ledger::new();
    let workload = Workload::prepare(&ledger, &api).await;

    for round in 0..number("WATCHFIRE_FREEZES").unwrap_or(1) {
        let chance = |writer| campaign.chance(round * WRITERS + writer);
        let over = Cell::new(false);
        let writer = |writer| workload.write_on(&api, chance(writer), || over.get());
        let writers = (0..WRITERS).map(writer);
        let mut writers = pin!(join_all(writers));
        tokio::select! {
            ends = &mut writers => panic!("a writer was refused: {ends:?}"),
            () = ledger.acknowledged(40) => {}
        }
        link.freeze();
        over.set(true);
        let health = async { assert_eq!(api.read("/v1/health").await.status, 503) };
        let read = refused(&api, Method::GET, "/v1/incidents");
        tokio::join!(read, refused(&api, Method::GET, "/readyz"), health);
        // What was on its way then ends as it must: done, or refused and in doubt.
        link.heal();
        let ends = timeout(LIMIT, writers).await;
        for end in ends.expect("each write in flight ends") {
            assert!(matches!(end, None | Some(Outcome::Unavailable(_))), "{end:?}");
        }
        ledger.settle(&api, usize::MAX).await;
        verify(&daemon, &api, &ledger).await;
    }
}

#[tokio::test]
async fn a_connection_on_which_nothing_comes_back_does_not_hold_up_authority() {
    bounded(Box::pin(hung())).await;
}

async fn hung() {
    let link = Link::to(Database::server()).await;
    let setup = Daemon::setup(Engine::Postgres).through(link.address());
    let daemon = setup.start().await;
    let api = daemon.as_viewer().await;
    // Refused by what the database says of who asks; nothing else is read.
    let path = "/v1/admin/cache/keys";
    assert_eq!(api.read(path).await.status, 403);

    // However often: no connection that hangs takes the place of one that would answer.
    for _ in 0..3 {
        link.abandon();
        let asked = Instant::now();
        let reply = api.read(path).await;
        assert_eq!(reply.status, 403, "{}", reply.text());
        let took = asked.elapsed();
        assert!(took < AUTHORITY_LIMIT, "another connection answers, after {took:?}");
    }
}

/// Never 401, 403 or 404: whoever asks has the right to, and what they ask for exists.
async fn refused(api: &Api, method: Method, path: &str) {
    let asked = Instant::now();
    let request = api.request(method.clone(), path);
    let request = match method {
        Method::GET => request,
        _ => request.json(&json!({ "title": "While nobody can write" })),
    };
    let problem = unavailable(&request.send().await);
    let took = asked.elapsed();
    assert!(took < AUTHORITY_LIMIT, "{path} took {took:?}");
    println!("{method} {path}: {} after {took:?}", problem.detail);
}

/// A heartbeat would say that the journal was read just now.
async fn nothing_is_told(stream: &mut Stream) {
    // One may have been on its way.
    let last: Option<Message> = timeout(SILENCE, stream.next_message(LIMIT)).await.ok().flatten();
    if last.is_some() {
        let next = timeout(SILENCE, stream.next_message(LIMIT)).await;
        assert!(next.is_err(), "told without a database: {next:?} after {last:?}");
    }
}

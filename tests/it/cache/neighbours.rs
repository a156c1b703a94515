//! One daemon's cache beside what others do: daemons without Redis, administration, processes that
//! died, and a write of which nobody could be told.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;
use watchfire_shared::cache::CacheType;
use watchfire_shared::incident::Incident;
use watchfire_tests::people::PASSWORD;
use watchfire_tests::{Daemon, bounded, until};

use super::stories::{BLOCKED, Scene};
use super::{since, stats};

/// What is stored in between is served by the one until it hears of the other's write.
#[tokio::test]
async fn what_a_daemon_without_redis_writes_is_seen_at_once_by_one_with_it() {
    bounded(Box::pin(without_redis())).await;
}

async fn without_redis() {
    let caching = Daemon::with_redis().await;
    let plain = caching.sibling_with(&[("WATCHFIRE_REDIS_URL", "")]).await;
    let [reader, writer] = [caching.as_responder().await, plain.as_responder().await];
    assert_eq!(
        (stats(&reader).await.kind, stats(&writer).await.kind),
        ("redis".into(), "none".into())
    );
    let incident = reader.create("Checkout is slow").await;
    for version in 1..=20 {
        let before = stats(&reader).await;
        for _ in 0..2 {
            assert_eq!(reader.get(incident.id).await.version, version);
        }
        let [hits, ..] = since(&before, &stats(&reader).await, CacheType::Incident);
        assert_eq!(hits, 1, "it is not cached in between");
        assert_eq!(writer.comment(incident.id, "words").await.version, version + 1);
    }
    reader.list("status=open").await;
    writer.acknowledge(incident.id).await;
    assert!(reader.list("status=open").await.items.is_empty());
    // The other way round there is nothing to be told.
    reader.comment(incident.id, "words").await;
    assert_eq!(writer.get(incident.id).await.version, 23);
}

/// It needs no Redis itself, and what it changes may stand inside anything that is cached.
#[tokio::test]
async fn an_administration_command_makes_everything_in_redis_absent() {
    let daemon = Daemon::with_redis().await;
    let api = daemon.as_responder().await;
    let incident = api.create("Checkout is slow").await;
    api.get(incident.id).await;
    let before = stats(&api).await;
    api.get(incident.id).await;
    let passwd = ["user", "passwd", "--email", "responder@example.test", "--password-stdin"];
    daemon.administer(&passwd, PASSWORD).await;
    api.get(incident.id).await;
    let [hits, misses, ..] = since(&before, &stats(&api).await, CacheType::Incident);
    assert_eq!([hits, misses], [1, 1], "a raised epoch makes every value absent");
}

/// It took the duty to load and is gone; nobody can know before its lease ends.
#[tokio::test]
async fn who_waits_for_a_process_that_died_waits_no_longer_than_its_patience() {
    bounded(Box::pin(died())).await;
}

async fn died() {
    const READERS: u64 = 8;
    let mut scene =
        Scene::with("operation_timeout_ms = 10000\nlease_ms = 60000\npatience_ms = 500\n").await;
    let incident = scene.apis[0].create("Checkout is slow").await;
    // Whoever gives it its position forgets it once more, and the lease with it.
    scene.daemons[0].published(&scene.apis[0]).await;
    let mut lock = scene.lock().await;
    let Scene { redis, daemons, apis, .. } = &mut scene;
    let dying = async {
        until(async || daemons[1].number(BLOCKED).await != 0).await;
        assert_eq!(redis.keys("wf:*:incident:*").await.len(), 1, "its lease");
        daemons[0].kill9().await;
    };
    let path = format!("/v1/incidents/{}", incident.id);
    let request = apis[0].request(Method::GET, &path);
    let (lost, ()) = tokio::join!(request.try_send(), dying);
    assert!(lost.is_err(), "nobody is there to answer");
    sqlx::Executor::execute(&mut lock, "commit").await.unwrap();
    let reader = &apis[1];
    let before = stats(reader).await.counts;
    let begun = Instant::now();
    for read in join_all((0..READERS).map(|_| reader.get(incident.id))).await {
        assert_eq!(read.version, 1);
    }
    let took = begun.elapsed();
    assert!((Duration::from_millis(500)..Duration::from_secs(20)).contains(&took), "{took:?}");
    let now = stats(reader).await.counts;
    assert_eq!((now.misses - before.misses, now.fills, now.hits), (READERS, 0, before.hits));
    // One read for all who had come when it began, and one for those who came after that.
    let saved = now.waits_saved - before.waits_saved;
    assert!((READERS - 2..READERS).contains(&saved), "{saved} of {READERS} shared a read");
}

/// Neither Redis nor the database can be told: nobody is told that it is done either, and whoever asks
/// again makes it true for everybody.
#[tokio::test]
async fn a_write_of_which_nobody_can_be_told_is_in_doubt_until_it_is_repeated() {
    bounded(Box::pin(in_doubt())).await;
}

async fn in_doubt() {
    let scene = Scene::with("operation_timeout_ms = 400\n").await;
    let [writer, reader] = &scene.apis;
    let incident = writer.create("Checkout is slow").await;
    assert_eq!(reader.get(incident.id).await.version, 1);
    let keys = scene.redis.keys("wf:*:incident:*").await;
    let [key] = &keys[..] else { panic!("one is cached: {keys:?}") };
    scene.redis.command(&["COPY", key, "kept"]).await;
    let path = format!("/v1/incidents/{}", incident.id);
    let write = || {
        let request = writer.request(Method::PATCH, &path).header("idempotency-key", "once");
        request.json(&json!({ "title": "Checkout is down" })).send()
    };
    scene.links[0].freeze();
    let cut = async {
        until(async || scene.daemons[1].number("select version from incidents").await != 1).await;
        scene.database.cut();
    };
    let (reply, ()) = tokio::join!(write(), cut);
    assert_eq!(reply.status, 503, "{}", reply.text());
    // It has nothing left to forget, which would raise the epoch.
    scene.daemons[1].published(reader).await;
    scene.links[0].heal();
    scene.database.heal();
    scene.connected().await;
    // As if its daemon had been alone, and nobody else had forgotten it meanwhile.
    let epoch = scene.daemons[1].number("select epoch from installation").await;
    scene.redis.command(&["COPY", "kept", key, "REPLACE"]).await;
    assert_eq!(reader.get(incident.id).await.version, 1, "it is what the repeat is for");
    let again = write().await;
    assert_eq!((again.status.as_u16(), again.ok::<Incident>().version), (200, 2));
    for api in [reader, writer] {
        assert_eq!(api.get(incident.id).await.title, "Checkout is down");
    }
    assert_eq!(scene.daemons[1].number("select epoch from installation").await, epoch);
}

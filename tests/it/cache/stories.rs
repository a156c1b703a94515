//! The interleavings that simpler rules would lose to, one at a time and in this order: a copy of
//! PROTOCOLS' reasons in real life.

use sqlx::Executor;
use tokio::sync::oneshot;
use watchfire_tests::{Api, Daemon, Engine, Link, Redis, eventually};

use super::{settings, stats};

/// Whoever waits for a lock on a table.
const BLOCKED: &str = "select count(*) from pg_locks l join pg_database d on d.oid = l.database \
     where not l.granted and d.datname = current_database()";

/// Two daemons, each with its own way to one Redis.
struct Scene {
    redis: Redis,
    links: [Link; 2],
    daemons: [Daemon; 2],
    apis: [Api; 2],
}

impl Scene {
    async fn start() -> Self {
        let redis = Redis::start().await;
        let links = [Link::to(redis.server()).await, Link::to(redis.server()).await];
        let [one, other] = [0, 1].map(|at: usize| redis.url_through(links[at].address()));
        // Nothing is late that is not held up here, and no breaker is in the way.
        let folder = settings("operation_timeout_ms = 400\nbreaker_failures = 1000000\n");
        let setup = Daemon::setup(Engine::Postgres).caching_in(&one);
        let one = setup.env("XDG_CONFIG_HOME", folder.path().to_str().unwrap()).start().await;
        let other = one.sibling_caching_in(&other).await;
        let scene = Self {
            redis,
            links,
            apis: [one.as_responder().await, other.as_responder().await],
            daemons: [one, other],
        };
        scene.connected().await;
        scene
    }

    async fn connected(&self) {
        for daemon in &self.daemons {
            daemon.connected_to_redis().await;
        }
    }
}

#[tokio::test]
async fn a_load_that_a_write_overtook_is_not_stored_however_late_it_arrives() {
    let scene = Scene::start().await;
    let [reader, writer] = &scene.apis;
    let incident = reader.create("Checkout is slow").await;
    let mut lock = scene.daemons[0].postgres().connect().await;
    lock.execute("begin; lock table incidents in access exclusive mode").await.unwrap();
    let unlock = async {
        while scene.daemons[0].number(BLOCKED).await == 0 {}
        // It has its lease. What it stores is on its way until the link is healed.
        scene.links[0].freeze();
        lock.execute("commit").await.unwrap();
    };
    let (read, ()) = tokio::join!(reader.get(incident.id), unlock);
    assert_eq!(read.version, 1);
    assert_eq!(writer.comment(incident.id, "words").await.version, 2);
    let fills = async || stats(writer).await.counts.fills;
    let before = fills().await;
    scene.links[0].heal();
    scene.connected().await;
    for api in [writer, reader, writer, reader] {
        assert_eq!(api.get(incident.id).await.version, 2);
    }
    assert!(fills().await > before, "nobody had to load it");
}

#[tokio::test]
async fn a_redis_that_comes_back_with_an_old_copy_is_not_believed() {
    let mut scene = Scene::start().await;
    let incident = scene.apis[0].create("Checkout is slow").await;
    for api in &scene.apis {
        assert_eq!(api.get(incident.id).await.version, 1);
        assert_eq!(api.list("status=open").await.items.len(), 1);
    }
    scene.redis.save().await;
    scene.apis[0].acknowledge(incident.id).await;
    // Nobody has anything left to forget, which would fail and raise the epoch.
    scene.daemons[0].published(&scene.apis[0]).await;
    scene.redis.restart_from_snapshot().await;
    assert!(!scene.redis.keys("wf:*:incident:*").await.is_empty(), "it has no old copy");
    scene.connected().await;
    for api in &scene.apis {
        assert_eq!(api.get(incident.id).await.version, 2);
        assert!(api.list("status=open").await.items.is_empty());
    }
}

#[tokio::test]
async fn a_page_whose_generation_is_lost_is_not_found_again() {
    let scene = Scene::start().await;
    let [one, other] = &scene.apis;
    let incident = one.create("Checkout is slow").await;
    assert_eq!(one.list("status=open").await.items.len(), 1);
    for key in scene.redis.keys("wf:*:generation:*").await {
        scene.redis.command(&["DEL", &key]).await;
    }
    one.acknowledge(incident.id).await;
    assert!(!scene.redis.keys("wf:*:incident_list:*").await.is_empty(), "the page is gone too");
    for api in [other, one] {
        assert!(api.list("status=open").await.items.is_empty());
    }
}

#[tokio::test]
async fn a_write_of_a_daemon_that_is_cut_off_is_seen_by_the_others() {
    let scene = Scene::start().await;
    let [cut_off, other] = &scene.apis;
    let incident = other.create("Checkout is slow").await;
    assert_eq!(other.get(incident.id).await.version, 1);
    scene.links[0].cut();
    cut_off.acknowledge(incident.id).await;
    for api in [other, cut_off, other] {
        assert_eq!(api.get(incident.id).await.version, 2);
        assert!(api.list("status=open").await.items.is_empty());
    }
    // The other one has its cache still.
    let before = stats(other).await.counts.hits;
    eventually(async || {
        assert_eq!(other.get(incident.id).await.version, 2);
        (stats(other).await.counts.hits > before).then_some(())
    })
    .await;
}

/// It stands still between its commit and the forgetting; nobody was answered yet, but a stream
/// may not show what reads do not.
#[tokio::test]
async fn a_stream_shows_nothing_that_is_not_forgotten() {
    let scene = Scene::start().await;
    let [writer, reader] = &scene.apis;
    let incident = writer.create("Checkout is slow").await;
    assert_eq!(reader.get(incident.id).await.version, 1);
    let mut stream = reader.stream(None).await;
    stream.hello(super::PATIENCE).await;
    scene.links[0].freeze();
    let (shown, seen) = oneshot::channel();
    let write = async {
        writer.comment(incident.id, "words").await;
        seen.await.unwrap();
    };
    let follow = async {
        let event = stream.next_about(incident.id, super::PATIENCE).await;
        assert!(reader.get(incident.id).await.version >= event.version);
        shown.send(()).unwrap();
    };
    tokio::join!(write, follow);
}

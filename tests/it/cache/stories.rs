//! The interleavings that simpler rules would lose to, one at a time.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use sqlx::{Executor, PgConnection};
use watchfire_shared::cache::{CacheType, Operation};
use watchfire_shared::user::UserOut;
use watchfire_tests::postgres::Database;
use watchfire_tests::{Api, Daemon, Engine, Link, Redis, eventually, until};

use super::stats;
use watchfire_tests::redis::settings;

/// Whoever waits for a lock on a table.
pub(super) const BLOCKED: &str = "select count(*) from pg_locks l join pg_database d on d.oid = l.database \
     where not l.granted and d.datname = current_database()";

/// Two daemons, each with its own way to one Redis.
pub(super) struct Scene {
    pub(super) redis: Redis,
    pub(super) links: [Link; 2],
    /// The first daemon's way to the database.
    pub(super) database: Link,
    pub(super) daemons: [Daemon; 2],
    pub(super) apis: [Api; 2],
}

impl Scene {
    async fn start() -> Self {
        Self::with("operation_timeout_ms = 400\n").await
    }

    /// One in which nothing is ever late.
    pub(super) async fn patient() -> Self {
        Self::with("operation_timeout_ms = 10000\nforget_timeout_ms = 20000\npatience_ms = 20000\n")
            .await
    }

    pub(super) async fn with(limits: &str) -> Self {
        let redis = Redis::start().await;
        let links = [Link::to(redis.server()).await, Link::to(redis.server()).await];
        let [one, other] = [0, 1].map(|at: usize| redis.url_through(links[at].address()));
        // Nothing is late that is not held up here, and no breaker is in the way.
        let folder = settings(&format!("{limits}breaker_failures = 1000000\n"));
        let database = Link::to(Database::server()).await;
        let setup = Daemon::setup(Engine::Postgres).through(database.address()).caching_in(&one);
        let one = setup.env("XDG_CONFIG_HOME", folder.path().to_str().unwrap()).start().await;
        let url = one.database_url();
        let ways = [("WATCHFIRE_REDIS_URL", other.as_str()), ("WATCHFIRE_DATABASE_URL", &url)];
        let other = one.sibling_with(&ways).await;
        let scene = Self {
            redis,
            links,
            database,
            apis: [one.as_responder().await, other.as_responder().await],
            daemons: [one, other],
        };
        scene.connected().await;
        scene
    }

    pub(super) async fn connected(&self) {
        for daemon in &self.daemons {
            daemon.connected_to_redis().await;
        }
    }

    /// Whoever reads an incident from the database waits until this is committed.
    pub(super) async fn lock(&self) -> PgConnection {
        let mut lock = self.daemons[0].postgres().connect().await;
        lock.execute("begin; lock table incidents in access exclusive mode").await.unwrap();
        lock
    }
}

/// Lookups of a type that found nothing, without a word to Redis.
pub(super) async fn misses(api: &Api, kind: CacheType) -> f64 {
    let text = api.read("/metrics").await.text();
    let name = format!("cache_misses_total{{cache_type=\"{kind}\"}} ");
    let count = text.lines().find_map(|line| line.strip_prefix(&name));
    count.map_or(0.0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn a_load_that_a_write_overtook_is_not_stored_however_late_it_arrives() {
    let scene = Scene::start().await;
    let [reader, writer] = &scene.apis;
    let incident = reader.create("Checkout is slow").await;
    let mut lock = scene.lock().await;
    let unlock = async {
        until(async || scene.daemons[0].number(BLOCKED).await != 0).await;
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

/// It arrives while another load is under way, for which it must not be taken.
#[tokio::test]
async fn a_late_load_is_not_stored_under_the_lease_of_another() {
    let scene = Scene::start().await;
    let [late, other] = &scene.apis;
    let incident = late.create("Checkout is slow").await;
    let mut lock = scene.lock().await;
    let hold_up = async {
        until(async || scene.daemons[0].number(BLOCKED).await != 0).await;
        scene.links[0].freeze();
        lock.execute("commit").await.unwrap();
    };
    let (read, ()) = tokio::join!(late.get(incident.id), hold_up);
    assert_eq!(read.version, 1);
    assert_eq!(other.comment(incident.id, "words").await.version, 2);
    let mut lock = scene.lock().await;
    let arrive = async {
        until(async || scene.daemons[0].number(BLOCKED).await != 0).await;
        let before = scene.redis.scripts().await;
        scene.links[0].heal();
        until(async || scene.redis.scripts().await != before).await;
        lock.execute("commit").await.unwrap();
    };
    let (read, ()) = tokio::join!(other.get(incident.id), arrive);
    assert_eq!(read.version, 2);
    scene.connected().await;
    for api in [other, late] {
        assert_eq!(api.get(incident.id).await.version, 2);
    }
}

/// It joins a load that has seen less than what was acknowledged before it asked.
#[tokio::test]
async fn who_waits_for_a_load_that_a_write_overtook_looks_again() {
    let scene = Scene::patient().await;
    let [reader, writer] = &scene.apis;
    let incident = writer.create("Checkout is slow").await;
    scene.database.hold(incident.id.0.into_bytes());
    let overtake = async {
        scene.database.holds_one().await;
        assert_eq!(writer.comment(incident.id, "words").await.version, 2);
        let before = misses(reader, CacheType::Incident).await;
        let heal = async {
            until(async || misses(reader, CacheType::Incident).await > before).await;
            scene.database.heal();
        };
        let (read, ()) = tokio::join!(reader.get(incident.id), heal);
        assert_eq!(read.version, 2);
    };
    tokio::join!(reader.get(incident.id), overtake);
}

/// A page is put together once for all who want it, but never with what was read before they came.
#[tokio::test]
async fn who_asks_while_a_page_is_overtaken_gets_what_is_true_now() {
    let scene = Scene::patient().await;
    let [reader, writer] = &scene.apis;
    let incident = writer.create("Checkout is slow").await;
    // Nobody who asks through the first daemon, so that only the page is asked for by this id.
    let admin: UserOut = scene.daemons[1].as_admin().await.read("/v1/users/me").await.ok();
    let query = format!("assigned_to={}", admin.id);
    scene.database.hold(admin.id.0.into_bytes());
    let overtake = async {
        scene.database.holds_one().await;
        let assigned = writer.patch(incident.id, json!({ "assigned_to": admin.id })).await;
        assert_eq!(assigned.status, 200);
        let (read, ()) = tokio::join!(reader.list(&query), async { scene.database.heal() });
        assert_eq!(read.items.len(), 1, "it shared what was read before");
    };
    tokio::join!(reader.list(&query), overtake);
}

/// What it has loaded is stored, forgotten by a write, and its daemon has not heard of either.
#[tokio::test]
async fn nobody_joins_a_load_whose_store_was_sent() {
    let scene = Scene::patient().await;
    let [reader, writer] = &scene.apis;
    let incident = writer.create("Checkout is slow").await;
    scene.links[0].hold(incident.id.0.into_bytes());
    let overtake = async {
        scene.links[0].holds_one().await;
        assert_eq!(writer.comment(incident.id, "words").await.version, 2);
        let before = misses(reader, CacheType::Incident).await;
        let heal = async {
            until(async || misses(reader, CacheType::Incident).await > before).await;
            scene.links[0].heal();
        };
        // Lookups take turns on the connections, and one of these is held up.
        let reads = join_all((0..4).map(async |n| {
            for _ in 0..n {
                misses(reader, CacheType::Incident).await;
            }
            reader.get(incident.id).await.version
        }));
        let (reads, ()) = tokio::join!(reads, heal);
        assert_eq!(reads, [2; 4]);
    };
    tokio::join!(reader.get(incident.id), overtake);
}

/// It knows of a write that is not answered yet, and what it stands beside is still in the cache.
#[tokio::test]
async fn a_reader_gets_nothing_older_than_what_it_has() {
    let scene = Scene::patient().await;
    let [writer, reader] = &scene.apis;
    let incident = writer.create("Checkout is slow").await;
    assert_eq!(reader.get(incident.id).await.version, 1);
    scene.links[0].freeze();
    let read = async {
        until(async || scene.daemons[1].number("select version from incidents").await != 1).await;
        let path = format!("/v1/incidents/{}", incident.id);
        let request = reader.request(Method::GET, &path).header("if-none-match", "\"v2\"");
        let reply = request.send().await;
        assert_eq!((reply.status.as_u16(), reply.etag()), (304, "\"v2\""), "{}", reply.text());
        scene.links[0].heal();
    };
    tokio::join!(writer.comment(incident.id, "words"), read);
}

/// One was given another Redis: of the two, only the one recorded last is believed.
#[tokio::test]
async fn daemons_with_a_redis_each_serve_nothing_old() {
    let scene = Scene::start().await;
    let elsewhere = Redis::start().await;
    let third = scene.daemons[1].sibling_caching_in(&elsewhere.url()).await;
    third.connected_to_redis().await;
    let [one, third] = [&scene.apis[0], &third.as_responder().await];
    let incident = one.create("Checkout is slow").await;
    let mut version = 1;
    for writer in [one, third, one, third] {
        for reader in [one, third, one, third] {
            assert_eq!(reader.get(incident.id).await.version, version);
        }
        version = writer.comment(incident.id, "words").await.version;
        for reader in [one, third] {
            assert_eq!(reader.get(incident.id).await.version, version);
        }
    }
    // The one that was replaced finds out by itself, and says so.
    eventually(async || {
        let health = one.read("/v1/health").await.text();
        health.contains("share another Redis").then_some(())
    })
    .await;
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

/// A load is under way; Redis keeps a copy with its lease, and comes back with that after a write was
/// acknowledged. The load finds its lease there, and who joined it after the write must not be given
/// what it has.
#[tokio::test]
async fn a_lease_in_an_old_copy_proves_nothing() {
    let mut scene = Scene::patient().await;
    let incident = scene.apis[1].create("Checkout is slow").await;
    let id = incident.id;
    scene.database.hold(id.0.into_bytes());
    let [reader, writer] = scene.apis.clone();
    let (redis, database, daemons) = (&mut scene.redis, &scene.database, &scene.daemons);
    let overtake = async {
        database.holds_one().await;
        redis.save().await;
        assert_eq!(writer.comment(id, "words").await.version, 2);
        // Nobody has anything left to forget, which would remove the copy's lease.
        daemons[1].published(&writer).await;
        let before = misses(&reader, CacheType::Incident).await;
        let come_back = async {
            until(async || misses(&reader, CacheType::Incident).await > before).await;
            redis.restart_from_snapshot().await;
            for daemon in daemons {
                daemon.connected_to_redis().await;
            }
            database.heal();
        };
        let (read, ()) = tokio::join!(reader.get(id), come_back);
        assert_eq!(read.version, 2, "acknowledged before it was asked for");
    };
    tokio::join!(reader.get(id), overtake);
}

/// Redis has taken it down after its daemon had given up waiting for the answer.
#[tokio::test]
async fn a_lease_that_nobody_knows_of_is_given_back() {
    // Long enough for whoever would wait for it.
    let scene =
        Scene::with("operation_timeout_ms = 300\npatience_ms = 30000\nlease_ms = 60000\n").await;
    let [one, other] = &scene.apis;
    let incident = one.create("Checkout is slow").await;
    scene.redis.command(&["CLIENT", "PAUSE", "1000", "WRITE"]).await;
    assert_eq!(one.get(incident.id).await.version, 1);
    let failed = stats(one).await.counts.errors;
    assert_eq!(failed[&Operation::Lease], 1, "{failed:?}");
    eventually(async || {
        let leases = scene.redis.keys(&format!("wf:*:incident:{}", incident.id)).await;
        leases.is_empty().then_some(())
    })
    .await;
    let before = stats(other).await.counts.fills;
    assert_eq!(other.get(incident.id).await.version, 1);
    assert_eq!(stats(other).await.counts.fills, before + 1);
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
    // Time for the other daemon to show it; not for ever, for either may be the one who has to.
    let scene = Scene::with("operation_timeout_ms = 1500\nforget_timeout_ms = 3000\n").await;
    let [writer, reader] = &scene.apis;
    let incident = writer.create("Checkout is slow").await;
    assert_eq!(reader.get(incident.id).await.version, 1);
    let mut stream = reader.stream(None).await;
    stream.hello(super::PATIENCE).await;
    scene.links[0].freeze();
    let follow = async {
        let mut shown = 0;
        while shown < 2 {
            shown = stream.next_about(incident.id, super::PATIENCE).await.version;
            assert!(reader.get(incident.id).await.version >= shown);
        }
        scene.links[0].heal();
    };
    tokio::join!(writer.comment(incident.id, "words"), follow);
}

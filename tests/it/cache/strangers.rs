//! What must not spoil the cache for everybody else: empty questions, things under our names that
//! nobody of ours wrote, readers who claim to have seen more, a Redis that is a little slow.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;
use watchfire_shared::cache::{BreakerState, CacheKey, CacheStats, CacheType, Holds, Purged};
use watchfire_shared::ids::Reference;
use watchfire_shared::incident::Incident;
use watchfire_shared::page::Page;
use watchfire_shared::problem::Code;
use watchfire_shared::user::{Role, UserOut};
use watchfire_tests::redis::settings;
use watchfire_tests::{Api, Daemon, Engine, Link, Redis, bounded, eventually, until};

use super::stats;
use super::stories::{BLOCKED, Scene, misses};

fn of(stats: &CacheStats, kind: CacheType) -> [u64; 4] {
    let counts = stats.by_type.get(&kind).cloned().unwrap_or_default().counts;
    [counts.hits, counts.misses, counts.fills, counts.waits_saved]
}

/// A page without rows asks Redis for nothing, which Redis would not understand.
#[tokio::test]
async fn empty_pages_are_no_failures() {
    let daemon = Daemon::with_redis().await;
    let api = daemon.as_responder().await;
    for _ in 0..10 {
        // It depends on the time: not even a list is looked up.
        assert!(api.list("filter=age:%3E1h").await.items.is_empty());
    }
    let stats = stats(&api).await;
    assert_eq!((stats.counts.errors.len(), stats.breaker), (0, BreakerState::Closed));
    assert!(stats.breaker_changes.iter().all(|change| change.reason.is_none()));
    let metrics = api.read("/metrics").await.text();
    assert!(!metrics.lines().any(|line| {
        line.starts_with("cache_operation_seconds_count{operation=\"get\"}")
            && !line.ends_with(" 0")
    }));
}

#[tokio::test]
async fn what_is_no_text_under_our_names_is_counted_and_replaced() {
    let redis = Redis::start().await;
    let daemon = Daemon::patient_with(&redis.url()).await;
    daemon.connected_to_redis().await;
    let api = daemon.as_responder().await;
    let incident = api.create("Checkout is slow").await;
    api.get(incident.id).await;
    assert_eq!(api.list("status=open").await.items.len(), 1);
    let names = redis.keys("wf:*").await;
    assert!(names.len() >= 3, "an incident, a page, a generation: {names:?}");
    for name in &names {
        redis.command(&["DEL", name]).await;
        redis.command(&["SADD", name, "foreign"]).await;
    }
    let admin = daemon.as_admin().await;
    let keys: Page<CacheKey> = admin.read("/v1/admin/cache/keys").await.ok();
    assert!(keys.items.iter().any(|key| key.holds == Holds::Other), "{keys:?}");
    for _ in 0..2 {
        assert_eq!(api.get(incident.id).await.version, 1);
        assert_eq!(api.list("status=open").await.items.len(), 1);
    }
    let after = stats(&api).await;
    assert!(after.counts.corrupt >= 3, "{after:?}");
    assert_eq!((after.counts.errors.len(), after.breaker), (0, BreakerState::Closed));
    let before = of(&after, CacheType::Incident);
    api.get(incident.id).await;
    let [hits, misses, ..] = of(&stats(&api).await, CacheType::Incident);
    assert_eq!([hits, misses], [before[0] + 1, before[1]], "it is cached again");
}

/// What a reader claims to have seen is that reader's business.
#[tokio::test]
async fn a_version_nobody_wrote_makes_nobody_elses_reads_slower() {
    let daemon = Daemon::with_redis().await;
    let api = daemon.as_responder().await;
    let incident = api.create("Checkout is slow").await;
    api.get(incident.id).await;
    let path = format!("/v1/incidents/{}", incident.id);
    for _ in 0..3 {
        let request = api.request(Method::GET, &path).header("if-none-match", "\"v999\"");
        assert_eq!(request.send().await.etag(), "\"v1\"");
        let [hits, misses, fills, _] = of(&stats(&api).await, CacheType::Incident);
        api.get(incident.id).await;
        let after = of(&stats(&api).await, CacheType::Incident);
        assert_eq!(after[..3], [hits + 1, misses, fills]);
    }
}

/// A marker says that there is none; who has seen one knows better.
#[tokio::test]
async fn who_has_a_version_is_not_told_that_there_is_none() {
    let scene = Scene::patient().await;
    let [writer, reader] = &scene.apis;
    let first = writer.create("Checkout is slow").await;
    let next = first.reference.0 + 1;
    let path = format!("/v1/incidents/INC-{next}");
    reader.read(&path).await.refused(Code::NotFound);
    // Created, and not forgotten by the cache yet.
    scene.links[0].freeze();
    let read = async {
        until(async || scene.daemons[1].number("select count(*) from incidents").await != 1).await;
        let request = reader.request(Method::GET, &path).header("if-none-match", "\"v1\"");
        let reply = request.send().await;
        assert_eq!((reply.status.as_u16(), reply.etag()), (304, "\"v1\""), "{}", reply.text());
        scene.links[0].heal();
    };
    let (second, ()) = tokio::join!(writer.create("Payments fail"), read);
    assert_eq!(second.reference.0, next);
}

/// Each miss that took what another loaded is one the database was spared.
#[tokio::test]
async fn those_who_share_a_load_are_counted_as_such() {
    const READERS: u64 = 6;
    let scene = Scene::patient().await;
    let reader = &scene.apis[0];
    let incident = reader.create("Checkout is slow").await;
    let mut lock = scene.lock().await;
    let before = [misses(reader, CacheType::Incident).await, 0.0];
    let unlock = async {
        let missed = before[0] + f64::from(u32::try_from(READERS).unwrap());
        while misses(reader, CacheType::Incident).await < missed
            || scene.daemons[0].number(BLOCKED).await == 0
        {}
        sqlx::Executor::execute(&mut lock, "commit").await.unwrap();
    };
    let reads = join_all((0..READERS).map(async |_| reader.get(incident.id).await.version));
    let (reads, ()) = tokio::join!(reads, unlock);
    assert!(reads.into_iter().all(|version| version == 1));
    let counted = of(&stats(reader).await, CacheType::Incident);
    // Whoever waited too long read the database with all others of that kind.
    let [hits, misses, fills, waited] = counted;
    assert_eq!([hits, misses, fills], [0, READERS, 1]);
    assert!((READERS - 2..READERS).contains(&waited), "{counted:?}");
}

/// Everything that is cached is put away, and put back after a write: as if nobody could forget it.
async fn unforgotten<T>(redis: &Redis, write: impl Future<Output = T>) -> T {
    let names = redis.keys("wf:*").await;
    for name in &names {
        redis.command(&["COPY", name, &format!("kept:{name}")]).await;
    }
    let written = write.await;
    for name in &names {
        redis.command(&["COPY", &format!("kept:{name}"), name, "REPLACE"]).await;
    }
    written
}

/// The daemon was gone, or its answer was lost, between the commit and the forgetting: who asks again
/// is told that it is done, and from then on everybody sees all of it.
#[tokio::test]
async fn an_answer_that_is_given_again_leaves_nothing_old() {
    bounded(given_again()).await;
}

async fn given_again() {
    let redis = Redis::start().await;
    let daemon = Daemon::patient_with(&redis.url()).await;
    let [api, admin] = [daemon.as_responder().await, daemon.as_admin().await];
    let next = api.create("The one before").await.reference.0 + 1;
    let by_reference = format!("/v1/incidents/{}", Reference(next));
    api.read(&by_reference).await.refused(Code::NotFound);
    assert_eq!(api.list("status=open").await.items.len(), 1);
    let create = async || {
        let request = api.request(Method::POST, "/v1/incidents");
        let request = request.header("idempotency-key", "once").json(&json!({ "title": "New" }));
        request.send().await.ok::<Incident>()
    };
    let made = unforgotten(&redis, create()).await;
    assert_eq!(create().await.id, made.id);
    assert_eq!(api.read(&by_reference).await.ok::<Incident>().id, made.id);
    assert_eq!(api.list("status=open").await.items.len(), 2);

    let patch = async || api.patch(made.id, json!({ "status": "investigating" })).await;
    assert_eq!(unforgotten(&redis, patch()).await.ok::<Incident>().version, 2);
    assert_eq!(patch().await.ok::<Incident>().version, 2);
    assert_eq!(api.list("status=open").await.items.len(), 1);

    daemon.add_user("dana@example.test", "Dana", Role::Responder).await;
    let users: Page<UserOut> = admin.read("/v1/users").await.ok();
    let dana = users.items.iter().find(|user| user.name == "Dana").unwrap().id;
    api.patch(made.id, json!({ "assigned_to": dana })).await.ok::<Incident>();
    assert_eq!(api.get(made.id).await.assigned_to.unwrap().id, dana);
    let leave = async || {
        let request = admin.request(Method::DELETE, &format!("/v1/users/{dana}"));
        assert_eq!(request.send().await.status, 204);
    };
    unforgotten(&redis, leave()).await;
    leave().await;
    assert!(api.get(made.id).await.assigned_to.is_none());
}

/// What RUNBOOK.md says a user of Redis needs is enough for everything.
#[tokio::test]
async fn a_user_who_may_what_the_runbook_says_may_enough() {
    let redis = Redis::start().await;
    let runbook = include_str!("../../../RUNBOOK.md");
    let lines: Vec<&str> =
        runbook.lines().filter(|line| line.starts_with("ACL SETUSER watchfire")).collect();
    assert_eq!(lines.len(), 2);
    for line in lines {
        redis.command(&line.split(' ').collect::<Vec<_>>()).await;
    }
    let (host, port) = redis.server();
    let url = format!("redis://watchfire:PASSWORD@{host}:{port}/1");
    let daemon = Daemon::patient_with(&url).await;
    daemon.connected_to_redis().await;
    let [api, admin] = [daemon.as_responder().await, daemon.as_admin().await];
    let incident = api.create("Checkout is slow").await;
    for _ in 0..2 {
        api.get(incident.id).await;
        api.list("status=open").await;
    }
    assert!(of(&stats(&api).await, CacheType::Incident)[0] > 0, "nothing is cached");
    let keys: Page<CacheKey> = admin.read("/v1/admin/cache/keys").await.ok();
    assert!(keys.items.len() >= 2, "{keys:?}");
    api.acknowledge(incident.id).await;
    let old = json!({ "old": true });
    admin.post("/v1/admin/cache/purge", &old).await.ok::<Purged>();
    admin.post("/v1/admin/cache/demo", &json!({})).await.json();
    let health = api.read("/v1/health").await.text();
    assert!(health.contains("\"cache_integrity\":{\"status\":\"healthy\""), "{health}");
    assert_eq!(stats(&api).await.counts.errors.len(), 0);
}

/// As the URL asks for it: TLS, and a user of its own. A certificate that nobody vouches for is none.
#[tokio::test]
async fn redis_is_reached_through_tls_where_its_certificate_is_trusted() {
    bounded(Box::pin(through_tls())).await;
}

async fn through_tls() {
    let redis = Redis::start().await;
    redis.command(&["ACL", "SETUSER", "watchfire", "on", ">secret", "~wf:*", "+@all"]).await;
    let (address, certificate) = redis.with_tls().await;
    let url = format!("rediss://watchfire:secret@{address}");
    let setup = Daemon::setup(Engine::Postgres).caching_in(&url);
    let trusting = setup.env("SSL_CERT_FILE", certificate.to_str().unwrap()).start().await;
    trusting.connected_to_redis().await;
    let api = trusting.as_responder().await;
    let incident = api.create("Checkout is slow").await;
    until(async || {
        api.get(incident.id).await;
        of(&stats(&api).await, CacheType::Incident)[0] > 0
    })
    .await;
    let another = Redis::start().await;
    let (_, its) = another.with_tls().await;
    let trusts_it = ("SSL_CERT_FILE", its.to_str().unwrap());
    let stranger = trusting.sibling_with(&[("WATCHFIRE_REDIS_URL", &url), trusts_it]).await;
    let api = stranger.as_responder().await;
    until(async || {
        api.get(incident.id).await;
        api.read("/v1/health").await.text().contains("invalid peer certificate")
    })
    .await;
}

/// One that answers, but later than an operation may take, is left alone: nobody tries it again and
/// again at the expense of readers.
#[tokio::test]
async fn a_redis_that_is_a_little_slow_is_not_used() {
    let redis = Redis::start().await;
    let link = Link::to(redis.server()).await;
    let folder = settings("operation_timeout_ms = 50\n");
    let setup = Daemon::setup(Engine::Postgres)
        .caching_in(&redis.url_through(link.address()))
        .env("XDG_CONFIG_HOME", folder.path().to_str().unwrap());
    let daemon = setup.start().await;
    daemon.connected_to_redis().await;
    let api = daemon.as_responder().await;
    let incident = api.create("Checkout is slow").await;
    link.delay(Duration::from_millis(60));
    let open = async |api: &Api| {
        api.get(incident.id).await;
        stats(api).await.breaker == BreakerState::Open
    };
    eventually(async || open(&api).await.then_some(())).await;
    let closed = async || {
        let changes = stats(&api).await.breaker_changes;
        changes.iter().filter(|change| change.state == BreakerState::Closed).count()
    };
    let (before, until) = (closed().await, Instant::now() + Duration::from_secs(4));
    while Instant::now() < until {
        api.get(incident.id).await;
    }
    assert_eq!(closed().await, before, "it was believed to be well");
    let trouble = api.read("/v1/health").await.text();
    assert!(trouble.contains("reads go to the database"), "{trouble}");
    link.heal();
    eventually(async || (stats(&api).await.breaker == BreakerState::Closed).then_some(())).await;
}

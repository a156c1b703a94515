//! The cache as an administrator sees it: its names, what a purge removes, and the demonstration.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::join;
use watchfire_shared::cache::demo::{Step, Strategy};
use watchfire_shared::cache::{CacheDemo, CacheKey, CacheStats, CacheType, Holds, Purged};
use watchfire_shared::page::Page;
use watchfire_shared::problem::Code;
use watchfire_tests::redis::Redis;
use watchfire_tests::{Api, Daemon, Engine, bounded};

const DEMO: &str = "/v1/admin/cache/demo";
const PURGE: &str = "/v1/admin/cache/purge";

async fn keys(api: &Api, query: &str) -> Vec<CacheKey> {
    let (mut keys, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/admin/cache/keys?{query}{cursor}");
        let page: Page<CacheKey> = api.read(&path).await.ok();
        keys.extend(page.items);
        let Some(next) = page.next_cursor else { return keys };
        let pair = escaped(&next);
        cursor = format!("&cursor={pair}");
    }
}

fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

async fn of_type(api: &Api, kind: &str) -> Vec<CacheKey> {
    let mut keys = keys(api, &format!("type={kind}")).await;
    keys.sort_by(|one, other| one.name.cmp(&other.name));
    keys.dedup_by(|one, other| one.name == other.name);
    assert!(keys.iter().all(|key| key.kind == kind), "{keys:?}");
    keys
}

/// A Redis of its own, and a daemon that caches there.
async fn alone() -> (Redis, Daemon) {
    let redis = Redis::start().await;
    let daemon = Daemon::patient_with(&redis.url()).await;
    (redis, daemon)
}

#[tokio::test]
async fn the_demonstration_counts_reads_and_leaves_nothing_in_process() {
    let daemon = Daemon::start(Engine::Sqlite).await;
    bounded(demonstrate(&daemon, &["process", "sqlite"], &["sqlite"])).await;
}

#[tokio::test]
async fn the_demonstration_counts_reads_and_leaves_nothing_with_redis() {
    let (redis, daemon) = alone().await;
    let levels = ["process", "redis", "postgres"];
    bounded(demonstrate(&daemon, &levels, &["postgres", "redis"])).await;
    assert_eq!(redis.keys("wf:*:demo:*").await, [""; 0]);
    assert_eq!(redis.keys("wf:*:incident:*").await, [""; 0]);
}

async fn demonstrate(daemon: &Daemon, levels: &[&str], connected: &[&str]) {
    let admin = daemon.as_admin().await;
    let ask = || {
        let key = admin.request(Method::POST, DEMO).header("Idempotency-Key", "one");
        key.send()
    };
    let figures = async || {
        let stats: CacheStats = admin.read("/v1/admin/cache-stats").await.ok();
        let counts = stats.by_type[&CacheType::Incident].counts.clone();
        [counts.hits, counts.misses, counts.fills, counts.waits_saved, counts.reads_saved]
    };
    let before = figures().await;
    let demo: CacheDemo = ask().await.ok();
    assert_eq!(figures().await, before, "nobody wanted what it reads");
    let reads: Vec<_> = demo.bursts.iter().map(|it| (it.strategy, it.database_reads)).collect();
    let aside = demo.bursts[1].database_reads;
    assert_eq!(
        reads,
        [(Strategy::NoCache, 200), (Strategy::CacheAside, aside), (Strategy::Watchfire, 1)]
    );
    assert!((2..=200).contains(&aside), "all miss at once: {aside}");
    assert!(demo.bursts.iter().all(|it| it.reads == 200 && it.p50_ms <= it.p95_ms));
    assert!(demo.bursts.iter().all(|it| it.p95_ms <= it.wall_ms && it.p50_ms > 0.0));

    let walk: Vec<_> =
        demo.walk.iter().map(|it| (it.step, it.database_reads, it.version)).collect();
    let expected = [
        (Step::FirstRead, 1, 1),
        (Step::SecondRead, 0, 1),
        (Step::Write, 0, 2),
        (Step::ReadAfterWrite, 1, 2),
    ];
    assert_eq!(walk, expected);

    let [aside, ours] = &demo.staleness[..] else { panic!("{:?}", demo.staleness) };
    assert_eq!((aside.strategy, ours.strategy), (Strategy::CacheAside, Strategy::Watchfire));
    assert!(aside.stale_reads > 0 && aside.stale_ms > 0.0, "{aside:?}");
    assert!(aside.stale_ms < 5_000.0, "{aside:?}");
    assert_eq!((ours.reads, ours.stale_reads, ours.stale_ms), (10, 0, 0.0));

    let to: Vec<_> = demo.connections.iter().map(|it| it.to.as_str()).collect();
    assert_eq!(to, connected);
    for connections in &demo.connections {
        assert!(connections.pooled.median_ms < connections.unpooled.median_ms, "{connections:?}");
    }
    let places: Vec<_> = demo.hierarchy.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(places, levels);
    assert!(demo.hierarchy[0].reads.median_ms < demo.hierarchy[1].reads.median_ms);

    assert!(admin.list("").await.items.is_empty(), "its incident is gone");
    let left = keys(&admin, "").await;
    let ours = |it: &&CacheKey| ["incident", "demo"].contains(&it.kind.as_str());
    assert!(left.iter().filter(ours).all(|it| it.holds == Holds::Stale), "{left:?}");
    // A repeat is answered at once, with what was measured then.
    let again: CacheDemo = ask().await.ok();
    assert!((again.took_ms - demo.took_ms).abs() < 1e-6, "{again:?}");
}

#[tokio::test]
async fn one_demonstration_at_a_time_and_none_without_a_cache_or_for_a_viewer() {
    let daemon = Daemon::start(Engine::Sqlite).await;
    let admin = daemon.as_admin().await;
    let ask = || admin.request(Method::POST, DEMO).send();
    let (one, other) = join!(ask(), ask());
    let (done, refused) = if one.status == 200 { (one, other) } else { (other, one) };
    done.ok::<CacheDemo>();
    refused.refused(Code::Conflict);
    let viewer = daemon.as_viewer().await;
    viewer.post(DEMO, &json!({})).await.refused(Code::Forbidden);
    assert!(admin.list("").await.items.is_empty());

    let bare = Daemon::start(Engine::Postgres).await;
    let admin = bare.as_admin().await;
    for reply in [
        admin.post(DEMO, &json!({})).await,
        admin.post(PURGE, &json!({ "old": true })).await,
        admin.read("/v1/admin/cache/keys").await,
        admin.read("/v1/admin/cache/ttl?key=x").await,
    ] {
        let problem = reply.refused(Code::Conflict);
        assert!(problem.detail.contains("WATCHFIRE_REDIS_URL"), "{}", problem.detail);
    }
    assert!(admin.list("").await.items.is_empty());
}

/// An incident that is in the cache, the list it is in, and one that is not there.
async fn fill(api: &Api) {
    let incident = api.create("Checkout is slow").await;
    api.get(incident.id).await;
    api.get(incident.reference).await;
    api.list(&format!("filter={}", escaped("service:\"a:incident:b\""))).await;
    api.read("/v1/incidents/INC-99").await.refused(Code::NotFound);
}

async fn names_tell_what_they_hold(daemon: &Daemon) {
    let (admin, api) = (daemon.as_admin().await, daemon.as_responder().await);
    fill(&api).await;
    let incidents = of_type(&admin, "incident").await;
    let [key] = &incidents[..] else { panic!("{incidents:?}") };
    assert_eq!((key.holds, key.schema), (Holds::Value, 1));
    assert!(key.bytes > 100 && key.seconds_left.is_some_and(|left| left > 200.0 && left <= 300.0));
    let references = of_type(&admin, "reference").await;
    let holds: Vec<_> = references.iter().map(|key| key.holds).collect();
    assert_eq!(holds.len(), 2);
    assert!(holds.contains(&Holds::Value) && holds.contains(&Holds::NotFound), "{holds:?}");
    let lists = of_type(&admin, "incident_list").await;
    assert_eq!(lists.iter().map(|key| key.holds).collect::<Vec<_>>(), [Holds::Value]);
    // Page by page the same.
    let mut paged: Vec<String> =
        keys(&admin, "limit=1").await.into_iter().map(|key| key.name).collect();
    let mut whole: Vec<String> = keys(&admin, "").await.into_iter().map(|key| key.name).collect();
    paged.sort();
    paged.dedup();
    whole.sort();
    assert_eq!(paged, whole);

    let path = |name: &str| format!("/v1/admin/cache/ttl?key={}", escaped(name));
    for key in incidents.iter().chain(&lists) {
        let one: CacheKey = admin.read(&path(&key.name)).await.ok();
        assert_eq!((&one.name, one.holds), (&key.name, Holds::Value));
        assert!(one.seconds_left <= key.seconds_left);
    }
    for name in ["", "x", "wf:00000000000000000000000000000001:1:incident:x"] {
        admin.read(&path(name)).await.refused(Code::NotFound);
    }
    admin.read(&path(&format!("{}0", incidents[0].name))).await.refused(Code::NotFound);
    admin.read("/v1/admin/cache/ttl").await.refused(Code::Validation);
    admin.read("/v1/admin/cache/keys?type=*").await.refused(Code::Validation);

    // What is forgotten is gone or stale, and what all forget is stale.
    api.create("Another").await;
    let lists = of_type(&admin, "incident_list").await;
    assert!(lists.iter().all(|key| key.holds == Holds::Stale), "{lists:?}");
    let purged: Purged = admin.post(PURGE, &json!({ "all": true })).await.ok();
    assert_eq!(purged, Purged { epoch_raised: true, ..Purged::default() });
    let all = keys(&admin, "").await;
    assert!(!all.is_empty() && all.iter().all(|key| key.holds == Holds::Stale), "{all:?}");
    for body in [json!({}), json!({ "old": false })] {
        admin.post(PURGE, &body).await.refused(Code::Validation);
    }
    api.post(PURGE, &json!({ "all": true })).await.refused(Code::Forbidden);
}

#[tokio::test]
async fn names_tell_what_they_hold_in_process() {
    names_tell_what_they_hold(&Daemon::start(Engine::Sqlite).await).await;
}

#[tokio::test]
async fn names_tell_what_they_hold_with_redis() {
    names_tell_what_they_hold(&Daemon::with_redis().await).await;
}

#[tokio::test]
async fn a_purge_removes_what_is_old_and_leaves_what_is_current() {
    let (redis, daemon) = alone().await;
    let (admin, api) = (daemon.as_admin().await, daemon.as_responder().await);
    fill(&api).await;
    let sorted = async || {
        let mut keys = redis.keys("*").await;
        keys.sort();
        keys
    };
    let current = sorted().await;
    assert!(current.len() >= 4, "{current:?}");
    let (journal, _) = current[0].strip_prefix("wf:").unwrap().split_once(':').unwrap();
    let others = "wf:00000000000000000000000000000001:1:incident:x";
    for n in 0..1_200 {
        redis.command(&["SET", &format!("wf:{journal}:0:incident:{n}"), "old"]).await;
        if n > 600 {
            continue;
        }
        redis.command(&["SET", &format!("wf:{journal}:0:generation:{n}"), "old"]).await;
    }
    let kept = [others, "somebody's", &format!("wf:{journal}:7:incident:newer")];
    for name in kept {
        redis.command(&["SET", name, "not ours"]).await;
    }
    let old = async |key: &str, body: Value| {
        let purge = admin.request(Method::POST, PURGE).header("Idempotency-Key", key);
        purge.json(&body).send().await
    };
    let purged: Purged = old("one", json!({ "old": true })).await.ok();
    assert_eq!((purged.removed, purged.epoch_raised), (1_801, false));
    assert!(purged.bytes > 1_801 * 40, "{purged:?}");
    let mut expected: Vec<String> =
        current.iter().cloned().chain(kept.map(str::to_owned)).collect();
    expected.sort();
    assert_eq!(sorted().await, expected);
    // The same again has the same answer; as a new one it finds nothing.
    assert_eq!(old("one", json!({ "old": true })).await.ok::<Purged>(), purged);
    old("one", json!({ "others": true })).await.refused(Code::IdempotencyConflict);
    assert_eq!(sorted().await, expected);
    let purged: Purged = old("two", json!({ "old": true, "others": true })).await.ok();
    assert_eq!(purged.removed, 1);
    expected.retain(|name| name != others);
    assert_eq!(sorted().await, expected);
    let purged: Purged = old("three", json!({ "all": true, "old": true })).await.ok();
    assert!(purged.epoch_raised && purged.removed == current.len() as u64, "{purged:?}");
    expected.retain(|name| !current.contains(name));
    assert_eq!(sorted().await, expected);
    let newer = of_type(&admin, "incident").await;
    assert!(newer.iter().any(|key| key.holds == Holds::OtherSchema && key.seconds_left.is_none()));
}

/// What cannot be asked is said to be so, and nothing waits for it.
#[tokio::test]
async fn without_redis_nothing_is_demonstrated() {
    let (mut redis, daemon) = alone().await;
    let admin = daemon.as_admin().await;
    redis.kill9().await;
    let away = async {
        while admin.post(DEMO, &json!({})).await.status == 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    bounded(away).await;
    admin.post(DEMO, &json!({})).await.refused(Code::Unavailable);
    admin.read("/v1/admin/cache/keys").await.refused(Code::Unavailable);
    assert!(admin.list("").await.items.is_empty());
}

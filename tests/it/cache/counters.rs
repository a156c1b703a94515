//! The counters are exact: whoever knows what was read and written can foretell each of them.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use sqlx::Executor;
use uuid::Uuid;
use watchfire_shared::cache::{CacheType, Operation, TypeStats};
use watchfire_shared::page::Page;
use watchfire_shared::problem::Code;
use watchfire_shared::user::{Role, UserOut};
use watchfire_tests::{Daemon, Engine, bounded, eventually, until};

use super::stories::{BLOCKED, Scene, misses};
use super::{since, stats};

#[tokio::test]
async fn the_counters_of_a_known_story_are_known_in_process() {
    counters_of_a_known_story(&Daemon::start(Engine::Sqlite).await).await;
}

#[tokio::test]
async fn the_counters_of_a_known_story_are_known_with_redis() {
    counters_of_a_known_story(&Daemon::with_redis().await).await;
}

async fn counters_of_a_known_story(daemon: &Daemon) {
    use CacheType::{Counts, Incident as One, IncidentList as List, Reference};
    let (api, admin) = (daemon.as_responder().await, daemon.as_admin().await);
    let start = stats(&api).await;
    let assert_counts = async |step: &str, expected: &[(CacheType, [u64; 5])]| {
        let now = stats(&api).await;
        let expected: BTreeMap<CacheType, [u64; 5]> = expected.iter().copied().collect();
        for kind in CacheType::ALL {
            let wanted = expected.get(kind).copied().unwrap_or_default();
            assert_eq!(since(&start, &now, *kind), wanted, "{step}: {kind}");
        }
        let all = now.counts.clone();
        assert_eq!(all.total, all.hits + all.misses);
        let part = |count: u64| f64::from(u32::try_from(count).unwrap());
        let rate = if all.total == 0 { 0.0 } else { part(all.hits) / part(all.total) };
        assert!((all.hit_rate - rate).abs() < 1e-12, "{all:?}");
        assert_eq!((all.corrupt, all.fills_refused), (0, 0));
    };
    let incident = api.create("Checkout is slow").await;
    assert_counts(
        "creating",
        &[(One, [0, 0, 0, 0, 1]), (Reference, [0, 0, 0, 0, 1]), (List, [0, 0, 0, 0, 1])],
    )
    .await;
    for _ in 0..3 {
        api.get(incident.id).await;
    }
    assert_counts(
        "reading",
        &[(One, [2, 1, 0, 1, 1]), (Reference, [0, 0, 0, 0, 1]), (List, [0, 0, 0, 0, 1])],
    )
    .await;
    api.get(incident.reference).await;
    api.get(incident.reference).await;
    assert_counts(
        "by reference",
        &[(One, [4, 1, 0, 1, 1]), (Reference, [1, 1, 0, 1, 1]), (List, [0, 0, 0, 0, 1])],
    )
    .await;
    for _ in 0..2 {
        api.list("status=open").await;
        api.list("filter=status:open").await;
    }
    assert_counts(
        "lists",
        &[(One, [8, 1, 0, 1, 1]), (Reference, [1, 1, 0, 1, 1]), (List, [3, 1, 0, 1, 1])],
    )
    .await;
    // What no list can see touches one value and no page.
    api.comment(incident.id, "words").await;
    api.list("status=open").await;
    assert_counts(
        "a comment",
        &[(One, [8, 2, 0, 2, 2]), (Reference, [1, 1, 0, 1, 1]), (List, [4, 1, 0, 1, 1])],
    )
    .await;
    api.acknowledge(incident.id).await;
    assert!(api.list("status=open").await.items.is_empty());
    assert_counts(
        "a step",
        &[(One, [8, 2, 0, 2, 3]), (Reference, [1, 1, 0, 1, 1]), (List, [4, 2, 0, 2, 2])],
    )
    .await;
    for _ in 0..2 {
        api.read("/v1/incidents/INC-99").await.refused(Code::NotFound);
        api.read("/v1/incidents/counts").await.json();
    }
    assert_counts(
        "not found",
        &[
            (One, [8, 2, 0, 2, 3]),
            (Reference, [2, 2, 1, 2, 1]),
            (List, [4, 2, 0, 2, 2]),
            (Counts, [1, 1, 0, 1, 0]),
        ],
    )
    .await;
    admin.request(Method::DELETE, &format!("/v1/incidents/{}", incident.id)).send().await;
    for _ in 0..2 {
        api.read(&format!("/v1/incidents/{}", incident.id)).await.refused(Code::NotFound);
    }
    assert_counts(
        "deleted",
        &[
            (One, [9, 3, 1, 3, 4]),
            (Reference, [2, 2, 1, 2, 1]),
            (List, [4, 2, 0, 2, 3]),
            (Counts, [1, 1, 0, 1, 0]),
        ],
    )
    .await;
    assert!(start.by_type.values().all(|stats| stats.counts.hits == 0), "who may is never cached");
}

/// One statement finds the rows of a page and one reads them all: both are saved, once.
#[tokio::test]
async fn a_page_saves_two_reads_however_many_rows_it_has() {
    for daemon in [Daemon::start(Engine::Sqlite).await, Daemon::with_redis().await] {
        let api = daemon.as_responder().await;
        for title in ["Checkout is slow", "Search is slow", "Disk is full"] {
            api.create(title).await;
        }
        let saved = async || {
            let now = stats(&api).await;
            let of =
                |kind| now.by_type.get(&kind).map_or(0, |it: &TypeStats| it.counts.reads_saved);
            (of(CacheType::IncidentList), of(CacheType::Incident), now.counts.hits)
        };
        assert_eq!(api.list("status=open").await.items.len(), 3);
        assert_eq!(saved().await, (0, 0, 0));
        assert_eq!(api.list("status=open").await.items.len(), 3);
        assert_eq!(saved().await, (1, 1, 4));
        // A row that is missing has to be read, and so has the page that a step changed.
        let one = api.list("status=open").await.items.remove(0);
        assert_eq!(saved().await, (2, 2, 8));
        api.comment(one.id, "words").await;
        assert_eq!(api.list("status=open").await.items.len(), 3);
        assert_eq!(saved().await, (3, 2, 11));
    }
}

#[tokio::test]
async fn the_counters_of_people_and_figures_are_known_in_process() {
    counters_of_people(&Daemon::start(Engine::Sqlite).await).await;
}

#[tokio::test]
async fn the_counters_of_people_and_figures_are_known_with_redis() {
    counters_of_people(&Daemon::with_redis().await).await;
}

async fn counters_of_people(daemon: &Daemon) {
    let admin = daemon.as_admin().await;
    daemon.add_user("dana@example.test", "Dana", Role::Responder).await;
    let users: Page<UserOut> = admin.read("/v1/users").await.ok();
    let dana = users.items.into_iter().find(|user| user.name == "Dana").unwrap();
    let [dana, nobody] = [dana.id.0, Uuid::now_v7()].map(|id| format!("/v1/users/{id}"));
    let start = stats(&admin).await;
    let counted = async |step: &str, people: [u64; 5], figures: [u64; 5]| {
        let now = stats(&admin).await;
        let of = |kind| since(&start, &now, kind);
        assert_eq!((of(CacheType::User), of(CacheType::Stats)), (people, figures), "{step}");
    };
    for _ in 0..2 {
        admin.read(&dana).await.json();
        admin.read(&nobody).await.refused(Code::NotFound);
    }
    counted("people", [2, 2, 1, 2, 0], [0; 5]).await;
    let patch = json!({ "role": Role::Viewer });
    assert_eq!(admin.request(Method::PATCH, &dana).json(&patch).send().await.status, 200);
    counted("a role", [2, 2, 1, 2, 1], [0; 5]).await;
    assert_eq!(admin.read(&dana).await.ok::<UserOut>().role, Role::Viewer);
    counted("after it", [2, 3, 1, 3, 1], [0; 5]).await;
    for _ in 0..3 {
        admin.read("/v1/stats").await.json();
    }
    counted("figures", [2, 3, 1, 3, 1], [2, 1, 0, 1, 0]).await;
    // They end by time alone.
    admin.create("Checkout is slow").await;
    admin.read("/v1/stats").await.json();
    counted("figures later", [2, 3, 1, 3, 1], [3, 1, 0, 1, 0]).await;
}

/// Each operation fails once, where nothing else does.
#[tokio::test]
async fn the_errors_of_a_story_are_known() {
    Box::pin(bounded(errors())).await;
}

async fn errors() {
    let scene = Scene::patient().await;
    let [reader, writer] = &scene.apis;
    let incident = writer.create("Checkout is slow").await;
    let may =
        async |what: &str| drop(scene.redis.command(&["ACL", "SETUSER", "default", what]).await);
    let expect = async |errors: &[(Operation, u64)]| {
        let counts = stats(reader).await.by_type[&CacheType::Incident].counts.clone();
        assert_eq!(counts.errors, errors.iter().copied().collect::<BTreeMap<_, _>>());
        (counts.hits, counts.misses, counts.fills)
    };
    may("-evalsha").await;
    assert_eq!(reader.get(incident.id).await.version, 1);
    assert_eq!(expect(&[(Operation::Lease, 1)]).await, (0, 1, 0));
    may("+evalsha").await;

    let mut lock = scene.lock().await;
    let refuse = async {
        until(async || scene.daemons[0].number(BLOCKED).await != 0).await;
        may("-evalsha").await;
        lock.execute("commit").await.unwrap();
    };
    assert_eq!(tokio::join!(reader.get(incident.id), refuse).0.version, 1);
    assert_eq!(expect(&[(Operation::Lease, 1), (Operation::Fill, 1)]).await, (0, 2, 0));
    may("+evalsha").await;

    may("-del").await;
    assert_eq!(reader.comment(incident.id, "words").await.version, 2);
    let all = [(Operation::Lease, 1), (Operation::Fill, 1), (Operation::Forget, 1)];
    expect(&all).await;
    may("+del").await;
    // The epoch was raised instead.
    assert_eq!(reader.get(incident.id).await.version, 2);
    assert_eq!(expect(&all).await, (0, 3, 1));
}

/// Loads that are shared, that lose to a write and that go ahead of any reader, and what cannot be
/// asked for.
#[tokio::test]
async fn the_counters_of_a_story_with_trouble_are_known() {
    Box::pin(bounded(counters_of_trouble())).await;
}

async fn counters_of_trouble() {
    let mut scene = Scene::patient().await;
    let [reader, writer] = &scene.apis;
    let incident = reader.create("Checkout is slow").await;
    let one = async || stats(reader).await.by_type[&CacheType::Incident].counts.clone();
    let mut lock = scene.lock().await;
    let unlock = async {
        until(async || misses(reader, CacheType::Incident).await >= 5.0).await;
        lock.execute("commit").await.unwrap();
    };
    tokio::join!(join_all((0..5).map(|_| reader.get(incident.id))), unlock);
    let now = one().await;
    assert_eq!((now.misses, now.waits_saved, now.fills, now.fills_refused), (5, 4, 1, 0));

    assert_eq!(writer.comment(incident.id, "words").await.version, 2);
    let mut lock = scene.lock().await;
    let overtake = async {
        until(async || misses(reader, CacheType::Incident).await >= 6.0).await;
        until(async || scene.daemons[0].number(BLOCKED).await != 0).await;
        scene.redis.command(&["FLUSHALL"]).await;
        lock.execute("commit").await.unwrap();
    };
    tokio::join!(reader.get(incident.id), overtake);
    let now = one().await;
    assert_eq!((now.misses, now.waits_saved, now.fills, now.fills_refused), (6, 4, 1, 1));

    scene.redis.kill9().await;
    for _ in 0..3 {
        reader.get(incident.id).await;
    }
    let now = one().await;
    assert_eq!((now.hits, now.misses), (0, 6), "who could not ask knows neither");
    assert_eq!(now.errors, BTreeMap::from([(Operation::Get, 3)]));

    scene.redis.restart().await;
    let third = scene.daemons[0].sibling().await;
    let api = third.as_responder().await;
    let warm = async || stats(&api).await.by_type[&CacheType::Incident].counts.clone();
    eventually(async || (warm().await.warmed == 1).then_some(())).await;
    api.get(incident.id).await;
    let now = warm().await;
    assert_eq!((now.hits, now.misses, now.fills, now.warmed), (1, 0, 0, 1));
}

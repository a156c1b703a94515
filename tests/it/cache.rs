//! The cache, in process and in Redis: its counters can be foretold, and nothing it serves is older
//! than what was acknowledged.

mod damaged;
mod load;
mod oracle;
mod outages;
mod revoked;
mod stories;
mod strangers;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::json;
use watchfire_shared::cache::{CacheCounts, CacheStats, CacheType};
use watchfire_shared::incident::Incident;
use watchfire_shared::problem::Code;
use watchfire_shared::stats::Stats;
use watchfire_tests::people::PASSWORD;
use watchfire_tests::{Api, Daemon, Engine, bounded};

/// A stream says something by then.
const PATIENCE: Duration = Duration::from_secs(10);

async fn stats(api: &Api) -> CacheStats {
    api.read("/v1/admin/cache-stats").await.ok()
}

/// Hits, misses, not-found hits, fills and invalidations of a type, since `before`.
fn since(before: &CacheStats, now: &CacheStats, kind: CacheType) -> [u64; 5] {
    let of = |stats: &CacheStats| {
        let CacheCounts { hits, misses, negative_hits, fills, invalidations, .. } =
            stats.by_type.get(&kind).cloned().unwrap_or_default().counts;
        [hits, misses, negative_hits, fills, invalidations]
    };
    let (before, now) = (of(before), of(now));
    std::array::from_fn(|n| now[n] - before[n])
}

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

/// Writers and readers of a few incidents at once: each read that begins after a write was
/// acknowledged has at least its version, by id, by reference and in lists.
#[tokio::test]
async fn a_read_after_an_acknowledged_write_is_never_older_in_process() {
    bounded(race(Daemon::start(Engine::Sqlite).await, 800)).await;
}

#[tokio::test]
async fn a_read_after_an_acknowledged_write_is_never_older_with_redis() {
    bounded(race(Daemon::with_redis().await, 800)).await;
}

async fn race(daemon: Daemon, writes: usize) {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let api = daemon.as_responder().await;
    let mut incidents: Vec<Incident> = Vec::new();
    for n in 0..3 {
        incidents.push(api.create(&format!("number {n}")).await);
    }
    let known: Vec<AtomicI64> = incidents.iter().map(|_| AtomicI64::new(1)).collect();
    let done = AtomicBool::new(false);
    let writer = async |n: u64| {
        let mut random = StdRng::seed_from_u64(seed + n);
        for step in 0..writes / 4 {
            let at = random.random_range(0..incidents.len());
            let id = incidents[at].id;
            let version = match random.random_range(0..3) {
                0 => api.comment(id, "words").await.version,
                1 => {
                    api.patch(id, json!({ "title": format!("{n}.{step}") }))
                        .await
                        .ok::<Incident>()
                        .version
                }
                _ => {
                    api.attach(id, &json!({ "message": "line" })).await;
                    continue;
                }
            };
            known[at].fetch_max(version, Ordering::SeqCst);
        }
    };
    let reader = async |n: u64| {
        let mut random = StdRng::seed_from_u64(!seed + n);
        let mut reads = 0;
        while !done.load(Ordering::SeqCst) {
            let at = random.random_range(0..incidents.len());
            let floor: Vec<i64> =
                known.iter().map(|version| version.load(Ordering::SeqCst)).collect();
            let read = match random.random_range(0..3) {
                0 => vec![api.get(incidents[at].id).await],
                1 => vec![api.get(incidents[at].reference).await],
                _ => api.list("sort=reference").await.items,
            };
            for incident in read {
                let at = incidents.iter().position(|known| known.id == incident.id).unwrap();
                assert!(incident.version >= floor[at], "{} < {}", incident.version, floor[at]);
            }
            reads += 1;
        }
        reads
    };
    let writers = async {
        join_all((0..4).map(writer)).await;
        done.store(true, Ordering::SeqCst);
    };
    let ((), reads) = tokio::join!(writers, join_all((0..4).map(reader)));
    let now = stats(&api).await;
    assert!(reads.iter().sum::<usize>() > writes / 2 && now.counts.hits > 0, "{reads:?} {now:?}");
    for incident in &incidents {
        let last = api.timeline(incident.id).await.pop().unwrap();
        assert_eq!(api.get(incident.id).await.version, last.version);
    }
}

/// Figures are only as old as they say: they are not told of writes.
#[tokio::test]
async fn the_dashboards_figures_say_how_old_they_are() {
    let daemon = Daemon::start(Engine::Sqlite).await;
    let api = daemon.as_responder().await;
    api.create("One").await;
    let first: Stats = api.read("/v1/stats").await.ok();
    assert_eq!(first.created_24h, 1);
    api.create("Two").await;
    let second: Stats = api.read("/v1/stats").await.ok();
    assert_eq!((second.as_of, second.created_24h), (first.as_of, 1));
}

/// Administration needs no daemon to stop, and the daemon's cache believes it at once.
#[tokio::test]
async fn an_administration_command_runs_beside_a_busy_daemon() {
    let daemon = Daemon::start(Engine::Sqlite).await;
    let api = daemon.as_responder().await;
    let incident = api.create("Checkout is slow").await;
    let done = AtomicBool::new(false);
    let busy = async {
        let mut slowest = Duration::ZERO;
        while !done.load(Ordering::SeqCst) {
            let started = Instant::now();
            api.comment(incident.id, "words").await;
            slowest = slowest.max(started.elapsed());
        }
        slowest
    };
    let commands = async {
        let passwd = ["user", "passwd", "--email", "responder@example.test", "--password-stdin"];
        for _ in 0..3 {
            daemon.administer(&passwd, PASSWORD).await;
            let list = daemon.administer(&["user", "list"], "").await;
            assert!(list.contains("responder@example.test"), "{list}");
        }
        done.store(true, Ordering::SeqCst);
    };
    let (slowest, ()) = tokio::join!(busy, commands);
    assert!(slowest < Duration::from_secs(5), "a write waited {slowest:?}");
    let before = stats(&api).await;
    api.get(incident.id).await;
    api.get(incident.id).await;
    daemon
        .administer(
            &["user", "passwd", "--email", "responder@example.test", "--password-stdin"],
            PASSWORD,
        )
        .await;
    api.get(incident.id).await;
    let read = since(&before, &stats(&api).await, CacheType::Incident);
    assert_eq!(read[..2], [1, 2], "a raised epoch makes every value absent");
}

/// To each incident, in the story of a stream and its reader.
const WRITES: i64 = 50;

/// Whoever was shown a fact finds it when they read.
#[tokio::test]
async fn what_a_stream_has_shown_no_read_is_older_than() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let api = daemon.as_responder().await;
        let incidents = join_all((0..4).map(|_| api.create("Everybody writes here"))).await;
        let mut stream = api.stream(None).await;
        stream.hello(PATIENCE).await;
        let write = async |incident: &Incident| {
            for n in 0..WRITES {
                // Whoever reads in between has it cached.
                api.get(incident.id).await;
                api.comment(incident.id, &format!("number {n}")).await;
            }
        };
        let read = async {
            let mut shown = 0;
            while shown < WRITES * i64::try_from(incidents.len()).unwrap() {
                let event = stream.next_event(PATIENCE).await;
                let Some(incident) = event.incident_id() else { continue };
                let read = api.get(incident).await.version;
                assert!(read >= event.version, "{read} was read after {} was shown", event.version);
                shown += 1;
            }
        };
        tokio::join!(join_all(incidents.iter().map(write)), read);
    })
    .await;
}

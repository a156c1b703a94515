//! The cache, in process and in Redis: its counters can be foretold, and nothing it serves is older
//! than what was acknowledged.

mod conformance;
mod counters;
mod damaged;
mod kept;
mod load;
mod neighbours;
mod oracle;
mod outages;
mod revoked;
mod stories;
mod strangers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use watchfire_shared::cache::{CacheCounts, CacheStats, CacheType};
use watchfire_shared::incident::Incident;
use watchfire_shared::stats::Stats;
use watchfire_tests::people::PASSWORD;
use watchfire_tests::{Api, Daemon, Engine, bounded};

/// A stream says something by then.
const PATIENCE: Duration = Duration::from_secs(10);

async fn stats(api: &Api) -> CacheStats {
    api.read("/v1/admin/cache-stats").await.ok()
}

/// Figures are only as old as they say: they are not told of writes.
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

//! The figures of several processes together.

use serde_json::json;
use sqlx::types::Json;
use watchfire_shared::cache::{CacheCounts, CacheStats, FleetStats, ProcessCache};
use watchfire_shared::process::Fleet;
use watchfire_tests::{Api, Daemon, Engine, both_engines, eventually};

/// A process that was heard of, and one that has been silent for too long.
const STRANGERS: &str = "insert into processes (id, kind, name, version, started_at, seen_at, figures) \
     values (gen_random_uuid(), 'worker', $1, '0', now(), now() + make_interval(secs => $2), $3)";

/// What the caches of all have done, once these are among them.
async fn heard_of(api: &Api, names: &[&str]) -> (CacheStats, Vec<String>) {
    eventually(async || {
        let stats: CacheStats = api.read("/v1/admin/cache-stats").await.ok();
        let known = |name: &str| stats.fleet.processes.iter().any(|it| it.name == name);
        if !names.iter().all(|name| known(name)) {
            return None;
        }
        let mut known: Vec<_> = stats.fleet.processes.iter().map(|it| it.name.clone()).collect();
        known.sort();
        Some((stats, known))
    })
    .await
}

fn counts_of(fleet: &FleetStats, name: &str) -> CacheCounts {
    fleet.processes.iter().find(|it| it.name == name).unwrap().counts.clone()
}

/// Only a request changes these; what a process does by itself goes on while it is asked.
fn asked(counts: &CacheCounts) -> [u64; 3] {
    [counts.hits, counts.misses, counts.fills]
}

/// The names of all processes, once there are so many.
async fn names(api: &Api, expected: usize) -> Vec<String> {
    eventually(async || {
        let fleet: Fleet = api.read("/v1/admin/processes").await.ok();
        (fleet.items.len() == expected)
            .then(|| fleet.items.into_iter().map(|process| process.name).collect())
    })
    .await
}

both_engines! {
    async fn the_caches_of_all_processes_are_summed_up(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Read by everybody").await.id;
        for _ in 0..3 {
            api.get(incident).await;
        }
        let own = names(&api, 1).await.remove(0);
        let (alone, known) = heard_of(&api, &[&own]).await;
        assert_eq!(known, [own.as_str()]);
        // Of itself a process tells what it has done by now, on either engine.
        assert_eq!(asked(&alone.fleet.counts), asked(&alone.counts));
        assert_eq!(alone.fleet.processes[0].breaker, alone.breaker);
        if engine == Engine::Sqlite {
            assert_eq!((alone.kind.as_str(), alone.counts.misses), ("memory", 1));
            return;
        }

        let other = daemon.sibling().await;
        let sibling = other.as_responder().await;
        for _ in 0..5 {
            sibling.get(incident).await;
        }
        let both = names(&api, 2).await;
        let theirs = both.iter().find(|name| **name != own).unwrap();
        let mut database = daemon.postgres().connect().await;
        let cache = json!({
            "breaker": "open",
            "counts": { "hits": 30, "misses": 10, "errors": { "get": 4 } },
        });
        for (name, seen, figures) in [
            ("stranger:1", 60, json!({ "cache": cache })),
            ("silent:1", -60, json!({ "cache": cache })),
            // An older one, which does not tell of its cache.
            ("older:1", 60, json!({})),
        ] {
            let insert = sqlx::query(STRANGERS).bind(name).bind(f64::from(seen));
            insert.bind(Json(figures)).execute(&mut database).await.unwrap();
        }
        for (api, name) in [(&api, &own), (&sibling, theirs)] {
            let (stats, known) = heard_of(api, &[&own, theirs, "stranger:1"]).await;
            let mut expected = vec![own.as_str(), theirs, "stranger:1"];
            expected.sort_unstable();
            assert_eq!(known, expected);
            let sum = stats.fleet.processes.iter();
            let sum = sum.fold(CacheCounts::default(), |sum, it| sum.plus(&it.counts));
            assert_eq!(stats.fleet.counts, sum);
            assert_eq!(asked(&counts_of(&stats.fleet, name)), asked(&stats.counts));
            let ProcessCache { breaker, counts, .. } =
                stats.fleet.processes.iter().find(|it| it.name == "stranger:1").unwrap();
            assert_eq!((breaker.as_str(), counts.hits), ("open", 30));
            assert!(stats.fleet.counts.hits >= 30);
            assert!(stats.fleet.counts.errors.values().sum::<u64>() >= 4);
        }
    }
}

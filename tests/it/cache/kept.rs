//! How long things are kept, what is stored ahead, and which Redis is good enough for it.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::join_all;
use sqlx::Executor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;
use watchfire_daemon::cache::{BreakerSettings, RedisSettings};
use watchfire_shared::cache::{BreakerState, CacheType};
use watchfire_shared::user::UserOut;
use watchfire_tests::redis::settings;
use watchfire_tests::{Daemon, Engine, Redis, bounded, eventually, until};

use super::stats;
use super::stories::BLOCKED;

/// The contract's table; a tenth less at most.
#[tokio::test]
async fn each_type_is_kept_for_its_time_and_a_tenth_less_at_most() {
    bounded(Box::pin(times())).await;
}

async fn times() {
    const EACH: usize = 20;
    let redis = Redis::start().await;
    let daemon = Daemon::patient_with(&redis.url()).await;
    let [api, admin] = [daemon.as_responder().await, daemon.as_admin().await];
    let mut asked = Vec::new();
    for number in 0..EACH {
        let incident = api.create(&format!("Number {number}")).await;
        asked.push(format!("/v1/incidents/{}", incident.reference));
        asked.push(format!("/v1/incidents?limit={}", number + 1));
        asked.push(format!("/v1/incidents/INC-{}", number + 1_000));
    }
    let me: UserOut = admin.read("/v1/users/me").await.ok();
    asked.push(format!("/v1/users/{}", me.id));
    asked.extend(["/v1/incidents/counts".to_owned(), "/v1/stats".to_owned()]);
    let begun = Instant::now();
    join_all(asked.iter().map(|path| admin.read(path))).await;
    let mut left = Vec::new();
    for (pattern, seconds) in [
        ("incident:*", 300),
        ("incident_list:*", 60),
        ("counts:*", 60),
        ("user:*", 900),
        ("stats:*", 120),
        ("generation:*", 3_600),
    ] {
        left.push((pattern, seconds, redis.keys(&format!("wf:*:{pattern}")).await));
    }
    let references = redis.keys("wf:*:reference:*").await;
    let number = |key: &String| key.rsplit(':').next().unwrap().parse::<u64>().unwrap();
    let (unknown, known) = references.into_iter().partition(|key| number(key) >= 1_000);
    left.extend([("reference", 3_600, known), ("not found", 60, unknown)]);
    for (what, seconds, keys) in left {
        let most = Duration::from_secs(seconds);
        let mut times = Vec::new();
        for key in &keys {
            let time: i64 = ::redis::from_redis_value(redis.command(&["PTTL", key]).await).unwrap();
            let least = most.mul_f64(0.9).saturating_sub(begun.elapsed());
            let time = Duration::from_millis(u64::try_from(time).expect("it has an end"));
            assert!((least..=most).contains(&time), "{key} ends in {time:?}");
            times.push(time);
        }
        let many = !matches!(what, "counts:*" | "user:*" | "stats:*" | "generation:*");
        assert_eq!(keys.len(), if many { EACH } else { 1 }, "{what}: {keys:?}");
        let spread = times.iter().max().unwrap().saturating_sub(*times.iter().min().unwrap());
        assert!(!many || spread > most / 100, "{what} all end together: {times:?}");
    }
}

/// What is stored ahead is what was touched last, no more than is allowed, and nobody waits for it.
#[tokio::test]
async fn a_daemon_is_ready_before_its_cache_is_warm_and_warms_no_more_than_it_may() {
    bounded(Box::pin(warm())).await;
}

async fn warm() {
    let redis = Redis::start().await;
    let daemon = Daemon::patient_with(&redis.url()).await;
    let api = daemon.as_responder().await;
    let titles = (0..25).map(|number| format!("Number {number}"));
    let incidents = join_all(titles.map(async |title| api.create(&title).await)).await;
    api.acknowledge(incidents[0].id).await;
    // Whoever gives the facts their positions makes sure first that they are forgotten.
    daemon.published(&api).await;
    let mut lock = daemon.postgres().connect().await;
    lock.execute("begin; lock table incidents in access exclusive mode").await.unwrap();
    let folder = settings("warm = 12\noperation_timeout_ms = 10000\n");
    let config = folder.path().to_str().unwrap();
    // It returns when the daemon is ready.
    let second = daemon.sibling_with(&[("XDG_CONFIG_HOME", config)]).await;
    let api = second.as_responder().await;
    eventually(async || (daemon.number(BLOCKED).await > 0).then_some(())).await;
    let warmed = async || stats(&api).await.by_type[&CacheType::Incident].counts.warmed;
    assert_eq!(warmed().await, 0);
    lock.execute("commit").await.unwrap();
    eventually(async || (warmed().await == 12).then_some(())).await;
    assert_eq!(api.get(incidents[0].id).await.version, 2);
    let counts = stats(&api).await.by_type[&CacheType::Incident].counts.clone();
    assert_eq!((counts.hits, counts.misses, counts.fills, counts.warmed), (1, 0, 0, 12));
}

/// Everybody who looks at the health within a second is told the same.
#[tokio::test]
async fn whether_redis_keeps_what_it_is_given_is_tried_once_a_second_at_most() {
    let redis = Redis::start().await;
    let daemon = Daemon::patient_with(&redis.url()).await;
    let api = daemon.as_viewer().await;
    let before = redis.scripts().await;
    let begun = Instant::now();
    for _ in 0..5 {
        for reply in join_all((0..10).map(|_| api.read("/v1/health"))).await {
            let healthy = "\"cache_integrity\":{\"status\":\"healthy\"";
            assert!(reply.text().contains(healthy), "{}", reply.text());
        }
    }
    // One claims and one stores.
    let probes = (redis.scripts().await - before) / 2;
    let most = 1 + begun.elapsed().as_secs();
    assert!((1..=most).contains(&probes), "{probes} probes in {:?}", begun.elapsed());
}

/// In words, before anything is kept in it.
#[tokio::test]
async fn a_redis_that_is_too_old_is_refused_in_words() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let time = Duration::from_secs(5);
    let settings = RedisSettings {
        url: format!("redis://{address}"),
        connections: 1,
        connect_timeout: time,
        operation_timeout: time,
        forget_timeout: time,
        lease: time,
        breaker: BreakerSettings { failures: 5, pause: time, longest_pause: time },
    };
    let checked = tokio::select! {
        never = pretend(listener) => panic!("it serves for ever: {never:?}"),
        checked = settings.check() => checked,
    };
    assert_eq!(checked, Err("it is Redis 6.2.14, and version 7 or later is needed".to_owned()));
}

/// Under traffic the breaker opens at once, which says nothing of the cause.
#[tokio::test]
async fn why_a_redis_is_not_used_is_told_also_where_everybody_reads() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let story = async {
        let daemon = Daemon::setup(Engine::Postgres).caching_in(&url).start().await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await;
        until(async || {
            join_all((0..10).map(|_| api.get(incident.id))).await;
            let health = api.read("/v1/health").await.text();
            health.contains("Redis is not used (it is Redis 6.2.14")
                && stats(&api).await.breaker == BreakerState::Open
        })
        .await;
    };
    tokio::select! {
        never = pretend(listener) => panic!("it serves for ever: {never:?}"),
        () = bounded(Box::pin(story)) => {}
    }
}

/// Agrees to everything, and says of itself that it is Redis 6.
async fn pretend(listener: TcpListener) -> Infallible {
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = client.read(&mut buffer).await {
            let asked = String::from_utf8_lossy(&buffer[..read]).into_owned();
            for command in asked.split('*').skip(1) {
                let info = "redis_version:6.2.14\r\nrun_id:0123456789abcdef\r\n";
                let reply = if command.contains("INFO") && !command.contains("SETINFO") {
                    format!("${}\r\n{info}\r\n", info.len())
                } else {
                    "+OK\r\n".to_owned()
                };
                client.write_all(reply.as_bytes()).await.unwrap();
            }
        }
    }
}

/// A Redis with a limit tells what had to go for want of room, and the metrics do.
#[tokio::test]
async fn what_redis_gives_up_for_want_of_room_is_told() {
    bounded(Box::pin(room())).await;
}

async fn room() {
    let mut redis = Redis::start().await;
    let daemon = Daemon::patient_with(&redis.url()).await;
    let api = daemon.as_responder().await;
    redis.with_limit(1 << 20).await;
    assert_eq!(stats(&api).await.redis.unwrap().recent_evictions, 0);
    let wide = "x".repeat(64 * 1024);
    for number in 0..32 {
        redis.command(&["SET", &format!("wide:{number}"), &wide]).await;
    }
    let evicted = redis.info("stats", "evicted_keys").await;
    let told = stats(&api).await.redis.unwrap();
    assert!(evicted > 0 && told.recent_evictions == evicted, "{evicted} were: {told:?}");
    let metrics = api.read("/metrics").await.text();
    assert!(
        metrics.lines().any(|line| line == format!("cache_evictions_total {evicted}")),
        "{metrics}"
    );
}

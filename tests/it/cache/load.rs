//! What the database bears when everybody asks at once, and for what is not there: as good as
//! nothing, whatever becomes of the readers.
//!
//! `WATCHFIRE_AT_ONCE=10000`, `WATCHFIRE_UNKNOWN=1000000` and `WATCHFIRE_RACES=10000` are the long
//! forms.

use std::cell::Cell;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use sqlx::Executor;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use uuid::Uuid;
use watchfire_shared::cache::CacheStats;
use watchfire_shared::ids::Reference;
use watchfire_shared::problem::Code;
use watchfire_tests::programs::number;
use watchfire_tests::{Api, Daemon, Engine, bounded, redis, until};

use watchfire_tests::redis::settings;

/// Requests that wait for their answers at the same time, where not all of them do.
const TOGETHER: usize = 64;
/// Statements that read incidents.
const READS: &str = "select coalesce(sum(calls), 0)::bigint from pg_stat_statements s \
     join pg_database d on d.oid = s.dbid where d.datname = current_database() \
     and s.query ilike 'select%from incidents%'";
/// Whoever waits for the lock below.
const BLOCKED: &str = "select count(*) from pg_locks l join pg_database d on d.oid = l.database \
     where not l.granted and d.datname = current_database()";

/// Two daemons on one database and one Redis.
async fn two() -> [Daemon; 2] {
    // A busy machine makes Redis look dead for a moment, and what is then read is not counted here.
    two_with("operation_timeout_ms = 10000\npatience_ms = 60000\n").await
}

async fn two_with(limits: &str) -> [Daemon; 2] {
    let folder = settings(limits);
    let setup = Daemon::setup(Engine::Postgres).caching_in(&redis::shared());
    let one = setup.env("XDG_CONFIG_HOME", folder.path().to_str().unwrap()).start().await;
    let other = one.sibling().await;
    for daemon in [&one, &other] {
        daemon.connected_to_redis().await;
    }
    one.behind("create extension if not exists pg_stat_statements").await;
    [one, other]
}

async fn responders(daemons: &[Daemon]) -> Vec<Api> {
    join_all(daemons.iter().map(Daemon::as_responder)).await
}

#[tokio::test]
async fn everybody_who_asks_for_one_cold_incident_costs_two_reads_at_most() {
    bounded(cold()).await;
}

/// As they are installed: 50 ms for Redis and 500 for a load. Where the machine is too slow for as many
/// at once, most of these are late, and each daemon reads for all who are, one read after the other.
#[tokio::test]
async fn at_default_settings_too_hardly_anybody_who_asks_for_it_reaches_the_database() {
    bounded(at_default_settings()).await;
}

async fn at_default_settings() {
    let at_once = number("WATCHFIRE_AT_ONCE").unwrap_or(2000);
    let (daemons, reads) = cold_reads(two_with("").await, at_once).await;
    let apis = responders(&daemons).await;
    let failed = join_all(apis.iter().map(async |api| {
        let stats: CacheStats = api.read("/v1/admin/cache-stats").await.ok();
        stats.counts.failed()
    }));
    let failed: u64 = failed.await.into_iter().sum();
    println!("{at_once} at once at default settings: {reads} reads, {failed} lookups failed");
    let most = i64::try_from(at_once / 100).unwrap().max(2);
    assert!((1..=most).contains(&reads), "{reads} reads for {at_once} who asked");
}

async fn cold() {
    let at_once = number("WATCHFIRE_AT_ONCE").unwrap_or(2000);
    let (_, reads) = cold_reads(two().await, at_once).await;
    println!("{at_once} at once: {reads} reads");
    assert!((1..=2).contains(&reads), "{reads} reads of the database");
}

/// Everybody asks both for one cold incident; how often the database was asked for it.
async fn cold_reads(daemons: [Daemon; 2], at_once: usize) -> ([Daemon; 2], i64) {
    let apis = responders(&daemons).await;
    let incident = apis[0].create("Everybody looks at this").await;
    let path = format!("/v1/incidents/{}", incident.id);
    let before = daemons[0].number(READS).await;
    let asked = (0..at_once).map(|n| apis[n % 2].read(&path));
    for reply in join_all(asked).await {
        assert_eq!(reply.etag(), "\"v1\"", "{}", reply.text());
    }
    let reads = daemons[0].number(READS).await - before;
    (daemons, reads)
}

#[tokio::test]
async fn a_leader_who_hangs_up_leaves_the_load_to_the_others() {
    bounded(leaderless()).await;
}

async fn leaderless() {
    let daemons = two().await;
    let apis = responders(&daemons).await;
    let at_once: usize = number("WATCHFIRE_AT_ONCE").unwrap_or(2000);
    let incident = apis[0].create("Everybody looks at this").await;
    let path = format!("/v1/incidents/{}", incident.id);
    let before = daemons[0].number(READS).await;
    let mut lock = daemons[0].postgres().connect().await;
    lock.execute("begin; lock table incidents in access exclusive mode").await.unwrap();
    let mut leader = TcpStream::connect(apis[0].host()).await.unwrap();
    let token = apis[0].token().unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: watchfire\r\nauthorization: Bearer {token}\r\n\r\n");
    leader.write_all(request.as_bytes()).await.unwrap();
    until(async || daemons[0].number(BLOCKED).await != 0).await;
    drop(leader);
    let asked = (0..at_once).map(|n| apis[n % 2].read(&path));
    let (replies, unlocked) = tokio::join!(join_all(asked), lock.execute("commit"));
    unlocked.unwrap();
    for reply in replies {
        assert_eq!(reply.etag(), "\"v1\"", "{}", reply.text());
    }
    let reads = daemons[0].number(READS).await - before;
    println!("{at_once} at once, without their leader: {reads} reads");
    assert!((1..=2).contains(&reads), "{reads} reads of the database");
}

/// One in a hundred at most.
#[tokio::test]
async fn who_asks_for_what_is_not_there_does_not_reach_the_database() {
    bounded(unknown()).await;
}

async fn unknown() {
    let daemons = two().await;
    let apis = responders(&daemons).await;
    let asked: usize = number("WATCHFIRE_UNKNOWN").unwrap_or(20_000);
    let ids: Vec<Uuid> = (0..asked / 200).map(|_| Uuid::now_v7()).collect();
    let before = daemons[0].number(READS).await;
    stream::iter(0..asked)
        .for_each_concurrent(TOGETHER, async |n| {
            let path = format!("/v1/incidents/{}", ids[n % ids.len()]);
            apis[n % apis.len()].read(&path).await.refused(Code::NotFound);
        })
        .await;
    let reads = daemons[0].number(READS).await - before;
    println!("{asked} asked for {} ids: {reads} reads", ids.len());
    assert!(reads >= 1 && usize::try_from(reads).unwrap() * 100 <= asked, "{reads} of {asked}");
}

/// Others look for it until it is there, so that everybody has heard that it is not.
#[tokio::test]
async fn who_was_told_of_a_new_incident_finds_it() {
    bounded(fresh()).await;
}

async fn fresh() {
    let daemons = two().await;
    let apis = responders(&daemons).await;
    let (mut next, mut unfound) = (apis[0].create("The first").await.reference.0 + 1, 0);
    for race in 0..number("WATCHFIRE_RACES").unwrap_or(300) {
        let path = format!("/v1/incidents/{}", Reference(next));
        let there = Cell::new(false);
        let look = async |api: &Api| {
            let mut looks = 0;
            while !there.get() {
                looks += usize::from(api.read(&path).await.status == 404);
            }
            looks
        };
        let create = async {
            let incident = apis[race % 2].create("Another").await;
            assert_eq!(incident.reference.0, next);
            let by_id = format!("/v1/incidents/{}", incident.id);
            for path in [&path, &by_id] {
                for reply in join_all(apis.iter().map(|api| api.read(path))).await {
                    assert_eq!(reply.status, 200, "race {race}, {path}: {}", reply.text());
                }
            }
            there.set(true);
        };
        let (one, other, ()) = tokio::join!(look(&apis[0]), look(&apis[1]), create);
        unfound += one + other;
        next += 1;
    }
    println!("not found {unfound} times before it was there");
    assert!(unfound > 0);
}

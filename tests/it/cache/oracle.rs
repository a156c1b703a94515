//! The rules of the cache in real life: readers and writers of the same few incidents through every
//! daemon, while everything between them and the cache fails.
//!
//! `WATCHFIRE_OPERATIONS=1000000` makes it long (with `WATCHFIRE_TEST_SECONDS`), `WATCHFIRE_SEED`
//! repeats its choices.

mod reader;
mod strikes;
mod truth;
mod world;
mod writer;

use std::cell::Cell;

use futures_util::future::join_all;
use watchfire_tests::postgres::Database;
use watchfire_tests::programs::number;
use watchfire_tests::{Daemon, Engine, Link, Redis, bounded};

use self::strikes::{Shared, rehearse, strike};
use self::world::World;
use crate::faults::Campaign;
use watchfire_tests::redis::settings;

/// Who read and write at once.
const CLIENTS: u64 = 24;
/// What Redis may hold beside what it needs for itself.
const ROOM: u64 = 1 << 20;
const EPOCH: &str = "select epoch from installation";

#[tokio::test]
async fn two_daemons_never_serve_what_is_older_than_acknowledged_whatever_fails() {
    bounded(Box::pin(two_daemons())).await;
}

async fn two_daemons() {
    let mut redis = Redis::start().await;
    let links = [Link::to(redis.server()).await, Link::to(redis.server()).await];
    let [one, other] = [0, 1].map(|at: usize| redis.url_through(links[at].address()));
    let databases = [Link::to(Database::server()).await, Link::to(Database::server()).await];
    // Neither a busy machine nor a breaker that stays open for long leaves much to be seen.
    let folder = settings(
        "operation_timeout_ms = 250\nbreaker_open_seconds = 1\nbreaker_open_max_seconds = 1\n",
    );
    let setup = Daemon::setup(Engine::Postgres).caching_in(&one).through(databases[0].address());
    let first = setup.env("XDG_CONFIG_HOME", folder.path().to_str().unwrap()).start().await;
    let way = first.postgres().url_through(databases[1].address());
    let ways = [("WATCHFIRE_REDIS_URL", other.as_str()), ("WATCHFIRE_DATABASE_URL", &way)];
    let second = first.sibling_with(&ways).await;
    for daemon in [&first, &second] {
        daemon.connected_to_redis().await;
    }
    redis.with_limit(ROOM).await;
    let shared = Shared { redis, links: links.into(), databases: databases.into(), evictions: 0 };
    campaign(&[first, second], Some(shared)).await;
}

#[tokio::test]
async fn one_daemon_with_its_own_cache_never_serves_what_is_older_than_acknowledged() {
    bounded(Box::pin(async { campaign(&[Daemon::start(Engine::Sqlite).await], None).await })).await;
}

async fn campaign(daemons: &[Daemon], mut shared: Option<Shared>) {
    let campaign = Campaign::begin();
    let world = World::prepare(daemons, number("WATCHFIRE_OPERATIONS").unwrap_or(2000)).await;
    let epoch = daemons[0].number(EPOCH).await;
    let followers = join_all(world.doors.iter().map(|door| world.follow(door)));
    let story = async {
        rehearse(daemons, &mut shared, &world, campaign.chance(CLIENTS + 1)).await;
        let struck = Cell::new(false);
        let clients = (1..=CLIENTS).map(|part| world.client(campaign.chance(part), &struck));
        let strikes = strike(daemons, &mut shared, &world, campaign.chance(0), &struck);
        tokio::join!(join_all(clients), strikes);
    };
    tokio::select! {
        never = followers => panic!("a stream cannot end: {never:?}"),
        () = story => {}
    }
    // What has no position yet is not in the journal.
    daemons[0].published(&world.doors[0].responder).await;
    world.verify().await;
    if let Some(shared) = &shared {
        let raised = daemons[0].number(EPOCH).await - epoch;
        println!("{} evictions; the epoch was raised {raised} times", shared.evictions);
        assert!(shared.evictions > 0, "Redis never lacked room");
        assert!(raised > 0, "nobody ever raised the epoch");
        world.was_struck().await;
    }
}

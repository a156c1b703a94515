//! Transactions that are held open while others commit: what was inserted first becomes visible
//! last. Positions, streams, the topic and the worker keep the order of each incident all the same.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use rand::RngExt;
use sqlx::{Connection, Executor, PgConnection};
use watchfire_tests::kafka::Topic;
use watchfire_tests::programs::number;
use watchfire_tests::{Api, Daemon, Engine, bounded};

use super::Campaign;
use super::audit::journal;
use super::follower::Follower;
use super::publish::{compare, published};

/// Schedules at once.
const AT_ONCE: usize = 50;
/// A transaction is held open for at most so long.
const LONGEST: f64 = 5.0;
/// A stream shows the last event so long after everything is done, at most.
const LATEST: Duration = Duration::from_secs(3);
/// The fact is inserted, and its transaction goes on for as long as its text says.
const HOLD: &str = "create function hold() returns trigger language plpgsql as $$ begin \
     if new.payload->>'body' like 'hold %' then \
     perform pg_sleep(cast(substr(new.payload->>'body', 6) as double precision)); end if; \
     return null; end $$; \
     create trigger hold after insert on events for each row \
     when (new.event_type = 'incident.commented') execute function hold()";

#[tokio::test]
async fn a_transaction_that_commits_late_loses_and_inverts_nothing() {
    bounded(Box::pin(held())).await;
}

async fn held() {
    let schedules: usize = number("WATCHFIRE_SCHEDULES").unwrap_or(AT_ONCE);
    let longest = if schedules > AT_ONCE { LONGEST } else { 1.0 };
    let campaign = Campaign::begin();
    let topic = Topic::fresh();
    let setup = Daemon::setup(Engine::Postgres).publishing_to(&topic);
    let one = setup.env("WATCHFIRE_DATABASE_MAX_CONNECTIONS", "60").start().await;
    let other = one.sibling().await;
    let _worker = one.worker().await;
    one.behind(HOLD).await;
    // Of no concern to anybody: another database of the same cluster.
    let elsewhere = Daemon::start(Engine::Postgres).await;
    let mut idle = PgConnection::connect(&elsewhere.database_url()).await.unwrap();
    idle.execute("begin; select * from events for update").await.unwrap();

    let apis = [one.as_responder().await, other.as_responder().await];
    let followers = [Follower::default(), Follower::default()];
    let story = async {
        let each = stream::iter(0..schedules).map(|schedule| {
            let mut chance = campaign.chance(u64::try_from(schedule).unwrap());
            let seconds = chance.random_range(0.0..longest);
            schedule_of(&apis[schedule % 2], &apis[(schedule + 1) % 2], seconds)
        });
        each.buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        published(&apis[0]).await;
        one.settled().await;
        let events = apis[0].journal().await;
        compare(&events, &topic.read()).unwrap();
        for follower in &followers {
            follower.has_seen(&journal(&events), LATEST).await;
        }
        println!("{schedules} schedules, {} events", events.len());
    };
    tokio::select! {
        never = followers[0].follow(&apis[0]) => match never {},
        never = followers[1].follow(&apis[1]) => match never {},
        () = story => {}
    }
    idle.execute("rollback").await.unwrap();
}

/// An incident whose second fact commits late; others overtake it, and what follows it waits.
async fn schedule_of(one: &Api, other: &Api, seconds: f64) {
    let incident = one.create("Held").await.id;
    let held = format!("hold {seconds:.3}");
    let late = one.comment(incident, &held);
    let followers = async {
        let overtaking = other.create("Overtakes").await.id;
        join_all([other.comment(overtaking, "first"), one.comment(overtaking, "second")]).await;
        // Behind the lock of the row.
        other.comment(incident, "after it").await;
    };
    tokio::join!(late, followers);
}

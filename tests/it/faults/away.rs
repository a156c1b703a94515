//! The broker is away for a while: nobody who writes notices, and everything leaves in order later.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use watchfire_tests::kafka::Topic;
use watchfire_tests::programs::number;
use watchfire_tests::{Api, Broker, Daemon, Engine, bounded};

use super::publish::{compare, published};

/// Writes a second.
const RATE: u32 = 200;
/// A write may take so much longer while the broker is away, by the median; the rest is for a busy
/// machine, on which the campaign is no benchmark.
const SLOWER: f64 = 3.0;

#[tokio::test]
async fn a_broker_that_is_away_is_nothing_to_a_writer() {
    bounded(Box::pin(away())).await;
}

async fn away() {
    let seconds = Duration::from_secs(number("WATCHFIRE_AWAY_SECONDS").unwrap_or(4));
    let mut broker = Broker::start().await;
    let topic = Topic::on(broker.address());
    let daemon = Daemon::setup(Engine::Postgres).publishing_to(&topic).start().await;
    let _worker = daemon.worker().await;
    let api = daemon.as_responder().await;
    let before = write_for(&api, seconds).await;
    published(&api).await;
    broker.kill9().await;
    let during = write_for(&api, seconds).await;
    broker.restart().await;
    let back = Instant::now();
    published(&api).await;
    println!(
        "median write {before:?} before and {during:?} without the broker, the rest left {:?} \
         after it was back",
        back.elapsed()
    );
    assert!(during.as_secs_f64() < before.as_secs_f64() * SLOWER, "{before:?} {during:?}");
    daemon.settled().await;
    compare(&api.journal().await, &topic.read()).unwrap();
}

/// Writes at a steady rate, each of which must succeed; the median of how long one took.
async fn write_for(api: &Api, time: Duration) -> Duration {
    let mut tick = interval(Duration::from_secs(1) / RATE);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let begun = Instant::now();
    let mut writes = tokio::task::JoinSet::new();
    while begun.elapsed() < time {
        tick.tick().await;
        let api = api.clone();
        writes.spawn(async move {
            let asked = Instant::now();
            api.create("While the broker is away").await;
            asked.elapsed()
        });
    }
    let mut took = writes.join_all().await;
    took.sort_unstable();
    took[took.len() / 2]
}

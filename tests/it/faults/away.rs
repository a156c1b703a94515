//! The broker is away for a while: nobody who writes notices, and everything leaves in order later.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use watchfire_shared::event::Hello;
use watchfire_tests::kafka::Topic;
use watchfire_tests::programs::number;
use watchfire_tests::{Api, Broker, Daemon, Engine, bounded};

use super::effects::exactly_once;
use super::publish::{compare, published};

/// A stream says something by then.
const PATIENCE: Duration = Duration::from_secs(10);
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

/// Two minutes ago it may be taken for lost, not for on its way.
const LONG_AGO: &str = "update events set occurred_at = occurred_at - interval '2 minutes'";

#[tokio::test]
async fn a_copy_restored_in_the_middle_of_a_backlog_loses_nothing() {
    bounded(Box::pin(restored())).await;
}

async fn restored() {
    let mut broker = Broker::start().await;
    let topic = Topic::on(broker.address());
    let setup = Daemon::setup(Engine::Postgres).publishing_to(&topic);
    let mut daemon = setup.env("WATCHFIRE_ASSESS_AFTER_SECONDS", "1").start().await;
    let worker = daemon.worker().await;
    let api = daemon.as_responder().await;
    let incident = api.create("Checkout is slow").await.id;
    daemon.quiet().await;
    published(&api).await;
    broker.kill9().await;
    for n in 0..50 {
        api.comment(incident, &format!("while the broker is away {n}")).await;
    }
    let mut late = Vec::new();
    for n in 0..20 {
        late.push(api.create(&format!("While the broker is away {n}")).await.id);
    }
    let mut stream = api.stream(None).await;
    let before = stream.hello(PATIENCE).await;
    worker.stop().await;
    daemon.stop().await;

    let daemon = daemon.restored().await;
    broker.restart().await;
    daemon.behind(LONG_AGO).await;
    let _worker = daemon.worker().await;
    let api = daemon.as_responder().await;
    // Screens are told to start anew.
    let place = format!("?log_id={}", before.log_id);
    let mut stream = api.stream_at(&place, Some(&before.position.to_string())).await;
    let first = stream.next_message(PATIENCE).await.unwrap();
    assert_eq!(first.event, "resync", "{first:?}");
    let after: Hello = serde_json::from_str(&first.data).unwrap();
    assert_ne!(after.log_id, before.log_id);

    // What was never handled is, and what happens from now on.
    late.push(api.create("In the new journal").await.id);
    daemon.quiet().await;
    exactly_once(&daemon, &api).await;
    let timeline = api.timeline(incident).await;
    let comments = timeline.iter().filter(|it| it.fact.event_type() == "incident.commented");
    assert_eq!(comments.count(), 50);
    published(&api).await;
    let records = topic.read();
    for incident in late {
        let told = records.iter().any(|record| record.event.incident_id() == Some(incident));
        assert!(told, "{incident} never reached the topic");
    }
}

//! The process that publishes is killed, or stopped for longer than its lock lives, in the middle
//! of a burst of writes; another one goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use rand::RngExt;
use watchfire_shared::event::Event;
use watchfire_shared::outbox::OutboxStatus;
use watchfire_tests::kafka::{Record, Topic};
use watchfire_tests::programs::number;
use watchfire_tests::{Api, Daemon, Engine, bounded, eventually};

use super::Campaign;
use super::audit::verify;
use super::ledger::{Ledger, Outcome};
use super::workload::{WRITERS, Workload};

/// A stopped process has lost its lock after this time.
const STOPPED: Duration = Duration::from_secs(7);

#[tokio::test]
async fn whoever_publishes_is_killed_and_the_topic_tells_everything_in_order() {
    bounded(killed()).await;
}

async fn killed() {
    let kills = number("WATCHFIRE_PUBLISHER_KILLS").unwrap_or(2);
    let campaign = Campaign::begin();
    let topic = Topic::fresh();
    let one = Daemon::setup(Engine::Postgres).publishing_to(&topic).start().await;
    let mut daemons = [one.sibling().await, one];
    let api = daemons[1].as_responder().await;
    let ledger = Ledger::new();
    let workload = Workload::prepare(&ledger, &api).await;
    for kill in 0..kills {
        let part = u64::try_from(kill).unwrap() * (WRITERS + 1);
        let mut chance = campaign.chance(part);
        let [victim, other] = &mut daemons;
        let apis = [victim.as_responder().await, other.as_responder().await];
        let struck = std::cell::Cell::new(false);
        let writers = (1..=WRITERS).zip(apis.iter().cycle()).map(|(writer, api)| {
            workload.write_on(api, campaign.chance(part + writer), || struck.get())
        });
        let strike = async {
            ledger.acknowledged(chance.random_range(10..120)).await;
            victim.kill9().await;
            struck.set(true);
        };
        let (ends, ()) = tokio::join!(join_all(writers), strike);
        for end in ends {
            assert!(matches!(end, None | Some(Outcome::Cut)), "a writer was refused: {end:?}");
        }
        victim.restart().await;
        ledger.settle(&apis[1], usize::MAX).await;
        // Each in turn.
        daemons.swap(0, 1);
    }
    tells_everything(&topic, &daemons[1], &ledger).await;
}

#[tokio::test]
async fn one_that_was_stopped_wakes_up_and_disturbs_nobody() {
    bounded(Box::pin(stopped())).await;
}

async fn stopped() {
    let campaign = Campaign::begin();
    let topic = Topic::fresh();
    let first = Daemon::setup(Engine::Postgres).publishing_to(&topic).start().await;
    let api = first.as_responder().await;
    let ledger = Ledger::new();
    let workload = Workload::prepare(&ledger, &api).await;
    published(&api).await;
    let second = first.sibling().await;
    let api = second.as_responder().await;
    for round in 0..number("WATCHFIRE_PUBLISHER_STOPS").unwrap_or(1) {
        let (stopped, api) = if round % 2 == 0 {
            (&first, second.as_responder().await)
        } else {
            (&second, first.as_responder().await)
        };
        let begun = ledger.book().acknowledged.len();
        stopped.sigstop();
        let begun_at = tokio::time::Instant::now();
        let over = || ledger.book().acknowledged.len() >= begun + 200;
        let writers = (0..WRITERS).map(|writer| {
            let part = u64::try_from(round).unwrap() * WRITERS + writer;
            workload.write_on(&api, campaign.chance(part), over)
        });
        for end in join_all(writers).await {
            assert!(end.is_none(), "a writer was refused: {end:?}");
        }
        let asked = tokio::time::Instant::now();
        published(&api).await;
        let took = asked.elapsed();
        println!("200 writes published {took:?} after they were done");
        assert!(took < STOPPED * 2, "nobody took over within {took:?}");
        tokio::time::sleep_until(begun_at + stop_time()).await;
        stopped.sigcont();
    }
    tells_everything(&topic, &second, &ledger).await;
    drop(api);
}

/// How long a process is stopped, at least.
pub fn stop_time() -> Duration {
    Duration::from_secs(number("WATCHFIRE_STOP_SECONDS").unwrap_or(0))
}

/// Waits until nothing is left to publish.
pub async fn published(api: &Api) {
    eventually(async || {
        let outbox: OutboxStatus = api.read("/v1/admin/outbox").await.ok();
        (outbox.pending == 0).then_some(())
    })
    .await;
}

/// What was acknowledged happened, and the topic tells of all that happened and of nothing else.
pub async fn tells_everything(topic: &Topic, daemon: &Daemon, ledger: &Ledger) {
    let api = daemon.as_responder().await;
    published(&api).await;
    verify(daemon, &api, ledger).await;
    let journal = api.journal().await;
    let records = topic.read();
    println!("{} events, {} records", journal.len(), records.len());
    compare(&journal, &records).unwrap();
}

/// At least once each, none that did not happen, and first deliveries 1, 2, 3 … per aggregate.
pub fn compare(journal: &[Event], records: &[Record]) -> Result<(), String> {
    let happened: BTreeMap<_, _> = journal.iter().map(|event| (event.event_id, event)).collect();
    let mut told = BTreeSet::new();
    let mut versions = BTreeMap::new();
    for Record { event, partition, offset, .. } in records {
        let place = format!("{} {} at {partition}/{offset}", event.aggregate_id, event.version);
        if happened.get(&event.event_id) != Some(&event) {
            return Err(format!("{place} is not what happened"));
        }
        if told.insert(event.event_id) {
            let last = versions.entry(event.aggregate_id).or_insert(0);
            if event.version != *last + 1 {
                return Err(format!("{place} was first told after version {last}"));
            }
            *last = event.version;
        }
    }
    match happened.len() - told.len() {
        0 => Ok(()),
        missing => Err(format!("{missing} events never reached the topic")),
    }
}

#[tokio::test]
async fn the_comparison_notices_what_is_lost_made_up_and_out_of_order() {
    bounded(async {
        let topic = Topic::fresh();
        let daemon = Daemon::setup(Engine::Sqlite).publishing_to(&topic).start().await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await.id;
        for text in ["one", "two", "three"] {
            api.comment(incident, text).await;
        }
        published(&api).await;
        let (journal, records) = (api.journal().await, topic.read());
        compare(&journal, &records).unwrap();
        let its = |record: &Record| record.event.incident_id() == Some(incident);
        let at = records.iter().position(its).unwrap();

        let repeated = [&records[..], &records[..]].concat();
        compare(&journal, &repeated).expect("a second delivery is none of the first");
        let mut lost = records.clone();
        lost.pop();
        compare(&journal, &lost).unwrap_err();
        let mut swapped = records.clone();
        swapped.swap(at, at + 1);
        compare(&journal, &swapped).unwrap_err();
        let mut gap = records.clone();
        gap.remove(at + 1);
        compare(&journal, &gap).unwrap_err();
        compare(&journal[1..], &records).unwrap_err();
    })
    .await;
}

//! Workers that come, go and die all the time, and readers that are not ours.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::join_all;
use rand::RngExt;
use tokio::time::{Instant, sleep_until};
use watchfire_tests::broker::console_consumer;
use watchfire_tests::kafka::Topic;
use watchfire_tests::programs::number;
use watchfire_tests::{Daemon, Engine, bounded};

use super::Campaign;
use super::effects::exactly_once;
use super::ledger::{Ledger, Outcome};
use super::publish::tells_everything;
use super::workload::{WRITERS, Workload};

/// Between two changes of who works.
const EACH: Duration = Duration::from_secs(3);
const WORKERS: usize = 3;
/// The group takes a silent member for dead before.
const STOPPED: Duration = Duration::from_secs(8);

#[tokio::test]
async fn workers_that_come_go_and_die_lose_and_double_nothing() {
    bounded(Box::pin(churn())).await;
}

async fn churn() {
    let time = Duration::from_secs(number("WATCHFIRE_CHURN_SECONDS").unwrap_or(12));
    let campaign = Campaign::begin();
    let mut chance = campaign.chance(0);
    let topic = Topic::fresh();
    let setup = Daemon::setup(Engine::Postgres).publishing_to(&topic);
    let mut daemon = setup.env("WATCHFIRE_ASSESS_AFTER_SECONDS", "1").start().await;
    let api = daemon.as_responder().await;
    // Whoever reads at the end is there from the beginning.
    daemon.as_viewer().await;
    let ledger = Ledger::new();
    let workload = Workload::prepare(&ledger, &api).await;
    let over = Cell::new(false);
    let writers =
        (1..=WRITERS).map(|writer| workload.write_on(&api, campaign.chance(writer), || over.get()));
    let changes = async {
        let begun = Instant::now();
        let mut workers = vec![daemon.worker().await];
        let mut due = begun;
        while begun.elapsed() < time {
            due += EACH;
            sleep_until(due).await;
            if workers.len() < WORKERS {
                workers.push(daemon.worker().await);
                continue;
            }
            let gone = workers.swap_remove(chance.random_range(0..WORKERS));
            match chance.random_range(0..3) {
                0 => gone.kill9().await,
                1 => gone.stop().await,
                _ => {
                    // It wakes when others have its partitions.
                    gone.sigstop();
                    due += STOPPED;
                    sleep_until(due).await;
                    gone.sigcont();
                    workers.push(gone);
                }
            }
        }
        over.set(true);
        workers
    };
    let (ends, workers) = tokio::join!(join_all(writers), changes);
    // Whoever is stopped in a transaction holds up those who want the same rows.
    let in_order = |end: &Option<Outcome>| matches!(end, None | Some(Outcome::Unavailable(_)));
    assert!(ends.iter().all(in_order), "{ends:?}");
    ledger.settle(&api, usize::MAX).await;
    daemon.quiet().await;
    tells_everything(&topic, &daemon, &ledger).await;
    exactly_once(&daemon, &api).await;
    drop(workers);

    // Somebody who never heard of us reads all of it while nothing of ours runs.
    let mut events = daemon.events_as_json().await;
    daemon.kill9().await;
    let mut told = console_consumer(&topic.brokers, &topic.name).await;
    told.sort_unstable();
    events.sort_unstable();
    let counts = format!("{} lines in the topic, {} in the journal", told.len(), events.len());
    assert_eq!(told.len(), events.len(), "{counts}");
    for (told, event) in told.iter().zip(&events) {
        assert_eq!(told, event, "{counts}");
    }
}

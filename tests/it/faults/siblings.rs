//! Two daemons on one database, and everybody writes to the same incidents through both.

use std::time::Duration;

use futures_util::future::join_all;
use watchfire_tests::programs::number;
use watchfire_tests::{Daemon, Engine, bounded};

use super::Campaign;
use super::audit::verify;
use super::follower::Follower;
use super::ledger::Ledger;
use super::workload::{WRITERS, Workload};

/// Any daemon's writes are on every stream within a second; the rest is for a busy machine.
const LATEST: Duration = Duration::from_secs(3);

#[tokio::test]
async fn two_daemons_tell_one_story() {
    bounded(story()).await;
}

async fn story() {
    let writes = number("WATCHFIRE_WRITES").unwrap_or(400);
    let campaign = Campaign::begin();
    let one = Daemon::start(Engine::Postgres).await;
    let other = one.sibling().await;
    let apis = [one.as_responder().await, other.as_responder().await];
    let followers = [Follower::default(), Follower::default()];
    let story = async {
        let ledger = Ledger::new();
        let workload = Workload::prepare(&ledger, &apis[0]).await;
        let over = || ledger.book().acknowledged.len() >= writes;
        let writers = (0..WRITERS).zip(apis.iter().cycle());
        let writers =
            writers.map(|(writer, api)| workload.write_on(api, campaign.chance(writer), over));
        for end in join_all(writers).await {
            assert!(end.is_none(), "a writer was refused: {end:?}");
        }
        let stored = verify(&one, &apis[0], &ledger).await;
        verify(&other, &apis[1], &ledger).await;
        let journal = stored.journal().unwrap();
        for follower in &followers {
            follower.has_seen(&journal, LATEST).await;
            assert_eq!(follower.connections(), 1, "a stream was cut");
            let latency = follower.slowest();
            assert!(latency <= LATEST, "an event was told {latency:?} after it happened");
            println!("{} events, the slowest told after {latency:?}", journal.len());
        }
    };
    tokio::select! {
        never = followers[0].follow(&apis[0]) => match never {},
        never = followers[1].follow(&apis[1]) => match never {},
        () = story => {}
    }
}

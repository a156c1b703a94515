//! The daemon is killed in the middle of a burst of writes, again and again.

use std::time::Duration;

use futures_util::future::join_all;
use rand::RngExt;
use watchfire_tests::programs::number;
use watchfire_tests::{Daemon, Engine, both_engines};

use super::Campaign;
use super::audit::verify;
use super::follower::Follower;
use super::ledger::{Ledger, Outcome};
use super::workload::{WRITERS, Workload};

both_engines! {
    async fn a_daemon_killed_in_a_burst_of_writes_keeps_its_word(engine: Engine) {
        campaign(engine).await;
    }
}

async fn campaign(engine: Engine) {
    let kills = number("WATCHFIRE_KILLS").unwrap_or(3);
    let campaign = Campaign::begin();
    let mut daemon = Daemon::start(engine).await;
    let api = daemon.as_responder().await;
    let follower = Follower::default();
    let story = async {
        let ledger = Ledger::new();
        let workload = Workload::prepare(&ledger, &api).await;
        for kill in 0..kills {
            burst(&campaign, kill, &mut daemon, &ledger, &workload).await;
            daemon.restart().await;
            // Whole or not at all before anybody asks again, once and only once after.
            verify(&daemon, &api, &ledger).await;
            ledger.settle(&api, usize::MAX).await;
        }
        let stored = verify(&daemon, &api, &ledger).await;
        let journal = stored.journal().unwrap();
        follower.has_seen(&journal, Duration::from_secs(10)).await;
        let writes = ledger.book().acknowledged.len();
        println!("{kills} kills, {writes} writes acknowledged, {} events", journal.len());
    };
    tokio::select! {
        never = follower.follow(&api) => match never {},
        () = story => {}
    }
    assert!(follower.connections() > kills, "the stream did not survive each kill");
}

/// All write until the daemon is gone; it is killed after a few more acknowledgements, a random
/// moment later.
async fn burst(
    campaign: &Campaign,
    kill: usize,
    daemon: &mut Daemon,
    ledger: &Ledger,
    workload: &Workload<'_>,
) {
    let part = u64::try_from(kill).unwrap() * (WRITERS + 1);
    let api = daemon.as_responder().await;
    let writers = (1..=WRITERS).map(|writer| {
        let chance = campaign.chance(part + writer);
        workload.write_on(&api, chance, || false)
    });
    let mut chance = campaign.chance(part);
    let strike = async {
        ledger.acknowledged(chance.random_range(10..120)).await;
        tokio::time::sleep(Duration::from_micros(chance.random_range(0..5_000))).await;
        daemon.kill9().await;
    };
    let (ends, ()) = tokio::join!(join_all(writers), strike);
    for end in ends {
        assert!(matches!(end, Some(Outcome::Cut)), "a writer was answered: {end:?}");
    }
}

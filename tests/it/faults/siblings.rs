//! Two daemons on one database, and everybody writes to the same incidents through both.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::join_all;
use rand::RngExt;
use tokio::time::Instant;
use watchfire_tests::programs::number;
use watchfire_tests::{Daemon, Engine, bounded};

use super::Campaign;
use super::audit::verify;
use super::follower::Follower;
use super::ledger::{Ledger, Outcome};
use super::publish::stop_time;
use super::workload::{WRITERS, Workload};

/// A process that positions events and falls silent is ended after this time.
const LEASE: Duration = Duration::from_secs(6);
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

/// A poll each second would need eight seconds for these; who is woken needs none of it.
#[tokio::test]
async fn a_change_through_one_daemon_wakes_the_screens_of_the_other() {
    bounded(async {
        let one = Daemon::start(Engine::Postgres).await;
        let other = one.sibling().await;
        let (writer, reader) = (one.as_responder().await, other.as_responder().await);
        let mut stream = reader.stream(None).await;
        stream.hello(LATEST).await;
        let begun = Instant::now();
        for n in 0..16 {
            let incident = writer.create(&format!("Number {n}")).await;
            stream.next_about(incident.id, LATEST).await;
        }
        let took = begun.elapsed();
        println!("16 changes, each seen by the other before the next: {took:?}");
        assert!(took < Duration::from_secs(5), "{took:?}");
    })
    .await;
}

#[tokio::test]
async fn a_daemon_that_is_stopped_holds_up_the_others_for_no_longer_than_its_lease() {
    bounded(Box::pin(stopped())).await;
}

async fn stopped() {
    let campaign = Campaign::begin();
    let first = &Daemon::start(Engine::Postgres).await;
    let second = first.sibling().await;
    let apis = [first.as_responder().await, second.as_responder().await];
    let ledger = Ledger::new();
    let workload = Workload::prepare(&ledger, &apis[0]).await;
    let mut slowest = Duration::ZERO;
    for round in 0..number("WATCHFIRE_STOPS").unwrap_or(2) {
        let part = u64::try_from(round).unwrap() * (WRITERS + 1);
        let (victim, other) = if round % 2 == 0 { (first, &apis[1]) } else { (&second, &apis[0]) };
        let over = Cell::new(false);
        let writers = (1..=WRITERS).zip(apis.iter().cycle()).map(|(writer, api)| {
            workload.write_on(api, campaign.chance(part + writer), || over.get())
        });
        let mut chance = campaign.chance(part);
        let strike = async {
            ledger.acknowledged(chance.random_range(10..120)).await;
            let mut stream = other.stream(None).await;
            stream.hello(LEASE).await;
            victim.sigstop();
            let stopped = Instant::now();
            let incident = workload.open(other).await;
            stream.next_about(incident, LEASE + LATEST).await;
            let took = stopped.elapsed();
            tokio::time::sleep_until(stopped + stop_time()).await;
            victim.sigcont();
            over.set(true);
            took
        };
        let (ends, took) = tokio::join!(join_all(writers), strike);
        slowest = slowest.max(took);
        for end in ends {
            assert!(matches!(end, None | Some(Outcome::Unavailable(_))), "{end:?}");
        }
        ledger.settle(other, usize::MAX).await;
    }
    println!("told after {slowest:?} at most while another daemon was stopped");
    verify(first, &apis[0], &ledger).await;
    verify(&second, &apis[1], &ledger).await;
}

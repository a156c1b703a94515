//! Everything between a writer and an effect is killed: a daemon, the one that publishes, a worker,
//! the broker. Nothing is lost, nothing is made up, and every effect happens once.

use std::cell::Cell;

use futures_util::future::join_all;
use rand::RngExt;
use rand::rngs::StdRng;
use watchfire_shared::outbox::OutboxStatus;
use watchfire_tests::kafka::Topic;
use watchfire_tests::programs::number;
use watchfire_tests::{Api, Broker, Daemon, Engine, Worker, bounded, eventually};

use super::Campaign;
use super::audit::verify;
use super::effects::exactly_once;
use super::ledger::{Ledger, Outcome};
use super::publish::tells_everything;
use super::workload::{WRITERS, Workload};

#[derive(Debug, Clone, Copy)]
enum Victim {
    Follower,
    Leader,
    Worker,
    Broker,
}

const VICTIMS: [Victim; 4] = [Victim::Follower, Victim::Leader, Victim::Worker, Victim::Broker];

/// Two daemons, two workers, one broker.
struct Pipeline {
    broker: Broker,
    topic: Topic,
    daemons: Vec<Daemon>,
    workers: Vec<Worker>,
}

impl Pipeline {
    async fn start() -> Self {
        let broker = Broker::start().await;
        let topic = Topic::on(broker.address());
        let setup = Daemon::setup(Engine::Postgres).publishing_to(&topic);
        let one = setup.env("WATCHFIRE_ASSESS_AFTER_SECONDS", "1").start().await;
        let workers = vec![one.worker().await, one.worker().await];
        let daemons = vec![one.sibling().await, one];
        Self { broker, topic, daemons, workers }
    }

    async fn apis(&self) -> Vec<Api> {
        join_all(self.daemons.iter().map(Daemon::as_responder)).await
    }

    /// Which daemon publishes, once one does.
    async fn leader(&self, api: &Api) -> usize {
        eventually(async || {
            let outbox: OutboxStatus = api.read("/v1/admin/outbox").await.ok();
            let leader = outbox.leader?;
            let pid = |daemon: &Daemon| format!(":{}", daemon.pid());
            self.daemons.iter().position(|daemon| leader.ends_with(&pid(daemon)))
        })
        .await
    }

    async fn kill(&mut self, victim: Victim, api: &Api, chance: &mut StdRng) {
        match victim {
            Victim::Follower | Victim::Leader => {
                let leader = self.leader(api).await;
                let follower = (leader + 1) % self.daemons.len();
                let at = if matches!(victim, Victim::Leader) { leader } else { follower };
                self.daemons[at].kill9().await;
            }
            Victim::Worker => {
                let at = chance.random_range(0..self.workers.len());
                self.workers.swap_remove(at).kill9().await;
            }
            Victim::Broker => self.broker.kill9().await,
        }
    }

    /// Starts what was killed.
    async fn mend(&mut self) {
        for daemon in self.daemons.iter_mut().filter(|daemon| !daemon.runs()) {
            daemon.restart().await;
        }
        if !self.broker.runs() {
            self.broker.restart().await;
        }
        if self.workers.len() < 2 {
            self.workers.push(self.daemons[0].worker().await);
        }
    }
}

#[tokio::test]
async fn whatever_is_killed_every_fact_is_handled_once() {
    bounded(Box::pin(killed())).await;
}

async fn killed() {
    let kills: usize = number("WATCHFIRE_PIPELINE_KILLS").unwrap_or(1);
    let campaign = Campaign::begin();
    let mut pipeline = Pipeline::start().await;
    let ledger = Ledger::new();
    let apis = pipeline.apis().await;
    let workload = Workload::prepare(&ledger, &apis[0]).await;
    for (round, victim) in VICTIMS.iter().cycle().take(VICTIMS.len() * kills).enumerate() {
        let part = u64::try_from(round).unwrap() * (WRITERS + 1);
        let mut chance = campaign.chance(part);
        let over = Cell::new(false);
        let writers = (1..=WRITERS).zip(apis.iter().cycle()).map(|(writer, api)| {
            workload.write_on(api, campaign.chance(part + writer), || over.get())
        });
        let strike = async {
            ledger.acknowledged(chance.random_range(10..120)).await;
            pipeline.kill(*victim, &apis[0], &mut chance).await;
            if matches!(victim, Victim::Worker | Victim::Broker) {
                // The writers notice nothing.
                ledger.acknowledged(100).await;
            }
            over.set(true);
        };
        let (ends, ()) = tokio::join!(join_all(writers), strike);
        for end in ends {
            assert!(matches!(end, None | Some(Outcome::Cut)), "{victim:?}: {end:?}");
        }
        pipeline.mend().await;
        ledger.settle(&apis[0], usize::MAX).await;
    }
    let daemon = &pipeline.daemons[0];
    daemon.quiet().await;
    tells_everything(&pipeline.topic, daemon, &ledger).await;
    exactly_once(daemon, &apis[0]).await;
    verify(&pipeline.daemons[1], &apis[1], &ledger).await;
}

//! What no failure may break: an acknowledged write, the numbers of events, the order of the
//! journal. Each campaign does real work against a real daemon, breaks something at random moments,
//! and has one checker ([`audit`]) compare what was answered with what is stored.
//!
//! Small by default. `WATCHFIRE_KILLS=20`, `WATCHFIRE_CUTS=20000`, `WATCHFIRE_FILLS=20`,
//! `WATCHFIRE_FREEZES=5`, `WATCHFIRE_PUBLISHER_KILLS=20`, `WATCHFIRE_PUBLISHER_STOPS=20`, `WATCHFIRE_STOPS=20`, `WATCHFIRE_STOP_SECONDS=15`, `WATCHFIRE_WRITES=4000`,
//! `WATCHFIRE_INCIDENTS=100`, `WATCHFIRE_PIPELINE_KILLS=10`, `WATCHFIRE_SCHEDULES=1000`, `WATCHFIRE_AWAY_SECONDS=60` and
//! `WATCHFIRE_CHURN_SECONDS=180` make the campaigns long (give them time with
//! `WATCHFIRE_TEST_SECONDS`), `WATCHFIRE_SEED` repeats the choices of one that failed.

mod audit;
mod away;
mod checker;
mod churn;
mod cut;
mod effects;
mod follower;
mod full_disk;
mod kill;
mod ledger;
mod order;
mod outage;
mod pipeline;
mod publish;
mod siblings;
mod stored;
mod workload;

use rand::SeedableRng;
use rand::rngs::StdRng;
use watchfire_tests::programs::number;

/// Where a campaign's chance comes from; when its test fails, it says how to repeat it.
pub struct Campaign {
    seed: u64,
}

impl Campaign {
    pub fn begin() -> Self {
        Self { seed: number("WATCHFIRE_SEED").unwrap_or_else(rand::random) }
    }

    /// Chance for one part of the campaign, whatever the other parts do.
    pub fn chance(&self, part: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed.wrapping_add(part))
    }
}

impl Drop for Campaign {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the campaign's choices are repeated by WATCHFIRE_SEED={}", self.seed);
        }
    }
}

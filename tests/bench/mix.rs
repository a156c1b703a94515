//! What people do in a storm: many reads of a few incidents, some of the others, and writes between.
//! With the cache, beside the same without one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use watchfire_shared::cache::{CacheStats, CacheType};
use watchfire_tests::{Api, Engine};

use crate::load::{Connection, request};
use crate::measure::{Measured, Plan, Result};
use crate::scene::Scene;

const INCIDENTS: usize = 2_000;
const CONNECTIONS: usize = 32;
/// Of a hundred requests; the others read one incident.
const WRITES: u32 = 5;
/// How much more the first is asked for than the others: the n-th is asked for 1/n^SKEW as often.
const SKEW: f64 = 1.0;

/// What a figure is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Requests a second.
    Rate,
    /// Of a hundred lookups of an incident.
    HitRate,
    /// Milliseconds of a read, below which so many of a hundred are.
    Read(usize),
    /// Milliseconds of a lookup in the cache itself, p95.
    Lookup,
}

/// A daemon with incidents, and every request there is to send.
struct Stage {
    scene: Scene,
    reads: Arc<[Arc<[u8]>]>,
    writes: Arc<[Arc<[u8]>]>,
    /// Sums of the shares, up to each incident.
    shares: Arc<[f64]>,
}

/// The mix on PostgreSQL and Redis, beside the same on PostgreSQL alone.
pub async fn beside_no_cache(plan: Plan, of: Of) -> Result<Measured> {
    let with = Stage::set(Scene::cached(Engine::Postgres).await?).await?;
    let without = Stage::set(Scene::start(Engine::Postgres).await?).await?;
    let time = Duration::from_secs(plan.seconds.into());
    with.run(time).await?;
    let note = format!(
        "{INCIDENTS} incidents, Zipf {SKEW}, {WRITES} % comments, {CONNECTIONS} connections; beside \
         the same without Redis"
    );
    match of {
        Of::HitRate => {
            let ours = async || with.hit_rate(time).await;
            plan.paired("%", format!("{note}: the goal of 90"), ours, async || Ok(90.0)).await
        }
        Of::Lookup => {
            let note = format!("{note}: the goal of 1 ms. Less is better");
            let ours = async || {
                with.run(time).await?;
                Ok(with.stats().await.windows["now"].lookup.p95)
            };
            plan.paired("ms", note, ours, async || Ok(1.0)).await
        }
        Of::Rate => {
            let rate = async |stage: &Stage| Ok(stage.run(time).await?.0);
            plan.paired("req/s", note, async || rate(&with).await, async || rate(&without).await)
                .await
        }
        Of::Read(percentile) => {
            let note = format!("{note}: p{percentile} of a read. Less is better");
            let read = async |stage: &Stage| {
                let (_, mut took) = stage.run(time).await?;
                took.sort_by(f64::total_cmp);
                let place = took.len() * percentile / 100;
                took.get(place).copied().ok_or_else(|| "nothing was read".into())
            };
            plan.paired("ms", note, async || read(&with).await, async || read(&without).await).await
        }
    }
}

impl Stage {
    async fn set(scene: Scene) -> Result<Self> {
        let ids = scene.incidents(INCIDENTS).await?;
        let comment = r#"{"body": "Rolling back."}"#;
        let reads = ids.iter().map(|id| scene.get(&format!("/v1/incidents/{id}"))).collect();
        let write = |id: &String| {
            request("POST", &format!("/v1/incidents/{id}/comments"), &scene.token, Some(comment))
        };
        let writes = ids.iter().map(write).collect();
        let mut sum = 0.0;
        let mut shares = Vec::with_capacity(INCIDENTS);
        for place in 1..=INCIDENTS {
            #[expect(clippy::cast_precision_loss, reason = "a few thousand are exact")]
            let share = (place as f64).powf(-SKEW);
            sum += share;
            shares.push(sum);
        }
        Ok(Self { scene, reads, writes, shares: shares.into() })
    }

    async fn stats(&self) -> CacheStats {
        let api = Api::new(self.scene.daemon.url(), Some(self.scene.token.clone()));
        api.read("/v1/admin/cache-stats").await.ok()
    }

    async fn hit_rate(&self, time: Duration) -> Result<f64> {
        let of = |stats: &CacheStats| {
            let counts = &stats.by_type[&CacheType::Incident].counts;
            (counts.hits, counts.misses)
        };
        let (hits, misses) = of(&self.stats().await);
        self.run(time).await?;
        let (later_hits, later_misses) = of(&self.stats().await);
        Ok(100.0 * watchfire_shared::cache::rate(later_hits - hits, later_misses - misses))
    }

    /// Requests a second, and the milliseconds of every read.
    async fn run(&self, time: Duration) -> Result<(f64, Vec<f64>)> {
        let mut running = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (reads, writes, shares) =
                (self.reads.clone(), self.writes.clone(), self.shares.clone());
            let address = self.scene.address;
            running.spawn(async move {
                let mut connection = Connection::open(address).await?;
                let mut chance: StdRng = rand::make_rng();
                let (end, mut sent, mut took) = (Instant::now() + time, 0_u32, Vec::new());
                while Instant::now() < end {
                    let at = shares.last().copied().unwrap_or(0.0) * chance.random::<f64>();
                    let place = shares.partition_point(|share| *share < at).min(INCIDENTS - 1);
                    let begun = Instant::now();
                    if chance.random_ratio(WRITES, 100) {
                        expect(201, connection.ask(&writes[place]).await?.0)?;
                    } else {
                        expect(200, connection.ask(&reads[place]).await?.0)?;
                        took.push(begun.elapsed().as_secs_f64() * 1000.0);
                    }
                    sent += 1;
                }
                Ok::<_, crate::measure::Error>((sent, took))
            });
        }
        let (mut sent, mut took) = (0.0, Vec::new());
        while let Some(ended) = running.join_next().await {
            let (own, reads) = ended??;
            sent += f64::from(own);
            took.extend(reads);
        }
        Ok((sent / time.as_secs_f64(), took))
    }
}

fn expect(expected: u16, status: u16) -> Result<()> {
    if status == expected {
        return Ok(());
    }
    Err(format!("an answer with status {status} came where {expected} was to come").into())
}

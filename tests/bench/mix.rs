//! What people do in a storm: many reads of a few incidents, some of the others, and writes between.
//! With the cache, beside the same without one.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use watchfire_shared::cache::{CacheStats, CacheType};
use watchfire_tests::{Api, Engine};

use crate::load::{Connection, request};
use crate::measure::{Measured, Plan, Result, quantile};
use crate::scene::{Scene, incident};

const INCIDENTS: usize = 2_000;
/// As many as are in a storm at once.
pub const STORM: usize = 32;
/// Of a hundred requests; the others read.
const WRITES: u32 = 5;
/// How much more the first is asked for than the others: the n-th is asked for 1/n^SKEW as often.
const SKEW: f64 = 1.0;
/// Of a log batch.
const LINES: usize = 100;
/// Pages that people look at: all, and what they filter for.
const PAGES: [&str; 8] = [
    "",
    "&status=open",
    "&priority=high",
    "&service=checkout",
    "&status=open&priority=high",
    "&sort=updated",
    "&status=open&sort=priority",
    "&priority=critical",
];

/// What a figure is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Requests a second.
    Rate,
    /// Of a hundred lookups of what is read.
    HitRate(Reads, Writes),
    /// Milliseconds of a read, below which so many of a hundred are.
    Read(usize),
    /// Milliseconds of a lookup in the cache itself, p95, with so many connections.
    Lookup(usize),
}

/// What the reads of a mix are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    Incidents,
    Pages,
}

/// What the writes of a mix do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    Comments,
    /// Each of which every page has to hear of.
    Incidents,
    LogBatches,
}

/// A daemon with incidents, and every request there is to send.
struct Stage {
    scene: Scene,
    what: Reads,
    reads: Arc<[Arc<[u8]>]>,
    writes: Arc<[Arc<[u8]>]>,
    /// Sums of the shares, up to each incident.
    shares: Arc<[f64]>,
}

/// What came of a while of it.
#[derive(Default)]
struct Run {
    sent: usize,
    /// Milliseconds of every read.
    took: Vec<f64>,
}

/// What a cache would have that forgets exactly what is written and has room and time without end.
#[derive(Default)]
struct Ideal {
    has: HashSet<usize>,
    reads: u64,
    hits: u64,
}

/// The mix on PostgreSQL and Redis, beside the same on PostgreSQL alone.
pub async fn beside_no_cache(plan: Plan, of: Of) -> Result<Measured> {
    let (reads, writes) = match of {
        Of::HitRate(reads, writes) => (reads, writes),
        _ => (Reads::Incidents, Writes::Comments),
    };
    let with = Stage::set(Scene::cached(Engine::Postgres).await?, reads, writes).await?;
    let time = Duration::from_secs(plan.seconds.into());
    let connections = if let Of::Lookup(connections) = of { connections } else { STORM };
    let ideal = Arc::default();
    with.run_beside(time, connections, &ideal).await?;
    let note = format!(
        "{INCIDENTS} incidents, Zipf {SKEW}, reads of {reads:?}, {WRITES} % {writes:?}, \
         {connections} connections"
    );
    if let Of::Lookup(_) = of {
        let note = format!("{note}; the goal of 1 ms. Less is better");
        let ours = async || {
            with.run(time, connections).await?;
            Ok(with.stats().await.windows["now"].lookup.p95)
        };
        return plan.paired("ms", note, ours, async || Ok(1.0)).await;
    }
    if let Of::HitRate(..) = of {
        return with.beside_ideal(plan, &note, &ideal).await;
    }
    let note = format!("{note}; beside the same without Redis");
    let without = Stage::set(Scene::start(Engine::Postgres).await?, reads, writes).await?;
    let (unit, note) = match of {
        Of::Read(percentile) => ("ms", format!("{note}: p{percentile} of a read. Less is better")),
        _ => ("req/s", note),
    };
    let take = async |stage: &Stage| {
        let run = stage.run(time, STORM).await?;
        match of {
            Of::Read(percentile) => Ok(quantile(run.took, percentile)),
            _ => Ok(f64::from(u32::try_from(run.sent)?) / time.as_secs_f64()),
        }
    };
    plan.paired(unit, note, async || take(&with).await, async || take(&without).await).await
}

impl Ideal {
    /// What it has it keeps.
    fn count_anew(&mut self) {
        (self.reads, self.hits) = (0, 0);
    }

    fn read(&mut self, at: usize) {
        self.reads += 1;
        self.hits += u64::from(!self.has.insert(at));
    }

    /// Every page may change with a new incident.
    fn write(&mut self, at: usize, reads: Reads) {
        match reads {
            Reads::Incidents => drop(self.has.remove(&at)),
            Reads::Pages => self.has.clear(),
        }
    }
}

impl Stage {
    async fn set(scene: Scene, what: Reads, writes: Writes) -> Result<Self> {
        let ids = scene.incidents(INCIDENTS).await?;
        let line = r#"{"message": "timeout after 4003 ms", "level": "error"}"#;
        let (end, body) = match writes {
            Writes::Comments => ("/{id}/comments", r#"{"body": "Rolling back."}"#.to_owned()),
            Writes::LogBatches => ("/{id}/logs", format!("[{}]", vec![line; LINES].join(","))),
            Writes::Incidents => ("", incident().to_string()),
        };
        let reads = match what {
            Reads::Incidents => {
                ids.iter().map(|id| scene.get(&format!("/v1/incidents/{id}"))).collect()
            }
            Reads::Pages => PAGES
                .iter()
                .map(|page| scene.get(&format!("/v1/incidents?limit=50{page}")))
                .collect(),
        };
        let write = |id: &String| {
            let path = format!("/v1/incidents{}", end.replace("{id}", id));
            request("POST", &path, &scene.token, Some(&body))
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
        Ok(Self { scene, what, reads, writes, shares: shares.into() })
    }

    async fn stats(&self) -> CacheStats {
        let api = Api::new(self.scene.daemon.url(), Some(self.scene.token.clone()));
        api.read("/v1/admin/cache-stats").await.ok()
    }

    /// The rate of hits beside the ideal's, of the same requests.
    async fn beside_ideal(
        &self,
        plan: Plan,
        note: &str,
        ideal: &Arc<Mutex<Ideal>>,
    ) -> Result<Measured> {
        let kind = match self.what {
            Reads::Incidents => CacheType::Incident,
            Reads::Pages => CacheType::IncidentList,
        };
        let of = |stats: &CacheStats| {
            let counts = &stats.by_type[&kind].counts;
            (counts.hits, counts.misses)
        };
        let mut rates = Vec::new();
        let time = Duration::from_secs(plan.seconds.into());
        for _ in 0..plan.pairs {
            let (hits, misses) = of(&self.stats().await);
            ideal.lock().unwrap_or_else(PoisonError::into_inner).count_anew();
            self.run_beside(time, STORM, ideal).await?;
            let (later_hits, later_misses) = of(&self.stats().await);
            let rate = watchfire_shared::cache::rate(later_hits - hits, later_misses - misses);
            let ideal = ideal.lock().unwrap_or_else(PoisonError::into_inner);
            let best = watchfire_shared::cache::rate(ideal.hits, ideal.reads - ideal.hits);
            rates.push((rate, best));
        }
        let note = format!("{note}; beside a cache that forgets nothing too much; the goal is 90");
        let (mut ours, mut best) = (rates.iter(), rates.iter());
        let none = || "nothing was read".into();
        let ours = async || ours.next().map(|(rate, _)| 100.0 * rate).ok_or_else(none);
        let best = async || best.next().map(|(_, best)| 100.0 * best).ok_or_else(none);
        plan.paired("%", note, ours, best).await
    }

    async fn run(&self, time: Duration, connections: usize) -> Result<Run> {
        self.run_beside(time, connections, &Arc::default()).await
    }

    async fn run_beside(
        &self,
        time: Duration,
        connections: usize,
        ideal: &Arc<Mutex<Ideal>>,
    ) -> Result<Run> {
        let mut running = JoinSet::new();
        for _ in 0..connections {
            running.spawn(self.client(time, ideal.clone()));
        }
        let mut whole = Run::default();
        while let Some(ended) = running.join_next().await {
            let own = ended??;
            whole.sent += own.sent;
            whole.took.extend(own.took);
        }
        Ok(whole)
    }

    /// One who reads and writes for a while.
    fn client(
        &self,
        time: Duration,
        ideal: Arc<Mutex<Ideal>>,
    ) -> impl Future<Output = Result<Run>> + Send + use<> {
        let (reads, writes, shares) =
            (self.reads.clone(), self.writes.clone(), self.shares.clone());
        let (address, what) = (self.scene.address, self.what);
        async move {
            let mut connection = Connection::open(address).await?;
            let mut chance: StdRng = rand::make_rng();
            let (end, mut run) = (Instant::now() + time, Run::default());
            while Instant::now() < end {
                let at = shares.last().copied().unwrap_or(0.0) * chance.random::<f64>();
                let place = shares.partition_point(|share| *share < at).min(INCIDENTS - 1);
                let begun = Instant::now();
                if chance.random_ratio(WRITES, 100) {
                    ideal.lock().unwrap_or_else(PoisonError::into_inner).write(place, what);
                    expect(201, connection.ask(&writes[place]).await?.0)?;
                } else {
                    let place = place % reads.len();
                    ideal.lock().unwrap_or_else(PoisonError::into_inner).read(place);
                    expect(200, connection.ask(&reads[place]).await?.0)?;
                    run.took.push(begun.elapsed().as_secs_f64() * 1000.0);
                }
                run.sent += 1;
            }
            Ok(run)
        }
    }
}

fn expect(expected: u16, status: u16) -> Result<()> {
    if status == expected {
        return Ok(());
    }
    Err(format!("an answer with status {status} came where {expected} was to come").into())
}

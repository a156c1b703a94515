//! What a demonstration measures, on an incident that is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, FutureExt, try_join_all};
use tokio::task::yield_now;
use tokio::time::sleep;
use watchfire_shared::cache::CacheDemo;
use watchfire_shared::cache::demo::{
    Burst, Connections, Level, Series, Staleness, Step, Strategy, Walked,
};
use watchfire_shared::ids::{IncidentId, IncidentRef};
use watchfire_shared::incident::NewComment;
use watchfire_shared::problem::Code;

use super::super::incidents::sheet;
use super::super::{Caller, Error, Result, Service};
use super::KEPT;
use crate::cache::key::{self, Guard};
use crate::cache::{Cache, Plain, Sheet};
use crate::store::{StoreError, incidents, installation, probe};

/// At once, of one incident.
const READS: usize = 200;
/// Somebody whose list shows the incident may read it first: then a burst is measured anew.
const ATTEMPTS: usize = 5;
/// Between two looks whether a write is seen.
const GLANCE: Duration = Duration::from_millis(5);
/// Writes, each read as soon as it is acknowledged.
const WRITES: u64 = 10;
const OPERATIONS: u64 = 50;
const LOOKS: u64 = 100;
/// A series that takes longer ends with what it has.
const SERIES: Duration = Duration::from_secs(2);

/// What is measured on.
pub struct Stage {
    pub service: Service,
    /// That of the service, for reads that count into none of its figures.
    pub cache: Cache,
    pub caller: Caller,
    pub incident: IncidentId,
    pub kept: Arc<Plain<Sheet>>,
    pub brief: Arc<Plain<Sheet>>,
    /// Reads of the database, counted where they are made.
    pub reads: Arc<AtomicU64>,
}

type Read = BoxFuture<'static, Result<Option<Sheet>, StoreError>>;

impl Stage {
    pub async fn measure(self) -> Result<CacheDemo> {
        let begun = Instant::now();
        let mut bursts = Vec::new();
        for strategy in Strategy::ALL {
            bursts.push(self.burst(*strategy).await?);
        }
        Ok(CacheDemo {
            cache: self.service.cache.kind().to_owned(),
            database: self.service.db.kind().to_owned(),
            bursts,
            walk: self.walk().await?,
            staleness: vec![self.stale_until_its_time().await?, self.stale_never().await?],
            connections: self.connections().await?,
            hierarchy: self.hierarchy().await?,
            took_ms: ms(begun.elapsed()),
        })
    }

    /// A read of the database, which counts itself.
    fn load(&self) -> impl Fn() -> Read + Send + Clone + 'static {
        let (db, id, reads) = (self.service.db.clone(), self.incident, self.reads.clone());
        move || {
            reads.fetch_add(1, Ordering::Relaxed);
            let db = db.clone();
            let read = async move {
                // Whoever comes at the same time has looked by then, however near the database is.
                yield_now().await;
                incidents::by_id(&db, id).await?.map(sheet).transpose()
            };
            read.boxed()
        }
    }

    fn database_reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    async fn moment(&self) -> Result<installation::Moment> {
        Ok(installation::moment(&self.service.db).await?)
    }

    /// As every request reads it that is let in at this moment.
    async fn read(&self, moment: &installation::Moment) -> Result<Arc<Sheet>> {
        let key = key::incident(self.incident);
        there(self.cache.read_through(&key, moment, None, self.load()).await?)
    }

    async fn burst(&self, strategy: Strategy) -> Result<Burst> {
        let mut burst = self.burst_once(strategy).await?;
        for _ in 1..ATTEMPTS {
            if burst.database_reads > 0 {
                break;
            }
            burst = self.burst_once(strategy).await?;
        }
        Ok(burst)
    }

    async fn burst_once(&self, strategy: Strategy) -> Result<Burst> {
        self.forget().await?;
        self.kept.remove().await;
        let (moment, before) = (self.moment().await?, self.database_reads());
        let begun = Instant::now();
        let one = async || {
            match strategy {
                Strategy::NoCache => drop(there(self.load()().await?.map(Arc::new))?),
                Strategy::CacheAside => drop(there(self.kept.read_through(self.load()).await?)?),
                Strategy::Watchfire => drop(self.read(&moment).await?),
            }
            Ok::<_, Error>(begun.elapsed())
        };
        let mut took = try_join_all((0..READS).map(|_| one())).await?;
        let wall = begun.elapsed();
        took.sort_unstable();
        Ok(Burst {
            strategy,
            reads: took.len() as u64,
            database_reads: self.database_reads() - before,
            wall_ms: ms(wall),
            p50_ms: ms(took[READS / 2]),
            p95_ms: ms(took[READS * 95 / 100]),
        })
    }

    /// As a write does, but without one.
    async fn forget(&self) -> Result<()> {
        Ok(self.service.cache.make_sure([Guard::Incident(self.incident)]).await?)
    }

    /// A comment; the version it made, once it is acknowledged.
    async fn write(&self) -> Result<i64> {
        let comment = NewComment { body: "Something was done.".to_owned() };
        let which = IncidentRef::Id(self.incident);
        Ok(self.service.comment(&self.caller, which, comment).await?.version)
    }

    async fn walk(&self) -> Result<Vec<Walked>> {
        self.forget().await?;
        let mut walk = Vec::new();
        for step in Step::ALL {
            let (moment, before) = (self.moment().await?, self.database_reads());
            let begun = Instant::now();
            let version = match step {
                Step::Write => self.write().await?,
                Step::FirstRead | Step::SecondRead | Step::ReadAfterWrite => {
                    self.read(&moment).await?.version
                }
            };
            let took_ms = ms(begun.elapsed());
            let database_reads = self.database_reads() - before;
            walk.push(Walked { step: *step, version, database_reads, took_ms });
        }
        Ok(walk)
    }

    /// Plain cache-aside: how long a write is not seen by those who read.
    async fn stale_until_its_time(&self) -> Result<Staleness> {
        there(self.brief.read_through(self.load()).await?)?;
        let written = self.write().await?;
        let acknowledged = Instant::now();
        let (mut reads, mut stale_ms, mut first_read) = (0, 0.0, None);
        loop {
            let begun = Instant::now();
            let read = there(self.brief.read_through(self.load()).await?)?;
            reads += 1;
            first_read.get_or_insert(begun.elapsed());
            if read.version >= written {
                break;
            }
            stale_ms = ms(acknowledged.elapsed());
            sleep(GLANCE).await;
        }
        Ok(Staleness {
            strategy: Strategy::CacheAside,
            writes: 1,
            reads,
            stale_reads: reads - 1,
            stale_ms,
            first_read_ms: ms(first_read.unwrap_or_default()),
        })
    }

    /// Ours: each write is read as soon as it is acknowledged.
    async fn stale_never(&self) -> Result<Staleness> {
        let (mut stale_reads, mut stale_ms, mut took) = (0, 0.0, Vec::new());
        for _ in 0..WRITES {
            self.read(&self.moment().await?).await?;
            let written = self.write().await?;
            let acknowledged = Instant::now();
            let moment = self.moment().await?;
            let begun = Instant::now();
            let read = self.read(&moment).await?;
            took.push(begun.elapsed());
            if read.version < written {
                stale_reads += 1;
                stale_ms = ms(acknowledged.elapsed()).max(stale_ms);
            }
        }
        Ok(Staleness {
            strategy: Strategy::Watchfire,
            writes: WRITES,
            reads: WRITES,
            stale_reads,
            stale_ms,
            first_read_ms: series(took).median_ms,
        })
    }

    async fn connections(&self) -> Result<Vec<Connections>> {
        let db = &self.service.db;
        let mut all = vec![Connections {
            to: db.kind().to_owned(),
            pooled: repeat(OPERATIONS, async || Ok(probe::ask(db).await?)).await?,
            unpooled: repeat(OPERATIONS, async || Ok(probe::ask_unpooled(db).await?)).await?,
        }];
        if self.kept.is_remote() {
            let unpooled = async || Ok(self.kept.get_unpooled().await.map(drop)?);
            all.push(Connections {
                to: self.service.cache.kind().to_owned(),
                pooled: repeat(OPERATIONS, async || Ok(self.kept.get().await.map(drop)?)).await?,
                unpooled: repeat(OPERATIONS, unpooled).await?,
            });
        }
        Ok(all)
    }

    /// From the nearest to the farthest.
    async fn hierarchy(&self) -> Result<Vec<Level>> {
        let load = self.load();
        let value = there(load().await?.map(Arc::new))?;
        let near = Plain::in_process(KEPT);
        near.set(value.clone()).await?;
        let level = |place: &str, reads| Level { place: place.to_owned(), reads };
        let in_process = repeat(LOOKS, async || Ok(near.get().await.map(drop)?)).await?;
        let mut levels = vec![level("process", in_process)];
        if self.kept.is_remote() {
            self.kept.set(value).await?;
            let remote = repeat(LOOKS, async || Ok(self.kept.get().await.map(drop)?)).await?;
            levels.push(level(self.service.cache.kind(), remote));
        }
        let database = repeat(LOOKS, async || Ok(load().await.map(drop)?)).await?;
        levels.push(level(self.service.db.kind(), database));
        Ok(levels)
    }
}

/// One after another.
async fn repeat<Fut>(times: u64, one: impl Fn() -> Fut) -> Result<Series>
where
    Fut: Future<Output = Result<()>> + Send,
{
    let (begun, mut took) = (Instant::now(), Vec::new());
    for _ in 0..times {
        let sent = Instant::now();
        one().await?;
        took.push(sent.elapsed());
        if begun.elapsed() > SERIES {
            break;
        }
    }
    Ok(series(took))
}

fn series(mut took: Vec<Duration>) -> Series {
    took.sort_unstable();
    let median = took.get(took.len() / 2).copied().unwrap_or_default();
    Series { operations: took.len() as u64, median_ms: ms(median) }
}

/// It was removed under our hands.
fn there(found: Option<Arc<Sheet>>) -> Result<Arc<Sheet>> {
    found.ok_or_else(|| {
        Error::refused(
            Code::Conflict,
            "Somebody removed the incident of the demonstration while it ran; start it again.",
        )
    })
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

//! A Redis in trouble: readers notice nothing, writers are believed, and what the daemon says of
//! itself is what happened.
//!
//! `WATCHFIRE_FIGURES=1` also prints how long reads take meanwhile, beside a daemon without Redis.

use std::cell::Cell;
use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use tempfile::TempDir;
use tokio::time::{Instant, timeout};
use watchfire_shared::cache::{BreakerChange, BreakerState, CacheStats, Operation};
use watchfire_shared::health::{Health, HealthStatus};
use watchfire_shared::incident::{Incident, Status};
use watchfire_shared::stats::Counts;
use watchfire_tests::programs::number;
use watchfire_tests::{Api, Daemon, Engine, Link, Redis, bounded, eventually, until};

use super::stats;
use watchfire_tests::redis::settings;

/// Incidents, and who reads them all the time.
const INCIDENTS: usize = 8;
const READERS: usize = 4;
/// Lookups of one look at the counters, by each of three ways.
const LOOKS: u8 = 40;
/// After so long of a sound Redis there is a cache again.
const BACK: Duration = Duration::from_secs(10);
/// What a p99 is taken of, how many at once, and how often both daemons are compared.
const READS: usize = 2000;
const AT_ONCE: usize = 8;
const PAIRS: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// It is killed, and comes back empty.
    Stopped,
    /// Each answer takes half a second longer.
    Slow,
    Refusing,
    /// Nobody is at the other end, and nobody tells; the connections there were are lost for good.
    HalfOpen,
    /// It is not there when the daemon starts.
    Absent,
}

use Trouble::{Absent, HalfOpen, Refusing, Slow, Stopped};

#[tokio::test]
async fn a_redis_that_stops_is_no_trouble() {
    bounded(outage(Stopped)).await;
}

#[tokio::test]
async fn a_redis_that_is_slow_is_no_trouble() {
    bounded(outage(Slow)).await;
}

#[tokio::test]
async fn a_redis_that_refuses_is_no_trouble() {
    bounded(outage(Refusing)).await;
}

#[tokio::test]
async fn a_redis_at_a_half_open_connection_is_no_trouble() {
    bounded(outage(HalfOpen)).await;
}

#[tokio::test]
async fn a_redis_that_is_absent_at_the_start_is_no_trouble() {
    bounded(outage(Absent)).await;
}

async fn outage(trouble: Trouble) {
    let mut scene = Scene::before(trouble).await;
    if trouble != Absent {
        scene.readers.during(scene.readers.recover()).await;
    }
    scene.begin().await;
    scene.readers.during(scene.readers.endure(trouble)).await;
    if number("WATCHFIRE_FIGURES").unwrap_or(0) > 0 {
        scene.compare().await;
    }
    scene.end().await;
    scene.readers.during(scene.readers.recover()).await;
    let changes = stats(&scene.readers.api).await.breaker_changes;
    told_in_order(&changes);
}

struct Scene {
    trouble: Trouble,
    redis: Redis,
    link: Link,
    daemon: Daemon,
    readers: Readers,
    _settings: TempDir,
}

impl Scene {
    async fn before(trouble: Trouble) -> Self {
        let redis = Redis::start().await;
        let link = Link::to(redis.server()).await;
        if trouble == Absent {
            link.cut();
        }
        // A busy machine is not a slow Redis.
        let settings = settings("operation_timeout_ms = 250\n");
        let setup = Daemon::setup(Engine::Postgres).caching_in(&redis.url_through(link.address()));
        let setup = setup.env("XDG_CONFIG_HOME", settings.path().to_str().unwrap());
        let daemon = setup.start().await;
        let api = daemon.as_responder().await;
        let titles = (0..INCIDENTS).map(|n| format!("Number {n}"));
        let incidents = join_all(titles.map(async |title| {
            let incident = api.create(&title).await;
            let version = Cell::new(incident.version);
            (incident, version)
        }));
        let readers = Readers { incidents: incidents.await, acknowledged: Cell::new(0), api };
        Self { trouble, redis, link, daemon, readers, _settings: settings }
    }

    /// It begins, unless it was there at the start.
    async fn begin(&mut self) {
        match self.trouble {
            Stopped => self.redis.kill9().await,
            Slow => self.link.delay(Duration::from_millis(250)),
            Refusing => self.link.cut(),
            HalfOpen => self.link.freeze(),
            Absent => {}
        }
    }

    async fn end(&mut self) {
        match self.trouble {
            Stopped => self.redis.restart().await,
            Slow | Refusing | Absent => self.link.heal(),
            HalfOpen => {
                self.link.abandon();
                self.link.heal();
            }
        }
    }

    /// Reads beside those of a daemon that never had a Redis, in turn.
    async fn compare(&self) {
        let plain = self.daemon.sibling_with(&[("WATCHFIRE_REDIS_URL", "")]).await;
        let plain = plain.as_responder().await;
        let path = format!("/v1/incidents/{}", self.readers.incidents[0].0.id);
        let mut ratios = Vec::new();
        for pair in 0..=PAIRS {
            let alone = p99(&plain, &path).await;
            let open = p99(&self.readers.api, &path).await;
            println!("{:?}: p99 {open:?}, of the database alone {alone:?}", self.trouble);
            // The first pair warms up.
            if pair > 0 {
                ratios.push(open.as_secs_f64() / alone.as_secs_f64());
            }
        }
        ratios.sort_by(f64::total_cmp);
        println!("{:?}: {:.2} times as long, median", self.trouble, ratios[PAIRS / 2]);
        assert!(ratios[PAIRS / 2] <= 1.5, "{ratios:?}");
    }
}

async fn p99(api: &Api, path: &str) -> Duration {
    let read = async |_| {
        let sent = Instant::now();
        assert_eq!(api.read(path).await.status, 200);
        sent.elapsed()
    };
    let mut times: Vec<Duration> =
        stream::iter(0..READS).map(read).buffer_unordered(AT_ONCE).collect().await;
    times.sort_unstable();
    times[READS * 99 / 100]
}

/// Those who read all the time, and what is certain while they do.
struct Readers {
    api: Api,
    /// With the version that was acknowledged last.
    incidents: Vec<(Incident, Cell<i64>)>,
    /// How many nobody may call open any more.
    acknowledged: Cell<usize>,
}

impl Readers {
    /// Somebody reads as long as this goes on.
    async fn during(&self, story: impl Future<Output = ()>) {
        let always = join_all((0..READERS).map(|n| self.always(n)));
        tokio::select! {
            never = always => panic!("readers never end: {never:?}"),
            () = story => {}
        }
    }

    async fn always(&self, mut n: usize) -> Infallible {
        loop {
            self.read(n).await;
            n += 1;
        }
    }

    /// By id, a page and the counts: each is answered, and right.
    async fn read(&self, n: usize) {
        let (incident, _) = &self.incidents[n % INCIDENTS];
        let known: Vec<i64> = self.incidents.iter().map(|(_, version)| version.get()).collect();
        let acknowledged = self.acknowledged.get();
        let one = self.api.get(incident.id).await;
        let page = self.api.list("sort=reference").await.items;
        let counts: Counts = self.api.read("/v1/incidents/counts").await.ok();
        assert_eq!(page.len(), INCIDENTS);
        for read in page.iter().chain([&one]) {
            let at = self.incidents.iter().position(|(incident, _)| incident.id == read.id);
            let at = at.expect("there are no others");
            assert!(read.version >= known[at], "{read:?}, where {} was acknowledged", known[at]);
        }
        let counted = |status| {
            usize::try_from(counts.by_status.get(&status).copied().unwrap_or_default()).unwrap()
        };
        assert!(counted(Status::Investigating) >= acknowledged, "{counts:?}");
        assert_eq!(counted(Status::Open) + counted(Status::Investigating), INCIDENTS);
    }

    /// Acknowledges one that is open, which is seen at once.
    async fn write(&self) {
        let (incident, version) = &self.incidents[self.acknowledged.get()];
        version.set(self.api.acknowledge(incident.id).await.version);
        self.acknowledged.update(|number| number + 1);
        for n in 0..INCIDENTS {
            self.read(n).await;
        }
        assert_eq!(
            self.api.list("status=open").await.items.len(),
            INCIDENTS - self.acknowledged.get()
        );
    }

    async fn health(&self) -> Health {
        self.api.read("/v1/health").await.ok()
    }

    /// The counters before and after some reads.
    async fn look(&self) -> (CacheStats, CacheStats) {
        let before = stats(&self.api).await;
        for n in 0..LOOKS {
            self.read(n.into()).await;
        }
        (before, stats(&self.api).await)
    }

    /// The daemon notices the trouble, says so, and goes on without Redis.
    async fn endure(&self, trouble: Trouble) {
        // It may come before anybody has noticed anything.
        self.write().await;
        // Its figures may have been asked for just before.
        let given_up = |now: &CacheStats| !is_closed(now) && now.redis.is_none();
        until(async || given_up(&stats(&self.api).await)).await;
        let health = eventually(async || {
            let health = self.health().await;
            let parts = [&health.parts.cache, &health.parts.cache_integrity];
            parts.iter().all(|part| part.status == HealthStatus::Degraded).then_some(health)
        })
        .await;
        assert_eq!(health.status, HealthStatus::Degraded);
        self.write().await;
        let (before, after) = self.look().await;
        assert!(!is_closed(&after), "{:?}", after.breaker_changes);
        let lookups = |stats: &CacheStats| (stats.counts.hits, stats.counts.misses);
        assert_eq!(lookups(&before), lookups(&after), "a failure is neither hit nor miss");
        let failed = |stats: &CacheStats| stats.counts.errors[&Operation::Get];
        assert!(failed(&after) - failed(&before) >= u64::from(LOOKS) * 3, "{:?}", after.counts);
        assert!(
            after.windows["now"].counts.failed() >= u64::from(LOOKS) * 3,
            "{:?}",
            after.windows
        );
        assert_reason(trouble, &after.breaker_changes, health.parts.cache.reason.as_deref());
    }

    /// In time there is a sound cache, which answers nine in ten lookups at least.
    async fn recover(&self) {
        let recovered = eventually(async || {
            let (before, after) = self.look().await;
            let (before, counts) = (before.counts, &after.counts);
            let (hits, asked) = (counts.hits - before.hits, counts.total - before.total);
            let health = self.health().await.parts;
            let sound = [health.cache, health.cache_integrity]
                .iter()
                .all(|part| part.status == HealthStatus::Healthy && part.reason.is_none());
            (is_closed(&after) && sound && asked > 0 && hits * 10 >= asked * 9).then_some(())
        });
        timeout(BACK, recovered).await.expect("there is a cache again in time");
        self.write().await;
    }
}

fn is_closed(stats: &CacheStats) -> bool {
    stats.breaker == BreakerState::Closed
}

/// Why it opened is what was wrong; who asks for the health is told that, or why there is no connection.
fn assert_reason(trouble: Trouble, changes: &[BreakerChange], told: Option<&str>) {
    let reason = changes.iter().rev().find_map(|change| change.reason.as_deref());
    let reason = reason.expect("what opened it has a reason");
    let empty = |told: &str| told.contains("there is no connection");
    assert!(told.is_some_and(|told| told.contains(reason) || !empty(told)), "{told:?}");
    let silence = reason.contains("no answer");
    match trouble {
        // A connection that never answers is given up, maybe just before the breaker opens.
        Slow | HalfOpen => assert!(!reason.contains("refused"), "{reason:?}"),
        Stopped | Refusing | Absent => assert!(!silence, "{reason:?}"),
    }
}

/// Closed, open and closed again, each with its reason and after the one before.
fn told_in_order(changes: &[BreakerChange]) {
    use BreakerState::{Closed, HalfOpen, Off, Open};
    let states: Vec<BreakerState> = changes.iter().map(|change| change.state).collect();
    assert_eq!((states.first(), states.last()), (Some(&Closed), Some(&Closed)), "{changes:?}");
    assert!(states.contains(&Open), "{changes:?}");
    for pair in changes.windows(2) {
        let follows = match pair[0].state {
            Closed => pair[1].state == Open,
            Open => matches!(pair[1].state, HalfOpen | Closed),
            HalfOpen => matches!(pair[1].state, Open | Closed),
            Off => false,
        };
        assert!(follows && pair[0].at <= pair[1].at, "{changes:?}");
    }
    for change in changes {
        assert_eq!(change.reason.is_some(), change.state == Open, "{changes:?}");
    }
}

//! What holds in every cache, in process and in Redis: the same questions to both, and a database that
//! answers when it is told to.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;
use watchfire_daemon::cache::key::{self, Guard};
use watchfire_daemon::cache::{BreakerSettings, Cache, RedisSettings, Sheet};
use watchfire_daemon::clock;
use watchfire_daemon::store::installation::{self, Moment};
use watchfire_daemon::store::listing::{IdPage, Query};
use watchfire_daemon::store::{Db, Settings, StoreError};
use watchfire_shared::cache::{CacheCounts, CacheType};
use watchfire_shared::filter::Filter;
use watchfire_shared::ids::{IncidentId, JournalId};
use watchfire_shared::incident::Incident;
use watchfire_shared::page::{Sort, SortKey};
use watchfire_tests::{Redis, bounded, until};

/// No load of these is late.
const PATIENCE: Duration = Duration::from_secs(20);
const ID: IncidentId = IncidentId(Uuid::from_u128(7));

/// Each case as two tests, `name::in_process` and `name::in_redis`.
macro_rules! both_backends {
    ($($(#[$meta:meta])* async fn $name:ident($place:ident: &Place) $body:block)+) => {$(
        $(#[$meta])*
        async fn $name($place: &Place) $body

        mod $name {
            use super::*;

            #[tokio::test]
            async fn in_process() {
                bounded(async { super::$name(&Place::in_process().await).await }).await;
            }

            #[tokio::test]
            async fn in_redis() {
                bounded(async { super::$name(&Place::in_redis().await).await }).await;
            }
        }
    )+};
}

/// A cache, and what it stands on.
struct Place {
    cache: Cache,
    db: Db,
    redis: Option<Redis>,
    _folder: TempDir,
}

impl Place {
    async fn in_process() -> Self {
        let (db, folder) = database().await;
        let cache = Cache::memory(1 << 20).patient_for(PATIENCE);
        Self { cache, db, redis: None, _folder: folder }
    }

    async fn in_redis() -> Self {
        let (db, folder) = database().await;
        let redis = Redis::start().await;
        let settings = RedisSettings {
            url: redis.url(),
            connections: 2,
            connect_timeout: PATIENCE,
            operation_timeout: PATIENCE,
            forget_timeout: PATIENCE,
            lease: PATIENCE,
            breaker: BreakerSettings { failures: 5, pause: PATIENCE, longest_pause: PATIENCE },
        };
        let cache = Cache::redis(&settings, db.clone(), JournalId(Uuid::now_v7()));
        let cache = cache.expect("our own URL").patient_for(PATIENCE);
        until(async || cache.stats().await.redis.is_some()).await;
        Self { cache, db, redis: Some(redis), _folder: folder }
    }

    /// What a request that begins now is told.
    async fn moment(&self) -> Moment {
        installation::moment(&self.db).await.expect("it can be read")
    }

    async fn counts(&self) -> CacheCounts {
        self.cache.stats().await.by_type[&CacheType::Incident].counts.clone()
    }

    /// The version of the incident, for one who has `known`; none where there is none.
    async fn read(&self, source: &Source, known: Option<i64>) -> Option<i64> {
        self.read_at(&self.moment().await, source, known).await
    }

    async fn read_at(&self, moment: &Moment, source: &Source, known: Option<i64>) -> Option<i64> {
        let (key, source) = (key::incident(ID), source.clone());
        let load = move || source.clone().sheet();
        let read = self.cache.read_through(&key, moment, known, load).await;
        read.expect("it can be read").map(|sheet| sheet.version)
    }

    /// The same in a task of its own, which has got to its load by now.
    async fn lead(&self, source: &Source) -> Reading {
        let before = source.loads();
        let reading = self.begin(source).await;
        until(async || source.loads() > before).await;
        reading
    }

    /// The same for one who waits for the load of another.
    async fn follow(&self, source: &Source) -> Reading {
        let before = self.counts().await.misses;
        let reading = self.begin(source).await;
        // Between the count and the wait a reader does nothing that would let us in.
        until(async || self.counts().await.misses > before).await;
        reading
    }

    async fn begin(&self, source: &Source) -> Reading {
        let (cache, moment, source) = (self.cache.clone(), self.moment().await, source.clone());
        let mut reading = JoinSet::new();
        reading.spawn(async move {
            let key = key::incident(ID);
            let load = move || source.clone().sheet();
            let read = cache.read_through(&key, &moment, None, load).await;
            read.expect("it can be read").map(|sheet| sheet.version)
        });
        Reading(reading)
    }

    async fn forget(&self, guard: Guard) {
        self.cache.forget([guard]).await.expect("it can forget");
    }

    /// Each value is damaged where anybody can reach it; in process nobody can. How many.
    async fn spoil(&self) -> u64 {
        let Some(redis) = &self.redis else { return 0 };
        let keys = redis.keys("wf:*:incident:*").await;
        for key in &keys {
            redis.command(&["SETRANGE", key, "60", "~"]).await;
        }
        keys.len() as u64
    }
}

/// A read under way.
struct Reading(JoinSet<Option<i64>>);

impl Reading {
    async fn answer(mut self) -> Option<i64> {
        self.0.join_next().await.expect("one reads").expect("it comes to its end")
    }

    /// Whoever asked is gone.
    async fn end(mut self) {
        self.0.shutdown().await;
    }
}

/// `SQLite` in a folder of its own, also where daemons would use PostgreSQL: the cache asks it for its
/// epoch alone.
async fn database() -> (Db, TempDir) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let url = format!("sqlite:{}", folder.path().join("watchfire.db").display());
    let settings =
        Settings { url, min_connections: 1, max_connections: 4, acquire_timeout: PATIENCE };
    (Db::open(&settings).await.expect("it opens"), folder)
}

/// What the database has, and when it answers.
#[derive(Clone)]
struct Source {
    /// 0: there is no such incident.
    version: Arc<watch::Sender<i64>>,
    open: Arc<watch::Sender<bool>>,
    loads: Arc<watch::Sender<usize>>,
}

impl Source {
    /// One that answers at once.
    fn new(version: i64) -> Self {
        let version = Arc::new(watch::Sender::new(version));
        Self { version, open: Arc::new(watch::Sender::new(true)), loads: Arc::default() }
    }

    fn write(&self, version: i64) {
        self.version.send_replace(version);
    }

    /// It reads what it is asked for, and the answers stay away until [`Self::release`].
    fn hold(&self) {
        self.open.send_replace(false);
    }

    fn release(&self) {
        self.open.send_replace(true);
    }

    fn loads(&self) -> usize {
        *self.loads.borrow()
    }

    async fn load(self) -> i64 {
        let version = *self.version.borrow();
        self.loads.send_modify(|loads| *loads += 1);
        self.open.subscribe().wait_for(|open| *open).await.expect("the source is there");
        version
    }

    async fn sheet(self) -> Result<Option<Sheet>, StoreError> {
        let version = self.load().await;
        Ok((version > 0).then(|| sheet(ID, version)))
    }

    /// A list of as many as its version says.
    async fn page(self) -> Result<Option<IdPage>, StoreError> {
        let total = self.load().await;
        Ok(Some(IdPage { ids: vec![ID], next: None, total }))
    }
}

fn sheet(id: IncidentId, version: i64) -> Sheet {
    let incident: Incident = serde_json::from_value(json!({
        "id": id, "reference": "INC-7", "title": "Checkout is slow", "description": "",
        "status": "open", "priority": "high", "service": "checkout", "labels": {},
        "assigned_to": null, "created_by": {"kind": "system", "id": null, "name": "watchfire"},
        "source": "api", "version": version, "log_count": 0, "firing_alerts": 0, "score": null,
        "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z",
        "acknowledged_at": null, "resolved_at": null, "closed_at": null
    }))
    .expect("an incident");
    Sheet::new(incident).expect("an incident is JSON")
}

both_backends! {
    async fn what_was_read_is_there_for_the_next(place: &Place) {
        let source = Source::new(1);
        for _ in 0..3 {
            assert_eq!(place.read(&source, None).await, Some(1));
        }
        let counts = place.counts().await;
        assert_eq!((counts.hits, counts.misses, counts.fills, source.loads()), (2, 1, 1, 1));
    }

    async fn a_load_that_was_overtaken_is_not_stored(place: &Place) {
        let source = Source::new(1);
        source.hold();
        let reading = place.lead(&source).await;
        source.write(2);
        place.forget(Guard::Incident(ID)).await;
        source.release();
        assert_eq!(reading.answer().await, Some(1), "it began before the write");
        for _ in 0..2 {
            assert_eq!(place.read(&source, None).await, Some(2));
        }
        let counts = place.counts().await;
        assert_eq!((counts.fills, counts.fills_refused, source.loads()), (1, 1, 2));
    }

    async fn what_another_incidents_write_forgets_stays(place: &Place) {
        let source = Source::new(1);
        place.read(&source, None).await;
        place.forget(Guard::Incident(IncidentId(Uuid::from_u128(8)))).await;
        place.forget(Guard::Lists).await;
        place.read(&source, None).await;
        assert_eq!(source.loads(), 1);
    }

    async fn of_another_epoch_nothing_is_there(place: &Place) {
        let source = Source::new(1);
        let before = place.moment().await;
        place.read(&source, None).await;
        installation::raise_epoch_now(&place.db).await.unwrap();
        source.write(2);
        assert_eq!(place.read(&source, None).await, Some(2));
        assert_eq!(place.read(&source, None).await, Some(2));
        assert_eq!(source.loads(), 2);
        // A request that is still on its way, from before.
        assert_eq!(place.read_at(&before, &source, None).await, Some(2));
        assert_eq!(source.loads(), 3);
    }

    async fn who_has_a_version_gets_none_older(place: &Place) {
        let source = Source::new(1);
        place.read(&source, None).await;
        source.write(2);
        for known in [0, 1] {
            assert_eq!(place.read(&source, Some(known)).await, Some(1), "it is as new");
        }
        assert_eq!(source.loads(), 1);
        assert_eq!(place.read(&source, Some(2)).await, Some(2));
        assert_eq!(source.loads(), 2);
    }

    async fn a_marker_says_that_there_is_none_until_it_is_forgotten(place: &Place) {
        let source = Source::new(0);
        for _ in 0..2 {
            assert_eq!(place.read(&source, None).await, None);
        }
        let counts = place.counts().await;
        assert_eq!((counts.negative_hits, counts.fills, source.loads()), (1, 1, 1));
        source.write(1);
        // Who has one knows better.
        assert_eq!(place.read(&source, Some(1)).await, Some(1));
        place.forget(Guard::Incident(ID)).await;
        assert_eq!(place.read(&source, None).await, Some(1));
    }

    async fn a_marker_that_was_overtaken_is_not_stored(place: &Place) {
        let source = Source::new(0);
        source.hold();
        let reading = place.lead(&source).await;
        source.write(1);
        place.forget(Guard::Incident(ID)).await;
        source.release();
        assert_eq!(reading.answer().await, None);
        assert_eq!(place.read(&source, None).await, Some(1));
    }

    async fn those_who_come_while_it_is_loaded_share_the_load(place: &Place) {
        let source = Source::new(1);
        source.hold();
        let leading = place.lead(&source).await;
        let following = [place.follow(&source).await, place.follow(&source).await];
        source.release();
        for reading in following.into_iter().chain([leading]) {
            assert_eq!(reading.answer().await, Some(1));
        }
        let counts = place.counts().await;
        assert_eq!((counts.misses, counts.waits_saved, source.loads()), (3, 2, 1));
    }

    async fn who_comes_after_a_write_does_not_share_a_load_from_before(place: &Place) {
        let source = Source::new(1);
        source.hold();
        let leading = place.lead(&source).await;
        source.write(2);
        place.forget(Guard::Incident(ID)).await;
        let following = place.follow(&source).await;
        source.release();
        assert_eq!(leading.answer().await, Some(1));
        assert_eq!(following.answer().await, Some(2));
    }

    async fn a_leader_who_goes_away_leaves_the_load_to_the_others(place: &Place) {
        let source = Source::new(1);
        source.hold();
        let leading = place.lead(&source).await;
        let following = place.follow(&source).await;
        leading.end().await;
        source.release();
        assert_eq!(following.answer().await, Some(1));
        assert_eq!(place.read(&source, None).await, Some(1));
        assert_eq!(source.loads(), 1);
    }

    async fn what_is_damaged_is_counted_and_read_again(place: &Place) {
        let source = Source::new(1);
        place.read(&source, None).await;
        let spoilt = place.spoil().await;
        for _ in 0..2 {
            assert_eq!(place.read(&source, None).await, Some(1));
        }
        assert_eq!(place.counts().await.corrupt, spoilt);
        assert_eq!(source.loads() as u64, 1 + spoilt);
    }

    async fn a_write_renews_all_lists_and_nothing_loaded_before_is_one(place: &Place) {
        let source = Source::new(1);
        let query = |limit| Query {
            filter: Filter::new([]),
            sort: Sort { by: SortKey::Reference, reversed: false },
            after: None,
            limit,
            now: clock::now(),
        };
        let read = async |limit| {
            let source = source.clone();
            let load = move || source.clone().page();
            let moment = place.moment().await;
            let key = key::incident_list(&query(limit));
            let page = place.cache.read_through(&key, &moment, None, load).await;
            page.expect("it can be read").expect("there is a page").total
        };
        for limit in [5, 10, 5, 10] {
            assert_eq!(read(limit).await, 1);
        }
        assert_eq!(source.loads(), 2, "each is another");
        source.write(2);
        place.forget(Guard::Incident(ID)).await;
        assert_eq!(read(5).await, 1, "no list can see it");
        place.forget(Guard::Lists).await;
        for limit in [5, 10, 5, 10] {
            assert_eq!(read(limit).await, 2);
        }
        assert_eq!(source.loads(), 4);
        place.forget(Guard::Lists).await;
        source.hold();
        let overtake = async {
            until(async || source.loads() == 5).await;
            source.write(3);
            place.forget(Guard::Lists).await;
            source.release();
        };
        assert_eq!(tokio::join!(read(5), overtake).0, 2);
        assert_eq!(read(5).await, 3, "it was stored though a write had come between");
    }

    async fn the_rows_that_a_page_lacks_come_by_one_load(place: &Place) {
        let ids = [7, 8, 9].map(|id| IncidentId(Uuid::from_u128(id)));
        place.read(&Source::new(1), None).await;
        let asked = Arc::new(watch::Sender::new(Vec::new()));
        let rows = async || {
            let asked = asked.clone();
            let load = move |wanted: Arc<[IncidentId]>| {
                asked.send_modify(|asked| asked.push(wanted.to_vec()));
                // The last one was deleted.
                let there = wanted.iter().filter(|id| id.0.as_u128() < 9);
                let sheets = there.map(|id| sheet(*id, 3)).collect();
                async move { Ok::<Vec<Sheet>, StoreError>(sheets) }
            };
            let moment = place.moment().await;
            let rows = place.cache.sheets(ids.to_vec(), &moment, load).await;
            let sheets = rows.0.expect("they can be read");
            sheets.iter().map(|sheet| (sheet.id.0.as_u128(), sheet.version)).collect::<Vec<_>>()
        };
        for _ in 0..2 {
            assert_eq!(rows().await, [(7, 1), (8, 3)]);
        }
        assert_eq!(*asked.borrow(), [ids[1..].to_vec()]);
        place.forget(Guard::Incident(ids[0])).await;
        assert_eq!(rows().await, [(7, 3), (8, 3)]);
        assert_eq!(*asked.borrow(), [ids[1..].to_vec(), ids[..1].to_vec()]);
    }
}

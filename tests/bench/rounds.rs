//! What a page costs in statements: one for its ids and one for its rows, against one for each row.

use std::time::{Duration, Instant};

use watchfire_daemon::clock;
use watchfire_daemon::store::listing::{self, Query};
use watchfire_daemon::store::{Db, Settings, incidents};
use watchfire_tests::Engine;

use crate::measure::{Measured, Plan, Result};
use crate::scene::Scene;

const ROWS: i64 = 50;

/// Pages a second from the database by two statements, beside n + 1.
pub async fn n_plus_one(plan: Plan, engine: Engine) -> Result<Measured> {
    let scene = Scene::start(engine).await?;
    scene.incidents(usize::try_from(ROWS)?).await?;
    let db = Db::open(&Settings {
        url: scene.daemon.database_url(),
        min_connections: 1,
        max_connections: 1,
        acquire_timeout: Duration::from_secs(5),
    })
    .await?;
    let time = Duration::from_secs(plan.seconds.into());
    let two = async || {
        let ids = ids(&db).await?;
        Ok(incidents::many(&db, &ids).await?.len())
    };
    let many = async || {
        let mut read = 0;
        for id in ids(&db).await? {
            read += usize::from(incidents::by_id(&db, id).await?.is_some());
        }
        Ok(read)
    };
    let note = format!("a page of {ROWS} rows: 2 statements, beside {}", ROWS + 1);
    plan.paired("pages/s", note, async || rate(time, two).await, async || rate(time, many).await)
        .await
}

async fn ids(db: &Db) -> Result<Vec<watchfire_shared::ids::IncidentId>> {
    let query = Query {
        filter: watchfire_shared::filter::Filter::default(),
        sort: watchfire_shared::page::Sort::default(),
        after: None,
        limit: ROWS,
        now: clock::now(),
    };
    Ok(listing::page(db, &query).await?.ids)
}

async fn rate(time: Duration, page: impl AsyncFn() -> Result<usize>) -> Result<f64> {
    let (begun, mut pages) = (Instant::now(), 0_u32);
    while begun.elapsed() < time {
        if page().await? != usize::try_from(ROWS)? {
            return Err("a page was not whole".into());
        }
        pages += 1;
    }
    Ok(f64::from(pages) / begun.elapsed().as_secs_f64())
}

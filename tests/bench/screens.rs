//! How long a fact takes from its commit through one daemon to a stream of another.

use std::time::Duration;

use sqlx::postgres::PgListener;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use watchfire_tests::{Api, Engine, Stream};

use crate::load::Connection as Sender;
use crate::measure::{Measured, Plan, Result, quantile};
use crate::scene::Scene;

/// Facts a second, shared by these writers.
const RATE: u32 = 500;
const WRITERS: u32 = 10;
/// Nothing on a stream for so long is no latency but a failure.
const SILENCE: Duration = Duration::from_secs(10);
const NOTIFY: &str = "select pg_notify('bench', cast($1 as text))";

/// Milliseconds below which so many of a hundred facts arrive, beside the same of PostgreSQL's own
/// notifications, one commit each.
pub async fn latency(plan: Plan, percentile: usize) -> Result<Measured> {
    let scene = Scene::start(Engine::Postgres).await?;
    let other = scene.daemon.sibling().await;
    let reader = Api::new(other.url(), Some(scene.token.clone()));
    let url = scene.daemon.database_url();
    let time = Duration::from_secs(plan.seconds.into());
    let note = format!(
        "{RATE} facts a second through one daemon, p{percentile} on a stream of another, from the \
         time in the fact; beside NOTIFY to LISTEN. Less is better"
    );
    let ours = async || {
        let mut stream = reader.stream(None).await;
        stream.hello(SILENCE).await;
        let writing = write(scene.address, scene.create(), time);
        let (wrote, took) = tokio::join!(writing, watch(&mut stream, count(time)));
        wrote.map(|()| quantile(took, percentile))
    };
    plan.paired("ms", note, ours, async || Ok(quantile(notified(&url, time).await?, percentile)))
        .await
}

fn count(time: Duration) -> usize {
    let each = usize::try_from(RATE / WRITERS).unwrap_or(usize::MAX);
    let ticks = usize::try_from(time.as_secs()).unwrap_or(usize::MAX) * each;
    ticks * usize::try_from(WRITERS).unwrap_or(1)
}

/// Every writer sends at a steady pace, whatever became of the request before.
async fn write(
    address: std::net::SocketAddr,
    request: std::sync::Arc<[u8]>,
    time: Duration,
) -> Result<()> {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let request = request.clone();
        writers.spawn(async move {
            let mut connection = Sender::open(address).await?;
            let pace = Duration::from_secs(1) * WRITERS / RATE;
            let begin = Instant::now() + pace * writer / WRITERS;
            let mut tick = tokio::time::interval_at(begin, pace);
            tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
            for _ in 0..count(time) / usize::try_from(WRITERS).unwrap_or(1) {
                tick.tick().await;
                let (status, _) = connection.ask(&request).await?;
                if status != 201 {
                    return Err(format!("a create was answered {status}").into());
                }
            }
            Ok::<_, crate::measure::Error>(())
        });
    }
    while let Some(wrote) = writers.join_next().await {
        wrote??;
    }
    Ok(())
}

async fn watch(stream: &mut Stream, count: usize) -> Vec<f64> {
    let mut took = Vec::with_capacity(count);
    while took.len() < count {
        let event = stream.next_event(SILENCE).await;
        took.push(milliseconds_since(event.occurred_at.timestamp_micros()));
    }
    took
}

/// The same pace of notifications, from before each statement to its arrival.
async fn notified(url: &str, time: Duration) -> Result<Vec<f64>> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen("bench").await?;
    let send = async {
        let mut connection = PgConnection::connect(url).await?;
        let mut tick = interval(Duration::from_secs(1) / RATE);
        for _ in 0..count(time) {
            tick.tick().await;
            sqlx::query(NOTIFY).bind(now()).execute(&mut connection).await?;
        }
        Ok::<_, crate::measure::Error>(())
    };
    let hear = async {
        let mut took = Vec::new();
        while took.len() < count(time) {
            took.push(milliseconds_since(listener.recv().await?.payload().parse()?));
        }
        Ok::<_, crate::measure::Error>(took)
    };
    let ((), took) = tokio::try_join!(send, hear)?;
    Ok(took)
}

/// Microseconds of the clock that facts are stamped with.
#[expect(clippy::disallowed_methods, reason = "what is measured is the time that passes")]
fn now() -> i64 {
    chrono::Utc::now().timestamp_micros()
}

fn milliseconds_since(micros: i64) -> f64 {
    f64::from(i32::try_from(now() - micros).unwrap_or(i32::MAX)) / 1_000.0
}

//! A backlog of facts on its way to Kafka, or through the worker.

use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use sqlx::{Connection, PgConnection};
use watchfire_tests::kafka::Topic;
use watchfire_tests::{Daemon, Engine, eventually, programs};

use crate::measure::{Measured, Plan, Result};
use crate::scene::Scene;

/// Facts that wait.
const BACKLOG: i64 = 60_000;
/// Copies of the fact of the one incident, positioned and not published.
const COPIES: &str = "with made as (update event_positions set last = last + $1 returning last) \
     insert into events (id, position, aggregate_type, aggregate_id, version, event_type, \
     schema_version, log_id, occurred_at, source, actor, request_id, payload) \
     select gen_random_uuid(), made.last - $1 + n, aggregate_type, gen_random_uuid(), 1, \
     event_type, schema_version, log_id, occurred_at, source, actor, request_id, payload \
     from events, made, generate_series(1, $1) n where event_type = 'incident.created'";
const PAYLOAD: &str = "select cast(payload as text) from events \
     where event_type = 'incident.created' limit 1";
const PENDING: &str = "select count(*) from events where published_at is null";
const UNHANDLED: &str = "select count(*) from events e where not exists (select 1 from inbox i \
     where i.aggregate_id = e.aggregate_id and i.next_version > e.version)";

/// Facts a second from the database to every replica, beside a producer that has them in memory.
pub async fn to_kafka(plan: Plan) -> Result<Measured> {
    broker()?;
    let note = format!(
        "{BACKLOG} facts from PostgreSQL to Kafka, one relay, marked as published; ceiling: \
         rdkafka with the same payload from memory, idempotent, acks=all"
    );
    let ours = async || {
        let scene = waiting().await?;
        let topic = Topic::fresh();
        let begun = Instant::now();
        let publisher = scene.daemon.sibling_publishing_to(&topic).await;
        drained(&publisher, PENDING).await;
        Ok(rate(begun))
    };
    let payload = payload().await?;
    plan.paired("1/s", note, ours, async || from_memory(&payload).await).await
}

/// Facts a second through the worker, from the journal: handled, each once.
pub async fn through_worker(plan: Plan) -> Result<Measured> {
    let note = format!(
        "{BACKLOG} facts through one worker from the journal in PostgreSQL, each handled once; \
         ceiling: inserting as many rows by one statement"
    );
    let ours = async || {
        let scene = waiting().await?;
        let begun = Instant::now();
        let _worker = scene.daemon.worker().await;
        drained(&scene.daemon, UNHANDLED).await;
        Ok(rate(begun))
    };
    let ceiling = async || {
        let scene = one_incident().await?;
        let begun = Instant::now();
        copy(&scene).await?;
        Ok(rate(begun))
    };
    plan.paired("1/s", note, ours, ceiling).await
}

fn broker() -> Result<()> {
    match programs::variable("WATCHFIRE_TEST_KAFKA_BROKERS") {
        Some(_) => Ok(()),
        None => Err("there is no Kafka to measure on: run it by tests/run --with.".into()),
    }
}

async fn one_incident() -> Result<Scene> {
    let scene = Scene::start(Engine::Postgres).await?;
    scene.incidents(1).await?;
    eventually(async || {
        (scene.daemon.number("select count(*) from events where position is null").await == 0)
            .then_some(())
    })
    .await;
    Ok(scene)
}

/// A daemon with a backlog.
async fn waiting() -> Result<Scene> {
    let scene = one_incident().await?;
    copy(&scene).await?;
    Ok(scene)
}

async fn copy(scene: &Scene) -> Result<()> {
    let mut connection = PgConnection::connect(&scene.daemon.database_url()).await?;
    sqlx::query(COPIES).bind(BACKLOG).execute(&mut connection).await?;
    Ok(())
}

async fn payload() -> Result<String> {
    let scene = one_incident().await?;
    let mut connection = PgConnection::connect(&scene.daemon.database_url()).await?;
    Ok(sqlx::query_scalar(PAYLOAD).fetch_one(&mut connection).await?)
}

async fn drained(daemon: &Daemon, query: &'static str) {
    while daemon.number(query).await > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn rate(begun: Instant) -> f64 {
    f64::from(i32::try_from(BACKLOG).unwrap_or(i32::MAX)) / begun.elapsed().as_secs_f64()
}

/// Messages a second that are acknowledged.
async fn from_memory(payload: &str) -> Result<f64> {
    let (topic, payload) = (Topic::fresh(), payload.to_owned());
    topic.make(6).await;
    let sent = tokio::task::spawn_blocking(move || {
        let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
            .set("bootstrap.servers", &topic.brokers)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "5")
            .set("compression.type", "lz4")
            .create()?;
        let begun = Instant::now();
        for n in 0..BACKLOG {
            let key = n.to_string();
            let mut record = BaseRecord::to(&topic.name).key(&key).payload(&payload);
            while let Err((error, unsent)) = producer.send(record) {
                if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                    return Err(error);
                }
                record = unsent;
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        producer.flush(Duration::from_mins(1))?;
        Ok(rate(begun))
    });
    Ok(sent.await??)
}

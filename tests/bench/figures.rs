//! What is measured, by name.

use watchfire_tests::Engine::{Postgres, Sqlite};

use crate::client::{self, Pane};
use crate::measure::{Measured, Plan, Result};
use crate::mix::{self, Of, Reads, Writes};
use crate::{backlog, creates, reads, rounds, screens, starts};

pub struct Figure {
    pub name: &'static str,
    pub what: &'static str,
    kind: Kind,
}

enum Kind {
    Incident(watchfire_tests::Engine, usize),
    Page(watchfire_tests::Engine, usize),
    Hit(usize),
    Mix(Of),
    NPlusOne(watchfire_tests::Engine),
    CreateSqlite(usize),
    CreatePostgres(usize),
    StartFresh,
    StartExisting,
    IdleMemory,
    Client(client::Of),
    EventCost,
    Screen(usize),
    BacklogKafka,
    BacklogWorker,
}

const fn figure(name: &'static str, what: &'static str, kind: Kind) -> Figure {
    Figure { name, what, kind }
}

pub const FIGURES: &[Figure] = &[
    figure(
        "get_incident_256",
        "GET one incident, SQLite, 256 connections, against bare axum",
        Kind::Incident(Sqlite, 256),
    ),
    figure("get_incident_64", "the same with 64 connections", Kind::Incident(Sqlite, 64)),
    figure(
        "get_incident_postgres_256",
        "GET one incident, PostgreSQL and Redis, 256 connections, against bare axum",
        Kind::Incident(Postgres, 256),
    ),
    figure(
        "get_incident_postgres_64",
        "the same with 64 connections",
        Kind::Incident(Postgres, 64),
    ),
    figure("get_incident_postgres_16", "with 16 connections", Kind::Incident(Postgres, 16)),
    figure("get_incident_postgres_1", "with one connection", Kind::Incident(Postgres, 1)),
    figure(
        "hit_p50",
        "GET one cached incident, PostgreSQL and Redis, 8 connections, against bare axum",
        Kind::Hit(50),
    ),
    figure("hit_p95", "the same, at the slow end", Kind::Hit(95)),
    figure("hit_p99", "the same, at the slowest", Kind::Hit(99)),
    figure(
        "list_page_64",
        "GET a page of 50, SQLite, 64 connections, against bare axum",
        Kind::Page(Sqlite, 64),
    ),
    figure("list_page_postgres_64", "the same, PostgreSQL and Redis", Kind::Page(Postgres, 64)),
    figure("list_page_postgres_256", "with 256 connections", Kind::Page(Postgres, 256)),
    figure("mix_rate", "reads by id and writes in a storm, against no cache", Kind::Mix(Of::Rate)),
    figure(
        "mix_hit_rate",
        "of a hundred lookups in that storm, against a cache that forgets nothing too much",
        Kind::Mix(Of::HitRate(Reads::Incidents, Writes::Comments)),
    ),
    figure(
        "mix_hit_rate_pages",
        "the same where pages are read and incidents opened, each of which makes all pages stale",
        Kind::Mix(Of::HitRate(Reads::Pages, Writes::Incidents)),
    ),
    figure(
        "mix_hit_rate_logs",
        "reads by id where the writes are log batches",
        Kind::Mix(Of::HitRate(Reads::Incidents, Writes::LogBatches)),
    ),
    figure("mix_lookup_p95", "a lookup in Redis in that storm", Kind::Mix(Of::Lookup(mix::STORM))),
    figure("mix_lookup_p95_8", "the same with 8 connections", Kind::Mix(Of::Lookup(8))),
    figure("mix_read_p50", "a read over HTTP in that storm", Kind::Mix(Of::Read(50))),
    figure("mix_read_p95", "the same, at the slow end", Kind::Mix(Of::Read(95))),
    figure("mix_read_p99", "the same, at the slowest", Kind::Mix(Of::Read(99))),
    figure(
        "n_plus_one_sqlite",
        "a page by two statements, against one for each row",
        Kind::NPlusOne(Sqlite),
    ),
    figure("n_plus_one_postgres", "the same on PostgreSQL", Kind::NPlusOne(Postgres)),
    figure(
        "create_sqlite_64",
        "create over HTTP, 64 clients, against one commit per insert",
        Kind::CreateSqlite(64),
    ),
    figure("create_sqlite_256", "the same with 256 clients", Kind::CreateSqlite(256)),
    figure(
        "create_postgres_32",
        "create over HTTP, 32 clients, against pgbench with the same statements",
        Kind::CreatePostgres(32),
    ),
    figure("start_fresh", "exec to ready on no state folder, against bare axum", Kind::StartFresh),
    figure(
        "start_existing",
        "exec to ready on a used state folder, against bare axum",
        Kind::StartExisting,
    ),
    figure("idle_memory", "resident memory when idle, against bare axum", Kind::IdleMemory),
    figure(
        "client_start_hundred",
        "exec of the client to its first row among 100 incidents, against cat",
        Kind::Client(client::Of::Start(100)),
    ),
    figure("client_start_ten", "the same among 10", Kind::Client(client::Of::Start(10))),
    figure(
        "client_start_million",
        "the same among 1,000,000",
        Kind::Client(client::Of::Start(1_000_000)),
    ),
    figure(
        "client_frame_list",
        "processor time of a page of the list, everything loaded, against sending its bytes",
        Kind::Client(client::Of::Frame(Pane::List)),
    ),
    figure(
        "client_frame_logs",
        "the same of a page of the log pane",
        Kind::Client(client::Of::Frame(Pane::Logs)),
    ),
    figure(
        "client_key",
        "key to picture, against sending its bytes",
        Kind::Client(client::Of::Key),
    ),
    figure(
        "client_key_in_stream",
        "the same while 10,000 lines a second stream in",
        Kind::Client(client::Of::KeyInStream),
    ),
    figure(
        "client_idle",
        "processor time of the loaded client when nothing happens, against the goal",
        Kind::Client(client::Of::Idle),
    ),
    figure(
        "client_memory_listed",
        "resident memory of the client with 10,000 incidents, against one that only paints",
        Kind::Client(client::Of::Memory(10_000, 0)),
    ),
    figure(
        "client_memory_loaded",
        "the same with 100,000 incidents and 1,000,000 lines",
        Kind::Client(client::Of::Memory(100_000, 1_000_000)),
    ),
    figure(
        "event_cost",
        "pgbench: the statements of a create with its event, against those without",
        Kind::EventCost,
    ),
    figure(
        "screen_p50",
        "commit to another daemon's stream at 500 a second, against NOTIFY to LISTEN",
        Kind::Screen(50),
    ),
    figure("screen_p99", "the same, at the slow end", Kind::Screen(99)),
    figure(
        "backlog_kafka",
        "a backlog from PostgreSQL to Kafka, against a producer that has it in memory",
        Kind::BacklogKafka,
    ),
    figure(
        "backlog_worker",
        "a backlog through one worker, against inserting it",
        Kind::BacklogWorker,
    ),
];

impl Figure {
    pub async fn measure(&self, plan: Plan) -> Result<Measured> {
        match self.kind {
            Kind::Incident(engine, connections) => reads::incident(plan, engine, connections).await,
            Kind::Page(engine, connections) => reads::page(plan, engine, connections).await,
            Kind::Hit(percentile) => reads::hit(plan, percentile).await,
            Kind::Mix(of) => mix::beside_no_cache(plan, of).await,
            Kind::NPlusOne(engine) => rounds::n_plus_one(plan, engine).await,
            Kind::CreateSqlite(clients) => creates::sqlite(plan, clients).await,
            Kind::CreatePostgres(clients) => creates::postgres(plan, clients).await,
            Kind::StartFresh => starts::fresh(plan).await,
            Kind::StartExisting => starts::existing(plan).await,
            Kind::IdleMemory => starts::idle_memory(plan).await,
            Kind::Client(of) => client::measure(plan, of).await,
            Kind::EventCost => creates::event_cost(plan).await,
            Kind::Screen(percentile) => screens::latency(plan, percentile).await,
            Kind::BacklogKafka => backlog::to_kafka(plan).await,
            Kind::BacklogWorker => backlog::through_worker(plan).await,
        }
    }
}

//! What the tests stand on: real databases, daemons, Alertmanagers and terminals, started fresh for
//! each test and gone after it. A test reads like what a person does:
//!
//! ```no_run
//! # async fn example() {
//! use watchfire_tests::{Daemon, Engine};
//! let daemon = Daemon::start(Engine::Sqlite).await;
//! let api = daemon.as_responder().await;
//! let incident = api.create("Checkout is slow").await;
//! api.acknowledge(incident.id).await;
//! # }
//! ```
#![expect(clippy::missing_panics_doc, reason = "everything here fails the test by panicking")]

pub mod alertmanager;
pub mod api;
pub mod behind;
pub mod broker;
pub mod daemon;
pub mod embedded;
pub mod kafka;
pub mod line;
pub mod link;
pub mod people;
pub mod postgres;
pub mod programs;
pub mod redis;
pub mod reply;
pub mod stream;
pub mod terminal;
pub mod worker;
pub mod written;

pub use alertmanager::Alertmanager;
pub use api::Api;
pub use broker::Broker;
pub use daemon::{Daemon, Engine};
pub use embedded::Home;
pub use line::Line;
pub use link::Link;
pub use redis::Redis;
pub use reply::Reply;
pub use stream::Stream;
pub use terminal::Terminal;
pub use worker::{Feed, Scene, Worker};
pub use written::Written;

use std::time::Duration;

/// No test of one thing takes longer; one that does hangs.
const TEST_LIMIT: Duration = Duration::from_mins(2);

/// Runs a test body, which fails when it takes longer than two minutes, or than
/// `WATCHFIRE_TEST_SECONDS`, for campaigns that were made long on purpose.
pub async fn bounded(body: impl Future<Output = ()>) {
    let limit = programs::number("WATCHFIRE_TEST_SECONDS").map_or(TEST_LIMIT, Duration::from_secs);
    let ended = tokio::time::timeout(limit, body).await;
    ended.unwrap_or_else(|_| panic!("the test did not end within {limit:?}"));
}

/// Asks again and again until there is an answer; fails after half a minute.
pub async fn eventually<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(programs::GLANCE).await;
        }
    };
    tokio::time::timeout(daemon::LIMIT, asking).await.expect("it becomes true in time")
}

/// As [`eventually`], for what is or is not.
pub async fn until(mut is: impl AsyncFnMut() -> bool) {
    eventually(async || is().await.then_some(())).await;
}

/// Writes each `async fn name(engine: Engine)` as two tests, `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($engine:ident: Engine) $body:block)+) => {$(
        $(#[$meta])*
        async fn $name($engine: $crate::Engine) $body

        mod $name {
            #[tokio::test]
            async fn sqlite() {
                $crate::bounded(super::$name($crate::Engine::Sqlite)).await;
            }

            #[tokio::test]
            async fn postgres() {
                $crate::bounded(super::$name($crate::Engine::Postgres)).await;
            }
        }
    )+};
}

/// Runs each test wherever a worker may get its events from.
#[macro_export]
macro_rules! every_feed {
    ($($(#[$meta:meta])* async fn $name:ident($feed:ident: Feed) $body:block)+) => {$(
        $(#[$meta])*
        async fn $name($feed: $crate::Feed) $body

        mod $name {
            #[tokio::test]
            async fn embedded() {
                $crate::bounded(super::$name($crate::Feed::Embedded)).await;
            }

            #[tokio::test]
            async fn journal() {
                $crate::bounded(super::$name($crate::Feed::Journal)).await;
            }

            #[tokio::test]
            async fn kafka() {
                $crate::bounded(super::$name($crate::Feed::Kafka)).await;
            }
        }
    )+};
}

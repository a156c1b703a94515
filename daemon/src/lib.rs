//! The Watchfire daemon. Imports run downward only:
//!
//! ```text
//! main → cli → app → {http, worker} → service → outbox → cache → store → clock → watchfire-shared
//! ```
//!
//! - [`cli`], [`app`], [`embedded`]: from a command line to a running process
//! - [`config`], [`state`], [`telemetry`], [`lifecycle`], [`clock`]: what every process needs
//! - [`http`]: routes; requests in, answers out
//! - [`worker`]: events in, effects out
//! - [`service`]: use cases: authorise, transact, what follows a commit
//! - [`outbox`]: facts after their commit: forgotten, positioned, shown live
//! - [`cache`]: cache-aside, and what a fact makes stale
//! - [`store`]: the database: one SQL text, two engines

pub mod app;
#[cfg(feature = "kafka")]
mod broker;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod embedded;
mod gather;
pub mod http;
pub mod lifecycle;
pub mod outbox;
mod rate;
pub mod service;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod worker;

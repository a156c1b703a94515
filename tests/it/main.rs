//! Integration tests: one binary, real programs and real servers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alerts;
mod architecture;
mod cache;
mod cli;
mod client;
mod daemon;
mod events;
mod faults;
mod fleet;
mod idempotency;
mod incidents;
mod kafka;
mod life;
mod lists;
mod logs;
mod migrations;
mod openapi;
mod operate;
mod pages;
mod problems;
mod roles;
mod servers;
mod sessions;
mod store;
mod stream;
mod upkeep;
mod users;
mod worker;

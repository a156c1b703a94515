//! The daemon.

pub mod cache;
pub mod clock;
pub mod http;
pub mod lifecycle;
pub mod outbox;
pub mod service;
pub mod store;
pub mod telemetry;

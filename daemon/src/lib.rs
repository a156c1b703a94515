//! The daemon.

pub mod cache;
pub mod clock;
pub mod lifecycle;
pub mod outbox;
pub mod service;
pub mod store;

//! The daemon.

pub mod clock;
pub mod lifecycle;
pub mod store;

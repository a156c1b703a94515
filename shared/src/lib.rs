//! What both sides of the wire agree on: names, shapes and rules.
//!
//! Pure by design: no clock, no I/O, no runtime. The daemon turns on `sqlx` (column types) and
//! `openapi` (schemas); the client uses neither.

pub mod alert;
pub mod assessment;
pub mod cache;
pub mod dead_letter;
pub mod event;
pub mod field;
pub mod filter;
pub mod health;
pub mod ids;
pub mod incident;
pub mod instant;
pub mod log;
pub mod outbox;
pub mod page;
pub mod problem;
pub mod process;
pub mod session;
pub mod stats;
pub mod user;

mod text_enum;

//! How a committed fact leaves the database: forgotten in the cache, answered, positioned, and
//! shown live.

mod committed;
mod hub;
mod positions;

pub use committed::Ledger;
pub use hub::{Hub, Live, Reader};

//! How a committed fact leaves the database: forgotten in the cache, answered, positioned, and
//! shown live.

mod committed;
mod hub;
#[cfg(feature = "kafka")]
mod kafka;
mod positions;
mod publishing;
#[cfg(feature = "kafka")]
mod relay;

pub use committed::Ledger;
pub use hub::{Hub, Live, Reader};
#[cfg(feature = "kafka")]
pub use kafka::check_broker;
pub use publishing::Publishing;
#[cfg(feature = "kafka")]
pub use relay::Relay;

//! About what is behind the incidents: events, dead letters, the cache.

use clap::{Args, Subcommand};
use watchfire_shared::dead_letter::DeadLetterState;
use watchfire_shared::ids::{DeadLetterId, EventId};

#[derive(Debug, Args)]
pub struct Events {
    /// Go on with events as they come
    #[arg(short, long)]
    pub follow: bool,
    /// Begin after this position instead of with the newest
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
    pub after: Option<i64>,
    /// Only this type, such as incident.created; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    pub kinds: Vec<String>,
    /// Events at most, before it follows
    #[arg(short = 'n', long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

#[derive(Debug, Args)]
pub struct DeadLetters {
    /// waiting, redriving or discarded; without it those that wait or are being redriven
    #[arg(long)]
    pub state: Option<DeadLetterState>,
    /// Rows at most
    #[arg(short = 'n', long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Outbox {
    /// Have a failed event published once more, with what waits behind it
    Retry {
        /// As `outbox` lists it
        #[arg(value_parser = event)]
        id: EventId,
    },
}

#[derive(Debug, Args)]
pub struct Discard {
    /// As `dead-letters` lists it
    #[arg(value_parser = letter)]
    pub id: DeadLetterId,
    /// Why; kept with it
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

#[derive(Debug, Clone, Subcommand)]
pub enum Cache {
    /// Print its figures: hits and misses, times, errors, and the likeliest cause of a bad rate
    Stats,
    /// See it work: measure reads with and without it, on an incident that is removed again
    Demo,
    /// List the names in it
    Keys(CacheKeys),
    /// Say what stands under a name, and how long it has left
    Ttl {
        /// As `cache keys` lists it
        #[arg(value_name = "KEY")]
        name: String,
    },
    /// Remove what nobody reads any more
    Purge(Purge),
}

#[derive(Debug, Clone, Args)]
pub struct CacheKeys {
    /// Only this type, such as incident, counts or reference
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Rows at most
    #[arg(short = 'n', long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}

#[derive(Debug, Clone, Copy, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub struct Purge {
    /// What older versions kept in shapes that this one does not read, and what was made absent
    /// for everybody
    #[arg(long, group = "what")]
    pub old: bool,
    /// What stands under other journals: of restored or abandoned databases, and of every other
    /// installation in this Redis
    #[arg(long, group = "what")]
    pub others: bool,
    /// Everything: deletes nothing, but nobody reads it any more; with --old it goes too
    #[arg(long, group = "what")]
    pub all: bool,
}

fn event(text: &str) -> Result<EventId, String> {
    text.parse().map_err(|_| "an id has 36 characters, as `watchfire outbox` lists it".to_owned())
}

pub fn letter(text: &str) -> Result<DeadLetterId, String> {
    let advice = "an id has 36 characters, as `watchfire dead-letters` lists it";
    text.parse().map_err(|_| advice.to_owned())
}

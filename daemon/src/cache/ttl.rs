//! How long each type may be kept: the one table.

use std::time::Duration;

use watchfire_shared::cache::CacheType;

/// A not-found marker of any type.
pub const NOT_FOUND: Duration = Duration::from_mins(1);

/// Entries of a type live this long, less up to a tenth, so that they do not end together.
pub const fn of(kind: CacheType) -> Duration {
    Duration::from_secs(match kind {
        CacheType::Incident | CacheType::Score => 300,
        CacheType::IncidentList | CacheType::Counts => 60,
        CacheType::Reference => 3600,
        CacheType::User => 900,
        CacheType::Stats => 120,
    })
}

/// With jitter, downward only.
pub fn jittered(ttl: Duration) -> Duration {
    ttl.mul_f64(1.0 - rand::random::<f64>() * 0.1)
}

/// Half of a pause to all of it, so that those who wait do not come together.
pub fn spread(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + rand::random::<f64>() * 0.5)
}

//! The cache's figures, and how they are put into words, on the screen and on the command line.

use watchfire_shared::cache::{
    BreakerChange, BreakerState, CacheCounts, CacheDemo, CacheStats, Cause, RedisFigures,
};
use watchfire_shared::health::Health;

use super::slot::Slot;
use super::words::{count, number};

/// What the daemon calls having none.
pub const NONE: &str = "none";
/// Said where there is no cache, and what to do about it.
pub const NO_CACHE: [&str; 2] = [
    "no cache: PostgreSQL without Redis",
    "Every read asks the database. Set WATCHFIRE_REDIS_URL to share a cache.",
];

#[derive(Debug, Default)]
pub struct CachePanel {
    pub stats: Slot<Box<CacheStats>>,
    pub health: Slot<Box<Health>>,
    pub demo: Slot<Box<CacheDemo>>,
}

/// The hit rate in words.
pub fn verdict(counts: &CacheCounts) -> &'static str {
    match counts.band() {
        Some(band) => band.as_str(),
        None if counts.total == 0 => "no lookups yet",
        None => "too few to judge",
    }
}

/// `93.1`; none where nothing was asked.
pub fn percent(hits: u64, misses: u64) -> Option<String> {
    (hits + misses > 0)
        .then(|| format!("{:.1}", watchfire_shared::cache::rate(hits, misses) * 100.0))
}

/// What reads did not have to ask the database for.
pub fn saved(counts: &CacheCounts) -> [String; 3] {
    [
        plenty(counts.hits, "database read", "database reads"),
        plenty(counts.waits_saved, "stampede", "stampedes"),
        plenty(counts.negative_hits, "not-found", "not-founds"),
    ]
}

/// What a process keeps itself.
pub fn held(stats: &CacheStats) -> [String; 3] {
    [
        plenty(stats.entries, "entry", "entries"),
        bytes(stats.bytes),
        format!("{} dropped for room", amount(stats.evictions)),
    ]
}

/// What Redis says of itself.
pub fn redis(redis: &RedisFigures) -> [String; 4] {
    let memory = match redis.max_memory {
        0 => format!("{} without a limit", bytes(redis.used_memory)),
        most => format!("{} of {}", bytes(redis.used_memory), bytes(most)),
    };
    [
        memory,
        plenty(redis.keys, "key", "keys"),
        plenty(redis.evictions, "eviction", "evictions"),
        format!("{} expired", amount(redis.expirations)),
    ]
}

/// What writes did to what was stored.
pub fn writes(counts: &CacheCounts) -> [String; 3] {
    [
        plenty(counts.invalidations, "invalidation", "invalidations"),
        plenty(counts.fills_refused, "late fill refused", "late fills refused"),
        format!("{} warmed", amount(counts.warmed)),
    ]
}

/// What failed, by what was asked; then what was damaged.
pub fn errors(counts: &CacheCounts) -> Vec<String> {
    let failed = counts.errors.iter().filter(|(_, count)| **count > 0);
    let mut errors: Vec<String> =
        failed.map(|(operation, count)| format!("{} {operation}", amount(*count))).collect();
    if counts.corrupt > 0 {
        errors.push(format!("{} damaged", amount(counts.corrupt)));
    }
    errors
}

/// All processes together.
pub fn fleet(stats: &CacheStats) -> Vec<String> {
    let counts = &stats.fleet.counts;
    let processes = stats.fleet.processes.len();
    let mut fleet = vec![
        plenty(processes as u64, "process", "processes"),
        plenty(counts.total, "lookup", "lookups"),
    ];
    if let Some(rate) = percent(counts.hits, counts.misses) {
        fleet.push(format!("{rate} % hits"));
    }
    let open = |state| matches!(state, BreakerState::Open | BreakerState::HalfOpen);
    let open = stats.fleet.processes.iter().filter(|it| open(it.breaker)).count();
    if open > 0 {
        fleet.push(format!("{open} with an open breaker"));
    }
    fleet
}

/// `closed`, `half open`.
pub const fn breaker(state: BreakerState) -> &'static str {
    match state {
        BreakerState::HalfOpen => "half open",
        other => other.as_str(),
    }
}

/// The change that made the breaker what it is, where it does not let everybody through.
pub fn broken(stats: &CacheStats) -> Option<&BreakerChange> {
    let last = stats.breaker_changes.last()?;
    matches!(last.state, BreakerState::Open | BreakerState::HalfOpen).then_some(last)
}

/// What failed when the breaker opened; none while it lets everybody through.
pub fn why_broken(stats: &CacheStats) -> Option<&str> {
    broken(stats)?;
    stats.breaker_changes.iter().rev().find_map(|change| change.reason.as_deref())
}

/// The cause and what to do, in one sentence.
pub fn explained(cause: Cause) -> String {
    format!("{cause}: {}", cause.advice())
}

/// The formula of the average access, with its numbers.
pub fn formula(stats: &CacheStats, times: &str) -> String {
    let (hit, cache) = (stats.counts.hit_rate, millis(stats.t_cache));
    let (miss, database) = (1.0 - hit, millis(stats.t_db));
    format!("{hit:.3} {times} {cache} + {miss:.3} {times} ({cache} + {database})")
}

/// Milliseconds to about three digits.
pub fn millis(value: f64) -> String {
    match value {
        ..1.0 => format!("{value:.3}"),
        ..10.0 => format!("{value:.2}"),
        _ => format!("{value:.1}"),
    }
}

/// `1,204`, from ten millions on `12.3M`.
pub fn amount(value: u64) -> String {
    const MILLION: u64 = 1_000_000;
    if value < 10 * MILLION {
        return number(signed(value));
    }
    let millions = number(signed(value / MILLION));
    format!("{millions}.{}M", value % MILLION / (MILLION / 10))
}

/// `1.2 MiB`.
pub fn bytes(value: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    let of = |unit: u64, name| format!("{}.{} {name}", value / unit, value % unit * 10 / unit);
    match value {
        ..KIB => format!("{value} B"),
        KIB..MIB => format!("{} KiB", value / KIB),
        MIB..GIB => of(MIB, "MiB"),
        _ => of(GIB, "GiB"),
    }
}

fn plenty(value: u64, one: &str, many: &str) -> String {
    count(signed(value), one, many)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stay_short() {
        for (value, shown) in [
            (0, "0"),
            (9_999_999, "9,999,999"),
            (12_345_678, "12.3M"),
            (u64::MAX, "18,446,744,073,709.5M"),
        ] {
            assert_eq!(amount(value), shown);
        }
        for (value, shown) in
            [(1_023, "1023 B"), (2_048, "2 KiB"), (1_300_000, "1.2 MiB"), (3 << 30, "3.0 GiB")]
        {
            assert_eq!(bytes(value), shown);
        }
        for (value, shown) in [(0.0, "0.000"), (0.0042, "0.004"), (7.391, "7.39"), (42.04, "42.0")]
        {
            assert_eq!(millis(value), shown);
        }
    }

    #[test]
    fn a_rate_is_judged_in_words() {
        let counts = |hits, misses| CacheCounts { hits, misses, ..CacheCounts::default() }.rated();
        assert_eq!(verdict(&counts(0, 0)), "no lookups yet");
        assert_eq!(verdict(&counts(0, 19)), "too few to judge");
        assert_eq!(verdict(&counts(95, 5)), "excellent");
        assert_eq!(verdict(&counts(0, 100)), "not working");
        assert_eq!(percent(0, 0), None);
        assert_eq!(percent(1, 2).as_deref(), Some("33.3"));
    }
}

//! The cache's figures, and how they are put into words, on the screen and on the command line.

use watchfire_shared::cache::{
    BreakerChange, BreakerState, CacheCounts, CacheDemo, CacheStats, Cause, RedisFigures,
};

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
    pub demo: Slot<Box<CacheDemo>>,
}

/// The hit rate of the last five minutes, as in [`percent`]; none while there is no rate to speak of.
pub fn hit_rate(stats: &CacheStats) -> Option<String> {
    let recent = stats.recent();
    percent(recent.hits, recent.misses).filter(|_| stats.in_use())
}

/// The same in words.
pub fn verdict(stats: &CacheStats) -> &'static str {
    let recent = stats.recent();
    match recent.band() {
        _ if !stats.in_use() => "not in use",
        Some(band) => band.as_str(),
        None if recent.total > 0 => "too few to judge",
        None if stats.counts.total > 0 => "no lookups of late",
        None => "no lookups yet",
    }
}

/// A rate of a window, or that most of its lookups failed; none where nothing was asked.
pub fn rate_of(counts: &CacheCounts) -> Option<String> {
    match percent(counts.hits, counts.misses) {
        _ if counts.is_failing() => Some("failing".to_owned()),
        rate => rate,
    }
}

/// `93.1`; none where nothing was asked.
pub fn percent(hits: u64, misses: u64) -> Option<String> {
    (hits + misses > 0)
        .then(|| format!("{:.1}", watchfire_shared::cache::rate(hits, misses) * 100.0))
}

/// What the cache spared the database, since the start.
pub fn saved(counts: &CacheCounts) -> [String; 3] {
    let reads = plenty(counts.reads_saved, "read", "reads");
    let (hits, negative) = (amount(counts.hits), amount(counts.negative_hits));
    [
        format!("{reads} saved"),
        format!("{hits} hits ({negative} not-found)"),
        format!("{} shared", amount(counts.waits_saved)),
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
pub fn why_broken(stats: &CacheStats) -> Option<String> {
    broken(stats)?;
    stats.breaker_changes.iter().rev().find_map(|change| change.reason.as_deref().map(because))
}

/// What changed: why Redis is not asked, or who asks it.
pub fn changed(change: &BreakerChange) -> String {
    match (change.state, &change.reason) {
        (_, Some(reason)) => because(reason),
        (BreakerState::Open, None) => "Redis is not asked".to_owned(),
        (BreakerState::HalfOpen, None) => "one operation tries Redis".to_owned(),
        (BreakerState::Closed, None) => "everybody asks Redis".to_owned(),
        (BreakerState::Off, None) => String::new(),
    }
}

/// What is wrong with Redis, as the daemon says it.
fn because(reason: &str) -> String {
    format!("Redis: {reason}")
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
    use watchfire_shared::cache::{Operation, Window};

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
        let says = |hits, misses, failed| {
            let errors = [(Operation::Get, failed)].into();
            let counts = CacheCounts { hits, misses, errors, ..CacheCounts::default() }.rated();
            let window = Window { counts, ..Window::default() };
            let mut stats = CacheStats { breaker: BreakerState::Closed, ..CacheStats::default() };
            stats.windows.insert("5m".to_owned(), window);
            (hit_rate(&stats), verdict(&stats))
        };
        let rate = |rate: &str| Some(rate.to_owned());
        assert_eq!(says(0, 0, 0), (None, "no lookups yet"));
        assert_eq!(says(0, 19, 0), (rate("0.0"), "too few to judge"));
        assert_eq!(says(95, 5, 0), (rate("95.0"), "excellent"));
        assert_eq!(says(0, 100, 0), (rate("0.0"), "not working"));
        assert_eq!(says(95, 5, 101), (None, "not in use"));
        assert_eq!(says(95, 5, 100), (rate("95.0"), "excellent"));
        assert_eq!(percent(1, 2).as_deref(), Some("33.3"));
    }

    #[test]
    fn what_nobody_asked_of_late_is_not_judged() {
        let counts = CacheCounts { hits: 900, ..CacheCounts::default() }.rated();
        let idle = CacheStats { counts, ..CacheStats::default() };
        assert_eq!((hit_rate(&idle), verdict(&idle)), (None, "no lookups of late"));
        let open = CacheStats { breaker: BreakerState::Open, ..idle };
        assert_eq!(verdict(&open), "not in use");
    }
}

//! What a daemon says of its cache, and what the screen makes of it.

use std::collections::{BTreeMap, BTreeSet};

use watchfire_shared::cache::{
    BreakerChange, BreakerState, CacheCounts, CacheStats, CacheType, Cause, FleetStats, Operation,
    Percentiles, ProcessCache, RedisFigures, TypeStats, Window,
};
use watchfire_shared::health::HealthStatus;

use super::client::Client;
use super::world::*;
use crate::effect::Load;
use crate::event::Outcome;
use crate::model::Look;

fn counts(hits: u64, misses: u64, invalidations: u64) -> CacheCounts {
    let counts = CacheCounts {
        hits,
        misses,
        negative_hits: hits / 100,
        fills: misses,
        fills_refused: 6,
        waits_saved: 199,
        reads_saved: 44_000,
        invalidations,
        ..CacheCounts::default()
    };
    counts.rated()
}

fn of_type(counts: CacheCounts, recent: CacheCounts, p95: f64, trend: [u8; 10]) -> TypeStats {
    let trend = trend.map(|percent| (percent > 0).then(|| f64::from(percent) / 100.0)).to_vec();
    let lookup = Percentiles { p50: p95 / 2.0, p95, p99: p95 * 2.0 };
    TypeStats { counts, recent: Window { counts: recent, lookup }, trend }
}

fn window(counts: CacheCounts) -> Window {
    Window { counts, lookup: Percentiles { p50: 0.003, p95: 0.009, p99: 0.031 } }
}

/// An embedded daemon after a day of work.
pub fn in_memory() -> CacheStats {
    let recent = |hits, misses, invalidations| CacheCounts {
        waits_saved: 0,
        reads_saved: 9,
        ..counts(hits, misses, invalidations)
    };
    let (recent_incident, recent_list) = (recent(4_270, 70, 10), recent(400, 260, 250));
    let five = recent_incident.clone().plus(&recent_list);
    let trend = [0, 0, 60, 80, 92, 97, 98, 97, 98, 97];
    let incident = of_type(counts(38_120, 1_010, 10), recent_incident, 0.004, trend);
    let trend = [0, 0, 70, 60, 40, 55, 50, 52, 48, 55];
    let list = of_type(counts(2_411, 2_003, 1_990), recent_list, 0.009, trend);
    let asked = [(CacheType::Incident, incident), (CacheType::IncidentList, list)];
    let mut by_type: BTreeMap<_, _> =
        CacheType::ALL.iter().map(|kind| (*kind, TypeStats::default())).collect();
    by_type.extend(asked);
    let all = counts(40_531, 3_013, 2_000);
    let own = ProcessCache {
        name: "laptop:4711".to_owned(),
        breaker: BreakerState::Off,
        counts: all.clone(),
    };
    CacheStats {
        kind: "memory".to_owned(),
        fleet: FleetStats::of(vec![own]),
        counts: all,
        t_cache: 0.004,
        t_db: 0.31,
        t_average: 0.0254,
        trend: by_type[&CacheType::Incident].trend.clone(),
        by_type,
        windows: [("now", counts(95, 5, 0)), ("1m", counts(928, 72, 70)), ("5m", five)]
            .map(|(name, counts)| (name.to_owned(), window(counts)))
            .into(),
        entries: 1_420,
        bytes: 1_300_000,
        ..CacheStats::default()
    }
}

/// One of three daemons that share Redis.
pub fn with_redis() -> CacheStats {
    let mut stats = in_memory();
    for of_type in stats.by_type.values_mut() {
        of_type.recent.lookup.p95 *= 100.0;
    }
    for window in stats.windows.values_mut() {
        window.lookup = Percentiles { p50: 0.31, p95: 0.92, p99: 3.11 };
    }
    stats.counts.errors = [(Operation::Get, 12), (Operation::Fill, 3)].into();
    let process =
        |name: &str, breaker, counts| ProcessCache { name: name.to_owned(), breaker, counts };
    let processes = vec![
        process("eu-1:4711", BreakerState::Closed, stats.counts.clone()),
        process("eu-2:12", BreakerState::Closed, counts(20_400, 2_100, 1_200)),
        process("eu-3:99", BreakerState::Closed, counts(0, 0, 340)),
    ];
    let change = |state, seconds, reason: Option<&str>| BreakerChange {
        state,
        at: ago(seconds),
        reason: reason.map(str::to_owned),
    };
    CacheStats {
        kind: "redis".to_owned(),
        breaker: BreakerState::Closed,
        breaker_changes: vec![
            change(BreakerState::Closed, 90_000, None),
            change(BreakerState::Open, 7_300, Some("no answer within 50 ms, five times")),
            change(BreakerState::HalfOpen, 7_298, None),
            change(BreakerState::Closed, 7_298, None),
        ],
        t_cache: 0.31,
        t_db: 3.1,
        t_average: 0.5245,
        entries: 0,
        bytes: 0,
        redis: Some(RedisFigures {
            used_memory: 12_900_000,
            max_memory: 256 << 20,
            keys: 4_211,
            evictions: 0,
            expirations: 812,
            ..RedisFigures::default()
        }),
        fleet: FleetStats::of(processes),
        ..stats
    }
}

/// The same while Redis does not answer, after days of work.
fn broken() -> CacheStats {
    let mut stats = with_redis();
    stats.breaker = BreakerState::Open;
    stats.breaker_changes.push(BreakerChange {
        state: BreakerState::Open,
        at: ago(20),
        reason: Some("connection refused by 127.0.0.1:6379".to_owned()),
    });
    stats.fleet.processes[0].breaker = BreakerState::Open;
    let fails = |counts: &mut CacheCounts, failed| {
        counts.errors.insert(Operation::Get, failed);
    };
    fails(&mut stats.counts, 1_012);
    for (name, failed) in [("now", 1_000), ("1m", 1_000), ("5m", 1_000)] {
        fails(&mut stats.windows.get_mut(name).unwrap().counts, failed);
    }
    let now = stats.windows.get_mut("now").unwrap();
    now.counts = CacheCounts { errors: now.counts.errors.clone(), ..CacheCounts::default() };
    CacheStats { redis: None, ..stats }
}

fn without() -> CacheStats {
    CacheStats { kind: "none".to_owned(), ..CacheStats::default() }
}

/// Nobody has read anything yet.
pub fn fresh() -> CacheStats {
    let unasked = || TypeStats { trend: vec![None; 10], ..TypeStats::default() };
    let by_type = CacheType::ALL.iter().map(|kind| (*kind, unasked())).collect();
    CacheStats { kind: "memory".to_owned(), by_type, ..CacheStats::default() }
}

/// The cache screen of a daemon that says this.
pub fn shows(stats: &CacheStats, look: Look, size: (u16, u16)) -> Client {
    let mut client = Client::with(|start| start.look = look).connected(&incidents());
    client.resize(size.0, size.1);
    client.press("4");
    client.answer_all(|load| match load {
        Load::CacheStats => Some(Outcome::CacheStats(Box::new(stats.clone()))),
        Load::Health => {
            let mut health = health();
            let database = if stats.kind == "memory" { "sqlite" } else { "postgres" };
            database.clone_into(&mut health.parts.database.kind);
            stats.kind.clone_into(&mut health.parts.cache.kind);
            stats.kind.clone_into(&mut health.parts.cache_integrity.kind);
            if stats.breaker == BreakerState::Open {
                health.parts.cache.status = HealthStatus::Degraded;
                health.parts.cache.reason = Some("Redis does not answer".to_owned());
            }
            Some(Outcome::Health(Box::new(health)))
        }
        other => usual(other),
    });
    client
}

pub const COLOUR: Look = Look { colour: true, unicode: true };
const PLAIN: Look = Look { colour: false, unicode: false };
pub const SMALL: (u16, u16) = (80, 24);
const WIDE: (u16, u16) = (200, 60);

#[test]
fn the_cache_screen_of_every_kind_of_daemon() {
    for (name, stats, look, size) in [
        ("redis", with_redis(), COLOUR, SMALL),
        ("redis_120", with_redis(), COLOUR, (120, 30)),
        ("redis_200", with_redis(), COLOUR, WIDE),
        ("redis_plain", with_redis(), PLAIN, WIDE),
        ("open", broken(), COLOUR, SMALL),
        ("open_200", broken(), COLOUR, WIDE),
        ("open_plain", broken(), PLAIN, SMALL),
        ("open_narrow", broken(), COLOUR, (44, 14)),
        ("none", without(), COLOUR, SMALL),
        ("none_200", without(), COLOUR, WIDE),
        ("memory_200", in_memory(), COLOUR, WIDE),
    ] {
        insta::assert_snapshot!(format!("cache_{name}"), shows(&stats, look, size).screen());
    }
}

#[test]
fn figures_that_are_not_read_any_more_say_how_old_they_are() {
    let mut client = shows(&in_memory(), COLOUR, SMALL);
    assert!(!client.screen().contains("s old"));
    client.wait(2_100);
    client.answer_all(|_| Some(Outcome::Failed(offline())));
    client.wait(3_000);
    let screen = client.screen();
    assert!(screen.contains("◌ 5 s old") && screen.contains("93.4 %"), "{screen}");
}

#[test]
fn what_is_judged_are_the_last_five_minutes() {
    let after = |days: CacheCounts, minutes: CacheCounts| {
        let mut stats = CacheStats { counts: days, ..with_redis() };
        stats.windows.insert("5m".to_owned(), window(minutes));
        shows(&stats, COLOUR, SMALL).screen()
    };
    let fine = || counts(1_000_000, 10_000, 0);
    let bad = || counts(5, 1_000, 0);
    let screen = after(fine(), bad());
    assert!(screen.contains("0.5 %  not working"), "{screen}");
    assert!(screen.contains("1,000,000 hits"), "{screen}");
    let screen = after(bad(), fine());
    assert!(screen.contains("99.0 %  excellent"), "{screen}");
}

/// Redis went away within good days: the breaker closes for a moment each time it is tried.
#[test]
fn an_outage_has_no_rate_and_no_cause() {
    let mut stats = broken();
    for of_type in stats.by_type.values_mut() {
        of_type.recent.counts.errors = [(Operation::Get, 10_000)].into();
    }
    for window in stats.windows.values_mut() {
        window.counts.errors = [(Operation::Get, 10_000)].into();
    }
    for breaker in [BreakerState::Open, BreakerState::HalfOpen, BreakerState::Closed] {
        let screen = shows(&CacheStats { breaker, ..stats.clone() }, COLOUR, SMALL).screen();
        assert!(screen.contains("hit rate   –  not in use"), "{screen}");
        assert!(screen.contains("now failing · 1m failing · 5m failing"), "{screen}");
        assert!(!screen.contains("excellent") && !screen.contains("too often"), "{screen}");
    }
}

#[test]
fn every_cause_and_every_word_fits_80_columns() {
    let mut said = BTreeSet::new();
    for (entries, hits) in [(0, 0), (20, 300), (400, 20), (400, 300)] {
        for invalidations in [0, 400] {
            let counts = CacheCounts { waits_saved: 0, ..counts(hits, 400, invalidations) };
            let list = of_type(counts.clone(), counts.clone(), 0.009, [50; 10]);
            let by_type = [(CacheType::IncidentList, list)].into();
            let windows = [("5m".to_owned(), window(counts.clone()))].into();
            let stats = CacheStats { counts, by_type, windows, entries, ..in_memory() };
            said.extend(stats.worst());
            let screen = shows(&stats, COLOUR, SMALL).screen();
            assert!(!screen.contains('…'), "{screen}");
        }
    }
    assert_eq!(said.len(), Cause::ALL.len(), "{said:?}");
}

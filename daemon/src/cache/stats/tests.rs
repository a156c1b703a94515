use std::collections::VecDeque;

use metrics_exporter_prometheus::PrometheusBuilder;
use proptest::prelude::*;
use watchfire_shared::cache::{Window, rate};

use super::*;
use CacheType::{Incident, IncidentList, Score, User};

const SECOND: Duration = Duration::from_secs(1);
const MILLI: Duration = Duration::from_millis(1);

/// A recorder, and the moments since it began.
fn recorder() -> (Recorder, impl Fn(u32) -> Instant) {
    let begun = Instant::now();
    (Recorder::begun(begun), move |seconds| begun + SECOND * seconds)
}

/// Hits, misses and errors of a window.
fn window(stats: &CacheStats, name: &str) -> [u64; 3] {
    let counts = &stats.windows[name].counts;
    [counts.hits, counts.misses, counts.errors.values().sum()]
}

#[test]
fn nothing_asked_is_nothing_shown() {
    let stats = Recorder::default().snapshot();
    assert_eq!((stats.counts.total, stats.counts.hit_rate, stats.t_average), (0, 0.0, 0.0));
    assert_eq!(stats.windows.keys().collect::<Vec<_>>(), ["1m", "5m", "now"]);
    assert!(stats.windows.values().all(|window| *window == Window::default()));
    assert_eq!(stats.trend, [None; 10]);
    assert_eq!(stats.by_type.len(), CacheType::ALL.len());
    for of_type in stats.by_type.values() {
        assert_eq!(of_type.recent, Window::default());
        assert_eq!(of_type.trend, [None; 10]);
    }
    assert_eq!((stats.breaker, stats.breaker_changes.len()), (BreakerState::Off, 0));
}

#[test]
fn windows_forget_what_is_old() {
    let (recorder, at) = recorder();
    recorder.hits_at(Incident, 1, 0, MILLI, at(0));
    recorder.miss_at(User, MILLI, at(25));
    recorder.error_at(Score, Operation::Get, at(25));
    // A window is the ten seconds under way and those before it that make up its name.
    for (moment, now, minute, five) in [
        (25, [0, 1, 1], [1, 1, 1], [1, 1, 1]),
        (39, [0, 1, 1], [1, 1, 1], [1, 1, 1]),
        (40, [0, 0, 0], [1, 1, 1], [1, 1, 1]),
        (69, [0, 0, 0], [1, 1, 1], [1, 1, 1]),
        (70, [0, 0, 0], [0, 1, 1], [1, 1, 1]),
        (309, [0, 0, 0], [0, 0, 0], [1, 1, 1]),
        (310, [0, 0, 0], [0, 0, 0], [0, 1, 1]),
        (330, [0, 0, 0], [0, 0, 0], [0, 0, 0]),
        (100_000, [0, 0, 0], [0, 0, 0], [0, 0, 0]),
    ] {
        let stats = recorder.snapshot_at(at(moment));
        let shown = ["now", "1m", "5m"].map(|name| window(&stats, name));
        assert_eq!(shown, [now, minute, five], "after {moment} s");
        // What is counted since the start stays.
        assert_eq!((stats.counts.hits, stats.counts.misses), (1, 1));
    }
    // The slot of the first hit is used again, and is empty.
    recorder.miss_at(Incident, MILLI, at(310));
    assert_eq!(window(&recorder.snapshot_at(at(310)), "5m"), [0, 2, 1]);
}

#[test]
fn everything_is_counted_of_late_as_since_the_start() {
    let recorder = Recorder::default();
    recorder.hit(Incident, true, MILLI);
    // Rows of a page: one statement would have read them all.
    recorder.hits(Incident, 3, 1, MILLI);
    recorder.saved(Incident);
    recorder.waits(Incident, 2);
    recorder.miss(Incident, MILLI);
    recorder.waited(Incident);
    recorder.error(Incident, Operation::Get);
    recorder.error(Incident, Operation::Fill);
    recorder.fill(Incident, true);
    recorder.fill(Incident, false);
    recorder.warmed(Incident);
    recorder.invalidated(Incident);
    recorder.corrupt(Incident);
    let stats = recorder.snapshot();
    let errors = [(Operation::Get, 1), (Operation::Fill, 1)].into();
    let once = CacheCounts {
        hits: 4,
        misses: 1,
        negative_hits: 2,
        fills: 1,
        fills_refused: 1,
        waits_saved: 3,
        reads_saved: 3,
        invalidations: 1,
        corrupt: 1,
        warmed: 1,
        errors,
        ..CacheCounts::default()
    };
    let once = once.rated();
    assert_eq!(stats.counts, once);
    assert_eq!(stats.by_type[&Incident].counts, once);
    assert_eq!(stats.by_type[&Incident].recent.counts, once);
    assert_eq!(stats.by_type[&Incident].recent.lookup, stats.windows["5m"].lookup);
    assert!(stats.windows.values().all(|window| window.counts == once));
    assert_eq!(stats.by_type[&User].recent, Window::default());
}

#[test]
fn a_trend_has_ten_steps_the_newest_last() {
    let (recorder, at) = recorder();
    for second in 0..30 {
        recorder.hits_at(Incident, 1, 0, MILLI, at(second));
    }
    recorder.miss_at(Incident, MILLI, at(299));
    recorder.hits_at(IncidentList, 1, 0, MILLI, at(299));
    let stats = recorder.snapshot_at(at(299));
    let mut expected = vec![None; 10];
    (expected[0], expected[9]) = (Some(1.0), Some(0.0));
    assert_eq!(stats.by_type[&Incident].trend, expected);
    expected[9] = Some(0.5);
    assert_eq!(stats.trend, expected);
    assert_eq!(stats.by_type[&User].trend, [None; 10]);
    let later = recorder.snapshot_at(at(330));
    assert_eq!(later.trend[8], Some(0.5));
    assert_eq!(later.trend[9], None);
}

#[test]
fn percentiles_are_those_of_the_times() {
    let begun = Instant::now();
    let recorder = Recorder::begun(begun + SECOND);
    let at = |seconds: u32| begun + SECOND * (seconds + 1);
    for micros in 1..=1_000 {
        recorder.hits_at(Incident, 1, 0, Duration::from_micros(micros), at(1));
    }
    // Somebody waited for longer than any clock should say; nothing breaks.
    recorder.miss_at(User, Duration::MAX, at(1));
    recorder.miss_at(User, Duration::ZERO, at(1));
    let stats = recorder.snapshot_at(at(2));
    let lookup = stats.by_type[&Incident].recent.lookup;
    for (shown, exact) in [(lookup.p50, 0.5), (lookup.p95, 0.95), (lookup.p99, 0.99)] {
        assert!((shown / exact - 1.0).abs() < 0.01, "{shown} instead of {exact}");
    }
    let all = stats.windows["now"].lookup;
    assert!(all.p50 <= all.p95 && all.p95 <= all.p99, "{all:?}");
    assert!((stats.by_type[&User].recent.lookup.p99 / 60_000.0 - 1.0).abs() < 0.01);
    // A clock that stands before the beginning is the beginning.
    recorder.error_at(User, Operation::Fill, begun);
    assert_eq!(window(&recorder.snapshot_at(at(0)), "now")[2], 1);
}

#[test]
fn eight_threads_lose_nothing() {
    const EACH: u64 = 20_000;
    let (recorder, at) = recorder();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (recorder, at) = (&recorder, &at);
            scope.spawn(move || {
                for n in 0..EACH {
                    let kind = CacheType::ALL[usize::try_from(n).unwrap() % CacheType::ALL.len()];
                    let now = at(u32::try_from(n / 100).unwrap() + thread);
                    match n % 4 {
                        0 => recorder.miss_at(kind, MILLI, now),
                        1 => recorder.error_at(kind, Operation::Get, now),
                        _ => recorder.hits_at(kind, 1, u64::from(n % 4 == 3), MILLI, now),
                    }
                }
            });
        }
    });
    let stats = recorder.snapshot_at(at(207));
    let counts = &stats.counts;
    assert_eq!([counts.hits, counts.misses, counts.negative_hits], [80_000, 40_000, 40_000]);
    assert_eq!(counts.errors[&Operation::Get], 40_000);
    assert_eq!(window(&stats, "5m"), [80_000, 40_000, 40_000]);
    let types = stats.by_type.values().fold(CacheCounts::default(), |sum, it| sum.plus(&it.counts));
    assert_eq!(&types, counts);
    assert_eq!(recorder.process().counts, *counts);
}

#[test]
fn prometheus_sees_the_same_counts() {
    let prometheus = PrometheusBuilder::new().build_recorder();
    let recorder = metrics::with_local_recorder(&prometheus, Recorder::default);
    let says = |line: &str| {
        let text = prometheus.handle().render();
        assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
    };
    says("cache_hits_total{cache_type=\"incident\"} 0");
    recorder.hit(Incident, false, MILLI);
    recorder.hit(Incident, true, MILLI);
    recorder.miss(IncidentList, MILLI);
    recorder.error(User, Operation::Forget);
    recorder.operation(Operation::Get, MILLI);
    recorder.breaker(BreakerState::Closed, None);
    says("cache_hits_total{cache_type=\"incident\"} 2");
    says("cache_misses_total{cache_type=\"incident_list\"} 1");
    says("cache_errors_total{cache_type=\"user\",operation=\"forget\"} 1");
    says("cache_operation_seconds_count{operation=\"get\"} 1");
    says("cache_breaker_open 0");
    for (state, open) in [(BreakerState::Open, 1), (BreakerState::HalfOpen, 1)] {
        recorder.breaker(state, None);
        says(&format!("cache_breaker_open {open}"));
    }
    recorder.breaker(BreakerState::Closed, None);
    says("cache_breaker_open 0");
}

/// Each figure under its name, and none under that of another.
#[test]
fn prometheus_sees_each_figure_by_its_type() {
    type Figure = (&'static str, fn(&Recorder));
    let prometheus = PrometheusBuilder::new().build_recorder();
    let recorder = metrics::with_local_recorder(&prometheus, Recorder::default);
    recorder.hit(Incident, true, MILLI);
    recorder.hits(Incident, 31, 0, MILLI);
    let figures: [Figure; 6] = [
        ("fills", |it| it.fill(Incident, true)),
        ("fills_refused", |it| it.fill(Incident, false)),
        ("waits_saved", |it| it.waited(Incident)),
        ("invalidations", |it| it.invalidated(Incident)),
        ("corrupt", |it| it.corrupt(Incident)),
        ("warmed", |it| it.warmed(Incident)),
    ];
    for (times, (_, tell)) in (2..).zip(figures) {
        (0..times).for_each(|_| tell(&recorder));
    }
    let text = prometheus.handle().render();
    let says = |line: String| assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
    for (times, (name, _)) in (2..).zip(figures) {
        says(format!("cache_{name}_total{{cache_type=\"incident\"}} {times}"));
        says(format!("cache_{name}_total{{cache_type=\"user\"}} 0"));
    }
    says("cache_negative_hits_total{cache_type=\"incident\"} 1".to_owned());
    // One hit, and four that waited for another; of many hits at once nobody said so.
    says("cache_database_reads_saved_total{cache_type=\"incident\"} 5".to_owned());
}

#[test]
fn prometheus_sees_what_is_held_and_what_had_to_go() {
    let prometheus = PrometheusBuilder::new().build_recorder();
    let recorder = metrics::with_local_recorder(&prometheus, Recorder::default);
    let says = |line: &str| {
        let text = prometheus.handle().render();
        assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
    };
    says("cache_evictions_total 0");
    let left = |evictions| Left { evictions, expirations: 2 };
    assert_eq!(recorder.holds(5, 700, left(40)), Left::default());
    says("cache_entries 5");
    says("cache_bytes 700");
    says("cache_evictions_total 0");
    assert_eq!(recorder.holds(4, 600, left(43)), Left { evictions: 3, expirations: 0 });
    says("cache_entries 4");
    says("cache_evictions_total 3");
    recorder.holds_unknown();
    says("cache_entries NaN");
    says("cache_bytes NaN");
    says("cache_evictions_total 3");
}

#[test]
fn the_breaker_remembers_its_last_ten_changes() {
    let recorder = Recorder::default();
    recorder.breaker(BreakerState::Off, None);
    recorder.breaker(BreakerState::Closed, None);
    recorder.breaker(BreakerState::Closed, Some("no change".to_owned()));
    assert_eq!(recorder.snapshot().breaker_changes.len(), 1);
    for n in 0..12 {
        recorder.breaker(BreakerState::Open, Some(format!("failure {n}")));
        recorder.breaker(BreakerState::HalfOpen, None);
    }
    let stats = recorder.snapshot();
    assert_eq!(stats.breaker, BreakerState::HalfOpen);
    assert_eq!(recorder.process().breaker, BreakerState::HalfOpen);
    let changes = &stats.breaker_changes;
    assert_eq!(changes.len(), 10);
    assert!(changes.is_sorted_by_key(|change| change.at));
    let reasons: Vec<&str> = changes.iter().filter_map(|it| it.reason.as_deref()).collect();
    assert_eq!(reasons, ["failure 7", "failure 8", "failure 9", "failure 10", "failure 11"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against every lookup written down with its ten seconds.
    #[test]
    fn windows_are_what_a_list_of_all_would_say(
        asked in prop::collection::vec((0_u32..120, any::<bool>(), 0..CacheType::ALL.len()), 0..60)
    ) {
        let (recorder, at) = recorder();
        let (mut second, mut all) = (0, VecDeque::new());
        for (pause, hit, kind) in asked {
            second += pause;
            let kind = CacheType::ALL[kind];
            if hit {
                recorder.hits_at(kind, 1, 0, MILLI, at(second));
            } else {
                recorder.miss_at(kind, MILLI, at(second));
            }
            all.push_back((second / 10, hit));
            let stats = recorder.snapshot_at(at(second));
            for (name, slots) in [("now", 1), ("1m", 6), ("5m", 30)] {
                let recent = || all.iter().filter(|(slot, _)| second / 10 - slot <= slots);
                let hits = recent().filter(|(_, hit)| *hit).count() as u64;
                let misses = recent().count() as u64 - hits;
                prop_assert_eq!(window(&stats, name), [hits, misses, 0], "{}", name);
                prop_assert!((stats.windows[name].counts.hit_rate - rate(hits, misses)).abs() < 1e-12);
            }
        }
    }
}

use super::*;
use crate::cache::{Operation, RedisFigures, TypeStats, Window};

fn counts(hits: u64, misses: u64) -> CacheCounts {
    CacheCounts { hits, misses, fills: misses, ..CacheCounts::default() }.rated()
}

fn window(counts: &CacheCounts) -> Window {
    Window { counts: counts.clone(), ..Window::default() }
}

/// A process that counted these of incidents within five minutes, and nothing before.
fn stats(counts: &CacheCounts) -> CacheStats {
    let of_type =
        TypeStats { counts: counts.clone(), recent: window(counts), ..TypeStats::default() };
    CacheStats {
        counts: counts.clone(),
        by_type: [(CacheType::Incident, of_type)].into(),
        windows: ["now", "5m"].map(|name| (name.to_owned(), window(counts))).into(),
        ..CacheStats::default()
    }
}

fn failing(hits: u64, failed: u64) -> CacheCounts {
    CacheCounts { errors: [(Operation::Get, failed)].into(), ..counts(hits, 0) }
}

/// Of all, which is that of the incidents here.
fn cause(stats: &CacheStats) -> Option<Cause> {
    let cause = stats.cause_of(CacheType::Incident);
    assert_eq!(stats.worst(), cause.map(|cause| (CacheType::Incident, cause)));
    assert_eq!(stats.cause_of(CacheType::User), None, "nobody asked");
    cause
}

#[test]
fn a_rate_has_its_band() {
    use Band::{Excellent, Fair, Good, NotWorking, Poor};
    for (rate, band) in [
        (1.0, Excellent),
        (0.900_1, Excellent),
        (0.9, Good),
        (0.700_1, Good),
        (0.7, Fair),
        (0.500_1, Fair),
        (0.5, Poor),
        (0.01, Poor),
        (0.009_9, NotWorking),
        (0.0, NotWorking),
    ] {
        assert_eq!(Band::of(rate), band, "{rate}");
    }
    assert_eq!(counts(90, 10).band(), Some(Good));
    assert_eq!(counts(91, 9).band(), Some(Excellent));
}

#[test]
fn nothing_is_said_of_too_few_lookups() {
    for few in [counts(0, 0), counts(0, 19), counts(19, 0), failing(0, 19)] {
        let stats = CacheStats { entries: 1, ..stats(&few) };
        assert_eq!((few.band(), cause(&stats)), (None, None), "{few:?}");
        assert!(stats.in_use());
    }
    assert_eq!(counts(0, 20).band(), Some(Band::NotWorking));
    assert!(cause(&stats(&counts(0, 20))).is_some());
}

#[test]
fn what_was_before_the_last_minutes_is_not_judged() {
    let (good, bad) = (counts(1_000_000, 10), counts(0, 100));
    let after = |days: &CacheCounts, minutes: &CacheCounts| {
        let mut stats = stats(minutes);
        stats.counts = days.clone();
        stats.by_type.values_mut().for_each(|of_type| of_type.counts = days.clone());
        (stats.recent().band(), cause(&stats))
    };
    assert_eq!(after(&good, &bad), (Some(Band::NotWorking), Some(Cause::NeverReadAgain)));
    assert_eq!(after(&bad, &good), (Some(Band::Excellent), None));
}

#[test]
fn a_cache_that_answers_nobody_is_not_in_use() {
    let broken = |breaker, counts| CacheStats { breaker, ..stats(&counts) }.in_use();
    assert!(!broken(BreakerState::Open, counts(93, 7)));
    assert!(!broken(BreakerState::HalfOpen, counts(93, 7)));
    assert!(!broken(BreakerState::Closed, failing(30, 31)));
    assert!(broken(BreakerState::Closed, failing(30, 30)));
    assert!(broken(BreakerState::Closed, CacheCounts::default()));
    // It came back: what failed before is not held against it.
    let mut back = CacheStats { breaker: BreakerState::Closed, ..stats(&failing(30, 500)) };
    back.windows.insert("now".to_owned(), window(&failing(20, 3)));
    assert!(back.in_use());
    // Nobody asked since, so that nobody knows.
    back.windows.insert("now".to_owned(), Window::default());
    assert!(!back.in_use());
}

#[test]
fn a_cache_that_is_not_in_use_has_no_cause() {
    let mut written = counts(0, 30);
    written.invalidations = 30;
    assert_eq!(cause(&stats(&written)), Some(Cause::Invalidated));
    let open = CacheStats { breaker: BreakerState::Open, ..stats(&written) };
    assert_eq!(cause(&open), None);
    written.errors = [(Operation::Get, 31)].into();
    assert_eq!(cause(&stats(&written)), None);
}

#[test]
fn a_good_rate_has_no_cause() {
    let mut good = counts(7_001, 2_999);
    good.invalidations = 100_000;
    assert_eq!(cause(&CacheStats { entries: 2_999, ..stats(&good) }), None);
}

#[test]
fn each_cause_is_found_from_figures_that_mean_it() {
    let fair = counts(600, 400);
    // As many writes as half of the misses, whatever else there is.
    let written = CacheCounts { invalidations: 200, ..fair.clone() };
    let written = CacheStats { entries: 10, evictions: 390, ..stats(&written) };
    assert_eq!(cause(&written), Some(Cause::Invalidated));
    let overtaken = CacheCounts { fills: 200, fills_refused: 200, ..fair.clone() };
    assert_eq!(cause(&stats(&overtaken)), Some(Cause::Invalidated));
    // 400 values were stored, all under new keys, and half of them had to go again.
    let dropped = CacheStats { entries: 200, evictions: 200, ..stats(&fair) };
    assert_eq!(cause(&dropped), Some(Cause::TooManyKeys));
    let kept = CacheStats { entries: 400, ..stats(&fair) };
    assert_eq!(cause(&kept), Some(Cause::TooManyKeys));
    // The same twenty values were stored twenty times each, though nobody wrote.
    let again = CacheStats { entries: 20, ..stats(&fair) };
    assert_eq!(cause(&again), Some(Cause::ExpiredUnread));
    let often = CacheStats { entries: 20, ..stats(&counts(0, 400)) };
    assert_eq!(cause(&often), Some(Cause::ExpiredUnread));
    // Each was asked for once.
    let walked = CacheStats { entries: 400, ..stats(&counts(39, 400)) };
    assert_eq!(cause(&walked), Some(Cause::NeverReadAgain));
}

#[test]
fn one_write_makes_all_lists_and_the_counts_stale() {
    let causes = |hits, writes, entries| {
        let lists = CacheCounts { invalidations: writes, ..counts(hits, 400) };
        let of_type = |counts| TypeStats { recent: window(counts), ..TypeStats::default() };
        let mut stats = CacheStats { entries, ..stats(&counts(0, 0)) };
        stats.by_type.insert(CacheType::IncidentList, of_type(&lists));
        stats.by_type.insert(CacheType::Counts, of_type(&counts(hits, 400)));
        stats.counts = lists;
        let of = |kind| stats.cause_of(kind);
        assert_eq!(of(CacheType::IncidentList), of(CacheType::Counts), "written alike");
        of(CacheType::Counts)
    };
    // Ten pages are loaded again and again; they would end by time five times.
    assert_eq!(causes(300, 4, 10), Some(Cause::ExpiredUnread));
    assert_eq!(causes(300, 5, 10), Some(Cause::Invalidated));
    // Each page is another.
    assert_eq!(causes(300, 5, 400), Some(Cause::TooManyKeys));
    assert_eq!(causes(30, 5, 400), Some(Cause::NeverReadAgain));
    // As with Redis, where nothing left it: which pages nobody knows.
    assert_eq!((causes(300, 4, 0), causes(300, 5, 0)), (None, Some(Cause::Invalidated)));
}

/// As [`stats`], with what left Redis in the same time.
fn in_redis(counts: &CacheCounts, recent_evictions: u64, recent_expirations: u64) -> CacheStats {
    // What it counted since its own start says nothing.
    let before = RedisFigures { evictions: 9_000, expirations: 9_000, ..RedisFigures::default() };
    let redis = RedisFigures { recent_evictions, recent_expirations, ..before };
    CacheStats { redis: Some(redis), ..stats(counts) }
}

#[test]
fn with_redis_each_cause_is_told_from_what_left_it() {
    let fair = counts(600, 400);
    for (evictions, expirations, expected) in [
        (0, 0, None),
        (199, 0, None),
        (200, 0, Some(Cause::TooManyKeys)),
        (200, 400, Some(Cause::TooManyKeys)),
        (0, 199, None),
        (0, 200, Some(Cause::ExpiredUnread)),
        (199, 200, Some(Cause::ExpiredUnread)),
    ] {
        let found = cause(&in_redis(&fair, evictions, expirations));
        assert_eq!(found, expected, "{evictions} evicted, {expirations} expired");
    }
    let written = CacheCounts { invalidations: 200, ..fair };
    assert_eq!(cause(&in_redis(&written, 0, 400)), Some(Cause::Invalidated));
    // Each was read once; what becomes of it then is nobody's trouble.
    let walked = counts(39, 400);
    for (evictions, expirations) in [(400, 0), (0, 400), (0, 0)] {
        let found = cause(&in_redis(&walked, evictions, expirations));
        assert_eq!(found, Some(Cause::NeverReadAgain));
    }
}

#[test]
fn fewer_writes_are_not_asked_for_where_evictions_explain_it() {
    // Leases are evicted as values are, and what was loaded under them is refused.
    let fair = counts(600, 400);
    let refused = CacheCounts { fills: 200, fills_refused: 200, ..fair.clone() };
    assert_eq!(cause(&in_redis(&refused, 0, 0)), Some(Cause::Invalidated));
    assert_eq!(cause(&in_redis(&refused, 1, 0)), None, "one of them was no write's");
    assert_eq!(cause(&in_redis(&refused, 200, 0)), Some(Cause::TooManyKeys));
    // Writes and evictions: whichever there were more of.
    let written = CacheCounts { invalidations: 300, ..fair };
    assert_eq!(cause(&in_redis(&written, 299, 0)), Some(Cause::Invalidated));
    assert_eq!(cause(&in_redis(&written, 300, 0)), Some(Cause::TooManyKeys));
}

#[test]
fn without_evidence_nothing_is_said() {
    let fair = counts(600, 400);
    // As with Redis, where nothing left it: nobody counts our keys.
    assert_eq!(cause(&stats(&fair)), None);
    // 1,000 stores came before and 700 of all were under new keys: those may be any of them.
    let mut old = CacheStats { entries: 700, ..stats(&fair) };
    old.counts.fills = 1_400;
    assert_eq!(cause(&old), None);
    // 1,250 of 1,400 were, so at least 250 of the last 400.
    old.entries = 1_250;
    assert_eq!(cause(&old), Some(Cause::TooManyKeys));
    old.entries = 150;
    assert_eq!(cause(&old), Some(Cause::ExpiredUnread));
}

#[test]
fn who_shared_the_load_of_another_does_not_count() {
    // 200 reads at once of one cold value, a few before and after.
    let mut burst = counts(16, 216);
    (burst.fills, burst.waits_saved) = (17, 199);
    assert_eq!(cause(&CacheStats { entries: 17, ..stats(&burst) }), None);
    let mut shared = counts(600, 1_000);
    (shared.fills, shared.waits_saved) = (100, 900);
    assert_eq!(cause(&CacheStats { entries: 10, ..stats(&shared) }), None, "6 in 7 are found");
}

#[test]
fn misses_that_could_not_be_stored_are_no_cause_of_these() {
    let mut failing = counts(10, 900);
    failing.fills = 449;
    assert_eq!(cause(&stats(&failing)), None);
    failing.fills = 450;
    assert!(cause(&stats(&failing)).is_some());
}

#[test]
fn the_cause_of_all_is_that_of_the_type_that_misses_most() {
    let mut stats = stats(&counts(10, 300));
    let list = CacheCounts { invalidations: 400, ..counts(300, 400) };
    let list = TypeStats { recent: window(&list), ..TypeStats::default() };
    stats.by_type.insert(CacheType::IncidentList, list);
    assert_eq!(stats.cause_of(CacheType::Incident), Some(Cause::NeverReadAgain));
    assert_eq!(stats.worst(), Some((CacheType::IncidentList, Cause::Invalidated)));
}

#[test]
fn the_runbook_has_every_band_and_every_cause_with_its_advice() {
    let runbook = include_str!("../../../../RUNBOOK.md");
    for band in Band::ALL {
        assert!(runbook.contains(&format!("| {band} |")), "no {band}");
    }
    let named = runbook.lines().filter_map(|line| {
        let cause: Cause = line.split('|').nth(1)?.trim().parse().ok()?;
        Some((cause, line.contains(cause.advice())))
    });
    let named: Vec<(Cause, bool)> = named.collect();
    let all: Vec<(Cause, bool)> = Cause::ALL.iter().map(|cause| (*cause, true)).collect();
    assert_eq!(named, all, "one row each, in this order, with the advice of the screen");
}

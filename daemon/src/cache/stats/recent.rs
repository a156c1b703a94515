//! What happened of late, in slots of ten seconds. Nobody rolls them: whoever counts or looks finds
//! a slot of another time and empties it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use watchfire_shared::cache::{CacheCounts, CacheType, Percentiles, Window, rate};

use super::counters::nanos;

pub const SLOT: Duration = Duration::from_secs(10);
/// Five minutes, and the slot under way.
const SLOTS: u64 = 31;
/// A window is the slot under way and so many before it: at least what its name says.
const WINDOWS: [(&str, u64); 3] = [("now", 1), ("1m", 6), ("5m", 30)];
/// Steps of a trend, and the slots of one.
const STEPS: usize = 10;
const STEP: u64 = 3;
/// Digits of a time that count.
const DIGITS: u8 = 2;
/// What took longer counts as this: a mistake of the clock must not make a histogram huge.
const LONGEST: Duration = Duration::from_mins(1);

/// The recent past of every type of value.
pub struct Recent {
    begun: Instant,
    by_type: [Mutex<Ring>; CacheType::ALL.len()],
}

/// What [`Recent`] shows.
pub struct View {
    pub windows: BTreeMap<String, Window>,
    pub trend: Vec<Option<f64>>,
    /// The longest window of each type, and its trend.
    pub by_type: BTreeMap<CacheType, (Window, Vec<Option<f64>>)>,
}

/// The slots of one type, each with the number of the ten seconds it counted.
struct Ring(Vec<(u64, Tally)>);

struct Tally {
    counts: CacheCounts,
    /// How long looking took, in nanoseconds.
    lookup: Histogram<u32>,
}

/// Hits and misses of each step, the newest last.
type Steps = [(u64, u64); STEPS];

impl Recent {
    pub fn new(begun: Instant) -> Self {
        let ring = || Ring((0..SLOTS).map(|_| (0, Tally::new())).collect());
        Self { begun, by_type: std::array::from_fn(|_| Mutex::new(ring())) }
    }

    /// Counts what took no looking.
    pub fn count(&self, kind: CacheType, now: Instant, count: impl FnOnce(&mut CacheCounts)) {
        let number = self.number(now);
        count(&mut self.ring(kind).slot(number).counts);
    }

    /// Counts so many that were looked for at once.
    pub fn looked(
        &self,
        kind: CacheType,
        times: u64,
        took: Duration,
        now: Instant,
        count: impl FnOnce(&mut CacheCounts),
    ) {
        let number = self.number(now);
        let mut ring = self.ring(kind);
        let tally = ring.slot(number);
        count(&mut tally.counts);
        tally.took(times, took);
    }

    pub fn view(&self, now: Instant) -> View {
        let now = self.number(now);
        let mut windows = WINDOWS.map(|_| Tally::new());
        let mut all = Steps::default();
        let mut by_type = BTreeMap::new();
        for kind in CacheType::ALL {
            let (mut recent, mut steps) = (Tally::new(), Steps::default());
            for (number, tally) in &self.ring(*kind).0 {
                let age = now.saturating_sub(*number);
                if age >= SLOTS {
                    continue;
                }
                recent.add(tally);
                for (window, (_, slots)) in windows.iter_mut().zip(WINDOWS) {
                    // The longest is summed up from the types below.
                    if slots + 1 < SLOTS && age <= slots {
                        window.add(tally);
                    }
                }
                tally.add_to(&mut steps, age);
                tally.add_to(&mut all, age);
            }
            windows[WINDOWS.len() - 1].add(&recent);
            by_type.insert(*kind, (recent.window(), rates(&steps)));
        }
        let named = WINDOWS.iter().zip(&windows);
        View {
            windows: named.map(|((name, _), tally)| ((*name).to_owned(), tally.window())).collect(),
            trend: rates(&all),
            by_type,
        }
    }

    /// Which ten seconds since the beginning.
    fn number(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.begun).as_secs() / SLOT.as_secs()
    }

    fn ring(&self, kind: CacheType) -> MutexGuard<'_, Ring> {
        self.by_type[kind as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    /// The slot of these ten seconds, empty when it last counted others.
    fn slot(&mut self, number: u64) -> &mut Tally {
        let place = usize::try_from(number % SLOTS).unwrap_or(0);
        let (counted, tally) = &mut self.0[place];
        if *counted != number {
            *counted = number;
            tally.clear();
        }
        tally
    }
}

impl Tally {
    fn new() -> Self {
        let lookup = Histogram::new(DIGITS).expect("two digits are allowed");
        Self { counts: CacheCounts::default(), lookup }
    }

    fn clear(&mut self) {
        self.counts = CacheCounts::default();
        self.lookup.reset();
    }

    fn took(&mut self, count: u64, time: Duration) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let recorded = self.lookup.record_n(nanos(time.min(LONGEST)), count);
        recorded.expect("a histogram that grows takes any time");
    }

    fn add(&mut self, other: &Self) {
        self.counts = std::mem::take(&mut self.counts).plus(&other.counts);
        self.lookup.add(&other.lookup).expect("a histogram that grows takes any other");
    }

    fn add_to(&self, steps: &mut Steps, age: u64) {
        let back = usize::try_from(age / STEP).unwrap_or(usize::MAX);
        if let Some(step) = STEPS.checked_sub(back + 1) {
            steps[step].0 += self.counts.hits;
            steps[step].1 += self.counts.misses;
        }
    }

    fn percentiles(&self) -> Percentiles {
        #[expect(clippy::cast_precision_loss, reason = "a minute is far below 2^52 ns")]
        let at = |quantile| self.lookup.value_at_quantile(quantile) as f64 / 1e6;
        Percentiles { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
    }

    fn window(&self) -> Window {
        Window { counts: self.counts.clone().rated(), lookup: self.percentiles() }
    }
}

fn rates(steps: &Steps) -> Vec<Option<f64>> {
    let step = |(hits, misses): &(u64, u64)| (hits + misses > 0).then(|| rate(*hits, *misses));
    steps.iter().map(step).collect()
}

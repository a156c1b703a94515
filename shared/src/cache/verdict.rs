//! What a hit rate means: its band, and the likeliest cause of a bad one.

use super::{CacheCounts, CacheStats, CacheType};
use crate::text_enum::text_enum;

/// Lookups below which nothing is said: everything is a miss at first.
pub const ENOUGH: u64 = 20;
/// A rate below it is "about 0".
const ABOUT_NOTHING: f64 = 0.01;

text_enum! {
    /// A hit rate in a word.
    Band {
        Excellent = "excellent",
        Good = "good",
        Fair = "fair",
        Poor = "poor",
        NotWorking = "not working",
    }
}

text_enum! {
    /// Why a hit rate is likely to be bad.
    Cause {
        /// Values end by time, and the same are loaded again.
        ExpiredUnread = "expired unread",
        /// More is asked for than is or can be kept.
        TooManyKeys = "too many distinct keys",
        /// Writes make values stale before they are read again.
        Invalidated = "invalidated too often",
        /// Each value is stored and then hardly ever asked for.
        NeverReadAgain = "filled and never read again",
    }
}

impl Band {
    pub const fn of(rate: f64) -> Self {
        match rate {
            rate if rate > 0.90 => Self::Excellent,
            rate if rate > 0.70 => Self::Good,
            rate if rate > 0.50 => Self::Fair,
            rate if rate >= ABOUT_NOTHING => Self::Poor,
            _ => Self::NotWorking,
        }
    }

    /// Whether somebody should look for the cause.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Fair | Self::Poor | Self::NotWorking)
    }
}

impl Cause {
    /// What to do about it, as the end of a sentence.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::ExpiredUnread => "a longer time to live would keep them until they are read",
            Self::TooManyKeys => "more memory or fewer filters would let more be found",
            Self::Invalidated => "fewer writes, or several in one, let values live",
            Self::NeverReadAgain => "pages would serve whoever reads everything once",
        }
    }
}

/// What became of the values that were stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fate {
    /// Most had to go for want of room.
    pub crowded: bool,
    /// Most were of keys that had been stored before; none where nobody counts keys.
    pub repeated: Option<bool>,
}

impl CacheCounts {
    /// None while there were too few lookups to judge.
    pub fn band(&self) -> Option<Band> {
        (self.hits + self.misses >= ENOUGH).then(|| Band::of(self.hit_rate))
    }

    /// The likeliest cause of a bad rate. None where the rate is good or nothing can be said yet,
    /// and where most misses were not stored: then the errors say why.
    pub fn cause(&self, fate: Fate) -> Option<Cause> {
        if !self.band()?.is_bad() {
            return None;
        }
        let stored = self.fills + self.warmed;
        let stale = self.invalidations + self.fills_refused;
        if (stored + self.fills_refused + self.waits_saved) * 2 < self.misses {
            return None;
        }
        Some(match fate.repeated {
            _ if stale * 2 >= self.misses => Cause::Invalidated,
            _ if fate.crowded => Cause::TooManyKeys,
            Some(true) => Cause::ExpiredUnread,
            _ if self.hits * 10 < stored => Cause::NeverReadAgain,
            Some(false) => Cause::TooManyKeys,
            None => Cause::ExpiredUnread,
        })
    }
}

impl CacheStats {
    /// The likeliest cause of a bad rate of all types together.
    pub fn cause(&self) -> Option<Cause> {
        self.counts.cause(self.fate())
    }

    /// The likeliest cause of a bad rate of one type, as far as what holds for all holds for it.
    pub fn cause_of(&self, kind: CacheType) -> Option<Cause> {
        self.by_type.get(&kind)?.counts.cause(self.fate())
    }

    /// A process counts what it keeps itself. Redis counts for everybody and since its own start:
    /// which of its two ways values end by more often is all it can say of ours.
    fn fate(&self) -> Fate {
        if let Some(redis) = &self.redis {
            let crowded = redis.evictions > redis.expirations;
            return Fate { crowded, repeated: None };
        }
        if self.entries + self.evictions == 0 {
            return Fate::default();
        }
        let stored = self.counts.fills + self.counts.warmed;
        let keys = self.entries + self.evictions;
        Fate { crowded: self.evictions * 2 >= stored, repeated: Some(keys * 2 <= stored) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{RedisFigures, TypeStats};

    fn counts(hits: u64, misses: u64) -> CacheCounts {
        CacheCounts { hits, misses, fills: misses, ..CacheCounts::default() }.rated()
    }

    /// The figures of a cache with incidents alone.
    fn stats(counts: CacheCounts) -> CacheStats {
        let of_type = TypeStats { counts: counts.clone(), ..TypeStats::default() };
        let by_type = [(CacheType::Incident, of_type)].into();
        CacheStats { counts, by_type, ..CacheStats::default() }
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
        let fate = Fate { crowded: true, repeated: Some(true) };
        for few in [counts(0, 0), counts(0, 19), counts(19, 0)] {
            assert_eq!((few.band(), few.cause(fate)), (None, None), "{few:?}");
        }
        assert_eq!(counts(0, 20).band(), Some(Band::NotWorking));
        assert!(counts(0, 20).cause(fate).is_some());
    }

    #[test]
    fn a_good_rate_has_no_cause() {
        let mut good = counts(7_001, 2_999);
        good.invalidations = 100_000;
        let all = stats(CacheCounts { warmed: 9, ..good });
        let crowded = CacheStats { evictions: 100_000, ..all };
        assert_eq!((crowded.cause(), crowded.cause_of(CacheType::Incident)), (None, None));
    }

    #[test]
    fn each_cause_is_found_from_figures_that_mean_it() {
        let cause = |stats: CacheStats| {
            assert_eq!(stats.cause(), stats.cause_of(CacheType::Incident));
            assert_eq!(stats.cause_of(CacheType::User), None, "nobody asked");
            stats.cause()
        };
        let fair = counts(600, 400);
        // As many writes as half of the misses, whatever else there is.
        let written = CacheCounts { invalidations: 200, ..fair.clone() };
        let written = CacheStats { entries: 10, evictions: 390, ..stats(written) };
        assert_eq!(cause(written), Some(Cause::Invalidated));
        let overtaken = CacheCounts { fills: 200, fills_refused: 200, ..fair.clone() };
        assert_eq!(cause(stats(overtaken)), Some(Cause::Invalidated));
        // 400 values were stored and half of them dropped.
        let dropped = CacheStats { entries: 200, evictions: 200, ..stats(fair.clone()) };
        assert_eq!(cause(dropped), Some(Cause::TooManyKeys));
        // They are all still there: each miss was a new key.
        let kept = CacheStats { entries: 400, ..stats(fair.clone()) };
        assert_eq!(cause(kept), Some(Cause::TooManyKeys));
        // The same twenty values were stored twenty times each, though nobody wrote.
        let again = CacheStats { entries: 20, ..stats(fair) };
        assert_eq!(cause(again), Some(Cause::ExpiredUnread));
        let often = CacheStats { entries: 20, ..stats(counts(0, 400)) };
        assert_eq!(cause(often), Some(Cause::ExpiredUnread));
        // Each was asked for once.
        let walked = CacheStats { entries: 400, ..stats(counts(39, 400)) };
        assert_eq!(cause(walked), Some(Cause::NeverReadAgain));
    }

    #[test]
    fn with_redis_its_own_counters_decide() {
        let of = |counts, evictions, expirations| {
            let redis = RedisFigures { evictions, expirations, ..RedisFigures::default() };
            CacheStats { redis: Some(redis), ..stats(counts) }.cause()
        };
        assert_eq!(of(counts(500, 500), 10, 9), Some(Cause::TooManyKeys));
        assert_eq!(of(counts(500, 500), 0, 0), Some(Cause::ExpiredUnread));
        assert_eq!(of(counts(500, 500), 9, 10), Some(Cause::ExpiredUnread));
        assert_eq!(of(counts(49, 500), 9, 10), Some(Cause::NeverReadAgain));
    }

    #[test]
    fn misses_that_could_not_be_stored_are_no_cause_of_these() {
        let mut failing = counts(100, 900);
        failing.fills = 449;
        assert_eq!(stats(failing.clone()).cause(), None);
        // Those who waited for another's load had nothing to store.
        failing.waits_saved = 1;
        assert!(stats(failing).cause().is_some());
    }
}

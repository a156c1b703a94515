//! What a hit rate means: its band, and the likeliest cause of a bad one.

#[cfg(test)]
mod tests;

use super::{BreakerState, CacheCounts, CacheStats, CacheType, rate};
use crate::text_enum::text_enum;

/// Lookups below which nothing is said: everything is a miss at first.
pub const ENOUGH: u64 = 20;
/// A rate below it is "about 0".
const ABOUT_NOTHING: f64 = 0.01;
/// Lists and counts end by time so often within five minutes.
const LISTS_END: u64 = 5;

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
    /// Why a hit rate is likely to be bad. RUNBOOK.md has each with what is seen and what to do.
    Cause {
        /// The same keys are stored again, though nobody wrote: their time had ended.
        ExpiredUnread = "expired unread",
        /// Each miss is of another key.
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
            Self::ExpiredUnread => "harmless: they are asked for less often than they live",
            Self::TooManyKeys => "more memory or fewer filters would let more be found",
            Self::Invalidated => "fewer writes, or several in one, let values live",
            Self::NeverReadAgain => "pages would serve whoever reads everything once",
        }
    }
}

/// What is known of a type beside its own lookups and loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Circumstances {
    /// Writes that made a value stale. Of lists and counts each makes all stale at once.
    writes: u64,
    /// Values of this type end by writes before they end by time.
    written_often: bool,
    stores: Option<Stores>,
    ended: Ended,
}

/// What Redis says that left it while all types together were filled. It does not say of which type;
/// none where there is no Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Ended {
    evictions: u64,
    /// At least half of what was filled had to go again, more than writes made stale.
    evicted: bool,
    /// At least half of it ended by time.
    expired: bool,
}

/// How what a process stored since its start fell on keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stores {
    /// Under a key that was not held.
    new: u64,
    /// Over what was held under the same key.
    again: u64,
}

impl CacheCounts {
    /// None while there were too few lookups to judge.
    pub fn band(&self) -> Option<Band> {
        (self.total >= ENOUGH).then(|| Band::of(self.hit_rate))
    }

    /// Most lookups failed: the rate of the others says nothing.
    pub fn is_failing(&self) -> bool {
        self.failed() > self.total && self.failed() + self.total >= ENOUGH
    }

    /// Misses that had to load themselves; who shared the load of another is no reason for it.
    const fn own_misses(&self) -> u64 {
        self.misses.saturating_sub(self.waits_saved)
    }

    /// The likeliest cause of a bad rate, from what was counted in the same time. None where the
    /// figures mean none of them; where most loads could not be stored the errors say why.
    fn cause(&self, circumstances: Circumstances) -> Option<Cause> {
        let Circumstances { writes, written_often, stores, ended } = circumstances;
        let own = self.own_misses();
        let bad = Band::of(rate(self.hits, own)).is_bad();
        let settled = self.fills + self.fills_refused;
        if !bad || own < ENOUGH || self.is_failing() || settled * 2 < own {
            return None;
        }
        // Where one kind is at most half of these even if all there ever was fell into this time, most
        // are of the other.
        let few = |kind: fn(Stores) -> u64| {
            stores.is_some_and(|stores| kind(stores) * 2 <= self.fills + self.warmed)
        };
        let again = few(|stores| stores.new);
        // An eviction takes the right to store with it, as a write does: fewer writes would change
        // nothing there.
        let lost_to_writes = self.fills_refused.saturating_sub(ended.evictions);
        let written = (writes + lost_to_writes) * 2 >= own || (again && written_often);
        if written && !ended.evicted {
            Some(Cause::Invalidated)
        } else if again {
            Some(Cause::ExpiredUnread)
        } else if self.hits * 10 < self.fills {
            Some(Cause::NeverReadAgain)
        } else if ended.evicted || few(|stores| stores.again) {
            Some(Cause::TooManyKeys)
        } else if written_often {
            Some(Cause::Invalidated)
        } else {
            // Pages of old generations end by time too, so that writes are looked at first.
            ended.expired.then_some(Cause::ExpiredUnread)
        }
    }
}

impl CacheStats {
    /// What is judged: the last five minutes.
    pub fn recent(&self) -> CacheCounts {
        self.window("5m").counts
    }

    /// Whether lookups ask the cache and are answered: not while the breaker keeps them from it, nor
    /// while most fail. Once most are answered again what failed before does not matter.
    pub fn in_use(&self) -> bool {
        let now = self.window("now").counts;
        let answers = now.total > now.failed();
        let asks = matches!(self.breaker, BreakerState::Closed | BreakerState::Off);
        asks && (answers || !self.recent().is_failing())
    }

    /// The likeliest cause of a bad rate of one type in the last five minutes.
    pub fn cause_of(&self, kind: CacheType) -> Option<Cause> {
        let of_type = self.by_type.get(&kind).filter(|_| self.in_use())?;
        let recent = &of_type.recent.counts;
        // One generation holds all lists and the counts; it is counted with the lists.
        let written = match kind {
            CacheType::IncidentList | CacheType::Counts => {
                self.by_type.get(&CacheType::IncidentList).map(|lists| &lists.recent.counts)
            }
            _ => None,
        };
        let writes = written.unwrap_or(recent).invalidations;
        let written_often = written.is_some() && writes >= LISTS_END;
        recent.cause(Circumstances {
            writes,
            written_often,
            stores: self.stores(),
            ended: self.ended(),
        })
    }

    /// The type that misses most among those with a cause, where the rate of all is bad.
    pub fn worst(&self) -> Option<(CacheType, Cause)> {
        self.recent().band().filter(|band| band.is_bad())?;
        let causes = self.by_type.iter().filter_map(|(kind, of_type)| {
            Some((of_type.recent.counts.own_misses(), *kind, self.cause_of(*kind)?))
        });
        let worst = causes.max_by_key(|(misses, ..)| *misses);
        worst.map(|(_, kind, cause)| (kind, cause))
    }

    /// Only what a process keeps itself tells: nothing leaves it but for want of room, so that what
    /// is held or was dropped are all the keys there were. Redis counts for everybody: see
    /// [`Self::ended`].
    fn stores(&self) -> Option<Stores> {
        let new = self.entries + self.evictions;
        let stored = self.counts.fills + self.counts.warmed;
        (new > 0).then(|| Stores { new, again: stored.saturating_sub(new) })
    }

    /// Held against what this process filled of all types, for Redis counts all of them together.
    fn ended(&self) -> Ended {
        let Some(redis) = &self.redis else { return Ended::default() };
        let CacheCounts { fills, fills_refused, warmed, invalidations, .. } = self.recent();
        let half = |ended: u64| ended > 0 && ended * 2 >= fills + fills_refused + warmed;
        let evictions = redis.recent_evictions;
        Ended {
            evictions,
            evicted: half(evictions) && evictions >= invalidations,
            expired: half(redis.recent_expirations),
        }
    }
}

//! How much the cache holds and what leaves it, looked at now and then: nobody tells us of it.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use watchfire_shared::cache::RedisFigures;

use super::memory::Size;
use super::stats::Left;
use super::{Backend, Cache};
use crate::lifecycle::Lifecycle;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(10);

impl Cache {
    /// Looks until the process ends, also when nobody asks for figures: those of the last minutes need
    /// what it was before.
    pub async fn watch(self, lifecycle: Lifecycle) {
        let look = async {
            let mut tick = interval(PAUSE);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tick.tick().await;
                match &self.backend {
                    Backend::Memory(memory) => {
                        self.held(memory.size());
                    }
                    Backend::Redis(redis) => {
                        self.kept(redis.figures().await);
                    }
                    Backend::None(_) => return,
                }
            }
        };
        lifecycle.stopping().run_until_cancelled(look).await;
    }

    /// What this process holds itself.
    pub(super) fn held(&self, size: Size) -> Size {
        let left = Left { evictions: size.evictions, expirations: 0 };
        self.recorder.holds(size.entries, size.bytes, left);
        size
    }

    /// What Redis says of itself, with what left it of late.
    pub(super) fn kept(&self, figures: Option<RedisFigures>) -> Option<RedisFigures> {
        let Some(figures) = figures else {
            self.recorder.holds_unknown();
            return None;
        };
        let RedisFigures { keys, used_memory, evictions, expirations, .. } = figures;
        let late = self.recorder.holds(keys, used_memory, Left { evictions, expirations });
        let (recent_evictions, recent_expirations) = (late.evictions, late.expirations);
        Some(RedisFigures { recent_evictions, recent_expirations, ..figures })
    }
}

//! How the worker of this process gets on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use watchfire_shared::process::WorkerFigures;

use super::inbox::Taken;
use crate::rate::Rate;

/// Cheap to clone; where no worker runs, there are no figures.
#[derive(Debug, Clone, Default)]
pub struct Working(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    figures: Option<WorkerFigures>,
    /// Why events do not come.
    source: Option<String>,
    /// Why those that came wait.
    waits: Option<String>,
    rate: Rate,
}

impl Working {
    /// A worker runs here, and reads from this source.
    pub fn start(&self, source: &str) {
        let figures = WorkerFigures { source: source.to_owned(), ..WorkerFigures::default() };
        self.state().figures = Some(figures);
    }

    /// Why no events come, or that they do.
    pub fn tell(&self, trouble: Option<String>) {
        self.trouble(|state| state.source = trouble);
    }

    /// Why events that came are not handled, or that they are.
    pub fn waits(&self, trouble: Option<String>) {
        self.trouble(|state| state.waits = trouble);
    }

    /// Said once when it begins and when it is over.
    fn trouble(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        let before = state.trouble();
        change(&mut state);
        match (before, state.trouble()) {
            (None, Some(trouble)) => tracing::warn!(trouble, "the worker does not get on"),
            (Some(_), None) => tracing::info!("the worker gets on again"),
            _ => {}
        }
    }

    pub fn behind_by(&self, lag: i64) {
        metrics::gauge!("worker_lag_events").set(f64::from(u32::try_from(lag).unwrap_or(u32::MAX)));
        self.change(|figures| figures.lag = lag);
    }

    /// What became of one event.
    pub fn took(&self, taken: Taken) {
        let outcome = match taken {
            Taken::Handled => "handled",
            Taken::Duplicate => "duplicate",
            Taken::Parked => "parked",
            // It is taken again once the gap is filled.
            Taken::Gap { .. } => return,
        };
        self.count(outcome, |figures| match taken {
            Taken::Handled => figures.handled += 1,
            Taken::Duplicate => figures.duplicates += 1,
            Taken::Parked => figures.parked += 1,
            Taken::Gap { .. } => {}
        });
        if taken == Taken::Handled {
            self.state().rate.count(Instant::now(), 1);
        }
    }

    /// So many were found in the database that had not been delivered.
    pub fn filled(&self, count: usize) {
        metrics::counter!("worker_events_total", "outcome" => "filled").increment(count as u64);
        self.change(|figures| figures.filled += count as u64);
    }

    /// One of another journal was skipped.
    pub fn foreign(&self) {
        self.count("foreign", |figures| figures.foreign += 1);
    }

    /// One could not be read.
    pub fn buried(&self) {
        self.count("undecodable", |figures| figures.parked += 1);
    }

    pub fn figures(&self) -> Option<WorkerFigures> {
        let state = self.state();
        let rate_1m = state.rate.a_second(Instant::now());
        let trouble = state.trouble();
        state.figures.clone().map(|figures| WorkerFigures { rate_1m, trouble, ..figures })
    }

    fn count(&self, outcome: &'static str, change: impl FnOnce(&mut WorkerFigures)) {
        metrics::counter!("worker_events_total", "outcome" => outcome).increment(1);
        self.change(change);
    }

    fn change(&self, change: impl FnOnce(&mut WorkerFigures)) {
        if let Some(figures) = &mut self.state().figures {
            change(figures);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn trouble(&self) -> Option<String> {
        self.source.clone().or_else(|| self.waits.clone())
    }
}

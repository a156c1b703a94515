//! How events get on, from the commit to the worker: what the events screen says about it, line by
//! line.

use chrono::{DateTime, Utc};
use watchfire_shared::outbox::OutboxStatus;
use watchfire_shared::process::{Fleet, Process, ProcessKind, WorkerFigures};

use super::slot::{Note, Slot};

#[derive(Debug, Default)]
pub struct Pipeline {
    pub outbox: Slot<Box<OutboxStatus>>,
    pub fleet: Slot<Fleet>,
}

/// A line of the panel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Line<'a> {
    Title,
    /// What an event goes through.
    Stations,
    /// How many are between two stations.
    Counts,
    Transport(&'a OutboxStatus),
    /// Why publication does not get on, and who says so.
    Trouble(&'a Process, &'a str),
    Worker(&'a Process, &'a WorkerFigures),
    /// Nobody handles events.
    NoWorker,
    Daemons(&'a Fleet),
}

impl Pipeline {
    pub fn lines(&self) -> Vec<Line<'_>> {
        let mut lines = vec![Line::Title, Line::Stations, Line::Counts];
        if let Some(outbox) = &self.outbox.value {
            lines.push(Line::Transport(outbox));
        }
        if let Some(fleet) = &self.fleet.value {
            lines.extend(troubles(fleet));
            let before = lines.len();
            lines.extend(workers(fleet).map(|(process, figures)| Line::Worker(process, figures)));
            if lines.len() == before {
                lines.push(Line::NoWorker);
            }
            lines.push(Line::Daemons(fleet));
        }
        lines
    }

    /// Events that wait for all workers together; none when there is no worker.
    pub fn lag(&self) -> Option<i64> {
        let fleet = self.fleet.value.as_ref()?;
        workers(fleet).map(|(_, figures)| figures.lag).reduce(i64::saturating_add)
    }

    /// What is to be said about the readings themselves; mostly both are alike.
    pub fn note(&self, now: DateTime<Utc>) -> Option<Note<'_>> {
        self.outbox.note(now).or(self.fleet.note(now))
    }
}

/// Whether two readings look the same: a process is heard of again and again.
pub fn same_fleet(one: &Fleet, other: &Fleet) -> bool {
    fn shown(process: &Process) -> impl PartialEq + '_ {
        (process.id, process.kind, &process.name, &process.figures)
    }
    one.items.iter().map(shown).eq(other.items.iter().map(shown))
}

/// Everybody who handles events: workers, and a daemon that does it itself.
fn workers(fleet: &Fleet) -> impl Iterator<Item = (&Process, &WorkerFigures)> {
    fleet.items.iter().filter_map(|p| p.figures.worker.as_ref().map(|figures| (p, figures)))
}

fn troubles(fleet: &Fleet) -> impl Iterator<Item = Line<'_>> {
    fleet.items.iter().filter_map(|process| {
        let trouble = process.figures.relay.as_ref()?.trouble.as_deref()?;
        Some(Line::Trouble(process, trouble))
    })
}

pub fn daemons(fleet: &Fleet) -> impl Iterator<Item = &Process> {
    fleet.items.iter().filter(|process| process.kind == ProcessKind::Daemon)
}

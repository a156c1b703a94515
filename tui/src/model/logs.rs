//! The log pane of one incident: the newest lines first loaded, older ones when one scrolls up, new
//! ones as the stream tells of them.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use watchfire_shared::log::{Level, LogEntry};

use crate::event::Failure;

use super::input::TextField;
use super::scroll::Tail;
use super::slot::{Asked, LOADING_AFTER};

/// Lines held at once; beyond it the far end is dropped and loaded again when it is needed.
pub const LINES_MAX: usize = 20_000;
/// Lines of one request.
pub const PAGE: u32 = 500;
/// A pane that fell this far behind starts again at the end instead of reading all between.
pub const JUMP: i64 = 5_000;

/// Which end a request under way extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    Newest,
    Older,
    Newer,
}

#[derive(Debug, Default)]
pub struct LogPane {
    lines: VecDeque<LogEntry>,
    seqs: Vec<i64>,
    pub tail: Tail,
    pub min_level: Option<Level>,
    /// Substring that lines must contain.
    pub search: String,
    pub field: TextField,
    pub editing: bool,
    pub asked: Option<(Asked, Fetch)>,
    /// Up to where the request under way reads at least, when it reads the end.
    pub asked_up_to: i64,
    pub failure: Option<Failure>,
    /// The filter's first answer has come.
    pub loaded: bool,
    /// There may be older lines than the first one held.
    pub has_older: bool,
    /// The highest number anybody spoke of.
    pub known_last: i64,
    /// Every line up to here that passes the filter is held, or was.
    pub covered: i64,
}

impl LogPane {
    pub fn lines(&self) -> &VecDeque<LogEntry> {
        &self.lines
    }

    /// Numbers of the lines held, ascending.
    pub fn seqs(&self) -> &[i64] {
        &self.seqs
    }

    /// 0 when no line is held.
    pub fn last_seq(&self) -> i64 {
        self.seqs.last().copied().unwrap_or(0)
    }

    pub fn loading_at(&self) -> Option<DateTime<Utc>> {
        match self.asked {
            Some((asked, _)) if !self.loaded => Some(asked.at + LOADING_AFTER),
            _ => None,
        }
    }

    /// Drops the lines and starts again, with the filter as it is.
    pub fn restart(&mut self) {
        self.lines.clear();
        self.seqs.clear();
        self.tail = Tail::default();
        self.asked = None;
        self.failure = None;
        self.loaded = false;
        self.has_older = false;
        self.covered = 0;
    }

    /// Appends what is newer than the newest line held.
    pub fn append(&mut self, entries: Vec<LogEntry>) {
        for entry in entries {
            if self.seqs.last().is_none_or(|last| entry.seq > *last) {
                self.seqs.push(entry.seq);
                self.lines.push_back(entry);
            }
        }
        // While somebody reads further up, nothing is taken away there.
        if self.lines.len() > LINES_MAX && self.tail.follows() {
            let surplus = self.lines.len() - LINES_MAX;
            self.lines.drain(..surplus);
            self.seqs.drain(..surplus);
            self.has_older = true;
        }
        self.covered = self.covered.max(self.last_seq());
        self.known_last = self.known_last.max(self.covered);
    }

    /// Puts what is older than the oldest line held before it.
    pub fn prepend(&mut self, entries: Vec<LogEntry>) {
        let first = self.seqs.first().copied().unwrap_or(i64::MAX);
        let older: Vec<LogEntry> = entries.into_iter().filter(|e| e.seq < first).collect();
        self.seqs.splice(0..0, older.iter().map(|entry| entry.seq)).for_each(drop);
        for entry in older.into_iter().rev() {
            self.lines.push_front(entry);
        }
    }
}

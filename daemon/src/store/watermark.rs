//! How far the journal may be read on SQLite. A position exists as soon as its transaction commits,
//! but nobody may see it before the cache has forgotten what the fact made stale: the watermark
//! moves over a commit only when its [`Ticket`] is dropped, and never over an older one that is not.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

#[derive(Clone)]
pub struct Watermark {
    pending: Arc<Mutex<VecDeque<Pending>>>,
    head: watch::Sender<i64>,
}

struct Pending {
    last: i64,
    forgotten: bool,
}

/// Held by whoever forgets what the facts up to `last` made stale; dropping it says that is done.
pub struct Ticket {
    last: i64,
    watermark: Watermark,
}

impl Watermark {
    /// Starts at the newest position stored: what an earlier process committed cannot be stale in
    /// a cache that is empty now.
    pub fn new(head: i64) -> Self {
        Self { pending: Arc::default(), head: watch::Sender::new(head) }
    }

    /// The newest position that may be read.
    pub fn head(&self) -> i64 {
        *self.head.borrow()
    }

    pub fn watch(&self) -> watch::Receiver<i64> {
        self.head.subscribe()
    }

    /// Positions up to `last` were committed. Called by the writer, in order of commit.
    pub fn committed(&self, last: i64) -> Ticket {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.push_back(Pending { last, forgotten: false });
        Ticket { last, watermark: self.clone() }
    }

    /// The newest position this process knows to be committed, readable or not.
    pub fn known(&self) -> i64 {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.back().map_or_else(|| self.head(), |newest| newest.last)
    }

    /// What is stored up to `last` and not known was committed by another process, an
    /// administration command, which raised the cache's epoch with it: nothing is left to forget.
    /// Called by the writer before its own facts are given positions.
    pub fn found(&self, last: i64) {
        if last > self.known() {
            drop(self.committed(last));
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut pending = self.watermark.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = pending.iter_mut().find(|entry| entry.last == self.last) {
            entry.forgotten = true;
        }
        let mut reached = None;
        while pending.front().is_some_and(|entry| entry.forgotten) {
            reached = pending.pop_front().map(|entry| entry.last);
        }
        // Sent under the lock: two tickets dropped at once must not send their heads out of order.
        if let Some(head) = reached {
            self.watermark.head.send_replace(head);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_the_oldest_commit_that_has_not_been_forgotten() {
        let watermark = Watermark::new(10);
        let (first, second) = (watermark.committed(12), watermark.committed(13));
        drop(second);
        assert_eq!(watermark.head(), 10, "13 must wait for 12");
        drop(first);
        assert_eq!(watermark.head(), 13);
    }

    #[test]
    fn what_another_process_committed_keeps_its_place() {
        let watermark = Watermark::new(10);
        let first = watermark.committed(12);
        watermark.found(12);
        watermark.found(14);
        assert_eq!((watermark.head(), watermark.known()), (10, 14), "14 must wait for 12");
        drop(first);
        assert_eq!(watermark.head(), 14);
        watermark.found(11);
        assert_eq!((watermark.head(), watermark.known()), (14, 14));
    }
}

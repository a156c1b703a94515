//! Counts the rows of the incident list that a frame formats.

use std::cell::Cell;

thread_local! {
    static ROWS: Cell<usize> = const { Cell::new(0) };
}

pub fn begin() {
    ROWS.set(0);
}

pub fn row() {
    ROWS.set(ROWS.get() + 1);
}

pub fn rows() -> usize {
    ROWS.get()
}

//! Stories: key presses, facts and answers in; effects and the screen's state out.

mod commands;
mod detail;
mod freshness;
mod list;
mod typing;

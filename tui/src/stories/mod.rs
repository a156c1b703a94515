//! Stories about the whole client, without terminal and network: key presses, facts and answers in;
//! effects and pictures of the screen out.

mod across;
mod assessed;
mod batch;
mod cached;
mod chaos;
mod chooser;
mod client;
mod columns;
mod commands;
mod configured;
mod copy;
mod demonstration;
mod detail;
mod edit;
mod events;
mod freshness;
mod handover;
mod health;
mod hostile;
mod letters;
mod list;
mod logs;
mod marks;
mod matching;
mod million;
mod mouse;
mod never;
mod notices;
mod own;
mod palette;
mod people;
mod pictures;
mod plant;
mod query;
mod screens;
mod shell;
mod sizes;
mod sorted;
mod spots;
mod steady;
mod storms;
mod themes;
mod together;
mod typing;
mod undo;
mod views;
pub mod world;
mod writing;
mod wrong_row;

/// How large a story is: what a variable of the environment says, else the usual.
#[expect(clippy::disallowed_methods, reason = "how large the test is")]
pub fn size_of(variable: &str, usual: usize) -> usize {
    let text = std::env::var(variable).ok();
    text.map_or(usual, |text| text.parse().expect("a whole number"))
}

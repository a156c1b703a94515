//! Stories about the whole client, without terminal and network: key presses, facts and answers in;
//! effects and pictures of the screen out.

mod batch;
mod cached;
mod chaos;
mod client;
mod commands;
mod demonstration;
mod detail;
mod edit;
mod events;
mod freshness;
mod letters;
mod list;
mod marks;
mod matching;
mod pictures;
mod plant;
mod screens;
mod shell;
mod sizes;
mod storms;
mod typing;
mod undo;
mod world;
mod wrong_row;

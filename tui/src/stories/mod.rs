//! Stories about the whole client, without terminal and network: key presses, facts and answers in;
//! effects and pictures of the screen out.

mod chaos;
mod client;
mod commands;
mod detail;
mod freshness;
mod list;
mod matching;
mod pictures;
mod screens;
mod sizes;
mod storms;
mod typing;
mod world;

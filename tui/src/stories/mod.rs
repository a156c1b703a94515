//! Stories about the whole client, without terminal and network: key presses, facts and answers in;
//! effects and pictures of the screen out.

mod cached;
mod chaos;
mod client;
mod commands;
mod copy;
mod demonstration;
mod detail;
mod events;
mod freshness;
mod handover;
mod letters;
mod list;
mod matching;
mod palette;
mod pictures;
mod plant;
mod screens;
mod sizes;
mod spots;
mod storms;
mod typing;
mod world;
mod writing;

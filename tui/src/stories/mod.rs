//! Stories about the whole client, without terminal and network: key presses, facts and answers in;
//! effects and pictures of the screen out.

mod cached;
mod chaos;
mod client;
mod commands;
mod configured;
mod demonstration;
mod detail;
mod events;
mod freshness;
mod letters;
mod list;
mod matching;
mod pictures;
mod plant;
mod query;
mod screens;
mod sizes;
mod sorted;
mod storms;
mod typing;
mod world;

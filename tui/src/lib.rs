//! The client.
//!
//! Elm-shaped: `run` turns keys, time, the stream and finished requests into one [`event::Event`];
//! [`update`] is pure and answers with [`effect::Effect`]s as data; `run` performs them; [`view`]
//! draws the [`model`]. Outside text reaches a terminal only as [`safe::SafeText`].

pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod demo;
pub mod embedded;
pub mod panics;
pub mod private;
pub mod run;
pub mod secret;

pub mod action;
pub mod effect;
pub mod event;
mod glyph;
pub mod handover;
pub mod ink;
pub mod keymap;
pub mod model;
pub mod safe;
pub mod settings;
pub mod sift;
pub mod theme;
pub mod update;
pub mod view;

#[cfg(test)]
mod stories;

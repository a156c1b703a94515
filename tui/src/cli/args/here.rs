//! About this machine: who is signed in, its daemon, its configuration.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
pub struct Login {
    #[arg(long)]
    pub email: String,
    /// Read the password from standard input instead of asking
    #[arg(long)]
    pub password_stdin: bool,
}

#[derive(Debug, Args)]
pub struct Handover {
    /// How long the shift was: 12h, 90m, 2d
    #[arg(long, default_value = "12h", value_name = "SPAN", value_parser = crate::cli::handover::seconds)]
    pub since: i64,
    /// Write it to a file that is not there yet
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Daemon {
    /// Start it, unless it runs
    Start,
    /// Stop it
    Stop,
    /// Say whether it runs, where and how well
    Status,
    /// Be the daemon, until SIGTERM, away from the terminal
    #[command(hide = true)]
    Run,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Configuration {
    /// Say every mistake of config.toml with its line, or that it is fine
    Check,
    /// Print every setting in force and what said so; secrets stay hidden
    Show,
}

/// A shell that can be taught our words.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Completed {
    Bash,
    Zsh,
    Fish,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// How fast the story is told
    #[arg(long, value_enum, default_value_t = Speed::Normal)]
    pub speed: Speed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Speed {
    /// About two minutes
    Slow,
    /// About half a minute
    Normal,
    /// Without a pause
    Fast,
}

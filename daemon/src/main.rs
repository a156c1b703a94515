//! `watchfired`: the daemon as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use watchfire_daemon::{app, cli, state};

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()).await {
        Ok(code) => code,
        Err(app::Error::State(error @ state::Error::Taken(_))) => {
            eprintln!("watchfired: {error}; it is left alone");
            ExitCode::from(app::ALREADY_RUNNING)
        }
        Err(error) => {
            eprintln!("watchfired: {error}");
            ExitCode::FAILURE
        }
    }
}

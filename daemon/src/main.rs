//! `watchfired`: the daemon as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use watchfire_daemon::{app, cli, state};

/// A request is many small buffers, made on one thread and freed on another. The client's embedded
/// daemon, which is idle most of its life, keeps the system's, which gives memory back sooner.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("watchfired: no threads can be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(cli::run(cli));
    // What still waits for a broker that is gone keeps nobody.
    runtime.shutdown_background();
    match ended {
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

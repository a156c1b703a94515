//! Benchmarks over the real programs, each figure beside its ceiling or peer from the same run:
//!
//! ```text
//! cargo build --release -p watchfire-daemon -p watchfire
//! tests/run --with cargo run --release -p watchfire-tests --bin bench -- [list | NAME…]
//! ```
//!
//! - [`figures`]: what is measured, by name
//! - [`reads`], [`mix`], [`rounds`], [`creates`], [`starts`], [`screens`], [`backlog`], [`client`]: how
//! - [`mod@measure`]: pairs and medians · [`load`]: the load generator · [`bare`]: the ceiling of HTTP ·
//!   [`rows`], [`pgbench`]: the ceilings of the databases
//! - [`report`]: the table and the JSON lines

mod backlog;
mod bare;
mod client;
mod creates;
mod figures;
mod load;
mod measure;
mod mix;
mod pgbench;
mod reads;
mod report;
mod rounds;
mod rows;
mod scene;
mod screens;
mod starts;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use figures::{FIGURES, Figure};
use measure::{Plan, Result};
use report::Report;

/// Measures Watchfire beside the ceilings of this machine.
#[derive(Debug, Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Figures to measure, by the beginning of their names; all without any.
    names: Vec<String>,
    /// Also write a JSON line per figure to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Seconds of each half of a pair, where a rate is measured.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Pairs of measurements; the median counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pairs: u32,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what can be measured.
    List,
    /// The ceiling: answers every read with the recorded answer in this file, until stdin closes.
    #[command(hide = true)]
    ServeBare {
        answer: PathBuf,
        #[arg(long, default_value = "127.0.0.1:0")]
        address: SocketAddr,
    },
    /// The peer of the client: answers keys in turn with the recorded bytes in these files.
    #[command(hide = true)]
    ServeFrames { frames: Vec<PathBuf> },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match arguments.command {
        Some(Command::List) => {
            for figure in FIGURES {
                println!("{:<26} {}", figure.name, figure.what);
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::ServeBare { answer, address }) => bare::serve(&answer, address),
        Some(Command::ServeFrames { frames }) => client::paint::serve(&frames),
        None => measure(&arguments),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("bench: {error}");
        ExitCode::FAILURE
    })
}

#[tokio::main(flavor = "current_thread")]
async fn measure(arguments: &Arguments) -> Result<ExitCode> {
    let chosen = choose(&arguments.names)?;
    if cfg!(debug_assertions) {
        eprintln!("bench: this is a debug build; figures count with `cargo run --release` only.");
    }
    let plan = Plan { seconds: arguments.seconds, pairs: arguments.pairs };
    let report = Report::open(arguments.json.as_deref())?;
    tokio::select! {
        ended = run(chosen, plan, report) => ended,
        // What was started is killed when the run is dropped.
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::from(130)),
    }
}

/// Figures whose names begin as asked, in the order of the list.
fn choose(names: &[String]) -> Result<Vec<&'static Figure>> {
    for name in names {
        if !FIGURES.iter().any(|figure| figure.name.starts_with(name.as_str())) {
            return Err(format!("there is no figure {name:?}: see `bench list`.").into());
        }
    }
    let is_chosen = |figure: &&Figure| {
        names.is_empty() || names.iter().any(|name| figure.name.starts_with(name.as_str()))
    };
    Ok(FIGURES.iter().filter(is_chosen).collect())
}

/// Measures one after another; what cannot be measured is said and the others still are.
async fn run(chosen: Vec<&'static Figure>, plan: Plan, mut report: Report) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for figure in chosen {
        match figure.measure(plan).await {
            Ok(measured) => report.row(figure.name, &measured)?,
            Err(error) => {
                report.missing(figure.name, &error);
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

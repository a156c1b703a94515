//! `watchfire`: the client.

use std::process::ExitCode;

fn main() -> ExitCode {
    watchfire::cli::main()
}

//! The daemon inside the client's binary.

use std::process::ExitCode;

use crate::app::{self, Error};
use crate::config::{self, Config};
use crate::state::StateDir;
use crate::telemetry::{self, Output};

/// Serves in this process, which becomes a session of its own and logs to a file of bounded size in
/// the state folder, until SIGTERM. Blocks.
pub fn serve() -> Result<ExitCode, Error> {
    // Fails where this process leads a session already, which is just as well.
    rustix::process::setsid().ok();
    let config = Config::load(None, &config::environment)?;
    let state = StateDir::open(&config.state_dir)?;
    telemetry::init(&config.log.filter, config.log.format, Output::File(state.log_file()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(app::serve(config));
    if let Err(error) = &served {
        tracing::error!("{error}");
    }
    served
}

//! `daemon start`, `stop` and `status`.

use serde::Serialize;
use tokio::runtime::Runtime;
use watchfire_shared::health::Health;

use super::args::Daemon;
use super::output::{Out, Tone};
use super::{Done, Exit, Failure, client, progress};
use crate::config::Config;
use crate::embedded::{self, Home, Running};
use crate::model::health::named_parts;

/// What `status` knows.
#[derive(Serialize)]
struct State {
    running: bool,
    url: Option<String>,
    pid: Option<i32>,
    version: Option<String>,
    log: Option<String>,
    health: Option<Health>,
}

pub fn perform(what: Daemon, config: &Config, out: &mut Out, runtime: &Runtime) -> Done {
    let home = Home::new(&config.state);
    match what {
        Daemon::Start => {
            only_embedded(config)?;
            let running = embedded::ensure(&home, progress)?;
            told(out, &home, Some(running), "runs")
        }
        Daemon::Stop => {
            only_embedded(config)?;
            let stopped = embedded::stop(&home)?;
            told(out, &home, stopped, "has stopped")
        }
        Daemon::Status => status(config, out, &home, runtime),
        // Handled before anything else is set up.
        Daemon::Run => Ok(()),
    }
}

/// Another machine's daemon is not ours to start and stop.
fn only_embedded(config: &Config) -> Done {
    match &config.url {
        None => Ok(()),
        Some(url) => {
            let from = config.place.from;
            let message = format!(
                "{from} says {url}: this command is about the daemon in the background; \
                 ask for it without {from}"
            );
            Err(Failure::said(Exit::Usage, message))
        }
    }
}

fn told(out: &mut Out, home: &Home, daemon: Option<Running>, what: &str) -> Done {
    if out.json {
        return Ok(out.value(&state(home, daemon.as_ref(), what == "runs", None))?);
    }
    let line = match daemon {
        Some(daemon) => format!("The daemon {what} ({}, process {})", daemon.url(), daemon.pid),
        None => "The daemon was not running".to_owned(),
    };
    Ok(out.line(&line)?)
}

fn state(home: &Home, daemon: Option<&Running>, running: bool, health: Option<Health>) -> State {
    State {
        running,
        url: daemon.map(Running::url),
        pid: daemon.map(|daemon| daemon.pid),
        version: daemon.map(|daemon| daemon.version.clone()),
        log: Some(home.log().display().to_string()),
        health,
    }
}

fn status(config: &Config, out: &mut Out, home: &Home, runtime: &Runtime) -> Done {
    let daemon = match &config.url {
        None => home.running()?,
        Some(_) => None,
    };
    if config.url.is_none() && daemon.is_none() {
        if out.json {
            out.value(&state(home, None, false, None))?;
        }
        let log = home.log();
        let last = if log.exists() {
            format!("\nwhat it said last stands in {}", log.display())
        } else {
            String::new()
        };
        let message =
            format!("No daemon is running here: `watchfire daemon start` starts one{last}");
        return Err(Failure::said(Exit::Unreachable, message));
    }
    let health = runtime.block_on(client(config)?.health())?;
    let mut state = state(home, daemon.as_ref(), true, Some(health.clone()));
    if let Some(url) = &config.url {
        state.url = Some(url.clone());
        state.log = None;
    }
    if out.json {
        return Ok(out.value(&state)?);
    }
    let process = state.pid.map(|pid| format!(", process {pid}")).unwrap_or_default();
    let url = state.url.unwrap_or_default();
    out.line(&format!(
        "{} at {url}{process}, version {}",
        health.status,
        out.safe(&health.version)
    ))?;
    for (name, part) in named_parts(&health) {
        let reason = part.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let name = out.paint(Tone::Dim, &format!("{name:<12}"));
        let text = out.safe(&format!("{} ({}){reason}", part.status, part.kind));
        out.line(&format!("{name} {text}"))?;
    }
    if let Some(log) = state.log {
        out.line(&out.paint(Tone::Dim, &format!("log          {log}")))?;
    }
    Ok(())
}

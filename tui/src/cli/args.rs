//! The command line as data.

mod here;
mod incidents;
mod plant;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use watchfire_shared::ids::{DeadLetterId, IncidentRef};

pub use here::{Completed, Configuration, Daemon, Demo, Handover, Login, Speed};
pub use incidents::{Assessments, Logs, Ls, New, Set, Verb};
pub use plant::{Cache, CacheKeys, DeadLetters, Discard, Events, Outbox, Purge};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused, or failed for another reason
  2  wrong usage
  3  not found
  4  not signed in, or not allowed
  5  somebody else changed it meanwhile
  6  the daemon cannot be reached

Without a command the screen opens. WATCHFIRE_URL names a daemon elsewhere,
WATCHFIRE_TOKEN signs in to it; without them a daemon of your own runs in the
background. --context or WATCHFIRE_CONTEXT names one of those in config.toml.";

/// Incidents, live in the terminal.
#[derive(Debug, Parser)]
#[command(name = "watchfire", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Arguments {
    /// Print JSON: one value, or one per line where the output follows
    #[arg(long, global = true)]
    pub json: bool,
    /// Work in this context of config.toml, whatever the environment says
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List incidents
    Ls(Ls),
    /// Show one incident with its alerts and timeline
    Show {
        /// INC-42, or an id
        incident: IncidentRef,
    },
    /// Open an incident
    New(New),
    /// Change an incident
    Set(Set),
    /// Start investigating an open incident
    Ack(Verb),
    /// Resolve an incident under investigation
    Resolve(Verb),
    /// Close a resolved incident for good
    Close(Verb),
    /// Go back to investigating a resolved incident
    Reopen(Verb),
    /// Say something about an incident
    Comment {
        /// INC-42, or an id
        incident: IncidentRef,
        /// The text, or - to read it from standard input
        #[arg(value_parser = unshield)]
        text: String,
    },
    /// Show, follow or attach log lines
    Logs(Logs),
    /// Show or follow what happens
    Events(Events),
    /// Ask for an analysis of an incident
    Assess {
        /// INC-42, or an id
        incident: IncidentRef,
    },
    /// List the analyses of an incident, the newest first
    Assessments(Assessments),
    /// Show what the cache does
    #[command(subcommand)]
    Cache(Cache),
    /// Show how events get on, and what could not be published
    Outbox {
        #[command(subcommand)]
        what: Option<Outbox>,
    },
    /// List the daemons and workers
    Processes,
    /// List events that no worker could handle
    DeadLetters(DeadLetters),
    /// Have a dead letter handled once more
    Redrive {
        /// As `dead-letters` lists it
        #[arg(value_parser = plant::letter)]
        id: DeadLetterId,
    },
    /// Give a dead letter up for good
    Discard(Discard),
    /// Sign in with e-mail and password
    Login(Login),
    /// End a stored sign-in
    Logout,
    /// Print what the next person needs to know of a shift, as Markdown
    Handover(Handover),
    /// Control the daemon in the background
    #[command(subcommand)]
    Daemon(Daemon),
    /// Play a story with incidents, alerts and logs, all marked as a demo
    Demo(Demo),
    /// Check config.toml, or show what is in force
    #[command(subcommand)]
    Config(Configuration),
    /// Print the completions for a shell
    Completions {
        #[arg(value_enum)]
        shell: Completed,
    },
    /// Print the manual page
    Man {
        /// Write a page for each command into this folder instead
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

impl Command {
    /// What it is about: an incident, an event, or a dead letter.
    pub fn subject(&self) -> Option<String> {
        let incident = match self {
            Self::Show { incident }
            | Self::Comment { incident, .. }
            | Self::Assess { incident } => incident,
            Self::Set(set) => &set.incident,
            Self::Ack(verb) | Self::Resolve(verb) | Self::Close(verb) | Self::Reopen(verb) => {
                &verb.incident
            }
            Self::Logs(logs) => &logs.incident,
            Self::Assessments(which) => &which.incident,
            Self::Redrive { id } | Self::Discard(Discard { id, .. }) => {
                return Some(id.to_string());
            }
            Self::Outbox { what: Some(Outbox::Retry { id }) } => return Some(id.to_string()),
            Self::Ls(_)
            | Self::New(_)
            | Self::Events(_)
            | Self::Cache(_)
            | Self::Outbox { what: None }
            | Self::Processes
            | Self::DeadLetters(_)
            | Self::Login(_)
            | Self::Logout
            | Self::Handover(_)
            | Self::Daemon(_)
            | Self::Demo(_)
            | Self::Config(_)
            | Self::Completions { .. }
            | Self::Man { .. } => return None,
        };
        Some(incident.to_string())
    }
}

/// Stands before a negated term while clap looks for flags.
const SHIELD: char = '\u{2}';

impl Arguments {
    /// Reads the command line. A negated term of the filter (`-service:search`) is no flag, though
    /// it looks like one.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(words.into_iter().map(shield))
    }
}

fn shield(word: OsString) -> OsString {
    match word.to_str() {
        Some(text) if is_negated_term(text) => format!("{SHIELD}{text}").into(),
        _ => word,
    }
}

fn is_negated_term(text: &str) -> bool {
    text.strip_prefix('-')
        .and_then(|term| term.split_once(':'))
        .is_some_and(|(field, _)| field.bytes().all(|byte| byte.is_ascii_lowercase()))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape clap asks for")]
fn unshield(text: &str) -> Result<String, String> {
    Ok(text.trim_start_matches(SHIELD).to_owned())
}

#[cfg(test)]
mod tests;

//! The command line as data.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use watchfire_shared::dead_letter::DeadLetterState;
use watchfire_shared::ids::{DeadLetterId, IncidentRef};
use watchfire_shared::incident::{Priority, Status};
use watchfire_shared::log::Level;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused, or failed for another reason
  2  wrong usage
  3  not found
  4  not signed in, or not allowed
  5  somebody else changed it meanwhile
  6  the daemon cannot be reached

Without a command the screen opens. WATCHFIRE_URL names a daemon elsewhere, WATCHFIRE_TOKEN signs in
to it; without them a daemon of your own runs in the background. --context or WATCHFIRE_CONTEXT names
one of the daemons in config.toml.";

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
    Outbox,
    /// List the daemons and workers
    Processes,
    /// List events that no worker could handle
    DeadLetters(DeadLetters),
    /// Have a dead letter handled once more
    Redrive {
        /// As `dead-letters` lists it
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
    /// What it is about: an incident, or a dead letter.
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
            Self::Ls(_)
            | Self::New(_)
            | Self::Events(_)
            | Self::Cache(_)
            | Self::Outbox
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

#[derive(Debug, Args)]
pub struct Ls {
    /// Such as `status:open priority:>=high -service:search words`; a negated word goes after `--`
    #[arg(value_parser = unshield)]
    pub filter: Vec<String>,
    /// Rows at most
    #[arg(short = 'n', long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// The order; `-` before it reverses
    #[arg(long, allow_hyphen_values = true, value_parser = SORTS)]
    pub sort: Option<String>,
}

const SORTS: [&str; 10] = [
    "created",
    "-created",
    "updated",
    "-updated",
    "priority",
    "-priority",
    "score",
    "-score",
    "reference",
    "-reference",
];

#[derive(Debug, Args)]
pub struct New {
    #[arg(value_parser = unshield)]
    pub title: String,
    /// critical, high, medium or low
    #[arg(short, long, default_value_t = Priority::Medium)]
    pub priority: Priority,
    #[arg(short, long, default_value = "")]
    pub service: String,
    /// May be given several times
    #[arg(short, long = "label", value_name = "NAME=VALUE", value_parser = label)]
    pub labels: Vec<(String, String)>,
    #[arg(short, long, default_value = "")]
    pub description: String,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
pub struct Set {
    /// INC-42, or an id
    pub incident: IncidentRef,
    /// open, investigating, resolved or closed
    #[arg(long, group = "change")]
    pub status: Option<Status>,
    /// critical, high, medium or low
    #[arg(short, long, group = "change")]
    pub priority: Option<Priority>,
    /// me, none, a person's name or id
    #[arg(short, long, group = "change", value_name = "WHO")]
    pub assign: Option<String>,
    #[arg(long, group = "change")]
    pub title: Option<String>,
    #[arg(short, long, group = "change")]
    pub service: Option<String>,
    /// Said with the change
    #[arg(long, group = "change", value_name = "TEXT")]
    pub note: Option<String>,
    /// Refuse unless the incident has this status
    #[arg(long, value_name = "STATUS")]
    pub expect_status: Option<Status>,
}

#[derive(Debug, Args)]
pub struct Verb {
    /// INC-42, or an id
    pub incident: IncidentRef,
    /// Said with the change
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

#[derive(Debug, Args)]
pub struct Logs {
    /// INC-42, or an id
    pub incident: IncidentRef,
    /// Go on with lines as they come
    #[arg(short, long)]
    pub follow: bool,
    /// trace, debug, info, warn, error or fatal
    #[arg(long, value_name = "LEVEL")]
    pub min_level: Option<Level>,
    /// Only lines that hold this text
    #[arg(long, value_name = "TEXT")]
    pub grep: Option<String>,
    /// The newest lines to begin with
    #[arg(short = 'n', long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// Attach the lines of a file (- is standard input): JSON, JSON lines or plain text
    #[arg(long, value_name = "FILE", conflicts_with_all = ["follow", "min_level", "grep", "limit"])]
    pub attach: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Events {
    /// Go on with events as they come
    #[arg(short, long)]
    pub follow: bool,
    /// Begin after this position instead of with the newest
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
    pub after: Option<i64>,
    /// Only this type, such as incident.created; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    pub kinds: Vec<String>,
    /// Events at most, before it follows
    #[arg(short = 'n', long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

#[derive(Debug, Args)]
pub struct Assessments {
    /// INC-42, or an id
    pub incident: IncidentRef,
    /// Analyses at most
    #[arg(short = 'n', long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}

#[derive(Debug, Clone, Subcommand)]
pub enum Cache {
    /// Print its figures: hits and misses, times, errors, and the likeliest cause of a bad rate
    Stats,
    /// See it work: measure reads with and without it, on an incident that is removed again
    Demo,
    /// List the names in it
    Keys(CacheKeys),
    /// Say what stands under a name, and how long it has left
    Ttl {
        /// As `cache keys` lists it
        #[arg(value_name = "KEY")]
        name: String,
    },
    /// Remove what nobody reads any more
    Purge(Purge),
}

#[derive(Debug, Clone, Args)]
pub struct CacheKeys {
    /// Only this type, such as incident, counts or reference
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Rows at most
    #[arg(short = 'n', long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}

#[derive(Debug, Clone, Copy, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub struct Purge {
    /// What older versions kept in shapes that this one does not read, and what was made absent
    /// for everybody
    #[arg(long, group = "what")]
    pub old: bool,
    /// What stands under other journals: of restored or abandoned databases, and of every other
    /// installation in this Redis
    #[arg(long, group = "what")]
    pub others: bool,
    /// Everything: deletes nothing, but nobody reads it any more; with --old it goes too
    #[arg(long, group = "what")]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct DeadLetters {
    /// waiting, redriving or discarded; without it those that wait or are being redriven
    #[arg(long)]
    pub state: Option<DeadLetterState>,
    /// Rows at most
    #[arg(short = 'n', long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}

#[derive(Debug, Args)]
pub struct Discard {
    /// As `dead-letters` lists it
    pub id: DeadLetterId,
    /// Why; kept with it
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

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
    #[arg(long, default_value = "12h", value_name = "SPAN", value_parser = super::handover::seconds)]
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

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("must look like name=value".to_owned()),
    }
}

#[cfg(test)]
mod tests;

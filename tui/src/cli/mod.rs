//! The command line: the same actions as the screen's, without a screen.

mod account;
pub mod args;
mod assessments;
mod attach;
mod cache;
mod change;
mod configuration;
mod daemon;
mod events;
pub mod handover;
mod incidents;
mod letters;
mod logs;
mod operate;
pub mod output;
mod pages;
mod parser;
mod plant;
mod token;
pub mod words;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use crate::client::session::{Given, Session};
use crate::client::{Client, ClientError, ErrorKind};
use crate::config::Config;
use crate::embedded::{self, Home};
use crate::panics;
use crate::safe::SafeText;
use args::{Arguments, Command, Daemon, Outbox};
use output::Out;

/// How a command ends. `args::EXIT_CODES` tells people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    NotAllowed = 4,
    Conflict = 5,
    Unreachable = 6,
}

impl Exit {
    pub const ALL: [Self; 7] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::NotFound,
        Self::NotAllowed,
        Self::Conflict,
        Self::Unreachable,
    ];

    const fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Unauthenticated | ErrorKind::Forbidden => Self::NotAllowed,
            ErrorKind::Conflict => Self::Conflict,
            ErrorKind::Unreachable
            | ErrorKind::Interrupted
            | ErrorKind::Timeout
            | ErrorKind::Unavailable => Self::Unreachable,
            ErrorKind::Refused | ErrorKind::Failed | ErrorKind::Protocol | ErrorKind::Local => {
                Self::Failed
            }
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Client(#[from] ClientError),
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
    /// Refused before anything was asked.
    #[error("{1}")]
    Said(Exit, String),
}

impl Failure {
    fn said(exit: Exit, message: impl Into<String>) -> Self {
        Self::Said(exit, message.into())
    }

    /// The person gave up.
    pub fn interrupted() -> Self {
        Self::said(Exit::Failed, "Interrupted")
    }

    const fn exit(&self) -> Exit {
        match self {
            Self::Client(error) => Exit::of(error.kind),
            Self::Output(_) => Exit::Failed,
            Self::Said(exit, _) => *exit,
        }
    }
}

type Done = Result<(), Failure>;

/// Says what is wrong with the arguments, which are repeated in it and may come from anywhere; the
/// help and the version, which are asked for in the same way, are our own words.
fn misread(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        error.exit();
    }
    for line in SafeText::lines(&error.render().to_string()) {
        // Nobody is left to be told.
        let _ = writeln!(io::stderr(), "{line}");
    }
    ExitCode::from(Exit::Usage)
}

/// The whole program, from its arguments to its exit code.
pub fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return misread(&error),
    };
    if let Some(done) = without_settings(&arguments) {
        return done.map_or_else(|failure| report(&failure), |()| Exit::Done).into();
    }
    let config = match Config::load(arguments.context.as_deref()) {
        Ok(config) => config,
        Err(message) => return report(&Failure::said(Exit::Usage, message)).into(),
    };
    if let Some(Command::Daemon(Daemon::Run)) = arguments.command {
        return embedded::serve();
    }
    panics::guarded(|| run(arguments, &config).into())
}

/// What works however wrong the configuration is.
fn without_settings(arguments: &Arguments) -> Option<Done> {
    let mut to = io::stdout().lock();
    let done = match arguments.command.as_ref()? {
        Command::Config(what) => {
            drop(to);
            configuration::perform(*what, arguments.context.as_deref(), arguments.json)
        }
        Command::Completions { shell } => parser::completions(*shell, &mut to),
        Command::Man { out } => parser::man(out.as_deref(), &mut to),
        _ => return None,
    };
    Some(match done {
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    })
}

fn run(arguments: Arguments, config: &Config) -> Exit {
    let mut out = Out::new(config, arguments.json);
    let done = match arguments.command {
        None => crate::run::open(config).map_err(Failure::from),
        Some(command) => perform(command, config, &mut out),
    };
    let flushed = out.flush().map_err(Failure::from);
    match done.and(flushed) {
        Ok(()) => Exit::Done,
        // Whoever reads us (`| head`) has seen enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(failure) => report(&failure),
    }
}

/// Says on standard error what went wrong.
fn report(failure: &Failure) -> Exit {
    let mut to = io::stderr().lock();
    for (number, line) in SafeText::lines(&failure.to_string()).iter().enumerate() {
        let name = if number == 0 { "watchfire: " } else { "" };
        // Nobody is left to be told.
        let _ = writeln!(to, "{name}{line}");
    }
    failure.exit()
}

/// A word on standard error that is no result and no failure.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "watchfire: {}", SafeText::line(text));
}

fn perform(command: Command, config: &Config, out: &mut Out) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ClientError::local(format!("The runtime cannot start: {error}")))?;
    if let Command::Daemon(what) = command {
        return daemon::perform(what, config, out, &runtime);
    }
    let client = connect(config)?;
    let which = command.subject();
    let done = runtime.block_on(async {
        match command {
            Command::Ls(ls) => incidents::list(&client, out, &ls.viewing(config)?).await,
            Command::Show { incident } => incidents::show(&client, out, &incident).await,
            Command::New(new) => incidents::create(&client, out, new).await,
            Command::Set(set) => change::set(&client, out, set).await,
            Command::Ack(verb) => change::step(&client, out, change::ACK, verb).await,
            Command::Resolve(verb) => change::step(&client, out, change::RESOLVE, verb).await,
            Command::Close(verb) => change::step(&client, out, change::CLOSE, verb).await,
            Command::Reopen(verb) => change::step(&client, out, change::REOPEN, verb).await,
            Command::Comment { incident, text } => {
                change::comment(&client, out, &incident, &text).await
            }
            Command::Logs(logs) => match &logs.attach {
                Some(file) => attach::attach(&client, out, &logs.incident, file).await,
                None => logs::logs(&client, out, &logs).await,
            },
            Command::Events(events) => events::events(&client, out, &events).await,
            Command::Assess { incident } => assessments::request(&client, out, &incident).await,
            Command::Assessments(which) => assessments::list(&client, out, &which).await,
            Command::Cache(what) => cache::perform(&client, out, what).await,
            Command::Outbox { what: None } => plant::outbox(&client, out).await,
            Command::Outbox { what: Some(Outbox::Retry { id }) } => {
                plant::retry(&client, out, id).await
            }
            Command::Processes => plant::processes(&client, out).await,
            Command::DeadLetters(which) => letters::list(&client, out, &which).await,
            Command::Redrive { id } => letters::redrive(&client, out, id).await,
            Command::Discard(discard) => letters::discard(&client, out, &discard).await,
            Command::Login(login) => account::login(&client, out, &login).await,
            Command::Handover(args) => handover::handover(&client, out, &args).await,
            Command::Logout => account::logout(&client, out).await,
            Command::Demo(demo) => crate::demo::play(&client, out, demo.speed).await,
            // Done before anything was set up.
            Command::Daemon(_)
            | Command::Config(_)
            | Command::Completions { .. }
            | Command::Man { .. } => Ok(()),
        }
    });
    match (done, which) {
        // In a loop over many the sentence alone would not say which.
        (Err(Failure::Client(error)), Some(which)) if error.kind == ErrorKind::NotFound => {
            Err(Failure::said(Exit::NotFound, format!("{which}: {}", error.message)))
        }
        (done, _) => done,
    }
}

/// The client for the configured daemon; starts the embedded one where none is configured.
pub fn connect(config: &Config) -> Result<Client, ClientError> {
    if config.url.is_none() {
        embedded::ensure(&Home::new(&config.state), progress)?;
    }
    client(config)
}

/// The client for the configured daemon, whether it runs or not.
pub fn client(config: &Config) -> Result<Client, ClientError> {
    let token = match &config.place.token {
        Some(token) => Some(Given::by_variable(token.clone())),
        None => token::from_command(&config.place.context.token_command)?.map(Given::by_command),
    };
    let home = Home::new(&config.state);
    if let Some(url) = &config.url {
        let session = Session::new(home.state(), url, token, None);
        let url = url.clone();
        let (secure, local) = (url.starts_with("https://"), is_loopback(&url));
        let client = Client::new(Arc::new(move || Ok(url.clone())), secure, local, session)?;
        return Ok(client.read_only(config.read_only));
    }
    let session = Session::new(home.state(), "embedded", token, Some(home.owner_token()));
    let client = Client::new(Arc::new(move || home.locate()), false, true, session)?;
    Ok(client.read_only(config.read_only))
}

/// A proxy has no business between two processes of one machine.
fn is_loopback(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || literal.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn progress(text: &str) {
    if io::stderr().is_terminal() {
        note(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for url in ["http://localhost:1", "http://127.0.0.1:4911", "http://[::1]:4911"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in ["http://localhost.example", "http://10.0.0.1", "https://watchfire.example"] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}

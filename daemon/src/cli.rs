//! The command line of `watchfired`.

mod upkeep;

use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use watchfire_shared::user::{IngestKeyIn, KeySource, Role};

use crate::app::{self, Error};
use crate::cache::Cache;
use crate::config::{self, Config};
use crate::lifecycle::Lifecycle;
use crate::outbox::Ledger;
use crate::service;
use crate::service::admin::Admin;
use crate::state::StateDir;
use crate::store::installation;
use crate::telemetry::{self, Output};

/// The Watchfire daemon: owns the database and serves the HTTP API.
#[derive(Debug, Parser)]
#[command(name = "watchfired", version)]
pub struct Cli {
    /// Configuration file; by default watchfire/watchfired.toml in the user's configuration folder.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate the database and serve until SIGTERM.
    Serve,
    /// Handle events until SIGTERM: beside daemons on PostgreSQL, as many as you like.
    Worker,
    /// Test everything the daemon depends on, and say what is wrong.
    Check,
    /// People.
    #[command(subcommand)]
    User(User),
    /// Ingest keys: what senders such as Alertmanager authenticate with.
    #[command(subcommand)]
    Key(Key),
    /// API tokens: what scripts authenticate with, as a person.
    #[command(subcommand)]
    Token(Token),
    /// Remove what is old: events, sessions that are over, answers kept for repeats.
    Prune {
        /// An age (`30d`, `12h`), a day or an RFC 3339 instant.
        #[arg(long, value_name = "WHEN", value_parser = upkeep::moment)]
        before: DateTime<Utc>,
        /// Only say how much that would be.
        #[arg(long)]
        dry_run: bool,
    },
    /// After a restore from a backup: begin a new journal, so that nobody takes its numbers for
    /// those of the old one.
    Restored,
}

#[derive(Debug, Subcommand)]
enum User {
    /// Add a person.
    Add(AddUser),
    /// Set a password, read from standard input; the person's sessions end.
    Passwd {
        #[arg(long)]
        email: String,
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// List everybody.
    List,
}

#[derive(Debug, Args)]
struct AddUser {
    #[arg(long)]
    email: String,
    #[arg(long)]
    name: String,
    #[arg(long, value_enum)]
    role: RoleArg,
    /// Read the password, at least 12 characters, from standard input.
    #[arg(long, required = true)]
    password_stdin: bool,
}

#[derive(Debug, Subcommand)]
enum Key {
    /// Make a key; its secret is printed once, as the last word.
    Add {
        #[arg(long)]
        name: String,
        #[arg(long, value_enum)]
        source: SourceArg,
    },
    /// List the keys, without their secrets.
    List,
    /// End a key at once.
    Revoke { id: String },
}

#[derive(Debug, Subcommand)]
enum Token {
    /// Make a token of a person; its secret is printed once, as the last word.
    Add {
        /// E-mail of the person it acts as.
        #[arg(long)]
        user: String,
        #[arg(long)]
        name: String,
    },
    /// List the tokens, without their secrets.
    List,
    /// End a token at once.
    Revoke { id: String },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleArg {
    Viewer,
    Responder,
    Admin,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SourceArg {
    Alertmanager,
    Pagerduty,
    Logs,
    Generic,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Viewer => Self::Viewer,
            RoleArg::Responder => Self::Responder,
            RoleArg::Admin => Self::Admin,
        }
    }
}

impl From<SourceArg> for KeySource {
    fn from(source: SourceArg) -> Self {
        match source {
            SourceArg::Alertmanager => Self::Alertmanager,
            SourceArg::Pagerduty => Self::Pagerduty,
            SourceArg::Logs => Self::Logs,
            SourceArg::Generic => Self::Generic,
        }
    }
}

/// Runs a command line to its end.
pub async fn run(cli: Cli) -> Result<ExitCode, Error> {
    let config = Config::load(cli.config.as_deref(), &config::environment)?;
    if matches!(cli.command, Command::Serve) {
        telemetry::init(&config.log.filter, config.log.format, Output::Stderr)?;
        return app::serve(config).await;
    }
    if matches!(cli.command, Command::Worker) {
        telemetry::init(&config.log.filter, config.log.format, Output::Stderr)?;
        return app::work(config).await;
    }
    if matches!(cli.command, Command::Check) {
        return Ok(upkeep::check(&config).await);
    }
    let lifecycle = Lifecycle::new();
    if config.is_embedded() {
        // A command may come before the first start.
        StateDir::open(&config.state_dir)?;
    }
    let db = app::open(&config).await?;
    let author = app::system_author(installation::log_id(&db).await?);
    let ledger = Ledger::new(db.clone(), Cache::none(&db), lifecycle.clone());
    let admin = Admin { db: db.clone(), ledger, author };
    let done = match cli.command {
        Command::Serve | Command::Worker | Command::Check => Ok(()),
        Command::User(command) => user(&admin, command).await,
        Command::Key(command) => key(&admin, command).await,
        Command::Token(command) => token(&admin, command).await,
        Command::Prune { before, dry_run } => upkeep::prune(&admin, &config, before, dry_run).await,
        Command::Restored => upkeep::restored(&admin).await,
    };
    db.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn user(admin: &Admin, command: User) -> Result<(), Error> {
    match command {
        User::Add(AddUser { email, name, role, password_stdin: _ }) => {
            let user = admin.add_user(&email, name, role.into(), read_password()?).await?;
            println!("{} {:?}", user.id, user.email.unwrap_or_default());
        }
        User::Passwd { email, password_stdin: _ } => {
            let user = admin.set_password(&email, read_password()?).await?;
            println!("{:?} has a new password", user.email.unwrap_or_default());
        }
        User::List => {
            for user in admin.users().await? {
                let email = user.email.unwrap_or_default();
                println!(
                    "{} {:<9} {:<11} {email:?} {:?}",
                    user.id, user.role, user.status, user.name
                );
            }
        }
    }
    Ok(())
}

async fn key(admin: &Admin, command: Key) -> Result<(), Error> {
    match command {
        Key::Add { name, source } => {
            let key = admin.add_key(IngestKeyIn { name, source: source.into() }).await?;
            println!("{} {:?} {} {}", key.item.id, key.item.name, key.item.source, key.secret);
        }
        Key::List => {
            for key in admin.keys().await? {
                let standing = if key.revoked_at.is_some() { "revoked" } else { "active" };
                println!("{} {:<12} {standing:<7} {:?}", key.id, key.source, key.name);
            }
        }
        Key::Revoke { id } => admin.revoke_key(parse_id(&id)?).await?,
    }
    Ok(())
}

async fn token(admin: &Admin, command: Token) -> Result<(), Error> {
    match command {
        Token::Add { user, name } => {
            let token = admin.add_token(&user, name).await?;
            println!("{} {:?} {}", token.item.id, token.item.name, token.secret);
        }
        Token::List => {
            for token in admin.tokens().await? {
                let standing = if token.revoked_at.is_some() { "revoked" } else { "active" };
                println!("{} {standing:<7} {:?} {:?}", token.id, token.user.name, token.name);
            }
        }
        Token::Revoke { id } => admin.revoke_token(parse_id(&id)?).await?,
    }
    Ok(())
}

fn parse_id<T: std::str::FromStr>(id: &str) -> Result<T, Error> {
    id.parse().map_err(|_| service::Error::field("ID", "must be an id as `list` prints it").into())
}

/// One line; the line's end is not part of it.
fn read_password() -> Result<String, Error> {
    let mut text = String::new();
    if std::io::stdin().is_terminal() {
        eprintln!("Type the password and end with ctrl-d:");
    }
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

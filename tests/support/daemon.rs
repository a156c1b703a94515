//! The real daemon, as a process of its own, on either engine.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use watchfire_shared::user::{KeySource, Role};

use crate::api::Api;
use crate::postgres::Database;
use crate::programs;

/// A start, a stop and an administration command are each over long before.
const LIMIT: Duration = Duration::from_secs(30);

/// What everybody here signs in with.
pub const PASSWORD: &str = "a password only tests use";

/// The database under the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A daemon before its start.
#[derive(Debug)]
pub struct Setup {
    engine: Engine,
    environment: Vec<(String, String)>,
}

impl Setup {
    /// One more variable; it wins over those set here by default.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Starts it on a database of its own and waits until it is ready.
    pub async fn start(self) -> Daemon {
        let database = match self.engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Arc::new(Database::fresh().await)),
        };
        let secret = uuid::Uuid::new_v4().simple().to_string();
        let fixed = [
            ("WATCHFIRE_AUTH_SECRET", secret.as_str()),
            ("WATCHFIRE_LOG", "info"),
        ];
        let environment = fixed
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .chain(self.environment)
            .collect();
        Daemon::launch(environment, database, Arc::default()).await
    }
}

/// A running daemon with its own state folder; gone with this value. When its test panics, the end
/// of its log is printed.
#[derive(Debug)]
pub struct Daemon {
    process: Option<Child>,
    address: SocketAddr,
    environment: Vec<(String, String)>,
    tokens: Arc<Tokens>,
    database: Option<Arc<Database>>,
    home: TempDir,
}

/// One API token per role, made when it is first asked for.
#[derive(Debug, Default)]
struct Tokens {
    viewer: OnceCell<String>,
    responder: OnceCell<String>,
    admin: OnceCell<String>,
}

/// What the daemon writes when it is ready.
#[derive(Deserialize)]
struct Ready {
    address: SocketAddr,
    pid: u32,
}

impl Daemon {
    /// One with nothing special about it.
    pub async fn start(engine: Engine) -> Self {
        Self::setup(engine).start().await
    }

    /// One that can be configured before its start.
    pub fn setup(engine: Engine) -> Setup {
        Setup {
            engine,
            environment: Vec::new(),
        }
    }

    /// A second daemon over the same PostgreSQL database, with the same people and tokens.
    pub async fn sibling(&self) -> Self {
        let database = self
            .database
            .clone()
            .expect("only daemons on PostgreSQL share a database");
        Self::launch(
            self.environment.clone(),
            Some(database),
            Arc::clone(&self.tokens),
        )
        .await
    }

    async fn launch(
        environment: Vec<(String, String)>,
        database: Option<Arc<Database>>,
        tokens: Arc<Tokens>,
    ) -> Self {
        let mut daemon = Self {
            process: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            environment,
            tokens,
            database,
            home: TempDir::new().expect("a temporary folder can be made"),
        };
        daemon.serve().await;
        daemon
    }

    /// `http://127.0.0.1:…`; the same after a restart.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it keeps its files.
    pub fn state_dir(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// What it stores in: a `sqlite://` or `postgres://` URL.
    pub fn database_url(&self) -> String {
        match &self.database {
            Some(database) => database.url(),
            None => format!(
                "sqlite://{}",
                self.state_dir().join("watchfire.db").display()
            ),
        }
    }

    /// Its PostgreSQL database, to look behind the daemon's back.
    pub fn postgres(&self) -> &Database {
        self.database
            .as_ref()
            .expect("this daemon runs on PostgreSQL")
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process
            .as_ref()
            .and_then(Child::id)
            .expect("the daemon is running")
    }

    /// The environment it runs in, for other programs that are to work beside it.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::from(programs::command(program, self.home.path()));
        command
            .env("WATCHFIRE_HTTP_ADDR", self.address.to_string())
            .env("WATCHFIRE_DATABASE_URL", self.database_url())
            .env("WATCHFIRE_STATE_DIR", self.state_dir())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .kill_on_drop(true);
        command
    }

    async fn serve(&mut self) {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_file())
            .expect("the log can be written");
        let process = self
            .command(&programs::path("watchfired"))
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("watchfired starts");
        self.process = Some(process);
        let ready = timeout(LIMIT, self.ready()).await;
        self.address = ready.unwrap_or_else(|_| {
            panic!(
                "the daemon is not ready after {LIMIT:?}:\n{}",
                self.log_tail()
            )
        });
    }

    /// Waits for the address file of this very process: one of an earlier start may still be there.
    async fn ready(&mut self) -> SocketAddr {
        let file = self.state_dir().join("daemon.json");
        let pid = self.pid();
        loop {
            let exited = self
                .process
                .as_mut()
                .and_then(|process| process.try_wait().expect("a child can be waited for"));
            if let Some(status) = exited {
                panic!(
                    "the daemon ended at its start with {status}:\n{}",
                    self.log_tail()
                );
            }
            let ready = std::fs::read(&file)
                .ok()
                .and_then(|text| serde_json::from_slice::<Ready>(&text).ok());
            match ready {
                Some(ready) if ready.pid == pid => return ready.address,
                _ => tokio::time::sleep(programs::GLANCE).await,
            }
        }
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("stderr.log")
    }

    /// All it has logged since its first start.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    fn signal(&self, signal: Signal) {
        let pid = programs::pid(self.pid()).expect("a process id is positive");
        kill_process(pid, signal).expect("the daemon can be signalled");
    }

    async fn ended(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the daemon is running");
        let status = timeout(LIMIT, process.wait()).await.unwrap_or_else(|_| {
            panic!(
                "the daemon does not end within {LIMIT:?}:\n{}",
                self.log_tail()
            )
        });
        status.expect("a child can be waited for")
    }

    /// Kills it as a power cut would.
    pub async fn kill9(&mut self) {
        self.signal(Signal::KILL);
        self.ended().await;
    }

    /// Asks it to end, and fails when it does not end well.
    pub async fn stop(&mut self) {
        self.signal(Signal::TERM);
        let status = self.ended().await;
        assert_eq!(status.code(), Some(0), "{status}:\n{}", self.log_tail());
    }

    /// Starts it again, after `stop` first where it still runs: same state, same address.
    pub async fn restart(&mut self) {
        if self.process.is_some() {
            self.stop().await;
        }
        self.serve().await;
    }

    /// Freezes it, as a machine that swaps or a debugger would.
    pub fn sigstop(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on after [`Self::sigstop`].
    pub fn sigcont(&self) {
        self.signal(Signal::CONT);
    }

    /// Runs an administration command beside the daemon; its answer, which must be a success.
    pub async fn administer(&self, arguments: &[&str], input: &str) -> String {
        let mut process = self
            .command(&programs::path("watchfired"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("watchfired starts");
        let mut stdin = process.stdin.take().expect("stdin is piped");
        // A command that reads nothing may have closed it already.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output = timeout(LIMIT, process.wait_with_output())
            .await
            .unwrap_or_else(|_| panic!("{arguments:?} does not end within {LIMIT:?}"))
            .expect("a child can be waited for");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{arguments:?} ended with {}: {text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    /// Adds a person, who signs in with [`PASSWORD`].
    pub async fn add_user(&self, email: &str, name: &str, role: Role) {
        let role = role.as_str();
        let arguments = [
            "user", "add", "--email", email, "--name", name, "--role", role,
        ];
        let arguments = [&arguments[..], &["--password-stdin"]].concat();
        self.administer(&arguments, PASSWORD).await;
    }

    /// A new API token of a person.
    pub async fn add_token(&self, email: &str) -> String {
        let arguments = ["token", "add", "--user", email, "--name", "tests"];
        last_word(&self.administer(&arguments, "").await)
    }

    /// A new ingest key of a source.
    pub async fn add_key(&self, source: KeySource) -> String {
        let source = source.as_str();
        let arguments = ["key", "add", "--name", source, "--source", source];
        last_word(&self.administer(&arguments, "").await)
    }

    /// Nobody: requests without a token.
    pub fn as_nobody(&self) -> Api {
        Api::new(self.url(), None)
    }

    /// Whoever holds this token or key.
    pub fn as_holder_of(&self, secret: &str) -> Api {
        Api::new(self.url(), Some(secret.to_owned()))
    }

    pub async fn as_viewer(&self) -> Api {
        self.as_role(Role::Viewer).await
    }

    pub async fn as_responder(&self) -> Api {
        self.as_role(Role::Responder).await
    }

    pub async fn as_admin(&self) -> Api {
        self.as_role(Role::Admin).await
    }

    /// A person of this role, named after it; always the same one.
    pub async fn as_role(&self, role: Role) -> Api {
        let token = match role {
            Role::Viewer => &self.tokens.viewer,
            Role::Responder => &self.tokens.responder,
            Role::Admin => &self.tokens.admin,
        };
        let token = token.get_or_init(async || {
            let email = format!("{role}@example.test");
            self.add_user(&email, role.as_str(), role).await;
            self.add_token(&email).await
        });
        self.as_holder_of(token.await)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the daemon's last lines:\n{}", self.log_tail());
        }
    }
}

/// Commands that make a secret print it last.
fn last_word(text: &str) -> String {
    let word = text.split_whitespace().next_back();
    word.expect("the command prints a secret").to_owned()
}

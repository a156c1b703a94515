//! The real daemon, as a process of its own, on either engine.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use serde::Deserialize;
use sqlx::Executor;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::people::Tokens;
use crate::postgres::Database;
use crate::programs;

/// A start, a stop and an administration command are each over long before.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

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
    state: Option<PathBuf>,
    launcher: &'static [&'static str],
    link: Option<SocketAddr>,
}

impl Setup {
    /// One more variable; it wins over those set here by default.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Its state folder will be this one.
    #[must_use]
    pub fn state_dir(mut self, state: impl Into<PathBuf>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// It is started by this command, which gets its command line and must become it.
    #[must_use]
    pub const fn launcher(mut self, launcher: &'static [&'static str]) -> Self {
        self.launcher = launcher;
        self
    }

    /// It reaches PostgreSQL by this address, which leads to the server's.
    #[must_use]
    pub const fn through(mut self, link: SocketAddr) -> Self {
        self.link = Some(link);
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
            ("WATCHFIRE_AUTH_SECRET", secret),
            ("WATCHFIRE_LOG", "info".to_owned()),
            // Stories tell their own facts, unless they are about assessments.
            ("WATCHFIRE_ASSESS_AFTER_SECONDS", "86400".to_owned()),
        ];
        let detour = database.as_ref().zip(self.link);
        let detour =
            detour.map(|(database, link)| ("WATCHFIRE_DATABASE_URL", database.url_through(link)));
        let environment = fixed
            .into_iter()
            .chain(detour)
            .map(|(name, value)| (name.to_owned(), value))
            .chain(self.environment)
            .collect();
        let home = TempDir::new().expect("a temporary folder can be made");
        let state = self.state.unwrap_or_else(|| home.path().join("state"));
        let daemon = Daemon {
            process: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            environment,
            tokens: Arc::default(),
            database,
            home,
            state,
            launcher: self.launcher,
        };
        daemon.launch().await
    }
}

/// A running daemon with its own state folder; gone with this value. When its test panics, the end
/// of its log is printed.
#[derive(Debug)]
pub struct Daemon {
    process: Option<Child>,
    address: SocketAddr,
    environment: Vec<(String, String)>,
    pub(crate) tokens: Arc<Tokens>,
    database: Option<Arc<Database>>,
    pub(crate) home: TempDir,
    state: PathBuf,
    launcher: &'static [&'static str],
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
        Setup { engine, environment: Vec::new(), state: None, launcher: &[], link: None }
    }

    /// A second daemon over the same PostgreSQL database, with the same people and tokens.
    pub async fn sibling(&self) -> Self {
        self.sibling_with(&[]).await
    }

    /// A daemon on a copy of its database in another cluster.
    pub async fn restored(&self) -> Self {
        let copy = self.postgres().restored().await;
        // Which cluster a database is in is all that tells a copy.
        let statement = "update installation set system_identifier = 'another cluster'";
        copy.connect().await.execute(statement).await.expect("a copy is a database");
        self.sibling_on(Arc::new(copy), &[]).await
    }

    /// As [`Self::sibling`], with more variables.
    pub async fn sibling_with(&self, more: &[(&str, &str)]) -> Self {
        let database = self.database.clone().expect("only daemons on PostgreSQL share a database");
        self.sibling_on(database, more).await
    }

    async fn sibling_on(&self, database: Arc<Database>, more: &[(&str, &str)]) -> Self {
        let mut environment = self.environment.clone();
        environment.extend(more.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let home = TempDir::new().expect("a temporary folder can be made");
        let sibling = Self {
            process: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            environment,
            tokens: Arc::clone(&self.tokens),
            database: Some(database),
            state: home.path().join("state"),
            home,
            launcher: self.launcher,
        };
        sibling.launch().await
    }

    async fn launch(mut self) -> Self {
        self.serve().await;
        self
    }

    /// `http://127.0.0.1:…`; the same after a restart.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it keeps its files.
    pub fn state_dir(&self) -> PathBuf {
        self.state.clone()
    }

    /// What it stores in: a `sqlite://` or `postgres://` URL.
    pub fn database_url(&self) -> String {
        match &self.database {
            Some(database) => database.url(),
            None => format!("sqlite://{}", self.state_dir().join("watchfire.db").display()),
        }
    }

    pub const fn engine(&self) -> Engine {
        match self.database {
            None => Engine::Sqlite,
            Some(_) => Engine::Postgres,
        }
    }

    pub fn is_postgres(&self) -> bool {
        self.engine() == Engine::Postgres
    }

    /// Its PostgreSQL database, to look behind the daemon's back.
    pub fn postgres(&self) -> &Database {
        self.database.as_ref().expect("this daemon runs on PostgreSQL")
    }

    /// Whether it was started and has not been ended since.
    pub const fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().and_then(Child::id).expect("the daemon is running")
    }

    /// The environment it runs in, for other programs that are to work beside it.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
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
        let watchfired = programs::path("watchfired");
        let launcher = self.launcher.iter().map(|word| OsStr::new(*word));
        let mut line = launcher.chain([watchfired.as_os_str(), OsStr::new("serve")]);
        let process = self
            .command(line.next().expect("a command line has words"))
            .args(line)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("watchfired starts");
        self.process = Some(process);
        let ready = timeout(LIMIT, self.ready()).await;
        self.address = ready.unwrap_or_else(|_| {
            panic!("the daemon is not ready after {LIMIT:?}:\n{}", self.log_tail())
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
                panic!("the daemon ended at its start with {status}:\n{}", self.log_tail());
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
            panic!("the daemon does not end within {LIMIT:?}:\n{}", self.log_tail())
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
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the daemon's last lines:\n{}", self.log_tail());
        }
    }
}

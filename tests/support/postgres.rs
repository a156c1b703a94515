//! A fresh database for each test, on the server that `tests/run` starts.

use std::net::SocketAddr;
use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

use crate::programs;

/// A database of its own, dropped with this value.
#[derive(Debug)]
pub struct Database {
    name: String,
    server: String,
}

impl Database {
    /// Creates an empty database on the server of `WATCHFIRE_TEST_POSTGRES_URL`.
    pub async fn fresh() -> Self {
        let server = server_url();
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        let database = Self { name, server };
        database
            .on_server(&format!("create database {} template template0", database.name))
            .await
            .expect("the test server lets us create a database");
        database
    }

    /// `postgres://…/<this database>`.
    pub fn url(&self) -> String {
        let (head, query) = match self.server.split_once('?') {
            Some((head, query)) => (head, format!("?{query}")),
            None => (self.server.as_str(), String::new()),
        };
        // `scheme://authority/name`: the name is what follows the third slash.
        let authority = head.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        format!("{authority}/{}{query}", self.name)
    }

    /// The same by way of another address that leads to the server.
    pub fn url_through(&self, link: SocketAddr) -> String {
        let options: PgConnectOptions = self.url().parse().expect("our own URL");
        options.host(&link.ip().to_string()).port(link.port()).to_url_lossy().to_string()
    }

    /// Host and port of the test server.
    pub fn server() -> (String, u16) {
        let options: PgConnectOptions = server_url().parse().expect("the test server has a URL");
        (options.get_host().to_owned(), options.get_port())
    }

    /// A connection past the daemon, to look at what is really stored.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.expect("the database of this test answers")
    }

    /// Dumps it and loads the dump into a fresh one.
    pub async fn restored(&self) -> Self {
        let other = Self::fresh().await;
        let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
        let dump = folder.path().join("dump");
        let dump = dump.to_str().expect("a path is text");
        run("pg_dump", &["--format=custom", "--file", dump, "--dbname", &self.url()]).await;
        run("pg_restore", &["--dbname", &other.url(), dump]).await;
        other
    }

    /// Ends every session, as a stopped server would, and lets nobody in before [`Self::reopen`].
    pub async fn shut(&self) {
        let name = &self.name;
        let statements = format!(
            "alter database {name} allow_connections false; \
             select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
        );
        self.on_server(&statements).await.expect("the test server lets us shut a database");
    }

    /// Lets everybody in again.
    pub async fn reopen(&self) {
        let statement = format!("alter database {} allow_connections true", self.name);
        self.on_server(&statement).await.expect("the test server lets us reopen a database");
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a database's name cannot be a bind; we made it ourselves from hex digits"
    )]
    async fn on_server(&self, statement: &str) -> sqlx::Result<()> {
        let mut server = PgConnection::connect(&self.server).await?;
        server.execute(sqlx::AssertSqlSafe(statement.to_owned())).await?;
        server.close().await
    }
}

/// A program that comes with PostgreSQL. Debian keeps a real one per version, the newest of which is
/// taken; elsewhere it is on the PATH.
pub fn tool(name: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin").join(name)))
        })
        .filter(|(_, path)| path.is_file())
        .collect();
    found.sort();
    let on_path = || {
        let path = programs::variable("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
    };
    found.pop().map(|(_, path)| path).or_else(on_path)
}

async fn run(name: &str, arguments: &[&str]) {
    let tool = tool(name).unwrap_or_else(|| panic!("there is no {name}"));
    let output = tokio::process::Command::new(tool).args(arguments).output().await;
    let output = output.expect("it starts");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

fn server_url() -> String {
    programs::variable("WATCHFIRE_TEST_POSTGRES_URL")
        .and_then(|url| url.into_string().ok())
        .expect("no PostgreSQL to test on: use tests/run, or set WATCHFIRE_TEST_POSTGRES_URL")
}

impl Drop for Database {
    /// Best effort: the server is thrown away as a whole.
    fn drop(&mut self) {
        let statement = format!("drop database if exists {} with (force)", self.name);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                if let Ok(runtime) = runtime
                    && let Err(error) = runtime.block_on(self.on_server(&statement))
                {
                    eprintln!("could not drop {}: {error}", self.name);
                }
            });
        });
    }
}

//! The people of a daemon: how they are made, and what they hold.

use std::process::{Output, Stdio};

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use watchfire_shared::user::{KeySource, Role};

use crate::api::Api;
use crate::daemon::{Daemon, LIMIT};
use crate::programs;
use crate::terminal::{self, Terminal};

/// What everybody here signs in with.
pub const PASSWORD: &str = "a password only tests use";

/// One API token per role, made when it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    viewer: OnceCell<String>,
    responder: OnceCell<String>,
    admin: OnceCell<String>,
}

impl Daemon {
    /// Runs an administration command beside the daemon; its answer, which must be a success.
    pub async fn administer(&self, arguments: &[&str], input: &str) -> String {
        let mut process = self
            .command(programs::path("watchfired"))
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
        let arguments = ["user", "add", "--email", email, "--name", name, "--role", role];
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
        self.as_holder_of(&self.token_of(role).await)
    }

    async fn token_of(&self, role: Role) -> String {
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
        token.await.clone()
    }

    /// What tells the client where this daemon is and that it is the person of this role who asks.
    pub async fn access(&self, role: Role) -> [(&'static str, String); 2] {
        [("WATCHFIRE_URL", self.url()), ("WATCHFIRE_TOKEN", self.token_of(role).await)]
    }

    /// The client in a terminal, signed in as the person of this role.
    pub async fn client(&self, role: Role, columns: u16, rows: u16) -> Terminal {
        let mut command = terminal::command(programs::path("watchfire"), self.home.path());
        for (name, value) in self.access(role).await {
            command.env(name, value);
        }
        Terminal::spawn(command, columns, rows)
    }

    /// The client without a screen, before its start.
    pub async fn cli_command(&self, role: Role, arguments: &[&str]) -> Command {
        let program = programs::path("watchfire");
        let mut command = Command::from(programs::command(program, self.home.path()));
        command
            .args(arguments)
            .envs(self.access(role).await)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// The client without a screen, as `watchfire ls`, signed in as the person of this role.
    pub async fn cli(&self, role: Role, arguments: &[&str]) -> Output {
        let output = self.cli_command(role, arguments).await.output();
        timeout(LIMIT, output)
            .await
            .unwrap_or_else(|_| panic!("{arguments:?} does not end within {LIMIT:?}"))
            .expect("watchfire starts")
    }
}

/// Commands that make a secret print it last.
fn last_word(text: &str) -> String {
    let word = text.split_whitespace().next_back();
    word.expect("the command prints a secret").to_owned()
}

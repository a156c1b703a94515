//! Redis: the server that `tests/run` starts, shared by all tests, and servers of a test's own,
//! which may be killed, frozen and given an old copy of what they held.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult, Value};
use rustix::process::{Signal, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use uuid::Uuid;
use watchfire_shared::cache::CacheStats;

use crate::daemon::{Daemon, Engine, LIMIT, Setup};
use crate::programs;

/// The server that all tests share; each daemon's database has a `log_id` of its own, and with it
/// keys of its own.
pub fn shared() -> String {
    programs::variable("WATCHFIRE_TEST_REDIS_URL")
        .and_then(|url| url.into_string().ok())
        .expect("no Redis to test on: use tests/run, or set WATCHFIRE_TEST_REDIS_URL")
}

impl Setup {
    /// It caches in the Redis at this URL.
    #[must_use]
    pub fn caching_in(self, url: &str) -> Self {
        self.env("WATCHFIRE_REDIS_URL", url)
    }
}

impl Daemon {
    /// One on PostgreSQL and the Redis that all tests share, connected to it.
    pub async fn with_redis() -> Self {
        Self::patient_with(&shared()).await
    }

    /// As [`Self::with_redis`], with another Redis. It waits long for it: a busy machine makes Redis
    /// look dead for a moment, and what is then read from the database is not counted as tests expect.
    pub async fn patient_with(url: &str) -> Self {
        let folder = settings("operation_timeout_ms = 10000\npatience_ms = 20000\n");
        let folder_name = folder.path().to_str().expect("a path is text");
        let setup = Self::setup(Engine::Postgres).caching_in(url);
        let daemon = setup.env("XDG_CONFIG_HOME", folder_name).start().await;
        daemon.connected_to_redis().await;
        daemon
    }

    /// Waits until Redis answers it.
    pub async fn connected_to_redis(&self) {
        let api = self.as_viewer().await;
        let connected = async {
            loop {
                let stats: CacheStats = api.read("/v1/admin/cache-stats").await.ok();
                if stats.redis.is_some() {
                    return;
                }
                tokio::time::sleep(programs::GLANCE).await;
            }
        };
        timeout(LIMIT, connected).await.expect("the daemon reaches Redis in time");
    }

    /// As [`Self::sibling`], but it reaches Redis in its own way.
    pub async fn sibling_caching_in(&self, url: &str) -> Self {
        self.sibling_with(&[("WATCHFIRE_REDIS_URL", url)]).await
    }
}

/// A configuration folder in which a daemon finds this about its cache.
pub fn settings(cache: &str) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let its = folder.path().join("watchfire");
    std::fs::create_dir(&its).expect("a folder can be made");
    let file = its.join("watchfired.toml");
    std::fs::write(file, format!("[cache]\n{cache}")).expect("a file can be written");
    folder
}

/// A server on a port of its own; gone with this value.
#[derive(Debug)]
pub struct Redis {
    process: Option<Child>,
    folder: TempDir,
    port: u16,
    password: String,
    max_memory: u64,
}

impl Redis {
    /// An empty one that never writes to the disk by itself.
    pub async fn start() -> Self {
        let mut redis = Self {
            process: None,
            folder: TempDir::new().expect("a temporary folder can be made"),
            port: programs::free_port(),
            password: Uuid::new_v4().simple().to_string(),
            max_memory: 0,
        };
        redis.launch().await;
        redis
    }

    /// `redis://…`
    pub fn url(&self) -> String {
        self.url_through(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)))
    }

    /// The same by way of another address that leads to it.
    pub fn url_through(&self, link: SocketAddr) -> String {
        format!("redis://:{}@{link}", self.password)
    }

    /// Also answers at another port through TLS; with the file of its certificate, which vouches for
    /// itself.
    pub async fn with_tls(&self) -> (SocketAddr, PathBuf) {
        let [certificate, key] = ["tls.pem", "tls.key"].map(|name| self.folder.path().join(name));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, programs::free_port()));
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-nodes",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args(["-subj", "/CN=redis.test", "-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-days", "2"])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output();
        let made = made.await.expect("openssl runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let [certificate_text, key] =
            [&certificate, &key].map(|path| path.to_str().expect("a path is text"));
        let port = address.port().to_string();
        let files = ["tls-cert-file", certificate_text, "tls-key-file", key];
        let others = ["tls-auth-clients", "no", "tls-port", &port];
        self.command(&[&["CONFIG", "SET"], &files[..], &others[..]].concat()).await;
        (address, certificate)
    }

    /// Its host and port.
    pub fn server(&self) -> (String, u16) {
        (Ipv4Addr::LOCALHOST.to_string(), self.port)
    }

    /// From now on, and after a restart, it evicts what exceeds so many bytes over what it uses by
    /// now; best called when everybody is connected, for connections count.
    pub async fn with_limit(&mut self, bytes: u64) {
        let used = self.info("memory", "used_memory").await;
        self.max_memory = used + bytes;
        let limit = self.max_memory.to_string();
        self.command(&["CONFIG", "SET", "maxmemory", &limit]).await;
    }

    /// A figure of `INFO`.
    pub async fn info(&self, section: &str, figure: &str) -> u64 {
        let reply = self.command(&["INFO", section]).await;
        let text: String = redis::from_redis_value(reply).expect("INFO is text");
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        let (_, value) = lines.find(|(name, _)| *name == figure).expect("INFO has this figure");
        value.parse().expect("the figure is a number")
    }

    /// How often it has run a script.
    pub async fn scripts(&self) -> u64 {
        let reply = self.command(&["INFO", "commandstats"]).await;
        let text: String = redis::from_redis_value(reply).expect("INFO is text");
        let calls = text.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
        let calls = calls.and_then(|line| line.split(',').next()?.parse().ok());
        calls.unwrap_or_default()
    }

    /// The keys that match a pattern.
    pub async fn keys(&self, pattern: &str) -> Vec<String> {
        redis::from_redis_value(self.command(&["KEYS", pattern]).await).expect("keys are text")
    }

    /// Any command; it must succeed.
    pub async fn command(&self, words: &[&str]) -> Value {
        let reply = self.try_command(words).await;
        reply.unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// For what is no text.
    pub async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(LIMIT))
            .set_response_timeout(Some(LIMIT));
        let client = Client::open(self.url()).expect("our own URL");
        client.get_multiplexed_async_connection_with_config(&config).await
    }

    async fn try_command(&self, words: &[&str]) -> RedisResult<Value> {
        let mut connection = self.connection().await?;
        let (name, arguments) = words.split_first().expect("a command has a name");
        redis::cmd(name).arg(arguments).query_async(&mut connection).await
    }

    /// Kills it as a power cut would.
    pub async fn kill9(&mut self) {
        let mut process = self.process.take().expect("Redis runs");
        process.kill().await.expect("Redis can be killed");
    }

    /// Starts it after [`Self::kill9`], or kills it first; it is empty.
    pub async fn restart(&mut self) {
        self.replace(None).await;
    }

    /// Keeps a copy of what it holds now.
    pub async fn save(&self) {
        self.command(&["SAVE"]).await;
        let copied = std::fs::copy(self.file("dump.rdb"), self.file("kept.rdb"));
        copied.expect("a file can be copied");
    }

    /// As [`Self::restart`], with what it held at the last [`Self::save`].
    pub async fn restart_from_snapshot(&mut self) {
        self.replace(Some("kept.rdb")).await;
    }

    /// Stops it in the middle of whatever it does: connections stay, answers do not come.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on after [`Self::pause`].
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let id = self.process.as_ref().and_then(Child::id).and_then(programs::pid);
        kill_process(id.expect("Redis runs"), signal).expect("Redis can be signalled");
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn replace(&mut self, snapshot: Option<&str>) {
        if self.process.is_some() {
            self.kill9().await;
        }
        let dump = self.file("dump.rdb");
        match snapshot {
            Some(kept) => drop(std::fs::copy(self.file(kept), dump).expect("a copy was kept")),
            // There is none before the first save.
            None => drop(std::fs::remove_file(dump)),
        }
        self.launch().await;
    }

    async fn launch(&mut self) {
        let configuration = format!(
            "bind 127.0.0.1\nport {}\nrequirepass {}\nsave \"\"\nappendonly no\ndir {}\n\
             maxmemory {}\nmaxmemory-policy allkeys-lru\n",
            self.port,
            self.password,
            self.folder.path().display(),
            self.max_memory
        );
        let file = self.file("redis.conf");
        std::fs::write(&file, configuration).expect("a file can be written");
        let server = programs::command("redis-server", self.folder.path());
        let mut server = Command::from(server);
        server.arg(file).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        self.process = Some(server.spawn().expect("redis-server starts: use tests/run"));
        let answers = async {
            // Refused before it listens, and while it reads what it held.
            while self.try_command(&["PING"]).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LIMIT, answers).await.expect("Redis answers in time");
    }
}

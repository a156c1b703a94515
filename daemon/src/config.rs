//! Configuration: a TOML file under environment variables. A wrong value stops the start with one
//! sentence that names it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

mod cache;
mod file;

pub use cache::{Cache, Redis};
use file::{File, KafkaFile, LogFile};

use crate::telemetry::Format;

/// The address unless another is configured; any free port when it is taken.
pub const DEFAULT_ADDR: ([u8; 4], u16) = ([127, 0, 0, 1], 4911);
/// The topic unless another is configured.
const KAFKA_TOPIC: &str = "incident.events";
/// Bytes a secret has at least.
const SECRET_MIN: usize = 32;

/// What the daemon runs with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; none: the default address, or any free port when that is taken.
    pub http_addr: Option<SocketAddr>,
    /// `sqlite:///path` or `postgres://…`; by default a file in the state folder.
    pub database: Database,
    pub auth_secret: SecretSource,
    pub state_dir: PathBuf,
    pub log: Log,
    pub cache: Cache,
    pub auto_resolve: bool,
    /// How long nothing is attached to an incident before it is assessed.
    pub assess_after: Duration,
    /// Where a worker serves its metrics; none: nowhere.
    pub metrics_addr: Option<SocketAddr>,
    /// Where events go; none: the journal alone.
    pub kafka: Option<Kafka>,
}

/// A broker and a topic.
#[derive(Debug, Clone)]
pub struct Kafka {
    /// `host:port`, several joined by commas.
    pub brokers: String,
    pub topic: String,
    /// Of a topic that is made because there is none.
    pub partitions: i32,
    /// Settings of librdkafka, such as `security.protocol`; may hold passwords.
    pub options: Options,
}

/// Settings whose values are not printed.
#[derive(Clone, Default)]
pub struct Options(pub BTreeMap<String, String>);

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[derive(Debug, Clone)]
pub struct Database {
    pub url: Url,
    pub min_connections: u32,
    pub max_connections: u32,
    pub acquire_timeout: Duration,
}

#[derive(Debug, Clone)]
pub struct Log {
    pub filter: String,
    pub format: Format,
}

/// A URL that may hold a password: it does not print it.
#[derive(Clone)]
pub struct Url(pub String);

impl Url {
    /// Where it leads, without user, password and options.
    pub fn place(&self) -> String {
        let url = self.0.split('?').next().unwrap_or_default();
        let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
        let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        format!("{scheme}://{rest}")
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.split_once("://").map_or("…", |(scheme, _)| scheme))?;
        f.write_str("://…")
    }
}

/// Where the secret comes from that signs access tokens.
#[derive(Clone)]
pub enum SecretSource {
    Given(String),
    File(PathBuf),
    /// Made at the first start and kept in the state folder; only where the database is too.
    Own,
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(…)"),
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Own => f.write_str("Own"),
        }
    }
}

/// One sentence that names the setting.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

type Result<T, E = Error> = std::result::Result<T, E>;

/// The environment, as a function so that tests have their own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The real environment; empty values count as absent.
pub fn environment(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Config {
    /// Reads `file`, or the one in the configuration folder where that exists, then the
    /// environment over it.
    pub fn load(file: Option<&Path>, env: Environment) -> Result<Self> {
        let file = match file {
            Some(path) => read(path)?,
            None => match default_file(env).filter(|path| path.exists()) {
                Some(path) => read(&path)?,
                None => File::default(),
            },
        };
        Self::assemble(file, env)
    }

    fn assemble(file: File, env: Environment) -> Result<Self> {
        let state_dir = state_dir(file.state_dir, env)?;
        let url = env("WATCHFIRE_DATABASE_URL").or_else(|| file.database.url.clone());
        let url =
            url.unwrap_or_else(|| format!("sqlite://{}", state_dir.join("watchfire.db").display()));
        let embedded = match url.split_once(':') {
            Some(("sqlite", _)) => true,
            Some(("postgres" | "postgresql", _)) => false,
            _ => {
                let name = named("WATCHFIRE_DATABASE_URL", "database.url", env);
                return Err(wrong(&name, "must begin with sqlite:// or postgres://"));
            }
        };
        let database = &file.database;
        if database.max_connections == 0 || database.min_connections > database.max_connections {
            return Err(wrong(
                "database.max_connections",
                "must be at least 1 and at least database.min_connections",
            ));
        }
        let remote = env("WATCHFIRE_ALLOW_REMOTE_WITHOUT_TLS");
        let remote = match remote.as_deref() {
            None => file.allow_remote_without_tls,
            Some("true") => true,
            Some("false") => false,
            Some(_) => {
                return Err(wrong("WATCHFIRE_ALLOW_REMOTE_WITHOUT_TLS", "must be true or false"));
            }
        };
        let listen = |variable, setting, text| listen(variable, setting, text, remote, env);
        Ok(Self {
            http_addr: listen("WATCHFIRE_HTTP_ADDR", "http_addr", file.http_addr)?,
            metrics_addr: listen("WATCHFIRE_METRICS_ADDR", "metrics_addr", file.metrics_addr)?,
            auth_secret: secret_source(file.auth_secret_file, embedded, env)?,
            database: Database {
                url: Url(url),
                min_connections: database.min_connections,
                max_connections: number(
                    "WATCHFIRE_DATABASE_MAX_CONNECTIONS",
                    database.max_connections,
                    env,
                )?,
                acquire_timeout: Duration::from_secs(database.acquire_timeout_seconds),
            },
            state_dir,
            log: log(file.log, env)?,
            cache: file.cache.read(embedded, env)?,
            auto_resolve: file.alerts.auto_resolve,
            assess_after: Duration::from_secs(
                assess_after(file.assessments.after_seconds, env)?.into(),
            ),
            kafka: kafka(file.kafka, env)?,
        })
    }

    /// Whether everything lives in one file beside the daemon.
    pub fn is_embedded(&self) -> bool {
        self.database.url.0.starts_with("sqlite:")
    }
}

/// The variable where it is set, else the setting of the file.
fn named(variable: &str, setting: &str, env: Environment) -> String {
    match env(variable) {
        Some(_) => variable.to_owned(),
        None => format!("{setting} in the configuration file"),
    }
}

fn wrong(name: &str, what: &str) -> Error {
    Error(format!("{name} {what}."))
}

fn read(path: &Path) -> Result<File> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error(format!("Cannot read the configuration file {shown}: {error}.")))?;
    toml::from_str(&text)
        .map_err(|error| Error(format!("The configuration file {shown} is wrong: {error}")))
}

fn default_file(env: Environment) -> Option<PathBuf> {
    let folder = env("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env("HOME")?).join(".config")))?;
    Some(folder.join("watchfire").join("watchfired.toml"))
}

fn state_dir(configured: Option<PathBuf>, env: Environment) -> Result<PathBuf> {
    let folder = env("WATCHFIRE_STATE_DIR")
        .map(PathBuf::from)
        .or(configured)
        .or_else(|| Some(PathBuf::from(env("XDG_STATE_HOME")?).join("watchfire")))
        .or_else(|| Some(PathBuf::from(env("HOME")?).join(".local/state/watchfire")))
        .ok_or_else(|| wrong("WATCHFIRE_STATE_DIR", "must be set where HOME is not"))?;
    if folder.is_relative() {
        let name = named("WATCHFIRE_STATE_DIR", "state_dir", env);
        return Err(wrong(&name, "must be an absolute path, the same wherever it is used from"));
    }
    Ok(folder)
}

fn assess_after(file: u32, env: Environment) -> Result<u32> {
    match number("WATCHFIRE_ASSESS_AFTER_SECONDS", file, env)? {
        0 => Err(wrong("assessments.after_seconds in the configuration file", "must be above 0")),
        seconds => Ok(seconds),
    }
}

/// An address to listen on; beyond this machine only where that was said to be all right.
fn listen(
    variable: &str,
    setting: &str,
    file: Option<String>,
    remote: bool,
    env: Environment,
) -> Result<Option<SocketAddr>> {
    let name = named(variable, setting, env);
    let Some(text) = env(variable).or(file) else { return Ok(None) };
    let address = address(&name, &text)?;
    if address.ip().is_loopback() || remote {
        return Ok(Some(address));
    }
    Err(wrong(
        &name,
        &format!(
            "is {address}, beyond this machine, where tokens would travel without TLS: put a TLS \
             proxy in front of a loopback address, or set allow_remote_without_tls = true in the \
             configuration file if the network is trusted"
        ),
    ))
}

fn address(name: &str, text: &str) -> Result<SocketAddr> {
    let text = text.replace("localhost", "127.0.0.1");
    SocketAddr::from_str(&text)
        .or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, DEFAULT_ADDR.1)))
        .map_err(|_| wrong(name, "must be an address and a port such as 127.0.0.1:4911"))
}

fn number(name: &str, default: u32, env: Environment) -> Result<u32> {
    let Some(text) = env(name) else { return Ok(default) };
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| wrong(name, "must be a whole number above 0"))
}

fn secret_source(file: Option<PathBuf>, embedded: bool, env: Environment) -> Result<SecretSource> {
    if let Some(secret) = env("WATCHFIRE_AUTH_SECRET") {
        check_secret("WATCHFIRE_AUTH_SECRET", &secret)?;
        return Ok(SecretSource::Given(secret));
    }
    if let Some(path) = env("WATCHFIRE_AUTH_SECRET_FILE").map(PathBuf::from).or(file) {
        return Ok(SecretSource::File(path));
    }
    if embedded {
        return Ok(SecretSource::Own);
    }
    Err(wrong(
        "WATCHFIRE_AUTH_SECRET or WATCHFIRE_AUTH_SECRET_FILE",
        "must be set with PostgreSQL: every daemon of one database needs the same secret of at \
         least 32 bytes, for example from `openssl rand -base64 48`",
    ))
}

/// Refuses a secret that could be guessed.
pub fn check_secret(name: &str, secret: &str) -> Result<()> {
    if secret.len() >= SECRET_MIN {
        return Ok(());
    }
    Err(wrong(name, &format!("must have at least {SECRET_MIN} bytes, not {}", secret.len())))
}

fn kafka(file: KafkaFile, env: Environment) -> Result<Option<Kafka>> {
    let name = named("WATCHFIRE_KAFKA_BROKERS", "kafka.brokers", env);
    let Some(brokers) = env("WATCHFIRE_KAFKA_BROKERS").or(file.brokers) else { return Ok(None) };
    if cfg!(not(feature = "kafka")) {
        return Err(wrong(&name, "is for `watchfired`: this program is built without Kafka"));
    }
    let complete = brokers.split(',').all(|broker| {
        broker
            .trim()
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
    });
    if !complete {
        return Err(wrong(&name, "must be host:port, or several joined by commas"));
    }
    let topic = env("WATCHFIRE_KAFKA_TOPIC").or(file.topic);
    let topic = topic.unwrap_or_else(|| KAFKA_TOPIC.to_owned());
    let partitions = file.partitions;
    if !(1..=10_000).contains(&partitions) {
        return Err(wrong("kafka.partitions", "must be a number from 1 to 10000"));
    }
    Ok(Some(Kafka { brokers, topic, partitions, options: Options(file.options) }))
}

fn log(file: LogFile, env: Environment) -> Result<Log> {
    let filter = env("WATCHFIRE_LOG").or(file.filter).unwrap_or_else(|| "info".to_owned());
    let format = match env("WATCHFIRE_LOG_FORMAT").or(file.format).as_deref() {
        None | Some("text") => Format::Text,
        Some("json") => Format::Json,
        Some(_) => {
            let name = named("WATCHFIRE_LOG_FORMAT", "log.format", env);
            return Err(wrong(&name, "must be text or json"));
        }
    };
    Ok(Log { filter, format })
}

#[cfg(test)]
mod tests;

//! A real Alertmanager, driven by its own `amtool`.

use std::fmt::Write as _;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::programs;

const LIMIT: Duration = Duration::from_secs(30);

/// Who is told, and when. Durations are Prometheus', such as `200ms` or `1h`.
#[derive(Debug, Clone)]
pub struct Routing {
    /// Full addresses of the webhooks; more than one are the replicas behind one address.
    pub webhooks: Vec<String>,
    /// The ingest key that they are called with.
    pub key: String,
    pub group_by: Vec<String>,
    pub group_wait: String,
    pub group_interval: String,
    pub repeat_interval: String,
}

impl Routing {
    /// Groups by `alertname` and tells one daemon at once, without repeats during a test.
    pub fn to(daemon_url: &str, key: &str) -> Self {
        Self {
            webhooks: vec![format!("{daemon_url}/v1/ingest/alertmanager")],
            key: key.to_owned(),
            group_by: vec!["alertname".to_owned()],
            group_wait: "100ms".to_owned(),
            group_interval: "200ms".to_owned(),
            repeat_interval: "1h".to_owned(),
        }
    }

    /// Its configuration file. A JSON string is a YAML string too, so nothing needs escaping.
    fn yaml(&self) -> String {
        let mut yaml = format!(
            "route:\n  receiver: watchfire\n  group_by: {:?}\n  group_wait: {}\n  \
             group_interval: {}\n  repeat_interval: {}\n\
             receivers:\n- name: watchfire\n  webhook_configs:\n",
            self.group_by, self.group_wait, self.group_interval, self.repeat_interval
        );
        for url in &self.webhooks {
            write!(
                yaml,
                "  - url: {url:?}\n    send_resolved: true\n    http_config:\n      \
                 authorization:\n        credentials: {:?}\n",
                self.key
            )
            .expect("a string takes all text");
        }
        yaml
    }
}

/// A running Alertmanager without peers; gone with this value.
#[derive(Debug)]
pub struct Alertmanager {
    url: String,
    process: Child,
    home: TempDir,
}

impl Alertmanager {
    /// Starts one on a free port and waits until it takes alerts.
    pub async fn start(routing: &Routing) -> Self {
        let home = TempDir::new().expect("a temporary folder can be made");
        let configuration = home.path().join("alertmanager.yml");
        std::fs::write(&configuration, routing.yaml()).expect("the configuration can be written");
        let log = File::create(home.path().join("log")).expect("the log can be written");
        let program = ["prometheus-alertmanager", "alertmanager"]
            .into_iter()
            .find_map(installed)
            .expect("no Alertmanager is installed: use tests/run");
        let mut command = Command::from(programs::command(program, home.path()));
        let process = command
            .arg(format!("--config.file={}", configuration.display()))
            .arg(format!("--storage.path={}", home.path().join("data").display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .arg("--cluster.listen-address=")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("Alertmanager starts");
        let mut alertmanager = Self { url: String::new(), process, home };
        let address = timeout(LIMIT, alertmanager.address()).await;
        let address = address.unwrap_or_else(|_| {
            panic!("Alertmanager does not start:\n{}", alertmanager.log());
        });
        alertmanager.url = format!("http://{address}");
        alertmanager
    }

    /// Its log says which port it was given; it takes alerts from then on.
    async fn address(&mut self) -> String {
        loop {
            let log = self.log();
            let listening = log
                .lines()
                .filter(|line| line.contains("Listening on"))
                .find_map(|line| line.rsplit_once("address="));
            if let Some((_, address)) = listening {
                return address.trim().to_owned();
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                panic!("Alertmanager ended at its start with {status}:\n{log}");
            }
            tokio::time::sleep(programs::GLANCE).await;
        }
    }

    /// All it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    /// Fires an alert with `name=value` labels, among them `alertname`; again to keep it firing.
    pub async fn fire(&self, labels: &[&str], annotations: &[&str]) {
        self.add(labels, annotations, None).await;
    }

    /// Ends the alert with exactly these labels, now.
    #[expect(
        clippy::disallowed_methods,
        reason = "Alertmanager compares the end with its own clock"
    )]
    pub async fn resolve(&self, labels: &[&str]) {
        let now = chrono::Utc::now().to_rfc3339();
        self.add(labels, &[], Some(now)).await;
    }

    async fn add(&self, labels: &[&str], annotations: &[&str], end: Option<String>) {
        let mut arguments = vec!["alert".to_owned(), "add".to_owned()];
        let annotations = annotations.iter().map(|pair| quoted(pair));
        arguments.extend(annotations.map(|pair| format!("--annotation={pair}")));
        arguments.extend(end.map(|end| format!("--end={end}")));
        arguments.extend(labels.iter().map(|pair| quoted(pair)));
        self.amtool(&arguments).await;
    }

    /// Any amtool command against this Alertmanager, which must succeed.
    pub async fn amtool(&self, arguments: &[String]) -> String {
        let mut command = Command::from(programs::command("amtool", self.home.path()));
        let output = command
            .arg(format!("--alertmanager.url={}", self.url))
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = timeout(LIMIT, output)
            .await
            .unwrap_or_else(|_| panic!("amtool {arguments:?} does not end within {LIMIT:?}"))
            .expect("amtool is installed: use tests/run");
        assert!(
            output.status.success(),
            "amtool {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("Alertmanager's log:\n{}", self.log());
        }
    }
}

/// `name=value` as amtool reads it whatever the value holds.
fn quoted(pair: &str) -> String {
    let (name, value) = pair.split_once('=').expect("labels are written name=value");
    let value = value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
    format!("{name}=\"{value}\"")
}

/// The path of a program, where it is installed.
fn installed(name: &str) -> Option<PathBuf> {
    let path = programs::variable("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

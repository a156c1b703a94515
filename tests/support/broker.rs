//! An Apache Kafka of one test's own, which may be killed: one node, broker and controller.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::daemon::LIMIT;
use crate::programs;

/// A broker on ports of its own; gone with this value.
#[derive(Debug)]
pub struct Broker {
    process: Option<Child>,
    folder: TempDir,
    address: SocketAddr,
}

impl Broker {
    pub async fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let (address, controller) = (free(), free());
        let data = folder.path().join("data");
        let properties = format!(
            "process.roles=broker,controller\nnode.id=1\n\
             listeners=PLAINTEXT://{address},CONTROLLER://{controller}\n\
             advertised.listeners=PLAINTEXT://{address}\n\
             controller.listener.names=CONTROLLER\n\
             controller.quorum.voters=1@{controller}\nlog.dirs={}\n\
             offsets.topic.replication.factor=1\n\
             transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n\
             group.initial.rebalance.delay.ms=0\n\
             broker.session.timeout.ms=1500\nbroker.heartbeat.interval.ms=300\n",
            data.display()
        );
        let file = folder.path().join("server.properties");
        std::fs::write(&file, properties).expect("a file can be written");
        let mut broker = Self { process: None, folder, address };
        let format = ["kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAA", "-c"];
        let mut format = broker.java(&format);
        let formatted = format.arg(&file).output().await.expect("java starts");
        assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stdout));
        broker.restart().await;
        broker
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    pub const fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// A program of Kafka's own; its class and arguments.
    fn java(&self, line: &[&str]) -> Command {
        let mut java = Command::from(programs::command("java", self.folder.path()));
        java.args(["-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", &jars()]).args(line);
        java.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        java
    }

    /// Kills it as a power cut would.
    pub async fn kill9(&mut self) {
        let mut process = self.process.take().expect("the broker runs");
        process.kill().await.expect("the broker can be killed");
    }

    /// Starts it after [`Self::kill9`], on what it has stored.
    pub async fn restart(&mut self) {
        let file = self.folder.path().join("server.properties").display().to_string();
        let mut server = self.java(&["kafka.Kafka", &file]);
        self.process = Some(server.stdout(Stdio::null()).spawn().expect("java starts"));
        let listens = async {
            while TcpStream::connect(self.address).await.is_err() {
                tokio::time::sleep(programs::GLANCE).await;
            }
        };
        timeout(LIMIT, listens).await.expect("the broker listens in time");
    }
}

/// The class path `tests/run` has filled.
pub fn jars() -> String {
    let folder = programs::variable("WATCHFIRE_TEST_KAFKA_JARS");
    format!("{}/*", folder.expect("run the tests with tests/run").display())
}

fn free() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, programs::free_port()))
}

/// What Kafka's own consumer prints of a topic, line by line; it ends when nothing came for a while.
pub async fn console_consumer(brokers: &str, topic: &str) -> Vec<String> {
    const SILENCE: Duration = Duration::from_secs(5);
    let home = TempDir::new().expect("a temporary folder can be made");
    let mut java = Command::from(programs::command("java", home.path()));
    java.args(["-cp", &jars(), "org.apache.kafka.tools.consumer.ConsoleConsumer"])
        .args(["--bootstrap-server", brokers, "--topic", topic, "--from-beginning"])
        .args(["--timeout-ms", &SILENCE.as_millis().to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(LIMIT * 2, java.output()).await.expect("it ends in time");
    let output = output.expect("java starts");
    String::from_utf8(output.stdout).expect("events are text").lines().map(str::to_owned).collect()
}

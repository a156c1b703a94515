//! Workers: inside the daemon, or processes of their own over its database.

use std::fs::OpenOptions;
use std::process::Stdio;

use rustix::process::{Signal, kill_process};
use tempfile::TempDir;
use tokio::process::Child;
use tokio::time::timeout;
use watchfire_shared::event::Event;
use watchfire_shared::outbox::OutboxStatus;
use watchfire_shared::process::{Fleet, ProcessKind};
use watchfire_shared::user::Role;

use crate::daemon::{Daemon, Engine, LIMIT, Setup};
use crate::kafka::Topic;
use crate::{Api, programs};

/// `watchfired worker`; gone with this value. When its test panics, the end of its log is printed.
#[derive(Debug)]
pub struct Worker {
    process: Child,
    home: TempDir,
}

impl Daemon {
    /// A worker over the same database and with the same settings; it may still be starting.
    pub async fn worker(&self) -> Worker {
        let home = TempDir::new().expect("a temporary folder can be made");
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(home.path().join("stderr.log"))
            .expect("the log can be written");
        let process = self
            .command(programs::path("watchfired"))
            .arg("worker")
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("watchfired starts");
        let worker = Worker { process, home };
        let pid = format!(":{}", worker.pid());
        let api = self.as_responder().await;
        crate::eventually(async || {
            let fleet: Fleet = api.read("/v1/admin/processes").await.ok();
            let here = |it: &watchfire_shared::process::Process| {
                it.kind == ProcessKind::Worker && it.name.ends_with(&pid)
            };
            fleet.items.iter().any(here).then_some(())
        })
        .await;
        worker
    }
}

impl Worker {
    pub fn pid(&self) -> u32 {
        self.process.id().expect("the worker is running")
    }

    fn signal(&self, signal: Signal) {
        let pid = programs::pid(self.pid()).expect("a process id is positive");
        kill_process(pid, signal).expect("the worker can be signalled");
    }

    /// Kills it as a power cut would.
    pub async fn kill9(mut self) {
        self.process.kill().await.expect("the worker can be killed");
    }

    /// Asks it to end, and fails when it does not end well.
    pub async fn stop(mut self) {
        self.signal(Signal::TERM);
        let status = timeout(LIMIT, self.process.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("it does not end: {}", self.log()));
        let status = status.expect("a child can be waited for");
        assert_eq!(status.code(), Some(0), "{status}: {}", self.log());
    }

    pub fn sigstop(&self) {
        self.signal(Signal::STOP);
    }

    pub fn sigcont(&self) {
        self.signal(Signal::CONT);
    }

    /// All it has logged.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.home.path().join("stderr.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!(
                "the worker's last lines:\n{}",
                lines[lines.len().saturating_sub(40)..].join("\n")
            );
        }
    }
}

impl Daemon {
    /// Waits until everything that happened has left for the broker; at once where there is none.
    pub async fn published(&self, api: &Api) {
        crate::eventually(async || {
            let outbox: OutboxStatus = api.read("/v1/admin/outbox").await.ok();
            (outbox.pending == 0 && outbox.unpositioned == 0).then_some(())
        })
        .await;
    }

    /// Waits until everything that happened is handled, as long as that takes.
    pub async fn settled(&self) {
        while self.number(UNHANDLED).await > 0 {
            tokio::time::sleep(programs::GLANCE).await;
        }
    }

    /// Waits until nothing more happens by itself, as long as that takes.
    pub async fn quiet(&self) {
        while self.number(AHEAD).await > 0 {
            tokio::time::sleep(programs::GLANCE).await;
        }
    }

    /// What `watchfire events --json` prints of the whole journal.
    pub async fn events_as_json(&self) -> Vec<String> {
        let (mut lines, mut after): (Vec<String>, _) = (Vec::new(), 0);
        loop {
            let page = ["events", "--json", "-n", "1000", "--after", &format!("{after}")];
            let output = self.cli(Role::Viewer, &page).await;
            assert!(output.status.success(), "{output:?}");
            let text = String::from_utf8(output.stdout).expect("events are text");
            let Some(last) = text.lines().last() else { return lines };
            let last: Event = serde_json::from_str(last).expect("a line is an event");
            after = last.position.expect("what is told has a position");
            lines.extend(text.lines().map(str::to_owned));
        }
    }
}

/// Where a worker gets its events from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// The journal of a SQLite file, inside the daemon.
    Embedded,
    /// The journal in PostgreSQL.
    Journal,
    /// A topic.
    Kafka,
}

/// A daemon with a worker.
#[derive(Debug)]
pub struct Scene {
    pub daemon: Daemon,
    pub feed: Feed,
    pub topic: Option<Topic>,
    worker: Option<Worker>,
}

impl Scene {
    /// With a worker that is at work; incidents are assessed at once.
    pub async fn start(feed: Feed) -> Self {
        Self::of(feed, |setup| setup.env("WATCHFIRE_ASSESS_AFTER_SECONDS", "1")).await
    }

    /// With a worker that is at work; incidents ask for an assessment and get none.
    pub async fn patient(feed: Feed) -> Self {
        Self::of(feed, |setup| setup).await
    }

    async fn of(feed: Feed, change: impl FnOnce(Setup) -> Setup) -> Self {
        let engine = if feed == Feed::Embedded { Engine::Sqlite } else { Engine::Postgres };
        let setup = Daemon::setup(engine);
        let topic = (feed == Feed::Kafka).then(Topic::fresh);
        let setup = match &topic {
            Some(topic) => setup.publishing_to(topic),
            None => setup,
        };
        let daemon = change(setup).start().await;
        let mut scene = Self { daemon, feed, topic, worker: None };
        scene.work().await;
        scene
    }

    /// Somebody works from now on.
    pub async fn work(&mut self) {
        if self.feed == Feed::Embedded {
            if !self.daemon.runs() {
                self.daemon.restart().await;
            }
        } else if self.worker.is_none() {
            self.worker = Some(self.daemon.worker().await);
        }
    }

    /// The worker dies as in a power cut, and with it the daemon it is part of.
    pub async fn kill_worker(&mut self) {
        match self.worker.take() {
            Some(worker) => worker.kill9().await,
            None => self.daemon.kill9().await,
        }
    }

    /// The worker ends in order, and with it the daemon it is part of.
    pub async fn stop_worker(&mut self) {
        match self.worker.take() {
            Some(worker) => worker.stop().await,
            None => self.daemon.stop().await,
        }
    }

    /// Waits until everything that happened is handled.
    pub async fn settled(&self) {
        self.daemon.settled().await;
    }
}

/// What will still happen: facts to be handled, assessments to be requested.
const AHEAD: &str = "select (select count(*) from events e where not exists (select 1 from inbox i \
     where i.aggregate_id = e.aggregate_id and i.next_version > e.version)) \
     + (select count(*) from assessment_requests)";
/// Facts that the inbox does not count as handled.
const UNHANDLED: &str = "select count(*) from events e where not exists (select 1 from inbox i \
     where i.aggregate_id = e.aggregate_id and i.next_version > e.version)";

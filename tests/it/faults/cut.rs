//! Clients that hang up at random moments, against a daemon with two connections to its database.

use std::cell::Cell;
use std::collections::HashSet;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use rand::RngExt;
use rand::rngs::StdRng;
use sqlx::PgConnection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use watchfire_shared::ids::IncidentId;
use watchfire_tests::programs::number;
use watchfire_tests::{Api, Daemon, Engine, both_engines};

use super::Campaign;
use super::audit::verify;
use super::ledger::{Ack, Command, Ledger, Outcome, Write};
use super::stored::Stored;
use super::workload::Workload;

/// Clients that are about to hang up, at any time.
const AT_ONCE: usize = 10;
/// How long a client waits at most, unless whole answers take longer on this machine.
const PATIENCE: Duration = Duration::from_millis(3);
/// Commands in doubt that are asked for once more afterwards.
const AGAIN: usize = 200;
/// Sessions of the daemon that are, or stay, inside a transaction.
const OPEN: &str = "select count(*) from pg_stat_activity where application_name = 'watchfired' \
     and datname = current_database() and (xact_start is not null or state <> 'idle')";
/// A daemon at rest gives its connections back long before.
const REST: Duration = Duration::from_secs(5);

both_engines! {
    async fn clients_that_hang_up_leave_nothing_behind(engine: Engine) {
        campaign(engine).await;
    }
}

async fn campaign(engine: Engine) {
    let cuts = number("WATCHFIRE_CUTS").unwrap_or(1_500);
    let campaign = Campaign::begin();
    let setup = Daemon::setup(engine).env("WATCHFIRE_DATABASE_MAX_CONNECTIONS", "2");
    let daemon = setup.start().await;
    let api = daemon.as_responder().await;
    let ledger = Ledger::new();
    let workload = Workload::prepare(&ledger, &api).await;
    let storm = Storm::new(&api, &ledger, &workload);
    let patient = |part| storm.patient(campaign.chance(cuts + part));
    tokio::join!(storm.rage(&campaign, cuts), patient(0), patient(1));

    if engine == Engine::Postgres {
        // The server warns of a transaction begun inside another, and of the end of none.
        let log = daemon.log();
        let warning = log.lines().find(|line| line.contains("transaction in progress"));
        assert_eq!(warning, None, "a connection went back in the middle of a transaction");
        no_transaction_is_open(&mut daemon.postgres().connect().await).await;
    }
    let stored = verify(&daemon, &api, &ledger).await;
    let (done, undone) = unseen(&stored, &ledger);
    println!("{cuts} cuts: {done} writes done unseen, {undone} not done");
    assert!(done > 0 && undone > 0, "the cuts came too early or too late to mean anything");

    ledger.settle(&api, AGAIN).await;
    verify(&daemon, &api, &ledger).await;
}

/// Of the writes in doubt, how many are there and how many are not.
fn unseen(stored: &Stored, ledger: &Ledger) -> (usize, usize) {
    let marks: HashSet<&str> =
        stored.events.iter().map(|event| event.request_id.as_str()).collect();
    let book = ledger.book();
    let done = book.doubtful.iter().filter(|write| marks.contains(write.mark.as_str())).count();
    (done, book.doubtful.len() - done)
}

/// What a client does before it hangs up.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// Sends so many bytes of its request.
    Sending(usize),
    /// Sends all of it and waits so long.
    Waiting(Duration),
    /// Sends all of it and reads so many bytes of the answer.
    Reading(usize),
}

/// Everybody at once.
struct Storm<'a> {
    api: &'a Api,
    ledger: &'a Ledger,
    workload: &'a Workload<'a>,
    /// Clients who hang up wait no longer than this: about as long as whole answers take, so that
    /// every moment of a request's life is met.
    patience: Cell<Duration>,
    over: Cell<bool>,
}

impl<'a> Storm<'a> {
    fn new(api: &'a Api, ledger: &'a Ledger, workload: &'a Workload<'a>) -> Self {
        let patience = Cell::new(PATIENCE);
        Self { api, ledger, workload, patience, over: Cell::new(false) }
    }

    /// All who hang up.
    async fn rage(&self, campaign: &Campaign, cuts: u64) {
        let clients = stream::iter(0..cuts).map(|cut| campaign.chance(cut));
        clients.for_each_concurrent(AT_ONCE, |chance| self.hang_up(chance)).await;
        self.over.set(true);
    }

    /// One client who hangs up. When it has read the first line of a success, that is an
    /// acknowledgement like any other.
    async fn hang_up(&self, mut chance: StdRng) {
        let write = chance.random_bool(0.7).then(|| self.workload.next(&mut chance));
        let request = match &write {
            Some(write) => raw(self.api, write.method().as_str(), &write.path(), Some(write)),
            None if chance.random_bool(0.2) => raw(self.api, "GET", "/v1/incidents?limit=50", None),
            None => {
                let incident = self.workload.incident(&mut chance);
                raw(self.api, "GET", &format!("/v1/incidents/{incident}"), None)
            }
        };
        let moment = match chance.random_range(0..10) {
            0 => Moment::Sending(chance.random_range(0..request.len())),
            1..=6 => Moment::Waiting(self.patience.get().mul_f64(chance.random_range(0.0..1.0))),
            _ => Moment::Reading(chance.random_range(0..600)),
        };
        let answer = cut(self.api, &request, moment, chance.random_bool(0.5)).await;
        let Some(write) = write else { return };
        if answer.starts_with(b"HTTP/1.1 2") {
            self.ledger.acknowledge(write, Ack::Status);
        } else {
            self.ledger.doubt(write);
        }
    }

    /// A client who reads every answer, writes on while others hang up, and never finds an
    /// incident older than the version it was told.
    async fn patient(&self, mut chance: StdRng) {
        while !self.over.get() {
            let write = self.workload.next(&mut chance);
            let incident = subject(&write);
            let asked = Instant::now();
            let outcome = self.ledger.attempt(self.api, write).await;
            assert!(matches!(outcome, Outcome::Acknowledged), "{outcome:?}");
            self.patience.set(asked.elapsed().max(PATIENCE));
            let Some(incident) = incident else { continue };
            let told = last_version(self.ledger);
            let read = self.api.get(incident).await.version;
            assert!(told.is_none_or(|told| read >= told), "{incident}: read {read}, told {told:?}");
        }
    }
}

fn raw(api: &Api, method: &str, path: &str, write: Option<&Write>) -> Vec<u8> {
    let mark = write.map_or_else(String::new, |write| {
        format!("idempotency-key: {0}\r\nx-request-id: {0}\r\n", write.mark)
    });
    let body = write.map_or_else(String::new, |write| write.body().to_string());
    let length = body.len();
    let token = api.token().expect("a person has a token");
    format!(
        "{method} {path} HTTP/1.1\r\nhost: watchfire\r\nauthorization: Bearer {token}\r\n{mark}\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Sends a request up to a moment, hangs up, and returns what was read. A `reset` is what a killed
/// program or a firewall makes of a connection; the other way is an orderly close.
async fn cut(api: &Api, request: &[u8], moment: Moment, reset: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(api.host()).await.expect("the daemon accepts");
    if reset {
        stream.set_zero_linger().expect("a socket takes its options");
    }
    let sent = if let Moment::Sending(bytes) = moment { &request[..bytes] } else { request };
    let mut answer = Vec::new();
    if stream.write_all(sent).await.is_err() {
        return answer;
    }
    match moment {
        Moment::Sending(_) => {}
        Moment::Waiting(time) => tokio::time::sleep(time).await,
        Moment::Reading(bytes) => {
            answer.resize(bytes, 0);
            let mut read = 0;
            // The answer may have fewer bytes than this client wants to see.
            while read < bytes
                && let Ok(Ok(more @ 1..)) =
                    timeout(Duration::from_millis(200), stream.read(&mut answer[read..])).await
            {
                read += more;
            }
            answer.truncate(read);
        }
    }
    answer
}

fn subject(write: &Write) -> Option<IncidentId> {
    match &write.command {
        Command::Create => None,
        Command::Patch { incident, .. }
        | Command::Comment { incident }
        | Command::Attach { incident, .. } => Some(*incident),
    }
}

/// The version in the latest acknowledgement, where it has one.
fn last_version(ledger: &Ledger) -> Option<i64> {
    match ledger.book().acknowledged.last() {
        Some((_, Ack::Body(body))) => body["version"].as_i64(),
        _ => None,
    }
}

/// A daemon that nobody asks anything ends every transaction at once.
async fn no_transaction_is_open(conn: &mut PgConnection) {
    let deadline = Instant::now() + REST;
    // Its own short transactions come and go: one look at rest is enough.
    loop {
        let open: i64 = sqlx::query_scalar(OPEN).fetch_one(&mut *conn).await.unwrap();
        if open == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "{open} connections are still inside a transaction");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

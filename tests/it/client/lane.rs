//! A command travels on its own: what is slow, cut or failing beside it does not hold it up.

use std::fmt::Display;
use std::time::{Duration, Instant};

use watchfire_shared::incident::{Incident, Status};
use watchfire_shared::user::Role;
use watchfire_tests::link::Link;
use watchfire_tests::{Api, Daemon, Engine, Terminal, bounded, eventually, programs, terminal};

use super::SOON;

/// What every read of incidents holds: pages of the list, counts, and all parts of an opened one.
const READS: [u8; 16] = *b"GET /v1/incident";
/// No more reads than these are under way at the same time.
const LOADS: usize = 4;
/// From the key to the daemon, and what a debug build on a busy machine adds. What waits for a load
/// waits until that is let go.
const AT_ONCE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 250 } else { 50 });
const KEYS: usize = 9;
/// What a byte needs from the client to the daemon, or back, where that matters.
const WAY: Duration = Duration::from_millis(100);
const BATCH: usize = 20;
const ALL_CLEAR: &str = "Nothing is burning";
/// Incidents beside those of the batch.
const OWN: usize = 3;
const PAIRS: usize = 12;

async fn link_to(daemon: &Daemon) -> Link {
    let address = daemon.url();
    let port = address.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap();
    Link::to(("127.0.0.1".to_owned(), port)).await
}

async fn client_behind(daemon: &Daemon) -> (Link, Terminal) {
    let link = link_to(daemon).await;
    let client = client_on(daemon, &link).await;
    (link, client)
}

async fn client_on(daemon: &Daemon, link: &Link) -> Terminal {
    let mut command = terminal::command(programs::path("watchfire"), &daemon.state_dir());
    for (name, value) in daemon.access(Role::Responder).await {
        command.env(name, value);
    }
    command.env("WATCHFIRE_URL", format!("http://{}", link.address()));
    Terminal::spawn(command, 120, 24)
}

/// Whether the incident has become so, as often as it is asked, past the link.
async fn becomes(api: &Api, incident: impl Display + Copy, so: impl Fn(&Incident) -> bool) {
    eventually(async || so(&api.get(incident).await).then_some(())).await;
}

#[tokio::test]
async fn a_command_reaches_the_daemon_at_once_while_everything_else_is_held() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await;
        let (link, mut client) = client_behind(&daemon).await;
        client.wait_for_text("● live", SOON).await;
        client.wait_for_text("○ open", SOON).await;

        link.hold(READS);
        // The list and its counts, and then what an opened incident consists of.
        client.send("\u{12}\r");
        link.holds_at_least(LOADS).await;
        let mut waits = Vec::new();
        for turn in 0..KEYS {
            let (key, wanted) = match turn % 2 {
                0 => ("a", Status::Investigating),
                _ => ("o", Status::Open),
            };
            let pressed = Instant::now();
            client.send(key);
            becomes(&api, incident.id, |now| now.status == wanted).await;
            waits.push(pressed.elapsed());
            // The next key means what the incident is by now.
            let word = if turn % 2 == 0 { "◐ investigating" } else { "○ open" };
            client.wait_for_text(word, SOON).await;
        }
        waits.sort_unstable();
        println!("from a key to what it did: {waits:?}");
        assert!(waits[KEYS / 2] <= AT_ONCE, "{waits:?}");
    })
    .await;
}

#[tokio::test]
async fn a_key_during_a_batch_does_not_wait_for_its_answers() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let api = daemon.as_responder().await;
        for number in 0..BATCH + OWN {
            api.create(&format!("Checkout {number} is slow")).await;
        }
        let (link, mut client) = client_behind(&daemon).await;
        client.wait_for_text("● live", SOON).await;
        let newest = format!("INC-{}", BATCH + OWN);
        client.wait_for_text(&newest, SOON).await;
        // The oldest twenty of the list are the batch; of the others one is open.
        client.send(&format!("{} Gv", "j".repeat(OWN)));
        client.wait_for_text("20 marked", SOON).await;
        client.send("a");
        client.wait_for_text("20 incidents?", SOON).await;

        link.delay(WAY);
        client.send("\r");
        client.wait_for_text("of 20", SOON).await;
        client.send("\x1b");
        client.wait_for("no marks", SOON, |screen| !screen.contains("marked")).await;
        let mut waits = Vec::new();
        for number in (BATCH + 1..=BATCH + OWN).rev() {
            client.send(if number == BATCH + OWN { "g" } else { "j" });
            let row = format!("INC-{number} ");
            let is_there = |line: &str| line.contains('▌') && line.contains(&row);
            client.wait_for(&row, SOON, |screen| screen.lines().any(is_there)).await;
            let pressed = Instant::now();
            client.send("a");
            let reference = format!("INC-{number}");
            becomes(&api, reference.as_str(), |now| now.status == Status::Investigating).await;
            waits.push(pressed.elapsed());
        }
        let last = api.get("INC-1").await;
        assert_eq!(last.status, Status::Open, "the batch is under way all the time");
        waits.sort();
        assert!(waits[OWN / 2] <= WAY * 2, "{waits:?}");
        becomes(&api, "INC-1", |now| now.status == Status::Investigating).await;
    })
    .await;
}

#[tokio::test]
async fn two_commands_about_one_incident_arrive_in_the_order_of_the_keys() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let api = daemon.as_responder().await;
        for number in 1..=PAIRS {
            api.create(&format!("Checkout {number} is slow")).await;
        }
        let (link, mut client) = client_behind(&daemon).await;
        client.wait_for_text("● live", SOON).await;
        client.wait_for_text(&format!("INC-{PAIRS}"), SOON).await;
        // Connections overtake each other.
        link.stray(WAY);
        client.send(&"amj".repeat(PAIRS));
        for number in 1..=PAIRS {
            let reference = format!("INC-{number}");
            becomes(&api, reference.as_str(), |now| now.assigned_to.is_some()).await;
            let timeline = api.timeline(&reference).await;
            let facts: Vec<&str> = timeline.iter().map(|event| event.fact.event_type()).collect();
            let place = |name| facts.iter().position(|fact| *fact == name);
            let (status, person) = (place("incident.status_changed"), place("incident.assigned"));
            assert!(status.is_some() && status < person, "{reference}: {facts:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_brings_it_back_as_soon_as_the_daemon_is() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let (link, mut client) = client_behind(&daemon).await;
        client.wait_for_text("● live", SOON).await;
        link.cut();
        // Its waits grow to ten seconds.
        client
            .wait_for("a long wait", SOON, |screen| {
                ["next try 6 s", "next try 7 s", "next try 8 s", "next try 9 s"]
                    .iter()
                    .any(|wait| screen.contains(wait))
            })
            .await;
        link.heal();
        let back = eventually(async || tokio::net::TcpStream::connect(link.address()).await.ok());
        drop(back.await);
        let pressed = Instant::now();
        client.send("r");
        client.wait_for_text("● live", SOON).await;
        assert!(pressed.elapsed() < Duration::from_secs(3), "{:?}", pressed.elapsed());
    })
    .await;
}

#[tokio::test]
async fn started_offline_it_says_so_and_recovers_by_itself() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let link = link_to(&daemon).await;
        link.cut();
        let is_cut = || async { tokio::net::TcpStream::connect(link.address()).await.is_err() };
        eventually(async || is_cut().await.then_some(())).await;
        let client = client_on(&daemon, &link).await;
        client.keep();
        let all_clear = |screen: &str| screen.contains(ALL_CLEAR);
        // Not once but again and again.
        for wait in ["next try", "next try 2 s", "next try 4 s"] {
            client
                .wait_for(wait, SOON, |screen| {
                    assert!(!all_clear(screen), "{screen}");
                    screen.contains("offline") && screen.contains(wait)
                })
                .await;
        }
        let said = |client: &Terminal| client.written(|written| written.raw().to_vec());
        assert!(!String::from_utf8_lossy(&said(&client)).contains(ALL_CLEAR));
        link.heal();
        // By now an answer supports it.
        client.wait_for_text("● live", SOON).await;
        client.wait_for_text(ALL_CLEAR, SOON).await;
    })
    .await;
}

//! A command travels on its own: what is slow, cut or failing beside it does not hold it up.

use std::time::{Duration, Instant};

use watchfire_shared::incident::Status;
use watchfire_shared::user::Role;
use watchfire_tests::link::Link;
use watchfire_tests::{Daemon, Engine, Terminal, bounded, eventually, programs, terminal};

use super::SOON;

/// What every question for a page of the list holds.
const LISTS: [u8; 16] = *b"/v1/incidents?fi";
/// From the key to the daemon.
const AT_ONCE: Duration = Duration::from_millis(50);
/// Of these keys the median counts: the machine has other things to do.
const KEYS: usize = 9;

async fn client_behind(daemon: &Daemon) -> (Link, Terminal) {
    let address = daemon.url();
    let port = address.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap();
    let link = Link::to(("127.0.0.1".to_owned(), port)).await;
    let mut command = terminal::command(programs::path("watchfire"), &daemon.state_dir());
    for (name, value) in daemon.access(Role::Responder).await {
        command.env(name, value);
    }
    command.env("WATCHFIRE_URL", format!("http://{}", link.address()));
    let client = Terminal::spawn(command, 120, 24);
    (link, client)
}

#[tokio::test]
async fn a_command_reaches_the_daemon_at_once_while_lists_load() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await;
        let (link, mut client) = client_behind(&daemon).await;
        client.wait_for_text("● live", SOON).await;
        client.wait_for_text("○ open", SOON).await;

        link.hold(LISTS);
        client.send("\u{12}");
        link.holds_one().await;
        let mut waits = Vec::new();
        for turn in 0..KEYS {
            let (key, wanted) = match turn % 2 {
                0 => ("a", Status::Investigating),
                _ => ("o", Status::Open),
            };
            let pressed = Instant::now();
            client.send(key);
            let changed = eventually(async || {
                let now = api.get(incident.id).await;
                (now.status == wanted).then_some(now.updated_at)
            });
            changed.await;
            waits.push(pressed.elapsed());
            // The next key means what the row says.
            let word = if turn % 2 == 0 { "◐ investigating" } else { "○ open" };
            client.wait_for_text(word, SOON).await;
        }
        waits.sort();
        assert!(waits[KEYS / 2] <= AT_ONCE, "{waits:?}");
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

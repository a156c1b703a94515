//! The client without any configuration: its own daemon, one for all, and back after a power cut.

use std::net::Ipv4Addr;

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use watchfire_tests::{Home, Terminal, bounded, eventually};

use super::{SOON, printed};

/// Where a daemon listens when nothing is configured.
const USUAL_PORT: u16 = 4911;

#[tokio::test]
async fn ten_clients_at_once_end_on_one_daemon() {
    bounded(async {
        let home = Home::fresh();
        let commands: [&[&str]; 2] = [&["daemon", "start", "--json"], &["ls", "--json"]];
        let clients = (0..10).map(|client| home.cli(commands[client % 2]));
        let answers: Vec<Value> = join_all(clients)
            .await
            .iter()
            .map(|output| serde_json::from_str(&printed(output)).unwrap())
            .collect();
        let daemon = home.announced().unwrap();
        assert_eq!(home.daemons(), [daemon.pid]);
        for (client, answer) in answers.iter().enumerate() {
            match client % 2 {
                0 => assert_eq!(answer["pid"], daemon.pid),
                _ => assert_eq!(answer["items"], Value::Array(Vec::new())),
            }
        }
        assert_eq!(ready_times(&home), 1, "{}", home.log());

        printed(&home.cli(&["daemon", "stop"]).await);
        // The lock is free a moment before the process is gone.
        eventually(async || home.daemons().is_empty().then_some(())).await;
        let status = home.cli(&["daemon", "status"]).await;
        assert_eq!(status.status.code(), Some(6), "{status:?}");
    })
    .await;
}

/// How many daemons have ever become ready.
fn ready_times(home: &Home) -> usize {
    home.log().lines().filter(|line| line.contains("ready") && line.contains("database")).count()
}

#[tokio::test]
async fn a_stranger_on_the_usual_port_is_told_nothing() {
    bounded(async {
        // Where somebody else has the port already, that is the stranger.
        let stranger = TcpListener::bind((Ipv4Addr::LOCALHOST, USUAL_PORT)).await.ok();
        let home = Home::fresh();
        let story = async {
            let client = home.client(80, 24);
            client.wait_for_text("● live", SOON).await;
            client.wait_for_text("Nothing is burning.", SOON).await;
            printed(&home.cli(&["ls"]).await);
            let daemon = home.announced().unwrap();
            assert_eq!(home.daemons(), [daemon.pid]);
            assert!(stranger.is_none() || daemon.address.port() != USUAL_PORT, "{daemon:?}");
        };
        tokio::select! {
            told = overhear(stranger.as_ref()) => panic!("the stranger was told {told:?}"),
            () = story => {}
        }
    })
    .await;
}

/// What a connection to the stranger brings; ends only when there is one.
async fn overhear(stranger: Option<&TcpListener>) -> String {
    let Some(stranger) = stranger else { return std::future::pending().await };
    let (mut connection, _) = stranger.accept().await.unwrap();
    let mut told = Vec::new();
    connection.read_to_end(&mut told).await.unwrap();
    String::from_utf8_lossy(&told).into_owned()
}

#[tokio::test]
async fn an_open_screen_goes_on_after_its_daemon_was_killed() {
    bounded(async {
        let home = Home::fresh();
        let mut client = home.client(80, 24);
        client.wait_for_text("● live", SOON).await;
        printed(&home.cli(&["new", "Before the cut"]).await);
        client.wait_for_text("Before the cut", SOON).await;
        let first = home.announced().unwrap();

        home.kill9().await;
        client.wait_for_text("offline", SOON).await;
        // Asleep while the next daemon comes and is written to: it must ask for what it missed.
        client.signal(Signal::STOP);
        printed(&home.cli(&["new", "While it was away"]).await);
        printed(&home.cli(&["comment", "INC-1", "said while it was away"]).await);
        let second = home.announced().unwrap();
        assert_ne!(second.pid, first.pid);
        assert_eq!(home.daemons(), [second.pid]);
        client.signal(Signal::CONT);

        client.wait_for_text("● live", SOON).await;
        client.wait_for_text("While it was away", SOON).await;
        printed(&home.cli(&["new", "After the cut"]).await);
        client.wait_for_text("After the cut", SOON).await;
        for title in ["Before the cut", "While it was away", "After the cut"] {
            assert_eq!(client.text().matches(title).count(), 1, "{}", client.text());
        }
        the_timeline_is_whole(&mut client).await;
    })
    .await;
}

/// The oldest incident: created before the cut, commented while the screen was away.
async fn the_timeline_is_whole(client: &mut Terminal) {
    client.send("G\r]");
    client.wait_for_text("[Timeline 2]", SOON).await;
    client.wait_for_text("said while it was away", SOON).await;
    assert_eq!(client.text().matches("said while it was away").count(), 1, "{}", client.text());
}

#[tokio::test]
async fn an_open_detail_gets_what_it_missed_once() {
    bounded(async {
        let home = Home::fresh();
        printed(&home.cli(&["new", "Cut in the middle"]).await);
        let mut client = home.client(80, 24);
        client.wait_for_text("Cut in the middle", SOON).await;
        client.send("\r]");
        client.wait_for_text("[Timeline 1]", SOON).await;
        for round in 1..=3 {
            home.kill9().await;
            client.wait_for_text("offline", SOON).await;
            client.signal(Signal::STOP);
            let said = format!("said in round {round}");
            printed(&home.cli(&["comment", "INC-1", &said]).await);
            client.signal(Signal::CONT);
            client.wait_for_text(&said, SOON).await;
            client.wait_for_text(&format!("[Timeline {}]", round + 1), SOON).await;
            client.wait_for_text("● live", SOON).await;
        }
        let screen = client.text();
        let said: Vec<_> =
            (1..=3).map(|round| screen.find(&format!("said in round {round}"))).collect();
        assert!(said.is_sorted() && said.iter().all(Option::is_some), "{screen}");
        assert_eq!(screen.matches("commented").count(), 3, "{screen}");
        eventually(async || (home.daemons().len() == 1).then_some(())).await;
    })
    .await;
}

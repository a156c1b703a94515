//! Several daemons in one configuration: one goes from one to another while the screen is open.

use std::fmt::Write as _;
use std::fs;

use tempfile::TempDir;
use watchfire_shared::incident::Status;
use watchfire_shared::user::Role;
use watchfire_tests::{Daemon, Engine, Terminal, bounded, programs, terminal};

use super::mouse::{MODES, captured};
use super::{SIZES, SOON};

#[tokio::test]
async fn nothing_of_the_daemon_before_is_there_and_a_key_acts_on_the_one_that_is_shown() {
    bounded(async {
        for (columns, rows) in SIZES {
            to_and_fro(columns, rows).await;
        }
    })
    .await;
}

/// Two daemons with one incident each, and a client that knows both.
struct Scene {
    east: Daemon,
    west: Daemon,
    home: TempDir,
}

impl Scene {
    async fn start() -> Self {
        let east = Daemon::start(Engine::Sqlite).await;
        let west = Daemon::start(Engine::Sqlite).await;
        let home = tempfile::tempdir().unwrap();
        let mut file = "context = \"east\"\n".to_owned();
        for (name, daemon) in [("east", &east), ("west", &west)] {
            let title = format!("Burns {name}");
            daemon.as_responder().await.create(&title).await;
            let [(_, url), (_, token)] = daemon.access(Role::Responder).await;
            // A program that prints the token has the terminal for a moment.
            let command = format!("token_command = [\"echo\", \"{token}\"]");
            writeln!(file, "[contexts.{name}]\nurl = \"{url}\"\n{command}").unwrap();
        }
        let folder = home.path().join(".config/watchfire");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), file).unwrap();
        Self { east, west, home }
    }

    /// The client, where the daemon in the east is shown.
    async fn client(&self, columns: u16, rows: u16) -> Terminal {
        let command = terminal::command(programs::path("watchfire"), self.home.path());
        let client = Terminal::spawn(command, columns, rows);
        client.wait_for_text("Burns east", SOON).await;
        client.wait_for_text("● live", SOON).await;
        client
    }
}

async fn to_and_fro(columns: u16, rows: u16) {
    let scene = Scene::start().await;
    let (east, west) = (&scene.east, &scene.west);
    let mut client = scene.client(columns, rows).await;
    client.send(":mouse\r");
    client.wait_until("the mouse", SOON, |it| captured(it) == MODES).await;
    client.send(" :ctx west\r");
    client.wait_for_text("Burns west", SOON).await;
    client.wait_until("the mouse as before", SOON, |it| captured(it) == MODES).await;
    client.wait_for_text("● live", SOON).await;
    // Who one is there is asked for.
    client.wait_for_text("@ west", SOON).await;
    let screen = client.text();
    assert!(screen.contains("@ west") && !screen.contains("Burns east"), "{screen}");
    assert!(!screen.contains("marked"), "{screen}");

    // Both incidents are called INC-1.
    client.send("a");
    client.wait_for_text("◐ invest", SOON).await;
    let status =
        async |daemon: &Daemon| daemon.as_responder().await.list("").await.items.remove(0).status;
    assert_eq!(status(west).await, Status::Investigating);
    assert_eq!(status(east).await, Status::Open);

    client.send(":ctx east\r");
    client.wait_for_text("Burns east", SOON).await;
    assert!(!client.text().contains("Burns west"), "{}", client.text());
    client.wait_for_text("○ open", SOON).await;
    client.send("q");
    assert!(client.ended(SOON).await.success());
}

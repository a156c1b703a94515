//! The mouse in a real terminal: with `mouse = true` it does what it says, without it the terminal
//! keeps its own selection; and in each way out it is given back.

use std::fs;

use rustix::process::Signal;
use tempfile::TempDir;
use watchfire_shared::user::Role;
use watchfire_tests::{Daemon, Engine, Terminal, bounded, programs, terminal};

use super::SOON;

/// The modes of the mouse: presses, moves with a button held, numbers without an end.
pub const MODES: [u16; 3] = [1000, 1002, 1006];

struct Scene {
    daemon: Daemon,
    home: TempDir,
}

impl Scene {
    async fn start(config: &str) -> Self {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let api = daemon.as_responder().await;
        for title in ["Checkout is slow", "Search is slow", "Disk is full"] {
            api.create(title).await;
        }
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".config/watchfire");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), config).unwrap();
        fs::write(home.path().join("editor"), "echo by hand > \"$1\"").unwrap();
        Self { daemon, home }
    }

    async fn client(&self) -> Terminal {
        let mut command = terminal::command(programs::path("watchfire"), self.home.path());
        command.env("EDITOR", format!("sh {}", self.home.path().join("editor").display()));
        for (name, value) in self.daemon.access(Role::Responder).await {
            command.env(name, value);
        }
        let client = Terminal::spawn(command, 80, 24);
        client.wait_for_text("INC-1", SOON).await;
        client.wait_for_text("● live", SOON).await;
        client
    }
}

/// A press and a release, as a terminal tells them; columns and rows count from 1.
fn click(column: u16, row: u16) -> String {
    format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")
}

async fn is_selected(client: &Terminal, reference: &str) {
    let selected = |line: &str| line.starts_with('▌') && line.contains(reference);
    client.wait_for(reference, SOON, |screen| screen.lines().any(selected)).await;
}

pub fn captured(client: &Terminal) -> Vec<u16> {
    let on = |(mode, on)| (on && MODES.contains(&mode)).then_some(mode);
    client.written(|written| written.unusual_modes().into_iter().filter_map(on).collect())
}

#[tokio::test]
async fn the_wheel_moves_and_a_click_selects_and_all_is_given_back() {
    bounded(async {
        let scene = Scene::start("mouse = true\n").await;
        for way in ["q", "TERM", "HUP"] {
            let mut client = scene.client().await;
            client.allow_mouse();
            is_selected(&client, "INC-3").await;
            client.wait_until("the mouse", SOON, |it| captured(it) == MODES).await;
            // The wheel moves three lines, as far as there are any.
            client.send("\x1b[<65;10;6M");
            is_selected(&client, "INC-1").await;
            client.send("\x1b[<64;10;6M");
            is_selected(&client, "INC-3").await;
            client.send(&click(20, 5));
            is_selected(&client, "INC-2").await;
            // The editor has the terminal as it was.
            client.send("e");
            client.wait_for_text("comment sent", SOON).await;
            client.wait_until("the mouse again", SOON, |it| captured(it) == MODES).await;
            client.send(&click(20, 5).repeat(2));
            client.wait_for_text("[Overview", SOON).await;
            match way {
                "TERM" => client.signal(Signal::TERM),
                "HUP" => client.signal(Signal::HUP),
                _ => client.send("qq"),
            }
            client.ended(SOON).await;
            client.written(|written| assert_eq!(written.unusual_modes(), [], "{way}"));
            assert_eq!(client.settings(), client.settings_before());
        }
    })
    .await;
}

#[tokio::test]
async fn the_terminal_keeps_its_mouse_until_somebody_asks_for_it() {
    bounded(async {
        let scene = Scene::start("").await;
        let mut client = scene.client().await;
        // What a terminal would tell that another program left so.
        client.send("\x1b[<65;10;6M");
        client.send(&click(20, 5));
        client.send("p");
        client.wait_for_text("Priority of INC-3", SOON).await;
        client.send("\x1bq");
        client.send("\x03");
        client.ended(SOON).await;
        for mode in MODES {
            assert!(!client.written(|written| written.has_switched(mode)), "{mode}");
        }
        client.written(|written| assert_eq!(written.strange(), [""; 0]));
    })
    .await;
}

//! A window that changes its size again and again, on every page: nothing breaks, and what stands
//! on the screen in the end is what a client draws there that was never resized.
//! `WATCHFIRE_RESIZE_TIMES` says how often on each page, `WATCHFIRE_RESIZE_SEED` repeats a run.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::Signal;
use serde_json::json;
use tokio::time::timeout;
use watchfire_shared::user::Role;
use watchfire_tests::{Daemon, Engine, Terminal, bounded, eventually, programs, terminal};

use super::SOON;

const TIMES: &str = "WATCHFIRE_RESIZE_TIMES";
const SEED: &str = "WATCHFIRE_RESIZE_SEED";
const COLUMNS: u16 = 500;
const ROWS: u16 = 200;

/// Nobody has signed in.
const SIGN_IN: (&str, &str) = ("", "Sign in to watchfire");

/// The pages, by the keys that lead there, and what tells that one is there.
const PAGES: [(&str, &str); 21] = [
    SIGN_IN,
    ("", "INC-3"),
    ("w", "INC-3"),
    ("/service", "service"),
    ("\r", "Overview"),
    ("\r]", "[Timeline"),
    ("\r]]", "[Alerts"),
    ("\r]]]", "[Assessment"),
    ("\r]]]]", "[Logs"),
    ("4", "hit rate"),
    ("3", "Logs of all incidents"),
    ("5", "committed"),
    ("6", "integrity"),
    ("7", "People"),
    ("?", "hand back"),
    ("@", "Commands"),
    ("J", "as JSON"),
    ("*H", "Handover"),
    ("*a", "3 incidents?"),
    ("N", "New incident"),
    (":", "in $EDITOR"),
];

async fn scene() -> Daemon {
    let daemon = Daemon::start(Engine::Sqlite).await;
    let api = daemon.as_admin().await;
    for title in ["監視: disk 91 % on db-eu-3", "Checkout 👍🏽 is slow", "Search is slow"] {
        let incident = api.create_with(json!({ "title": title, "service": "search" })).await;
        let line = json!([{ "level": "err", "message": format!("timeout {title}") }]);
        api.attach(incident.id, &line).await;
    }
    daemon
}

async fn at(daemon: &Daemon, (keys, sign): (&str, &str), columns: u16, rows: u16) -> Terminal {
    if (keys, sign) == SIGN_IN {
        let mut command = terminal::command(programs::path("watchfire"), &daemon.state_dir());
        command.env("WATCHFIRE_URL", daemon.url());
        let client = Terminal::spawn(command, columns, rows);
        client.wait_for_text(sign, SOON).await;
        return client;
    }
    let mut client = daemon.client(Role::Admin, columns, rows).await;
    client.wait_for_text("● live", SOON).await;
    client.wait_for_text("INC-3", SOON).await;
    client.send(keys);
    client.wait_for_text(sign, SOON).await;
    client
}

/// Sizes of every kind: none, tiny, usual, huge.
fn size(random: &mut StdRng) -> (u16, u16) {
    let (columns, rows) = match random.random_range(0..4) {
        0 => (2, 2),
        1 => (20, 8),
        2 => (100, 40),
        _ => (COLUMNS, ROWS),
    };
    (random.random_range(0..=columns), random.random_range(0..=rows))
}

#[tokio::test]
async fn a_storm_of_sizes_leaves_what_a_fresh_screen_shows() {
    bounded(async {
        let times = programs::number(TIMES).unwrap_or(25);
        let seed: u64 = programs::number(SEED).unwrap_or_else(|| rand::rng().random());
        println!("{SEED}={seed}");
        let mut random = StdRng::seed_from_u64(seed);
        let daemon = scene().await;
        for page in PAGES {
            let last = (random.random_range(80..160), random.random_range(24..60));
            let client = at(&daemon, page, 100, 30).await;
            for (columns, rows) in [(0, 0), (COLUMNS, ROWS)] {
                drawn_at(&client, columns, rows).await;
            }
            for _ in 0..times {
                let (columns, rows) = size(&mut random);
                client.resize(columns, rows);
                if random.random_bool(0.3) {
                    client.signal(Signal::WINCH);
                }
                if random.random_bool(0.5) {
                    tokio::time::sleep(Duration::from_millis(random.random_range(0..30))).await;
                }
            }
            there_and_back(&client, last).await;
            let fresh = at(&daemon, page, last.0, last.1).await;
            // Ages tick on both, not at the same moment.
            let same = async || (cells(&client) == cells(&fresh)).then_some(());
            let became = timeout(SOON / 3, eventually(same)).await;
            let (text, wanted) = (client.text(), fresh.text());
            assert!(became.is_ok(), "{page:?} at {last:?}:\n{text}\nfresh:\n{wanted}");
            for mut client in [client, fresh] {
                client.written(|written| assert_eq!(written.strange(), [""; 0], "{page:?}"));
                client.send("\x03");
                assert!(client.ended(SOON).await.success(), "{page:?}");
            }
        }
    })
    .await;
}

/// Whatever else happens: a frame of this very size.
async fn drawn_at(client: &Terminal, columns: u16, rows: u16) {
    let before = client.bytes_written();
    client.resize(columns, rows);
    client.wait_until("a frame", SOON, |client| client.bytes_written() > before).await;
    if rows > 0 {
        let rows = usize::from(rows);
        client.wait_for("all rows", SOON, |screen| screen.lines().count() == rows).await;
    }
}

/// To a size, then to another and back at once: the program finds the size it knows, on a screen
/// that has lost what stood there.
pub async fn there_and_back(client: &Terminal, (columns, rows): (u16, u16)) {
    client.resize(columns, rows);
    let last_row = usize::from(rows);
    client.wait_for("all rows", SOON, |screen| screen.lines().count() == last_row).await;
    client.signal(Signal::STOP);
    client.resize(7, 3);
    client.resize(columns, rows);
    client.signal(Signal::CONT);
}

/// What stands on the screen, with its colours; of a blank cell only what shows.
pub fn cells(client: &Terminal) -> Vec<String> {
    let of = |cell: &vt100::Cell| {
        let text = Some(cell.contents()).filter(|text| !text.is_empty()).unwrap_or(" ");
        let back = (cell.bgcolor(), cell.inverse());
        let front = (text != " ").then(|| (cell.fgcolor(), cell.bold(), cell.dim()));
        format!("{text}{back:?}{front:?}")
    };
    client.screen(|screen| {
        let (rows, columns) = screen.size();
        let row = |row| (0..columns.get()).filter_map(move |column| screen.cell(row, column));
        (0..rows.get()).map(|at| row(at).map(of).collect()).collect()
    })
}

//! Thousands of texts that try to deceive, through every screen and every command, into a real
//! terminal: each byte that is written belongs to what the client may write, no title, mode or clipboard
//! is touched, and what stands on the screen is what a client draws there anew. `WATCHFIRE_HOSTILE_LINES` says how many texts, `WATCHFIRE_HOSTILE_SEED`
//! repeats a run.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use tokio::time::timeout;
use watchfire_shared::incident::Incident;
use watchfire_shared::user::Role;
use watchfire_tests::{Api, Daemon, Engine, Terminal, bounded, eventually, programs, terminal};

use super::SOON;
use super::resized::{cells, there_and_back};

const LINES: &str = "WATCHFIRE_HOSTILE_LINES";
const SEED: &str = "WATCHFIRE_HOSTILE_SEED";
/// Texts of an incident: title, description, service, two labels of two, a comment.
const EACH: usize = 8;
/// One text of so many is in an incident, the others are log lines.
const SHARE: usize = 4;
/// Log lines of a request.
const BATCH: usize = 500;
/// The modes of a client at work: a screen of its own, and pasted text told apart.
const OURS: [(u16, bool); 2] = [(1049, true), (2004, true)];
/// Shown where somebody types.
const CURSOR: u16 = 25;
const SIZE: (u16, u16) = (90, 40);
/// A frame takes far less; the ages of a new incident tick every second.
const REDRAWN: Duration = Duration::from_millis(400);
const TRIES: usize = 30;
const PAGE_UP: &str = "\x1b[5~";
const PAGE_DOWN: &str = "\x1b[6~";

const PARTS: [&str; 30] = [
    "\x1b[2J",
    "\x1b[31m",
    "\x1b]0;mine\x07",
    "\x1b]2;mine\x1b\\",
    "\x1b]52;c;bWluZQ==\x07",
    "\x1b]8;;http://mine.test\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x1b[?1049l",
    "\x1b[?1000h",
    "\x1b[6n",
    "\x1bc",
    "\x1b(0",
    "\r",
    "\n",
    "\t",
    "\x08\x08",
    "\x7f",
    "\u{9b}2J",
    "\u{9d}0;mine\u{9c}",
    "\u{202e}gpj",
    "\u{2066}\u{200b}\u{feff}",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "監視",
    "👨\u{200d}👩\u{200d}👧",
    "👍🏽",
    "🇩🇪",
    "⚠\u{fe0f}",
    "ｶﾞ",
    "क्षि",
    "long long long long long long long ",
];

/// Makes texts, none of them too long for a name.
struct Deceit(StdRng);

impl Deceit {
    /// With a word in front by which it is found.
    fn text(&mut self, mark: &str) -> String {
        let mut text = mark.to_owned();
        for _ in 0..self.0.random_range(1..12) {
            text.push(' ');
            if self.0.random_bool(0.8) {
                text.push_str(PARTS[self.0.random_range(0..PARTS.len())]);
            } else {
                text.extend((0..4).map(|_| self.0.random::<char>()).filter(|c| *c != '\0'));
            }
        }
        text.push('.');
        text.chars().take(90).collect::<String>().trim_end().to_owned()
    }
}

fn mark(number: usize) -> String {
    format!("T{number:06}")
}

/// How many incidents and how many log lines.
async fn fill(api: &Api, lines: usize, deceit: &mut Deceit) -> (usize, usize) {
    let incidents = (lines / SHARE / EACH).max(3);
    for number in 1..=incidents {
        let labels: BTreeMap<String, String> =
            (0..2).map(|label| (deceit.text(&format!("l{label}")), deceit.text("v"))).collect();
        let body = json!({ "title": deceit.text(&mark(number)), "description": deceit.text("d"),
            "service": deceit.text("s"), "labels": labels });
        let incident = api.create_with(body).await;
        api.comment(incident.id, &deceit.text("c")).await;
    }
    let newest = newest(api, incidents).await;
    let logs = lines - incidents * EACH;
    for from in (1..=logs).step_by(BATCH) {
        let entry = |number| {
            json!({ "level": "err", "source": deceit.text("s"), "message": deceit.text(&mark(number)),
                "fields": { deceit.text("k"): deceit.text("v") } })
        };
        let batch: Vec<_> = (from..=logs.min(from + BATCH - 1)).map(entry).collect();
        api.attach(newest.id, &json!(batch)).await;
    }
    (incidents, logs)
}

async fn newest(api: &Api, incidents: usize) -> Incident {
    api.get(format!("INC-{incidents}")).await
}

/// A key again and again, each drawn, until a text stands on the screen.
async fn scroll(client: &mut Terminal, key: &str, until: &str) {
    while !client.text().contains(until) {
        let before = client.bytes_written();
        client.send(key);
        client.wait_until("a frame", SOON, |client| client.bytes_written() > before).await;
    }
}

/// Nothing but text has reached the terminal, and no text was wider or narrower than it was taken for.
async fn assert_untouched(client: &Terminal, place: &str) {
    client.written(|written| {
        assert_eq!(written.strange(), [""; 0], "{place}");
        let modes = written.unusual_modes().into_iter().filter(|(mode, _)| *mode != CURSOR);
        assert_eq!(modes.collect::<Vec<_>>(), OURS, "{place}");
        assert!(written.clipboard().is_empty(), "{place}");
        assert_eq!(written.bells(), 0, "{place}");
    });
    assert_as_drawn_anew(client, place).await;
}

/// Hundreds of frames, each of what changed, have left what one frame of everything shows.
async fn assert_as_drawn_anew(client: &Terminal, place: &str) {
    // An age may tick in between.
    let mut differ = Vec::new();
    for _ in 0..TRIES {
        let before = cells(client);
        there_and_back(client, SIZE).await;
        let same = async || (cells(client) == before).then_some(());
        if timeout(REDRAWN, eventually(same)).await.is_ok() {
            return;
        }
        differ = before.into_iter().zip(cells(client)).filter(|(old, new)| old != new).collect();
    }
    panic!("{place} is not what is drawn anew: {differ:?}\n{}", client.text());
}

/// Other places than the list and the log lines: the keys there and back, and what tells of them.
/// The tab that was open last is open again.
const PLACES: [(&str, &str, &str); 22] = [
    ("A", "Who takes", "\x1b"),
    ("nnever sent", "never sent", "\x15\x1b"),
    ("N", "New incident", "\x1b"),
    ("E", "with a note", "\x1b"),
    (":", "in $EDITOR", "\x1b"),
    (":save-view\r", "called what", "\x1b"),
    ("?", "hand back", "q"),
    ("4", "hit rate", "1"),
    ("6", "integrity", "1"),
    ("7", "People", "1"),
    ("@", "Commands", "q"),
    ("\r]", "[Timeline", "q"),
    ("\r]", "[Alerts", "q"),
    ("\r]", "[Assessment", "q"),
    ("\rJ", "as JSON", "qq"),
    ("y", "opy", "\x1b"),
    ("p", "critical", "\x1b"),
    ("t", "Title of", "\x1b"),
    ("*a", "incidents?", "\x1b"),
    ("3", "Logs of all", "1"),
    ("5", "committed", "1"),
    (":handover\r", "Handover", "q"),
];

#[tokio::test]
async fn no_text_gets_through_on_any_screen_or_command() {
    bounded(async {
        let lines = programs::number(LINES).unwrap_or(400);
        let seed: u64 = programs::number(SEED).unwrap_or_else(|| rand::rng().random());
        println!("{SEED}={seed}");
        let mut deceit = Deceit(StdRng::seed_from_u64(seed));
        let daemon = Daemon::start(Engine::Sqlite).await;
        let (incidents, logs) = fill(&daemon.as_admin().await, lines, &mut deceit).await;
        on_the_screen(&daemon, incidents, logs).await;
        on_the_command_line(&daemon, incidents).await;
    })
    .await;
}

async fn on_the_screen(daemon: &Daemon, incidents: usize, logs: usize) {
    let mut client = daemon.client(Role::Admin, SIZE.0, SIZE.1).await;
    client.wait_for_text("● live", SOON).await;
    client.wait_for_text(&mark(incidents), SOON).await;
    scroll(&mut client, PAGE_DOWN, &mark(1)).await;
    assert_untouched(&client, "the list").await;
    client.send("g");
    client.wait_for_text(&mark(incidents), SOON).await;
    for (there, sign, back) in PLACES {
        client.send(there);
        client.wait_for_text(sign, SOON).await;
        assert_untouched(&client, sign).await;
        client.send(back);
        let left =
            |screen: &str| screen.trim_end().ends_with("1:incidents") && !screen.contains(sign);
        client.wait_for("the list again", SOON, left).await;
    }
    client.send("\r]");
    client.wait_for_text(&mark(logs), SOON).await;
    scroll(&mut client, PAGE_UP, &mark(1)).await;
    assert_untouched(&client, "the log lines").await;
    client.send("\x03");
    client.ended(SOON).await;
    client.written(|written| assert_eq!(written.unusual_modes(), []));
}

async fn on_the_command_line(daemon: &Daemon, incidents: usize) {
    let newest = newest(&daemon.as_admin().await, incidents).await;
    let reference = newest.reference.to_string();
    for arguments in [
        &["ls"][..],
        &["ls", "--json"],
        &["ls", &newest.title],
        &["show", &reference],
        &["show", &reference, "--json"],
        &["logs", &reference],
        &["logs", &reference, "--json"],
        &["events", "--after", "0"],
        &["events", "--after", "0", "--json"],
        &["handover"],
        &["assessments", &reference],
        &["outbox"],
        &["dead-letters"],
        &["cache", "keys"],
        &["set", &reference, "--service", "\x1b]0;mine\x07", "--title", "\u{9b}2J \u{202e}gpj"],
        &["new", "\x1b]52;c;bWluZQ==\x07 \u{202e}gpj"],
        &["new", "\x1b[2J", "--json"],
        &["comment", &reference, "\x1b]0;mine\x07"],
        &["show", "\x1b]0;mine\x07"],
    ] {
        let printed = printing(daemon, arguments).await;
        printed.ended(SOON).await;
        assert_harmless(&printed, arguments);
    }
    // These go on until somebody ends them.
    for arguments in [&["logs", &reference, "-f"][..], &["events", "--after", "0", "-f"]] {
        let mut printed = printing(daemon, arguments).await;
        printed.wait_until("a screenful", SOON, |printed| printed.bytes_written() > 4_000).await;
        printed.send("\x03");
        printed.ended(SOON).await;
        assert_harmless(&printed, arguments);
    }
}

async fn printing(daemon: &Daemon, arguments: &[&str]) -> Terminal {
    let mut command = terminal::command(programs::path("watchfire"), &daemon.state_dir());
    command.args(arguments);
    for (name, value) in daemon.access(Role::Admin).await {
        command.env(name, value);
    }
    Terminal::spawn(command, 120, 40)
}

#[track_caller]
fn assert_harmless(printed: &Terminal, arguments: &[&str]) {
    printed.written(|written| {
        assert_eq!(written.strange(), [""; 0], "{arguments:?}");
        assert_eq!(written.unusual_modes(), [], "{arguments:?}");
        assert!(written.bytes() > 0 && written.clipboard().is_empty(), "{arguments:?}");
    });
}

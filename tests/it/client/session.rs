//! One session in a real terminal against a real daemon that does everything a key can mean. The
//! steps are data (`session.steps`): a new action without one fails the test.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use watchfire::keymap;
use watchfire_shared::user::Role;
use watchfire_tests::{Api, Daemon, Engine, Terminal, bounded, eventually, programs, terminal};

use super::SOON;

const STEPS: &str = include_str!("session.steps");
/// Actions that another test drives, as they need what no session has: a poisoned event.
const ELSEWHERE: [&str; 2] = ["redrive", "discard"];
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

/// What is done, and what must be so afterwards.
#[derive(Debug)]
struct Step {
    actions: BTreeSet<&'static str>,
    keys: String,
    wanted: Vec<Wanted>,
}

#[derive(Debug, Clone, Copy)]
enum Wanted {
    /// On the screen.
    Text(&'static str),
    /// Not on it.
    None(&'static str),
    /// In the selected line.
    Selected(&'static str),
    /// The daemon's answer to a read has this text at this place.
    Daemon { path: &'static str, at: &'static str, is: &'static str },
    /// A file of this name was written.
    File(&'static str),
}

fn steps() -> Vec<Step> {
    let lines = STEPS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(step).collect()
}

fn step(line: &'static str) -> Step {
    let parts: Vec<&str> = line.split(" | ").collect();
    let [actions, keys, wanted] = parts[..] else { panic!("three parts are in {line:?}") };
    Step {
        actions: actions.split_whitespace().collect(),
        keys: typed(keys.trim()),
        wanted: wanted.split(" ; ").map(|text| self::wanted(text.trim())).collect(),
    }
}

/// `^X` is a control key, `\e` escape, `\r` enter, `\t` tab, `\s` space.
fn typed(keys: &str) -> String {
    let mut out = String::new();
    let mut chars = keys.chars();
    while let Some(c) = chars.next() {
        let next = if matches!(c, '\\' | '^') { chars.next() } else { None };
        out.push(match (c, next) {
            ('\\', Some('e')) => '\x1b',
            ('\\', Some('r')) => '\r',
            ('\\', Some('t')) => '\t',
            ('\\', Some('s')) => ' ',
            ('\\', Some('b')) => '\x7f',
            ('^', Some(key)) => char::from(key.to_ascii_uppercase() as u8 & 0x1f),
            (c, _) => c,
        });
    }
    out
}

fn wanted(text: &'static str) -> Wanted {
    if let Some(rest) = text.strip_prefix('@') {
        let mut words = rest.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_else(|| panic!("three words are in {text:?}"));
        return Wanted::Daemon { path: word(), at: word(), is: word() };
    }
    match text.split_at_checked(1) {
        Some(("!", rest)) => Wanted::None(rest),
        Some((">", rest)) => Wanted::Selected(rest),
        Some(("+", rest)) => Wanted::File(rest),
        _ => Wanted::Text(text),
    }
}

#[test]
fn every_action_has_a_step() {
    let done: BTreeSet<&str> = steps().iter().flat_map(|step| step.actions.clone()).collect();
    let all: BTreeSet<&str> = keymap::bindings().map(|binding| binding.action.name()).collect();
    let done: BTreeSet<&str> = done.into_iter().chain(ELSEWHERE).collect();
    let missing: Vec<_> = all.difference(&done).collect();
    assert!(missing.is_empty(), "no step of session.steps does {missing:?}");
    let unknown: Vec<_> = done.difference(&all).collect();
    assert!(unknown.is_empty(), "no key means {unknown:?}");
}

#[tokio::test]
async fn a_session_does_everything_a_key_can_mean() {
    bounded(async {
        for (columns, rows) in SIZES {
            session(columns, rows).await;
        }
    })
    .await;
}

async fn session(columns: u16, rows: u16) {
    let daemon = Daemon::start(Engine::Sqlite).await;
    let api = daemon.as_admin().await;
    for title in ["Checkout is slow", "Search is slow", "Disk is full"] {
        api.create_with(json!({ "title": title, "service": "search" })).await;
    }
    let lines: Vec<_> = (1..=60)
        .map(|line| {
            json!({ "level": if line % 2 == 0 { "err" } else { "info" },
            "message": format!("line {line} of 60") })
        })
        .collect();
    api.attach("INC-3", &json!(lines)).await;
    daemon.add_user("kim@example.test", "Kim", Role::Viewer).await;
    let home = tempfile::tempdir().unwrap();
    let editor = home.path().join("editor");
    fs::write(&editor, "echo written in the editor > \"$1\"").unwrap();
    let mut command = terminal::command(programs::path("watchfire"), home.path());
    command.env("EDITOR", format!("sh {}", editor.display()));
    for (name, value) in daemon.access(Role::Admin).await {
        command.env(name, value);
    }
    let mut client = Terminal::spawn(command, columns, rows);
    client.allow_mouse();
    client.wait_for_text("● live", SOON).await;
    client.wait_for_text("INC-3", SOON).await;
    for step in steps() {
        println!("{columns}×{rows}: {step:?}");
        let before = client.bytes_written();
        client.send(&step.keys);
        // Every key shows, also one whose sign stood there before.
        client.wait_until("a frame", SOON, |client| client.bytes_written() > before).await;
        for wanted in &step.wanted {
            check(*wanted, &client, &api, home.path()).await;
        }
        assert!(client.written(|written| written.strange().is_empty()), "{step:?}");
    }
    client.ended(SOON).await;
    assert_eq!(client.settings(), client.settings_before());
}

async fn check(wanted: Wanted, client: &Terminal, api: &Api, home: &std::path::Path) {
    let what = format!("{wanted:?}");
    match wanted {
        Wanted::Text(text) => client.wait_for_text(text, SOON).await,
        Wanted::None(text) => client.wait_for(&what, SOON, |screen| !screen.contains(text)).await,
        Wanted::Selected(text) => {
            let is_selected = |line: &str| line.contains('▌') && line.contains(text);
            client.wait_for(&what, SOON, |screen| screen.lines().any(is_selected)).await;
        }
        Wanted::Daemon { path, at, is } => {
            let looks = async || {
                let answer: Value = api.read(path).await.json();
                let found = answer.pointer(at).map(|value| match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                });
                (found.as_deref() == Some(is)).then_some(())
            };
            eventually(looks).await;
            // And the client knows, and has drawn it, also after a program that had the terminal.
            let waits = |line: &str| line.contains('▌') && line.contains('…');
            let knows = |screen: &str| screen.contains("? help") && !screen.lines().any(waits);
            client.wait_for(&what, SOON, knows).await;
        }
        Wanted::File(name) => {
            let written = async || {
                let files = fs::read_dir(home).unwrap().flatten();
                let mut names = files.map(|file| file.file_name().into_string().unwrap());
                names.any(|file| file.starts_with(name)).then_some(())
            };
            eventually(written).await;
        }
    }
}

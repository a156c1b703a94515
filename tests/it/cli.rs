//! The command line as a script uses it: its words, its exit codes, its pipes.

use std::io::Write;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;
use watchfire_shared::user::Role;
use watchfire_tests::{Daemon, Engine, bounded, eventually, programs};

const SOON: Duration = Duration::from_secs(10);

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The client as somebody who has not signed in.
fn stranger(daemon: &Daemon) -> Command {
    let home = daemon.state_dir().join("stranger");
    std::fs::create_dir_all(&home).unwrap();
    let mut command = Command::from(programs::command(programs::path("watchfire"), &home));
    command.env("WATCHFIRE_URL", daemon.url()).stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn run(command: &mut Command) -> Output {
    timeout(SOON * 3, command.output()).await.expect("it ends by itself").unwrap()
}

#[tokio::test]
async fn an_incident_from_open_to_closed_by_its_verbs() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let cli = async |arguments: &[&str]| {
            let output = daemon.cli(Role::Responder, arguments).await;
            assert!(output.status.success(), "{arguments:?}: {}", complaint(&output));
            said(&output)
        };
        assert_eq!(
            cli(&["new", "Checkout is slow", "-p", "high", "-l", "region=eu"]).await,
            "INC-1 opened: Checkout is slow\n"
        );
        assert_eq!(cli(&["ack", "inc-1"]).await, "INC-1 status open → investigating\n");
        assert_eq!(cli(&["ack", "INC-1"]).await, "INC-1 needs no change\n");
        let changed = cli(&["set", "INC-1", "--assign", "me", "--priority", "low"]).await;
        assert_eq!(changed, "INC-1 priority high → low, assigned nobody → responder\n");
        cli(&["comment", "INC-1", "rolling back"]).await;
        cli(&["resolve", "INC-1", "--note", "rolled back"]).await;
        cli(&["reopen", "INC-1"]).await;
        cli(&["resolve", "INC-1"]).await;
        cli(&["close", "INC-1"]).await;
        let shown = cli(&["show", "INC-1"]).await;
        for expected in ["“rolling back”", "investigating → resolved: rolled back", "region=eu"]
        {
            assert!(shown.contains(expected), "no {expected} in\n{shown}");
        }
        let list: Value =
            serde_json::from_str(&cli(&["ls", "status:closed", "--json"]).await).unwrap();
        assert_eq!(list["items"][0]["reference"], "INC-1");
        assert_eq!(list["total"], 1);
        assert!(cli(&["ls", "-status:closed"]).await.starts_with("No incidents match"));
    })
    .await;
}

#[tokio::test]
async fn lines_of_every_form_are_attached_and_followed() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await.reference.to_string();
        let token = daemon.add_token("responder@example.test").await;
        let mut follow = stranger(&daemon);
        follow.args(["logs", &incident, "--follow", "--json", "--min-level", "warn"]);
        let mut follow =
            follow.env("WATCHFIRE_TOKEN", &token).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
        for (text, expected) in [
            ("{\"message\":\"one\",\"level\":\"err\"}\n{\"message\":\"two\"}\n", "one"),
            ("[{\"message\":\"three\"},{\"message\":\"four\",\"level\":\"WARNING\"}]", "four"),
            ("2026-01-01 12:00:00 ERROR five\nno level: six\n", "2026-01-01 12:00:00 ERROR five"),
        ] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            let path = file.path().to_str().unwrap();
            let output = daemon.cli(Role::Responder, &["logs", &incident, "--attach", path]).await;
            assert_eq!(said(&output), format!("2 lines attached to {incident}\n"));
            let line = timeout(SOON, lines.next_line()).await.expect(expected).unwrap().unwrap();
            let line: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(line["message"], expected);
        }
        assert_eq!(api.logs(&incident, "").await.len(), 6);
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_is_kept_renewed_and_ended() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        daemon.add_user("dana@example.test", "dana", Role::Viewer).await;
        let sign_in = async |password: &str| {
            let mut command = stranger(&daemon);
            command.args(["login", "--email", "dana@example.test", "--password-stdin"]);
            let mut child = command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = child.stdin.take().unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut stdin, password.as_bytes()).await.unwrap();
            drop(stdin);
            timeout(SOON, child.wait_with_output()).await.unwrap().unwrap()
        };
        let wrong = sign_in("not the password\n").await;
        assert_eq!(wrong.status.code(), Some(4));
        assert!(complaint(&wrong).contains("wrong"), "{}", complaint(&wrong));
        let right = sign_in(&format!("{}\n", watchfire_tests::people::PASSWORD)).await;
        assert!(said(&right).contains("as dana (viewer)"), "{}", complaint(&right));

        // The access token is long over: several runs at once share one exchange.
        let folder = daemon.state_dir().join("stranger/.local/state/watchfire/sessions");
        let file = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let file = file.into_iter().find(|path| path.extension().is_some_and(|e| e == "json"));
        let file = file.expect("the sign-in is stored");
        let mut stored: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        stored["expires_at"] = json!(0);
        std::fs::write(&file, stored.to_string()).unwrap();
        let runs = (0..5).map(|_| async { run(stranger(&daemon).arg("ls")).await });
        for output in futures_util::future::join_all(runs).await {
            assert!(output.status.success(), "{}", complaint(&output));
        }
        let renewed: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert_ne!(renewed["refresh_token"], stored["refresh_token"]);

        assert_eq!(said(&run(stranger(&daemon).arg("logout")).await), "Signed out\n");
        assert_eq!(run(stranger(&daemon).arg("ls")).await.status.code(), Some(4));
    })
    .await;
}

#[tokio::test]
async fn the_cache_is_shown_at_work_looked_into_and_purged() {
    bounded(async {
        let daemon = Daemon::with_redis().await;
        let cache = async |role, words: &[&str]| {
            let words: Vec<&str> = ["cache"].iter().chain(words).copied().collect();
            daemon.cli(role, &words).await
        };
        let shown = cache(Role::Admin, &["demo"]).await;
        assert!(shown.status.success(), "{}", complaint(&shown));
        let shown = said(&shown);
        for title in ["Stampede  200 reads", "Walk  ", "Staleness  ", "Connections  ", "Distance  "]
        {
            assert!(shown.contains(title), "no {title} in\n{shown}");
        }
        let ours = shown.lines().find(|line| line.starts_with("Watchfire")).unwrap();
        assert_eq!(ours.split_whitespace().nth(1), Some("1"), "{shown}");

        let incident = daemon.as_responder().await.create("Checkout is slow").await;
        daemon.as_responder().await.get(incident.id).await;
        let listed = said(&cache(Role::Admin, &["keys", "--type", "incident"]).await);
        let row = listed.lines().nth(1).unwrap();
        assert!(row.starts_with("incident  value  "), "{listed}");
        let name = row.split_whitespace().last().unwrap();
        let left = said(&cache(Role::Admin, &["ttl", name]).await);
        assert!(left.contains(" s left, incident value, "), "{left}");
        assert_eq!(cache(Role::Admin, &["ttl", "nothing"]).await.status.code(), Some(3));

        let purged = said(&cache(Role::Admin, &["purge", "--old"]).await);
        assert_eq!(purged, "Nothing to remove\n");
        let purged = said(&cache(Role::Admin, &["purge", "--all"]).await);
        assert!(purged.starts_with("The epoch is raised"), "{purged}");
        let left = said(&cache(Role::Admin, &["ttl", name]).await);
        assert!(left.contains(" s left, incident stale, "), "{left}");
        for words in [&["demo"][..], &["keys"], &["ttl", name], &["purge", "--all"]] {
            assert_eq!(cache(Role::Viewer, words).await.status.code(), Some(4), "{words:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_demo_ends_by_itself_and_leaves_no_key() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let output = daemon.cli(Role::Admin, &["demo", "--speed", "fast", "--json"]).await;
        assert!(output.status.success(), "{}", complaint(&output));
        let told: Value = serde_json::from_str(&said(&output)).unwrap();
        let admin = daemon.as_admin().await;
        let incidents = admin.list("label=demo%3Atrue").await;
        assert_eq!(told["incidents"].as_array().unwrap().len(), incidents.items.len());
        assert!(incidents.items.iter().all(|one| one.title.starts_with("[demo] ")));
        let first = told["incidents"][0].as_str().unwrap();
        let alerts = admin.alerts(first).await;
        assert_eq!(alerts.len(), 2, "one group is one incident");
        let keys: Value = admin.read("/v1/admin/keys").await.json();
        for key in keys["items"].as_array().unwrap() {
            assert!(key["revoked_at"].is_string(), "{key}");
        }
        let viewer = daemon.cli(Role::Viewer, &["demo", "--speed", "fast"]).await;
        assert_eq!(viewer.status.code(), Some(4));
    })
    .await;
}

/// Its key is shown to nobody, and nobody would know that it is still good.
#[tokio::test]
async fn a_demo_that_is_told_to_end_leaves_no_key_either() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let admin = daemon.as_admin().await;
        let keys = async || admin.read("/v1/admin/keys").await.json()["items"].clone();
        let mut command = daemon.cli_command(Role::Admin, &["demo", "--speed", "slow"]).await;
        let mut demo = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        eventually(async || (keys().await[0]["revoked_at"].is_null()).then_some(())).await;
        eventually(async || (!admin.list("").await.items.is_empty()).then_some(())).await;
        let pid = programs::pid(demo.id().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert_eq!(timeout(SOON, demo.wait()).await.unwrap().unwrap().code(), Some(1));
        assert!(keys().await[0]["revoked_at"].is_string(), "{}", keys().await);
    })
    .await;
}

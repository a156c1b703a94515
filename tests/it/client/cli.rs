//! The command line: exit codes that programs can rely on, JSON, and following.

use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;
use watchfire_shared::cache::CacheStats;
use watchfire_shared::user::Role;
use watchfire_tests::{Daemon, Engine, both_engines, bounded};

use super::{SOON, printed};

/// It must end with this code and say these words on standard error.
#[track_caller]
fn assert_ends(output: &Output, code: i32, words: &[&str]) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(output.stdout.is_empty(), "{output:?}");
    for word in words {
        assert!(error.contains(word), "no {word:?} in {error}");
    }
}

both_engines! {
    async fn exit_codes_tell_failures_apart(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let run = async |arguments: &[&str]| daemon.cli(Role::Responder, arguments).await;
        let created = printed(&run(&["new", "Checkout is slow", "--priority", "high"]).await);
        assert!(created.contains("INC-1"), "{created}");
        assert!(printed(&run(&["ls"]).await).contains("Checkout is slow"));

        assert_ends(&run(&["resolve", "INC-1"]).await, 1, &["INC-1 is open", "ack"]);
        assert_ends(&run(&["set", "INC-1", "--status", "closed"]).await, 1, &["open"]);
        for wrong in [&["show", "42"][..], &["set", "INC-1"], &["burn"], &["ls", "--sort", "colour"]] {
            assert_ends(&run(wrong).await, 2, &[]);
        }
        assert_ends(&run(&["ls", "status:opn"]).await, 2, &["status:opn", "open"]);
        // What a shell leaves of `priority:>=high`.
        assert_ends(&run(&["ls", "priority:"]).await, 2, &["put the query in quotes"]);
        assert_ends(&run(&["redrive", "1"]).await, 2, &["36 characters", "dead-letters"]);
        assert_ends(&run(&["new", " "]).await, 2, &["title"]);
        assert_ends(&run(&["comment", "INC-1", ""]).await, 2, &["comment"]);
        assert_ends(&run(&["show", "INC-99"]).await, 3, &["watchfire: INC-99"]);
        let viewer = daemon.cli(Role::Viewer, &["new", "Not mine to open"]).await;
        assert_ends(&viewer, 4, &["watchfire: "]);
        let mut stranger = daemon.cli_command(Role::Viewer, &["ls"]).await;
        let unknown = stranger.env("WATCHFIRE_TOKEN", "wft_nobody").output().await.unwrap();
        assert_ends(&unknown, 4, &["WATCHFIRE_TOKEN: set another", "watchfire login"]);
        let unknown = stranger.env_remove("WATCHFIRE_TOKEN").output().await.unwrap();
        assert_ends(&unknown, 4, &["not signed in", "watchfire login"]);

        daemon.as_admin().await.acknowledge("INC-1").await;
        let late = ["set", "INC-1", "--status", "investigating", "--expect-status", "open"];
        assert_ends(&run(&late).await, 5, &["status", "investigating", "admin"]);
        let late = ["set", "INC-1", "--status", "resolved", "--expect-status", "open", "--json"];
        assert_ends(&run(&late).await, 5, &["status", "investigating", "admin"]);
        assert!(printed(&run(&["resolve", "INC-1", "--note", "rolled back"]).await).contains("resolved"));

        let mut lost = daemon.cli_command(Role::Viewer, &["ls"]).await;
        // Nobody can listen there.
        let lost = lost.env("WATCHFIRE_URL", "http://127.0.0.1:1").output().await.unwrap();
        assert_ends(&lost, 6, &["http://127.0.0.1:1", "WATCHFIRE_URL"]);
        let mut wrong = daemon.cli_command(Role::Viewer, &["ls"]).await;
        let wrong = wrong.env("WATCHFIRE_URL", "nonsense").output().await.unwrap();
        assert_ends(&wrong, 2, &["WATCHFIRE_URL"]);
    }
}

both_engines! {
    async fn the_cache_tells_what_it_did(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Read again and again").await.id;
        for _ in 0..30 {
            api.get(incident).await;
        }
        let run = async |arguments: &[&str]| {
            printed(&daemon.cli(Role::Viewer, &[&["cache", "stats"], arguments].concat()).await)
        };
        let (text, json) = (run(&[]).await, run(&["--json"]).await);
        let stats: CacheStats = serde_json::from_str(&json).unwrap();
        assert_eq!(stats.fleet.processes.len(), 1, "{json}");
        let words = match engine {
            Engine::Sqlite => {
                assert_eq!((stats.counts.hits, stats.counts.misses), (29, 1), "{json}");
                ["96.7 % in 5 minutes, excellent", "now 96.7 %", "29 reads saved"]
            }
            Engine::Postgres => {
                assert_eq!((stats.kind.as_str(), stats.counts.total), ("none", 0), "{json}");
                ["no cache", "PostgreSQL without Redis", "WATCHFIRE_REDIS_URL"]
            }
        };
        for word in words {
            assert!(text.contains(word), "no {word:?} in {text}");
        }
    }
}

#[tokio::test]
async fn every_answer_can_be_json() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let run = async |arguments: &[&str]| -> Value {
            let arguments = [arguments, &["--json"]].concat();
            let text = printed(&daemon.cli(Role::Responder, &arguments).await);
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
        };
        assert_eq!(
            run(&["new", "Disk is full", "--label", "host=db-1"]).await["reference"],
            "INC-1"
        );
        assert_eq!(run(&["ls", "status:open"]).await["total"], 1);
        assert_eq!(run(&["show", "INC-1"]).await["labels"]["host"], "db-1");
        assert_eq!(run(&["ack", "INC-1"]).await["status"], "investigating");
        assert_eq!(run(&["set", "INC-1", "--priority", "low"]).await["priority"], "low");
        assert_eq!(run(&["comment", "INC-1", "looking"]).await["body"], "looking");
        assert_eq!(run(&["logs", "INC-1"]).await["items"], json!([]));
        let positions: Vec<i64> = daemon
            .events_as_json()
            .await
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["position"].as_i64().unwrap())
            .collect();
        assert!(positions.len() >= 4 && positions.is_sorted(), "{positions:?}");
        assert_eq!(run(&["daemon", "status"]).await["running"], true);
    })
    .await;
}

#[tokio::test]
async fn a_reader_who_has_seen_enough_is_no_failure() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let api = daemon.as_responder().await;
        for number in 0..20 {
            // More in all than a pipe holds.
            let long = json!({ "title": format!("{number}"), "service": "x".repeat(80),
                "labels": { "long": "y".repeat(200) } });
            let incident = api.create_with(long).await.id;
            for _ in 0..5 {
                api.comment(incident, &"z".repeat(2_000)).await;
            }
        }
        api.attach("INC-1", &json!([{ "level": "err", "message": "timeout" }])).await;
        for line in [
            "ls",
            "ls --json",
            "show INC-1",
            "show INC-1 --json",
            "logs INC-1",
            "logs INC-1 --json",
            "logs INC-1 -f",
            "events",
            "events --json -n 1000",
            "events -f --after 0",
            "new another",
            "set INC-2 --priority high",
            "ack INC-2",
            "resolve INC-2",
            "reopen INC-2",
            "resolve INC-2",
            "close INC-2",
            "comment INC-1 seen",
            "assess INC-1",
            "assessments INC-1",
            "assessments INC-1 --json",
            "cache stats",
            "cache stats --json",
            "cache keys",
            "outbox",
            "outbox --json",
            "processes",
            "processes --json",
            "dead-letters",
            "dead-letters --json",
            "handover",
            "daemon status",
            "config check",
            "config show",
            "completions bash",
            "completions zsh",
            "completions fish",
            "man",
            "--help",
            "help ls",
            "--version",
        ] {
            let arguments: Vec<&str> = line.split(' ').collect();
            let mut command = daemon.cli_command(Role::Admin, &arguments).await;
            let mut process =
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            drop(process.stdout.take());
            let output = timeout(SOON, process.wait_with_output()).await.unwrap().unwrap();
            assert_ends(&output, 0, &[]);
            assert!(output.stderr.is_empty(), "{line}: {output:?}");
        }
    })
    .await;
}

/// A command that goes on, line by line; ends with this value.
struct Following {
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Following {
    async fn start(daemon: &Daemon, arguments: &[&str]) -> Self {
        let mut command = daemon.cli_command(Role::Viewer, arguments).await;
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { lines, _process: process }
    }

    async fn line(&mut self) -> String {
        let line = timeout(SOON, self.lines.next_line()).await.expect("a line comes");
        line.unwrap().expect("the command goes on")
    }

    async fn value(&mut self) -> Value {
        serde_json::from_str(&self.line().await).unwrap()
    }
}

#[tokio::test]
async fn logs_and_events_follow_also_over_a_restart() {
    bounded(async {
        let mut daemon = Daemon::start(Engine::Sqlite).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await;
        api.attach(incident.id, &json!([{ "message": "line 1" }, { "message": "line 2" }])).await;
        let mut logs = Following::start(&daemon, &["logs", "INC-1", "-f"]).await;
        let mut events =
            Following::start(&daemon, &["events", "-f", "--after", "0", "--json"]).await;
        let mut line = 0;
        let mut position = 0;
        for round in 0..3 {
            if round > 0 {
                let next = format!("line {}", line + 1);
                if round == 2 {
                    daemon.kill9().await;
                    daemon.restart().await;
                }
                api.attach(incident.id, &json!([{ "message": next }])).await;
            }
            let last = api.logs(incident.id, "limit=1000").await.len();
            while line < last {
                line += 1;
                let text = logs.line().await;
                assert!(text.ends_with(&format!("line {line}")), "{text}");
            }
            let head = api.events(0).await.head;
            while position < head {
                position += 1;
                assert_eq!(events.value().await["position"], position);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_view_brings_its_query_and_its_columns() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let api = daemon.as_responder().await;
        api.create("Checkout is slow").await;
        api.create("Search is slow").await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("watchfire")).unwrap();
        let view = "[views.mine]\nquery = \"search\"\ncolumns = [\"ref\", \"logs\", \"title\"]\n";
        std::fs::write(folder.path().join("watchfire/config.toml"), view).unwrap();
        let mut ls = daemon.cli_command(Role::Viewer, &["ls", "--view", "mine"]).await;
        let said = printed(&ls.env("XDG_CONFIG_HOME", folder.path()).output().await.unwrap());
        let lines: Vec<Vec<&str>> =
            said.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["REF", "LOGS", "TITLE"], "{said}");
        assert_eq!(lines[1..], [["INC-2", "0", "Search", "is", "slow"]], "{said}");
    })
    .await;
}

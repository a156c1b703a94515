//! The keys that the README promises, pressed as they stand there.

use std::fs;
use std::path::Path;

use serde_json::json;
use watchfire_shared::incident::Status;
use watchfire_shared::user::Role;
use watchfire_tests::{Daemon, Engine, bounded};

use super::{SIZES, SOON, clipboard};

const HEADING: &str = "### Ten incidents in fifteen keys";
const KEYS_MAX: usize = 15;

/// A row of the table: a key, and what the screen says then.
struct Step {
    key: String,
    seen: String,
}

fn script() -> Vec<Step> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("README.md");
    let text = fs::read_to_string(readme).unwrap();
    let (_, section) = text.split_once(HEADING).expect("the README has the script");
    let rows = section.lines().skip_while(|line| !line.starts_with("|---"));
    let rows = rows.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let code = |cell: &str| cell.trim_matches('`').to_owned();
        Step { key: code(cells[0]), seen: code(cells[2]) }
    })
    .collect()
}

#[tokio::test]
async fn ten_incidents_are_resolved_commented_and_handed_over_in_fifteen_keys() {
    bounded(async {
        for (columns, rows) in SIZES {
            in_fifteen_keys(columns, rows).await;
        }
    })
    .await;
}

async fn in_fifteen_keys(columns: u16, rows: u16) {
    let daemon = Daemon::start(Engine::Sqlite).await;
    let api = daemon.as_responder().await;
    let create = async |title: String, service: &str| {
        let body = json!({ "title": title, "service": service, "priority": "critical" });
        let reply = api.post("/v1/incidents", &body).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
    };
    for number in 0..5 {
        create(format!("Search is slow {number}"), "search").await;
    }
    for number in 0..10 {
        create(format!("Checkout is slow {number}"), "checkout").await;
    }
    let script = script();
    assert!((1..=KEYS_MAX).contains(&script.len()), "{} keys", script.len());
    let mut client = daemon.client(Role::Responder, columns, rows).await;
    client.wait_for_text("15 shown", SOON).await;
    for Step { key, seen } in &script {
        client.send(if key == "enter" { "\r" } else { key });
        client.wait_for_text(seen, SOON).await;
    }
    let all = api.list("").await.items;
    let related = all.iter().filter(|incident| incident.service == "checkout");
    let mut references = Vec::new();
    for incident in related {
        assert_eq!(incident.status, Status::Resolved, "{}", incident.reference);
        let timeline = api.timeline(incident.id).await;
        assert!(format!("{timeline:?}").contains("\"dns\""), "{timeline:?}");
        references.push(incident.reference.to_string());
    }
    assert_eq!(references.len(), 10);
    let others = all.iter().filter(|incident| incident.service == "search");
    assert!(others.clone().count() == 5 && others.clone().all(|it| it.status == Status::Open));

    let [copied] = &client.written(clipboard)[..] else { panic!("it is copied once") };
    for part in references.iter().map(String::as_str).chain(["dns", "10 resolved or closed"]) {
        assert!(copied.contains(part), "no {part} in {copied}");
    }
    let strangers = others.map(|incident| incident.reference.to_string());
    for stranger in strangers {
        let words = copied.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        assert!(!words.into_iter().any(|word| word == stranger), "{stranger} in {copied}");
    }
}

//! What a person at a terminal sees of events that cannot be handled, and does about them.

use std::time::Duration;

use serde_json::Value;
use watchfire_shared::user::Role;
use watchfire_tests::{Feed, every_feed};

use super::assessments;
use super::poison::{cure, poisoned, waiting};

/// A change is on the screen by then.
const SOON: Duration = Duration::from_secs(15);

every_feed! {
    async fn a_person_discards_it_from_the_screen(feed: Feed) {
        let (scene, api, _) = poisoned(feed).await;
        let mut client = scene.daemon.client(Role::Admin, 200, 60).await;
        client.wait_for_text("Poison", SOON).await;
        client.send("5");
        client.wait_for_text("it is poison", SOON).await;
        for shown in ["Pipeline", "assessment.requested", "waits for"] {
            client.wait_for_text(shown, SOON).await;
        }
        client.send("x");
        client.wait_for_text("for good: why?", SOON).await;
        client.send("of no use\r");
        waiting(&api, 0).await;
        client.wait_for("nothing that waits", SOON, |screen| !screen.contains("waits for an")).await;
        client.send("q");
    }

    async fn a_person_drives_it_again_from_the_command_line(feed: Feed) {
        let (scene, api, victim) = poisoned(feed).await;
        let run = async |role, line: &[&str]| {
            let output = scene.daemon.cli(role, line).await;
            let text = String::from_utf8(output.stdout).unwrap();
            (output.status.code(), text + &String::from_utf8_lossy(&output.stderr))
        };
        let (code, list) = run(Role::Viewer, &["dead-letters"]).await;
        assert_eq!(code, Some(0), "{list}");
        assert!(list.contains("it is poison") && list.contains("INC-1"), "{list}");
        let (_, list) = run(Role::Viewer, &["dead-letters", "--json"]).await;
        let list: Value = serde_json::from_str(&list).unwrap();
        let id = list["items"][0]["id"].as_str().unwrap().to_owned();
        let (code, processes) = run(Role::Viewer, &["processes"]).await;
        assert_eq!(code, Some(0), "{processes}");
        assert!(processes.contains(if feed == Feed::Kafka { "kafka" } else { "journal" }), "{processes}");
        assert_eq!(run(Role::Viewer, &["outbox"]).await.0, Some(0));

        assert_eq!(run(Role::Responder, &["redrive", &id]).await.0, Some(4));
        cure(&scene).await;
        let (code, told) = run(Role::Admin, &["redrive", &id]).await;
        assert_eq!(code, Some(0), "{told}");
        waiting(&api, 0).await;
        assert_eq!(run(Role::Admin, &["redrive", &id]).await.0, Some(3));
        assessments(&api, victim, 1).await;
        let (code, told) = run(Role::Viewer, &["assessments", "INC-1"]).await;
        assert!(code == Some(0) && told.contains("completed"), "{told}");
        let (code, told) = run(Role::Responder, &["assess", "INC-1"]).await;
        assert_eq!(code, Some(0), "{told}");
        assessments(&api, victim, 2).await;
    }
}

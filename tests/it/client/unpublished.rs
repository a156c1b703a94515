//! Events that the broker refused: listed with their cause, and published once more by a key or on the
//! command line.

use serde_json::Value;
use watchfire_shared::user::Role;
use watchfire_tests::{Daemon, Engine, bounded, eventually};

use super::{SIZES, SOON, printed};

/// As the relay does when a broker refuses the first events.
const REFUSED: &str = "update events set failed_at = occurred_at, attempts = 3, \
     last_error = 'the message is too large' where event_type = 'incident.created'";
const FAILED: &str = "select count(*) from events where failed_at is not null";

/// A daemon that publishes to a broker which never answers.
async fn daemon() -> Daemon {
    let setup = Daemon::setup(Engine::Sqlite).env("WATCHFIRE_KAFKA_BROKERS", "127.0.0.1:1");
    let daemon = setup.start().await;
    let api = daemon.as_responder().await;
    for title in ["Checkout is slow", "Search is slow"] {
        api.create(title).await;
    }
    daemon.behind(REFUSED).await;
    daemon
}

#[tokio::test]
async fn a_key_publishes_the_selected_one_once_more() {
    bounded(async {
        for (columns, rows) in SIZES {
            let daemon = daemon().await;
            let mut client = daemon.client(Role::Admin, columns, rows).await;
            client.wait_for_text("INC-2", SOON).await;
            client.send("5");
            client.wait_for_text("Not published 2", SOON).await;
            for shown in ["incident.created", "the message is too large", "3×", "0 published"] {
                client.wait_for_text(shown, SOON).await;
            }
            let of_two = |line: &str| line.contains('▌') && line.contains("INC-2");
            client.send("j");
            client.wait_for("INC-2", SOON, |screen| screen.lines().any(of_two)).await;
            client.send("d");
            client
                .wait_for_text("INC-2 v1 incident.created will be published once more", SOON)
                .await;
            assert_eq!(daemon.number(FAILED).await, 1);
            client.wait_for_text("gone", SOON).await;
            client.send("k");
            client.wait_for_text("Not published 1", SOON).await;
            client.send("\x03");
            client.ended(SOON).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_command_line_lists_them_and_publishes_one_once_more() {
    bounded(async {
        let daemon = daemon().await;
        let text = printed(&daemon.cli(Role::Viewer, &["outbox"]).await);
        for shown in ["INC-1", "INC-2", "incident.created", "3", "the message is too large"] {
            assert!(text.contains(shown), "no {shown} in {text}");
        }
        let text = printed(&daemon.cli(Role::Viewer, &["outbox", "--json"]).await);
        let status: Value = serde_json::from_str(&text).unwrap();
        let id = status["items"][0]["event_id"].as_str().unwrap();
        assert_eq!(status["items"][0]["cause"], "the message is too large");
        assert_eq!(status["items"][0]["event_type"], "incident.created");
        let refused = daemon.cli(Role::Responder, &["outbox", "retry", id]).await;
        assert_eq!(refused.status.code(), Some(4), "{refused:?}");
        assert_eq!(daemon.number(FAILED).await, 2);
        let told = printed(&daemon.cli(Role::Admin, &["outbox", "retry", id]).await);
        assert!(told.contains("will be published once more"), "{told}");
        eventually(async || (daemon.number(FAILED).await == 1).then_some(())).await;
        let again = daemon.cli(Role::Admin, &["outbox", "retry", id]).await;
        assert_eq!(again.status.code(), Some(3), "{again:?}");
    })
    .await;
}

//! What somebody may do is never cached: the next request, through any daemon, knows.
//!
//! `WATCHFIRE_REVOCATIONS=10000` is the long form.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use watchfire_shared::page::Page;
use watchfire_shared::user::{Role, UserOut};
use watchfire_tests::programs::number;
use watchfire_tests::{Api, Daemon, Stream, bounded};

/// A stream asks every five seconds whether its reader may still read.
const ENDED: Duration = Duration::from_secs(15);

#[tokio::test]
async fn who_lost_a_right_has_lost_it_in_their_next_request_through_any_daemon() {
    bounded(story()).await;
}

async fn story() {
    let one = Daemon::with_redis().await;
    let other = one.sibling().await;
    other.connected_to_redis().await;
    one.add_user("dana@example.test", "Dana", Role::Responder).await;
    let token = one.add_token("dana@example.test").await;
    let admins = [one.as_admin().await, other.as_admin().await];
    let danas = [one.as_holder_of(&token), other.as_holder_of(&token)];
    let incident = one.as_responder().await.create("Checkout is slow").await;
    let path = format!("/v1/incidents/{}", incident.id);
    let users: Page<UserOut> = admins[0].read("/v1/users").await.ok();
    let dana = users.items.iter().find(|user| user.name == "Dana").unwrap();
    let dana = format!("/v1/users/{}", dana.id);
    // Refused for what it asks where who asks may write.
    let write = async |api: &Api| {
        let request = api.request(Method::PATCH, &path).json(&json!({ "title": "Dana was here" }));
        request.header("if-match", "\"v0\"").send().await.status.as_u16()
    };
    for round in 0..number("WATCHFIRE_REVOCATIONS").unwrap_or(200) {
        for (role, expected) in [(Role::Viewer, 403), (Role::Responder, 412)] {
            let patch = json!({ "role": role });
            let request = admins[round % 2].request(Method::PATCH, &dana).json(&patch);
            assert_eq!(request.send().await.status, 200);
            assert_eq!(join_all(danas.iter().map(&write)).await, [expected; 2], "round {round}");
            for reply in join_all(admins.iter().map(|admin| admin.read(&dana))).await {
                assert_eq!(reply.ok::<UserOut>().role, role, "round {round}");
            }
        }
    }
    let streams = join_all(danas.iter().map(|dana| dana.stream(None))).await;
    let patch = json!({ "role": Role::Viewer });
    let changed = admins[0].request(Method::PATCH, &dana).json(&patch).send().await;
    assert_eq!(changed.status, 200);
    join_all(streams.into_iter().map(ends)).await;
    assert_eq!(admins[1].request(Method::DELETE, &dana).send().await.status, 204);
    assert_eq!(join_all(danas.iter().map(&write)).await, [401; 2]);
}

async fn ends(mut stream: Stream) {
    let ended = async { while stream.next_message(ENDED).await.is_some() {} };
    tokio::time::timeout(ENDED, ended).await.expect("a stream ends with the rights of its reader");
}

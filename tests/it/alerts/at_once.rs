//! Notifications that arrive at the same moment, through two daemons on one database.

use reqwest::Method;
use serde_json::Value;
use watchfire_shared::incident::Status;
use watchfire_shared::user::KeySource;
use watchfire_tests::{Api, Engine};

use super::{INGEST, One, World, fires, group, hosts, taken};

/// Every request at once, through both daemons by turns.
async fn at_once(senders: &[Api; 2], bodies: &[Value]) {
    let mut posts = tokio::task::JoinSet::new();
    for body in bodies {
        for sender in senders {
            let (sender, body) = (sender.clone(), body.clone());
            posts.spawn(async move { sender.post(INGEST, &body).await });
        }
    }
    for reply in posts.join_all().await {
        taken(&reply);
    }
}

#[tokio::test]
async fn two_replicas_that_post_a_new_group_at_once_open_one_incident() {
    let world = World::start(Engine::Postgres).await;
    let other = world.daemon.sibling().await;
    let key = world.daemon.add_key(KeySource::Alertmanager).await;
    let senders = [world.daemon.as_holder_of(&key), other.as_holder_of(&key)];
    let groups: Vec<String> = (0..20).map(|n| format!("group{n}")).collect();
    let names = hosts(20);
    let bodies = |end: Option<u32>| -> Vec<Value> {
        let each = groups.iter().zip(&names);
        each.map(|(key, name)| group(key, &[One { end, ..fires(name, 0) }])).collect()
    };
    at_once(&senders, &bodies(None)).await;
    let incidents = world.incidents().await;
    assert_eq!(incidents.len(), 20);
    for incident in &incidents {
        assert_eq!((incident.firing_alerts, incident.version), (1, 2));
        assert_eq!(world.alert(incident).await.repeats, 1);
    }
    at_once(&senders, &bodies(Some(5))).await;
    for incident in world.incidents().await {
        assert_eq!((incident.status, incident.version), (Status::Resolved, 5));
    }
}

#[tokio::test]
async fn groups_that_share_new_alerts_and_post_at_once_share_their_episodes() {
    let world = World::start(Engine::Postgres).await;
    let other = world.daemon.sibling().await;
    let key = world.daemon.add_key(KeySource::Alertmanager).await;
    let senders = [world.daemon.as_holder_of(&key), other.as_holder_of(&key)];
    let alerts = [fires("a", 0), fires("b", 0), fires("c", 0)];
    let reversed = [fires("c", 0), fires("b", 0), fires("a", 0)];
    let bodies = [group("one", &alerts), group("two", &reversed)];
    at_once(&senders, &bodies).await;
    let incident = world.only().await;
    let alerts = world.person.alerts(incident.id).await;
    assert_eq!(alerts.len(), 3);
    assert!(alerts.iter().all(|alert| alert.repeats == 3), "{alerts:?}");
}

#[tokio::test]
async fn deletions_and_notifications_at_once_do_not_stand_in_each_others_way() {
    let world = World::start(Engine::Postgres).await;
    let admin = world.daemon.as_admin().await;
    let hosts = hosts(40);
    let groups: Vec<String> = (0..20).map(|n| format!("group{n}")).collect();
    for (key, host) in groups.iter().zip(&hosts) {
        world.post(key, &[fires(host, 0)]).await;
    }
    let mut requests = tokio::task::JoinSet::new();
    let incidents = world.incidents().await;
    for ((incident, key), host) in incidents.iter().zip(&groups).zip(&hosts[20..]) {
        let (admin, path) = (admin.clone(), format!("/v1/incidents/{}", incident.id));
        requests.spawn(async move { admin.request(Method::DELETE, &path).send().await });
        let (sender, body) = (world.sender.clone(), group(key, &[fires(host, 0)]));
        requests.spawn(async move { sender.post(INGEST, &body).await });
    }
    for reply in requests.join_all().await {
        assert!(reply.status.is_success(), "{} {}", reply.status, reply.text());
    }
    // A new alert went with its incident, or has one of its own.
    for incident in world.incidents().await {
        assert_eq!((incident.firing_alerts, world.person.alerts(incident.id).await.len()), (1, 1));
    }
}

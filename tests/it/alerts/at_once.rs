//! Notifications that arrive at the same moment, through two daemons on one database.

use reqwest::Method;
use serde_json::Value;
use sqlx::{Executor, PgConnection};
use watchfire_shared::incident::Status;
use watchfire_shared::user::KeySource;
use watchfire_tests::{Api, Engine, eventually};

use super::{INGEST, One, World, fires, group, hosts, over, taken};

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

/// A lock on a row, held past the daemons until it is let go.
struct Held(PgConnection);

impl Held {
    async fn new(world: &World, statement: &'static str) -> Self {
        let mut connection = world.daemon.postgres().connect().await;
        connection.execute("begin").await.unwrap();
        connection.execute(statement).await.unwrap();
        Self(connection)
    }

    async fn let_go(mut self) {
        self.0.execute("rollback").await.unwrap();
    }
}

/// A deadlock is not resolved by the server, so that the test hangs on one and fails.
const NEVER_RESOLVED: &str = "do $$ begin execute format( \
     'alter database %I set deadlock_timeout = ''1h''', current_database()); end $$";
const WAITING: &str = "select count(*) from pg_stat_activity \
     where datname = current_database() and wait_event_type = 'Lock'";

/// Returns when so many statements wait for locks.
async fn waiting(world: &World, count: i64) {
    eventually(async || (world.daemon.number(WAITING).await == count).then_some(())).await;
}

#[tokio::test]
async fn two_replicas_with_different_news_of_a_group_open_one_incident() {
    let world = World::start(Engine::Postgres).await;
    let other = world.daemon.sibling().await;
    let key = world.daemon.add_key(KeySource::Alertmanager).await;
    world.post("eu", &[fires("a", 0)]).await;
    world.post("eu", &[over("a", 0, 5)]).await;

    let held = Held::new(&world, "select 1 from alert_groups for update").await;
    let mut posts = tokio::task::JoinSet::new();
    for (daemon, host) in [(&world.daemon, "b"), (&other, "c")] {
        let (sender, body) = (daemon.as_holder_of(&key), group("eu", &[fires(host, 9)]));
        posts.spawn(async move { sender.post(INGEST, &body).await });
    }
    waiting(&world, 2).await;
    held.let_go().await;
    for reply in posts.join_all().await {
        taken(&reply);
    }
    let [first, second] = &world.incidents().await[..] else { panic!("two incidents") };
    assert_eq!((first.status, second.status), (Status::Resolved, Status::Open));
    assert_eq!(second.firing_alerts, 2);
}

#[tokio::test]
async fn a_deletion_and_a_notification_do_not_lock_each_other_out() {
    let mut world = World::start(Engine::Postgres).await;
    world.daemon.behind(NEVER_RESOLVED).await;
    world.daemon.restart().await;
    world.post("eu", &[fires("a", 0)]).await;
    let incident = world.only().await;

    let held = Held::new(&world, "select 1 from incidents for update").await;
    let (admin, path) = (world.daemon.as_admin().await, format!("/v1/incidents/{}", incident.id));
    let mut both = tokio::task::JoinSet::new();
    both.spawn(async move { admin.request(Method::DELETE, &path).send().await });
    waiting(&world, 1).await;
    let (sender, body) = (world.sender.clone(), group("eu", &[fires("a", 0), fires("b", 1)]));
    both.spawn(async move { sender.post(INGEST, &body).await });
    waiting(&world, 2).await;
    held.let_go().await;
    for reply in both.join_all().await {
        assert!(reply.status.is_success(), "{} {}", reply.status, reply.text());
    }
    let news = world.only().await;
    assert_ne!(news.id, incident.id);
    assert_eq!(world.alert(&news).await.labels["instance"], "b");
}

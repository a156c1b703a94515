//! The main job: an alert fires, the incident appears on the open screen, is triaged from the
//! keyboard, and resolves when its alerts do.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use axum::routing::post;
use axum::{Json, Router};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use watchfire_shared::event::{ActorKind, Fact};
use watchfire_shared::incident::{Incident, Status};
use watchfire_shared::user::{KeySource, Role};
use watchfire_tests::alertmanager::Routing;
use watchfire_tests::{Alertmanager, Api, Daemon, Engine, Terminal, both_engines, eventually};

use super::{SOON, printed};

const A: [&str; 3] = ["alertname=CheckoutSlow", "instance=a", "severity=critical"];
const B: [&str; 3] = ["alertname=CheckoutSlow", "instance=b", "severity=critical"];
const TITLE: &str = "Checkout is slow";
const REPEATS: usize = 200;
const GROUPS: usize = 8;
/// From the notification to the screen.
const LIVE: Duration = Duration::from_secs(2);

/// What Alertmanager has told, when.
type Notices = mpsc::UnboundedReceiver<(Instant, Value)>;

both_engines! {
    async fn an_alert_becomes_a_triaged_incident(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (told, notices) = mpsc::unbounded_channel();
        let copy = async move |Json(body): Json<Value>| {
            // Nobody listens any more once the story is over.
            let _ = told.send((Instant::now(), body));
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(copy));
        tokio::select! {
            ended = async { axum::serve(listener, router).await } => ended.unwrap(),
            () = story(&daemon, url, notices) => {}
        }
    }

    async fn replicas_that_tell_the_same_at_once_make_one_incident(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let sibling = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(daemon.sibling().await),
        };
        let other = sibling.as_ref().unwrap_or(&daemon);
        let key = daemon.add_key(KeySource::Alertmanager).await;
        let replicas = [daemon.as_holder_of(&key), other.as_holder_of(&key)];
        let client = daemon.client(Role::Viewer, 80, 24).await;
        client.wait_for_text("Nothing is burning.", SOON).await;
        for group in 0..GROUPS {
            let body = new_group(group);
            let posts = replicas.iter().cycle().take(4).map(|replica| tell(replica, &body));
            join_all(posts).await;
        }

        let api = daemon.as_viewer().await;
        let page = api.list("").await;
        assert_eq!(page.total, i64::try_from(GROUPS).unwrap(), "{:?}", page.items);
        for incident in &page.items {
            let alerts = api.alerts(incident.id).await;
            assert_eq!((alerts.len(), alerts[0].repeats), (1, 3), "{alerts:?}");
        }
        let once = |screen: &str, group| {
            let title = format!("Group {group} burns");
            screen.matches(&title).count() == 1
        };
        client.wait_for("each group once", SOON, |screen| {
            (0..GROUPS).all(|group| once(screen, group))
        }).await;
    }
}

/// The first notification of a group, as Alertmanager writes it.
fn new_group(group: usize) -> Value {
    let labels = json!({ "alertname": format!("Group{group}"), "severity": "warning" });
    let annotations = json!({ "summary": format!("Group {group} burns") });
    json!({
        "version": "4", "groupKey": format!("{{}}:{{alertname=\"Group{group}\"}}"),
        "truncatedAlerts": 0, "status": "firing", "receiver": "watchfire",
        "groupLabels": { "alertname": labels["alertname"] }, "commonLabels": labels,
        "commonAnnotations": annotations, "externalURL": "http://alertmanager.test",
        "alerts": [{
            "status": "firing", "labels": labels, "annotations": annotations,
            "startsAt": "2030-01-31T12:00:00.123Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "", "fingerprint": format!("{group:016x}"),
        }],
    })
}

async fn tell(replica: &Api, body: &Value) {
    let reply = replica.post("/v1/ingest/alertmanager", body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

async fn story(daemon: &Daemon, copy: String, notices: Notices) {
    let key = daemon.add_key(KeySource::Alertmanager).await;
    let mut routing = Routing::to(&daemon.url(), &key);
    routing.webhooks.push(copy);
    let alertmanager = Alertmanager::start(&routing).await;
    let api = daemon.as_responder().await;
    let mut client = daemon.client(Role::Responder, 80, 24).await;
    client.wait_for_text("Nothing is burning.", SOON).await;
    client.wait_for_text("● live", SOON).await;

    let notice = it_appears_by_itself(&alertmanager, &client, notices).await;
    let incident = api.list("").await.items.remove(0);
    client.send("\r]]");
    client.wait_for_text("[Alerts 2]", SOON).await;
    client.wait_for_text("CheckoutSlow a", SOON).await;
    client.wait_for_text("CheckoutSlow b", SOON).await;
    repeats_only_count(&daemon.as_holder_of(&key), &api, &client, &notice).await;

    client.send("a");
    client.wait_for_text("◐ investigating", SOON).await;
    assert_eq!(api.get(incident.id).await.status, Status::Investigating);
    logs_are_followed(daemon, &api, &mut client, &incident).await;

    alertmanager.resolve(&A).await;
    alertmanager.resolve(&B).await;
    client.wait_for_text("● resolved", SOON).await;
    the_system_resolved_it(&api, &mut client, &incident).await;
    client.send("\x1b");
    client
        .wait_for("the row of a resolved incident", SOON, |screen| {
            screen.lines().any(|line| line.contains(TITLE) && line.contains("● resolved"))
        })
        .await;
}

/// Two alerts fire; answers the notification that tells both.
async fn it_appears_by_itself(
    alertmanager: &Alertmanager,
    client: &Terminal,
    mut notices: Notices,
) -> Value {
    let summary = format!("summary={TITLE}");
    alertmanager.fire(&A, &[&summary]).await;
    alertmanager.fire(&B, &[&summary]).await;
    let shown = async {
        client.wait_for_text("2 alerts firing", SOON).await;
        Instant::now()
    };
    let told = async {
        loop {
            let (at, notice) = notices.recv().await.unwrap();
            if notice["alerts"].as_array().unwrap().len() == 2 {
                return (at, notice);
            }
        }
    };
    let (shown, (told, notice)) = tokio::join!(shown, told);
    let late = shown.saturating_duration_since(told);
    assert!(late < LIVE, "on the screen {late:?} after the notification");
    assert_eq!(client.text().matches(TITLE).count(), 1, "{}", client.text());
    notice
}

/// The same notification again and again: one incident, and a counter on each alert's line.
async fn repeats_only_count(sender: &Api, api: &Api, client: &Terminal, notice: &Value) {
    let before = api.list("").await.items.remove(0);
    let told = serde_json::to_string(notice).unwrap();
    stream::iter(0..REPEATS)
        .for_each_concurrent(8, async |_| {
            let request = sender.request(Method::POST, "/v1/ingest/alertmanager");
            let reply = request.body("application/json", told.clone()).send().await;
            assert_eq!(reply.status, 200, "{}", reply.text());
        })
        .await;
    let page = api.list("").await;
    assert_eq!((page.total, &page.items[0]), (1, &before), "a repeat changes nothing");
    let alerts = api.alerts(before.id).await;
    assert_eq!(alerts.len(), 2);
    for alert in &alerts {
        assert!(alert.repeats >= i64::try_from(REPEATS).unwrap(), "{alert:?}");
        let counter = format!("×{}", alert.repeats + 1);
        client.wait_for_text(&counter, SOON).await;
    }
    assert_eq!(client.text().matches("! firing").count(), 2, "{}", client.text());
}

/// Lines attached over the API and by the command line come into the open pane.
async fn logs_are_followed(daemon: &Daemon, api: &Api, client: &mut Terminal, incident: &Incident) {
    client.send("]]");
    client.wait_for_text("[Logs 0]", SOON).await;
    let lines = json!([{ "level": "err", "source": "api", "message": "pool exhausted" }]);
    api.attach(incident.id, &lines).await;
    client.wait_for_text("pool exhausted", SOON).await;
    client.wait_for_text("following", SOON).await;

    let many: Vec<String> = (1..=40).map(|line| format!("retry {line} of 40")).collect();
    let file = daemon.state_dir().join("app.log");
    std::fs::write(&file, many.join("\n")).unwrap();
    let reference = incident.reference.to_string();
    let arguments = ["logs", &reference, "--attach", file.to_str().unwrap()];
    printed(&daemon.cli(Role::Responder, &arguments).await);
    client.wait_for_text("retry 40 of 40", SOON).await;
    client.wait_for_text("[Logs 41]", SOON).await;
}

async fn the_system_resolved_it(api: &Api, client: &mut Terminal, incident: &Incident) {
    // The logs are the last tab, and the timeline the second.
    client.send("]]");
    client
        .wait_for("the system's step", SOON, |screen| {
            screen
                .lines()
                .any(|line| line.contains(" system ") && line.trim_end().ends_with("  resolved"))
        })
        .await;
    client.wait_for_text("alert resolved CheckoutSlow b", SOON).await;
    let timeline = eventually(async || {
        let timeline = api.timeline(incident.id).await;
        matches!(timeline.last()?.fact, Fact::IncidentStatusChanged { .. }).then_some(timeline)
    })
    .await;
    let last = timeline.last().unwrap();
    let Fact::IncidentStatusChanged { from, to, .. } = &last.fact else { unreachable!() };
    assert_eq!((from, to), (&Status::Investigating, &Status::Resolved));
    assert_eq!(last.actor.kind, ActorKind::System);
    let now = api.get(incident.id).await;
    assert_eq!((now.status, now.firing_alerts), (Status::Resolved, 0));
}

//! The worker: assessments, and what becomes of events that cannot be handled.

mod person;
mod poison;
mod replay;

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::Executor;
use watchfire_shared::assessment::{Assessment, AssessmentStatus};
use watchfire_shared::event::{ActorKind, Event, Fact, Source};
use watchfire_shared::health::{Health, HealthStatus};
use watchfire_shared::ids::IncidentId;
use watchfire_shared::log::Level;
use watchfire_shared::page::Page;
use watchfire_tests::{
    Api, Daemon, Engine, Feed, Scene, both_engines, bounded, eventually, every_feed,
};

/// The assessments of an incident once none is under way and there are so many.
async fn assessments(api: &Api, incident: IncidentId, at_least: usize) -> Vec<Assessment> {
    eventually(async || {
        let page: Page<Assessment> =
            api.read(&format!("/v1/incidents/{incident}/assessments")).await.ok();
        let running = page.items.iter().any(|it| it.status == AssessmentStatus::InProgress);
        (page.items.len() >= at_least && !running).then_some(page.items)
    })
    .await
}

fn types(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.fact.event_type()).collect()
}

every_feed! {
    async fn an_incident_is_assessed_once_it_is_quiet(feed: Feed) {
        let scene = Scene::start(feed).await;
        let api = scene.daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await.id;
        for n in 0..5 {
            let lines = json!([
                {"message": "pool exhausted", "level": "error", "occurred_at": "2026-02-03T04:05:06Z"},
                {"message": format!("retry {n}"), "level": "warn", "occurred_at": "2026-02-03T04:06:00Z"},
            ]);
            api.attach(incident, &lines).await;
        }
        let found = assessments(&api, incident, 1).await;
        assert_eq!(found.len(), 1, "one for all that came at once");
        let assessment = &found[0];
        assert_eq!((assessment.status, assessment.progress), (AssessmentStatus::Completed, 100));
        assert_eq!(assessment.requested_by.kind, ActorKind::System);
        let summary = assessment.summary.clone().unwrap();
        assert_eq!(summary.lines, 10);
        assert_eq!(summary.counts, BTreeMap::from([(Level::Warn, 5), (Level::Error, 5)]));
        assert_eq!(summary.first_at.unwrap().to_rfc3339(), "2026-02-03T04:05:06+00:00");
        assert_eq!(summary.last_at.unwrap().to_rfc3339(), "2026-02-03T04:06:00+00:00");
        let top = &summary.top_messages[0];
        assert_eq!((top.level, top.message.as_str(), top.count), (Level::Error, "pool exhausted", 5));

        let timeline = api.timeline(incident).await;
        let [.., attached, requested, completed] = &timeline[..] else {
            panic!("{:?}", types(&timeline));
        };
        assert_eq!(
            types(&timeline[5..]),
            ["log.attached", "assessment.requested", "assessment.completed"],
        );
        assert_eq!(requested.caused_by, Some(attached.event_id));
        assert_eq!(completed.caused_by, Some(requested.event_id));
        assert_eq!((requested.source, completed.source), (Source::Worker, Source::Worker));
        assert!(matches!(&completed.fact, Fact::AssessmentCompleted { assessment: told, .. } if told == assessment));
        assert_eq!(api.get(incident).await.version, completed.version);

        scene.settled().await;
        let health: Health = eventually(async || {
            let health: Health = api.read("/v1/health").await.ok();
            (health.parts.worker.status == HealthStatus::Healthy).then_some(health)
        })
        .await;
        let source = if feed == Feed::Kafka { "kafka" } else { "journal" };
        assert_eq!(health.parts.worker.kind, source);
        let worker = eventually(async || {
            let processes = api.read("/v1/admin/processes").await.json();
            let items = processes["items"].as_array().unwrap().clone();
            let worker = items.into_iter().find(|it| it["figures"].get("worker").is_some())?;
            let worker = worker["figures"]["worker"].clone();
            (worker["lag"] == 0 && worker["handled"].as_i64() >= Some(8)).then_some(worker)
        })
        .await;
        assert_eq!((&worker["source"], &worker["parked"]), (&json!(source), &json!(0)));
        assert!(worker["rate_1m"].as_f64().unwrap() > 0.0);
    }

    async fn nothing_is_assessed_that_is_gone(feed: Feed) {
        let scene = Scene::start(feed).await;
        let api = scene.daemon.as_responder().await;
        // Making an admin takes longer than an incident is waited for.
        let admin = scene.daemon.as_admin().await;
        let gone = api.create("Deleted before it was quiet").await.id;
        admin.request(reqwest::Method::DELETE, &format!("/v1/incidents/{gone}")).send().await;
        let other = api.create("Still there").await.id;
        assessments(&api, other, 1).await;
        scene.settled().await;
        let journal = api.journal().await;
        let about_it = journal.iter().filter(|event| event.incident_id() == Some(gone));
        let kinds: Vec<_> = about_it.map(|event| event.fact.event_type()).collect();
        assert_eq!(kinds, ["incident.created", "incident.deleted"]);
    }
}

both_engines! {
    async fn a_person_asks_for_an_assessment(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await;
        let path = format!("/v1/incidents/{}/assessments", incident.reference);
        let viewer = daemon.as_viewer().await;
        let refused = viewer.request(reqwest::Method::POST, &path).send().await;
        assert_eq!((refused.status.as_u16(), refused.json()["code"].as_str()), (403, Some("forbidden")));
        let missing = api.request(reqwest::Method::POST, "/v1/incidents/INC-999999/assessments");
        assert_eq!(missing.send().await.status, 404);

        let asked = api.request(reqwest::Method::POST, &path).send().await;
        assert_eq!(asked.status, 202);
        let asked: Assessment = serde_json::from_value(asked.json()).unwrap();
        assert_eq!(asked.status, AssessmentStatus::InProgress);
        assert_eq!(asked.requested_by.kind, ActorKind::User);
        if daemon.is_postgres() {
            // Nobody works yet: the same one is still under way.
            let again = api.request(reqwest::Method::POST, &path).send().await;
            assert_eq!(again.json()["id"], json!(asked.id));
            let _worker = daemon.worker().await;
            done(&api, incident.id, &asked).await;
        } else {
            done(&api, incident.id, &asked).await;
        }
        let next = viewer.read(&format!("{path}?limit=1")).await.json();
        assert_eq!(next["items"][0]["id"], json!(asked.id));
        let rest = viewer.read(&format!("{path}?cursor={}", asked.id)).await.json();
        assert_eq!(rest["items"], json!([]));
        assert_eq!(viewer.read(&format!("{path}?cursor=x")).await.status, 400);
    }

    async fn a_bulk_upload_is_a_fact_of_its_own(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await.id;
        let lines = |count: usize| json!(vec![json!({"message": "pool exhausted"}); count]);
        api.attach(incident, &lines(999)).await;
        api.attach(incident, &lines(1_000)).await;
        let timeline = api.timeline(incident).await;
        assert_eq!(
            types(&timeline),
            ["incident.created", "log.attached", "log.attached", "batch.completed"],
        );
        let Fact::BatchCompleted { incident: after, kind, accepted, rejected, duration_ms } =
            &timeline[3].fact
        else {
            panic!("{:?}", timeline[3]);
        };
        assert_eq!((kind.as_str(), *accepted, *rejected), ("logs", 1_000, 0));
        assert!((0..30_000).contains(duration_ms), "{duration_ms}");
        assert_eq!((after.version, after.log_count), (4, 1_999));
        assert_eq!(api.get(incident).await.version, 4);
    }
}

async fn done(api: &Api, incident: IncidentId, asked: &Assessment) {
    let found = assessments(api, incident, 1).await;
    assert_eq!((found.len(), found[0].id), (1, asked.id));
    assert_eq!(found[0].summary.as_ref().map(|summary| summary.lines), Some(0));
}

/// A transaction that is held open stands in its own way.
#[tokio::test]
async fn an_incident_somebody_holds_is_assessed_later_and_others_at_once() {
    bounded(async {
        let scene = Scene::start(Feed::Journal).await;
        let api = scene.daemon.as_responder().await;
        let held = api.create("Held").await.id;
        assessments(&api, held, 1).await;
        api.attach(held, &json!({"message": "assess it again"})).await;
        let mut holder = scene.daemon.postgres().connect().await;
        holder
            .execute("begin; select * from incidents where title = 'Held' for update")
            .await
            .unwrap();
        let mut others = Vec::new();
        for n in 0..5 {
            others.push(api.create(&format!("Free {n}")).await.id);
        }
        for other in others {
            assessments(&api, other, 1).await;
        }
        let page: Page<Assessment> =
            api.read(&format!("/v1/incidents/{held}/assessments")).await.ok();
        assert_eq!(page.items.len(), 1, "nobody can work on what is held");
        holder.execute("rollback").await.unwrap();
        assessments(&api, held, 2).await;
    })
    .await;
}

/// With SQLite the worker is part of the daemon.
#[tokio::test]
async fn a_worker_of_its_own_needs_a_server_database() {
    let daemon = Daemon::start(Engine::Sqlite).await;
    let mut worker = daemon.command(watchfire_tests::programs::path("watchfired"));
    let output = worker.arg("worker").output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("WATCHFIRE_DATABASE_URL"), "{told}");
}

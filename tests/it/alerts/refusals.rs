//! Who may send what: hostile text is taken, what cannot be understood is refused.

use reqwest::Method;
use watchfire_shared::event::Source;
use watchfire_shared::problem::Code;
use watchfire_shared::user::KeySource;
use watchfire_tests::{Reply, both_engines};

use super::{INGEST, World, fires, group, taken};

both_engines! {
    async fn hostile_text_is_taken_and_no_more_than_fits(engine: Engine) {
        let world = World::start(engine).await;
        let mut body = group("eu", &[fires("a", 0)]);
        body["commonAnnotations"]["summary"] = format!("\u{1b}[2J\0{}", "e\u{301}".repeat(500)).into();
        body["commonLabels"]["service"] = "\u{202e}".repeat(200).into();
        body["groupKey"] = "k".repeat(20_000).into();
        body["alerts"][0]["annotations"]["summary"] = "\0".into();
        body["alerts"][0]["labels"]["\0"] = "x".repeat(5_000).into();
        taken(&world.sender.post(INGEST, &body).await);
        let incident = world.only().await;
        assert_eq!(incident.title.chars().count(), 200);
        assert!(incident.title.starts_with("\u{1b}[2J\u{fffd}e\u{301}"));
        assert_eq!(incident.service.chars().count(), 100);
        let alert = world.alert(&incident).await;
        assert_eq!(alert.annotations["summary"], "\u{fffd}");
        assert_eq!(alert.labels["\u{fffd}"].chars().count(), 500);
    }

    async fn what_no_broker_would_take_is_refused_before_it_is_stored(engine: Engine) {
        let world = World::start(engine).await;
        let mut body = group("eu", &[fires("a", 0)]);
        for n in 0..50 {
            // Four bytes each.
            body["alerts"][0]["annotations"][format!("text{n}")] = "\u{10348}".repeat(4_000).into();
        }
        for n in 0..45 {
            let value = "\u{10348}".repeat(500);
            body["alerts"][0]["labels"][format!("label{n}")] = value.clone().into();
            body["commonLabels"][format!("label{n}")] = value.into();
        }
        let problem = world.sender.post(INGEST, &body).await.refused(Code::PayloadTooLarge);
        assert!(problem.detail.contains("900000 can travel"), "{}", problem.detail);
        assert!(world.incidents().await.is_empty());
        world.post("eu", &[fires("a", 0)]).await;
        world.only().await;
    }

    async fn only_its_own_key_may_send_and_only_what_can_be_read(engine: Engine) {
        let world = World::start(engine).await;
        let good = group("eu", &[fires("a", 0)]);
        world.daemon.as_nobody().post(INGEST, &good).await.refused(Code::Unauthenticated);
        let wrong = world.daemon.as_holder_of(&"x".repeat(32));
        wrong.post(INGEST, &good).await.refused(Code::Unauthenticated);
        world.daemon.as_viewer().await.post(INGEST, &good).await.refused(Code::Forbidden);
        world.daemon.as_admin().await.post(INGEST, &good).await.refused(Code::Forbidden);
        let logs = world.daemon.add_key(KeySource::Logs).await;
        world.daemon.as_holder_of(&logs).post(INGEST, &good).await.refused(Code::Forbidden);

        let raw = async |body: &'static str| -> Reply {
            let request = world.sender.request(Method::POST, INGEST);
            request.body("application/json", body).send().await
        };
        raw("{").await.refused(Code::MalformedJson);
        raw("").await.refused(Code::MalformedJson);
        let version3 = raw(r#"{"version": "3", "groupKey": 7, "alerts": []}"#).await;
        let problem = version3.refused(Code::Validation);
        assert_eq!(problem.errors[0].field, "version");
        raw(r#"{"text": "a template of its own"}"#).await.refused(Code::Validation);
        raw(r#"[{"labels": {"alertname": "x"}}]"#).await.refused(Code::Validation);
        let mut bad = good.clone();
        bad["alerts"][0]["startsAt"] = "soon".into();
        let problem = world.sender.post(INGEST, &bad).await.refused(Code::Validation);
        assert_eq!(problem.errors[0].field, "alerts[0].startsAt");
        assert!(world.incidents().await.is_empty());

        let generic = world.daemon.add_key(KeySource::Generic).await;
        taken(&world.daemon.as_holder_of(&generic).post(INGEST, &good).await);
        let incident = world.only().await;
        assert_eq!(incident.source, Source::Alertmanager);
    }
}

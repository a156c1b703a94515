//! The life of an incident through the real daemon, on both engines.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use watchfire_shared::event::Fact;
use watchfire_shared::incident::Status;
use watchfire_shared::log::Level;
use watchfire_shared::problem::Code;
use watchfire_shared::user::KeySource;
use watchfire_tests::{Daemon, both_engines};

const SOON: Duration = Duration::from_secs(10);

both_engines! {
    async fn from_open_to_closed_on_timeline_stream_and_journal(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let mut stream = api.stream(None).await;
        let hello = stream.hello(SOON).await;

        let incident = api.create("Checkout is slow").await;
        assert_eq!((incident.status, incident.version), (Status::Open, 1));
        assert_eq!(api.acknowledge(incident.id).await.status, Status::Investigating);
        api.comment(incident.id, "rolling back").await;
        let lines = json!([{"level": "err", "message": "timeout"}, {"message": "retry"}]);
        assert_eq!(api.attach(incident.id, &lines).await.accepted, 2);
        api.resolve(incident.reference).await;
        let closed = api.close(incident.reference).await;

        let timeline = api.timeline(incident.id).await;
        let versions: Vec<i64> = timeline.iter().map(|event| event.version).collect();
        assert_eq!(versions, (1..=closed.version).collect::<Vec<_>>());
        for expected in &timeline {
            let live = stream.next_about(incident.id, SOON).await;
            assert!(live.position > Some(hello.position));
            assert_eq!((live.event_id, &live.fact), (expected.event_id, &expected.fact));
        }
        let journal = api.journal().await;
        let ours = journal.iter().filter(|event| event.aggregate_id == incident.id.0);
        assert!(ours.map(|event| event.event_id).eq(timeline.iter().map(|event| event.event_id)));
        assert!(matches!(&timeline[0].fact, Fact::IncidentCreated { .. }));

        let logs = api.logs(incident.id, "min_level=error").await;
        assert_eq!((logs.len(), logs[0].level), (1, Level::Error));
        assert_eq!(api.list("status=closed").await.total, 1);
        api.patch(incident.id, json!({"status": "open"})).await.refused(Code::InvalidTransition);
    }

    async fn what_was_acknowledged_is_there_after_a_kill(engine: Engine) {
        let mut daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let before = api.create("Written before the power went").await;
        let acknowledged = api.acknowledge(before.id).await;
        daemon.kill9().await;
        daemon.restart().await;
        assert_eq!(api.get(before.reference).await, acknowledged);
        assert_eq!(api.timeline(before.id).await.len(), 2);
        api.resolve(before.id).await;
        daemon.stop().await;
    }

    async fn everybody_may_do_what_their_role_allows(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let path = "/v1/incidents";
        let body = json!({"title": "Disk is full"});
        daemon.as_nobody().post(path, &body).await.refused(Code::Unauthenticated);
        daemon.as_viewer().await.post(path, &body).await.refused(Code::Forbidden);
        let incident = daemon.as_responder().await.create("Disk is full").await;
        let one = format!("{path}/{}", incident.id);
        let remove =
            async |api: watchfire_tests::Api| api.request(Method::DELETE, &one).send().await;
        remove(daemon.as_responder().await).await.refused(Code::Forbidden);
        assert_eq!(remove(daemon.as_admin().await).await.status, 204);
        daemon.as_viewer().await.read(&one).await.refused(Code::NotFound);

        let key = daemon.add_key(KeySource::Alertmanager).await;
        daemon.as_holder_of(&key).read(path).await.refused(Code::Forbidden);
    }
}

#[tokio::test]
async fn two_daemons_on_one_database_show_the_same() {
    let one = Daemon::start(watchfire_tests::Engine::Postgres).await;
    let other = one.sibling().await;
    let mut stream = other.as_viewer().await.stream(None).await;
    stream.hello(SOON).await;
    let incident = one.as_responder().await.create("Seen on the other side").await;
    assert_eq!(stream.next_about(incident.id, SOON).await.version, 1);
    assert_eq!(other.as_viewer().await.get(incident.reference).await, incident);
}

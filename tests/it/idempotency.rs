//! A command sent twice under one key is done once, and answered twice.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use watchfire_shared::incident::{Comment, Incident};
use watchfire_shared::log::LogsAccepted;
use watchfire_shared::problem::Code;
use watchfire_shared::user::UserOut;
use watchfire_tests::people::PASSWORD;
use watchfire_tests::{Api, Daemon, Engine, Reply, both_engines};

async fn send(api: &Api, method: Method, path: &str, key: &str, body: &Value) -> Reply {
    let request = api.request(method, path).header("idempotency-key", key);
    request.json(body).send().await
}

async fn post(api: &Api, path: &str, key: &str, body: &Value) -> Reply {
    send(api, Method::POST, path, key, body).await
}

#[track_caller]
fn assert_same(one: &Reply, other: &Reply) {
    assert!(one.status.is_success(), "{}", one.text());
    assert_eq!((one.status, one.text()), (other.status, other.text()));
    for name in ["etag", "location", "content-type"] {
        assert_eq!(one.header(name), other.header(name), "{name}");
    }
}

both_engines! {
    async fn the_same_again_is_the_same_answer_and_nothing_else_is(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (api, admin) = (daemon.as_responder().await, daemon.as_admin().await);
        let body = json!({ "title": "Checkout is slow", "labels": { "a": "b" } });
        let first = post(&api, "/v1/incidents", "k-1", &body).await;
        let incident: Incident = first.ok();
        // What has happened since does not show in the answer that is given again.
        let changed = api.acknowledge(incident.id).await;
        let again = post(&api, "/v1/incidents", "k-1", &body).await;
        assert_same(&first, &again);
        assert_eq!(api.get(incident.id).await, changed, "answering again is no write");
        for other in [json!({ "title": "Other" }), json!({ "title": "Checkout is slow" })] {
            post(&api, "/v1/incidents", "k-1", &other).await.refused(Code::IdempotencyConflict);
        }
        assert_eq!(api.list("").await.total, 1);

        // A key belongs to who sent it, and to where.
        let theirs: Incident = post(&admin, "/v1/incidents", "k-1", &body).await.ok();
        assert_ne!(theirs.id, incident.id);
        let path = format!("/v1/incidents/{}/comments", incident.id);
        let comment: Comment = post(&api, &path, "k-1", &json!({ "body": "x" })).await.ok();
        let other_path = format!("/v1/incidents/{}/comments", theirs.id);
        let other: Comment = post(&api, &other_path, "k-1", &json!({ "body": "x" })).await.ok();
        assert_ne!(comment.id, other.id);
        assert_same(
            &post(&api, &path, "k-1", &json!({ "body": "x" })).await,
            &post(&api, &path, "k-1", &json!({ "body": "x" })).await,
        );
        assert_eq!(api.get(incident.id).await.version, 3);

        for key in ["", "two words", &"x".repeat(256), "é"] {
            let refused = post(&api, "/v1/incidents", key, &body).await.refused(Code::Validation);
            assert_eq!(refused.errors[0].field, "Idempotency-Key");
        }
    }

    async fn twenty_at_once_have_one_effect_and_one_answer(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let body = json!({ "title": "Checkout is slow" });
        let replies = join_all((0..20).map(|_| post(&api, "/v1/incidents", "k-1", &body))).await;
        for reply in &replies {
            assert_same(&replies[0], reply);
        }
        let incident: Incident = replies[0].ok();
        assert_eq!(api.list("").await.total, 1);

        let path = format!("/v1/incidents/{}", incident.id);
        let patch =
            json!({ "status": "investigating", "note": "mine", "expect": { "status": "open" } });
        let replies =
            join_all((0..20).map(|_| send(&api, Method::PATCH, &path, "k-1", &patch))).await;
        for reply in &replies {
            assert_same(&replies[0], reply);
        }
        let logs = format!("{path}/logs");
        let lines = json!([{ "message": "one" }, { "message": "two" }]);
        let replies = join_all((0..20).map(|_| post(&api, &logs, "k-1", &lines))).await;
        for reply in &replies {
            assert_same(&replies[0], reply);
        }
        assert_eq!(replies[0].ok::<LogsAccepted>().last_seq, 2);
        assert_eq!(api.timeline(incident.id).await.len(), 3);
        assert_eq!(api.get(incident.id).await.log_count, 2);
    }

    async fn a_change_is_not_made_twice_whatever_came_between(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (api, admin) = (daemon.as_responder().await, daemon.as_admin().await);
        let incident = api.create("Checkout is slow").await;
        let by_reference = format!("/v1/incidents/{}", incident.reference);
        let patch = json!({ "priority": "critical" });
        let guarded = async || {
            let request = api.request(Method::PATCH, &by_reference).header("if-match", "\"v1\"");
            request.header("idempotency-key", "k-1").json(&patch).send().await
        };
        let first = guarded().await;
        assert_eq!(first.ok::<Incident>().version, 2);
        admin.patch(incident.id, json!({ "priority": "low" })).await.ok::<Incident>();
        let again = guarded().await;
        assert_same(&first, &again);
        let now = api.get(incident.id).await;
        assert_eq!(
            (now.version, now.priority.as_str()),
            (3, "low"),
            "the first answer, no new change"
        );

        // What was refused was not done: the key is still free.
        let refused = json!({ "status": "closed" });
        let path = format!("/v1/incidents/{}", incident.id);
        send(&api, Method::PATCH, &path, "k-2", &refused).await.refused(Code::InvalidTransition);
        let right = json!({ "status": "investigating" });
        send(&api, Method::PATCH, &path, "k-2", &right).await.ok::<Incident>();

        for (path, key) in [(&path, "k-3"), (&by_reference, "k-4")] {
            let doomed = api.create("Doomed").await;
            let path = path.replace(&incident.id.to_string(), &doomed.id.to_string());
            let path = path.replace(&incident.reference.to_string(), &doomed.reference.to_string());
            for _ in 0..2 {
                let deleted = send(&admin, Method::DELETE, &path, key, &json!({})).await;
                assert_eq!(deleted.status, 204, "{path}: {}", deleted.text());
            }
            admin.request(Method::DELETE, &path).send().await.refused(Code::NotFound);
        }
    }

    async fn secrets_are_answered_once_and_never_kept(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let admin = daemon.as_admin().await;
        let user = json!({ "email": "dana@example.test", "name": "dana", "role": "viewer",
            "password": "a password of hers" });
        let first = post(&admin, "/v1/users", "k-1", &user).await;
        assert_same(&first, &post(&admin, "/v1/users", "k-1", &user).await);
        let dana: UserOut = first.ok();

        let token = json!({ "name": "script", "user_id": dana.id });
        let key = json!({ "name": "prometheus", "source": "alertmanager" });
        for (path, body) in [("/v1/admin/tokens", &token), ("/v1/admin/keys", &key)] {
            let before = admin.read(path).await.json()["items"].as_array().unwrap().len();
            let replies = join_all((0..5).map(|_| post(&admin, path, "k-2", body))).await;
            let made: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 201).collect();
            assert_eq!(made.len(), 1, "{path}");
            for reply in replies.iter().filter(|reply| reply.status != 201) {
                reply.refused(Code::IdempotencyConflict);
            }
            assert_eq!(made[0].header("cache-control"), "no-store");
            let after = admin.read(path).await.json()["items"].as_array().unwrap().len();
            assert_eq!(after, before + 1, "{path}");
        }
        let login = json!({ "email": "dana@example.test", "password": "a password of hers" });
        let nobody = daemon.as_nobody();
        let wrong = json!({ "email": "dana@example.test", "password": PASSWORD });
        post(&nobody, "/v1/auth/login", "k-3", &wrong).await.refused(Code::Unauthenticated);
        assert_eq!(post(&nobody, "/v1/auth/login", "k-3", &login).await.status, 200);
        post(&nobody, "/v1/auth/login", "k-3", &login).await.refused(Code::IdempotencyConflict);
        assert_eq!(post(&nobody, "/v1/auth/login", "k-4", &login).await.status, 200);

        let kept = "select count(*) from idempotency_keys where cast(answer as text) like '%secret%' \
            or cast(answer as text) like '%password%' or cast(answer as text) like '%_token%'";
        assert_eq!(daemon.number(kept).await, 0);
        assert!(daemon.number("select count(*) from idempotency_keys").await >= 3);
    }

    async fn a_key_is_free_again_after_a_day(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let body = json!({ "title": "Checkout is slow" });
        let first: Incident = post(&api, "/v1/incidents", "k-1", &body).await.ok();
        daemon.behind("update idempotency_keys set created_at = '2020-01-01T00:00:00+00:00'").await;
        let second = post(&api, "/v1/incidents", "k-1", &body).await;
        assert_ne!(second.ok::<Incident>().id, first.id);
        assert_same(&second, &post(&api, "/v1/incidents", "k-1", &body).await);
    }
}

/// Two daemons on one database know of each other's requests.
#[tokio::test]
async fn a_key_means_the_same_to_every_daemon() {
    let daemon = Daemon::start(Engine::Postgres).await;
    let api = daemon.as_responder().await;
    let sibling = daemon.sibling().await;
    let other = sibling.as_responder().await;
    let body = json!({ "title": "Checkout is slow" });
    let replies = join_all((0..20).map(async |n| {
        let api = if n % 2 == 0 { &api } else { &other };
        post(api, "/v1/incidents", "k-1", &body).await
    }))
    .await;
    for reply in &replies {
        assert_same(&replies[0], reply);
    }
    assert_eq!(api.list("").await.total, 1);
}

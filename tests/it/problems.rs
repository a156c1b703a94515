//! Every refusal is a problem body that says what was wrong, and changes nothing.

use reqwest::Method;
use serde_json::{Value, json};
use watchfire_shared::incident::{Incident, Status};
use watchfire_shared::problem::{Code, FieldError};
use watchfire_tests::{Api, Daemon, Engine, Reply, both_engines};

/// The one field a refusal names.
#[track_caller]
fn one(reply: &Reply, code: Code) -> FieldError {
    let mut errors = reply.refused(code).errors;
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

/// Nothing of it moved: neither the incident nor its timeline.
async fn assert_untouched(api: &Api, before: &Incident) {
    let now = api.get(before.id).await;
    assert_eq!(&now, before);
    let versions: Vec<i64> = api.timeline(before.id).await.iter().map(|e| e.version).collect();
    assert_eq!(versions, (1..=before.version).collect::<Vec<_>>());
}

async fn patch_under(api: &Api, incident: &Incident, etag: &str, patch: &Value) -> Reply {
    let path = format!("/v1/incidents/{}", incident.id);
    api.request(Method::PATCH, &path).header("if-match", etag).json(patch).send().await
}

both_engines! {
    async fn a_patch_that_breaks_a_rule_is_refused_and_changes_nothing(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let open = api.create("Checkout is slow").await;

        let step = api.patch(open.id, json!({ "status": "resolved" })).await;
        let error = one(&step, Code::InvalidTransition);
        assert_eq!(error.field, "status");
        assert!(step.problem().detail.contains("investigating"), "{:?}", step.problem());
        for empty in [json!({}), json!({ "expect": { "status": "open" } })] {
            api.patch(open.id, empty).await.refused(Code::EmptyPatch);
        }
        // A legal change in the same patch does not survive the illegal one.
        let both = json!({ "priority": "low", "title": "Gone", "status": "closed" });
        api.patch(open.id, both).await.refused(Code::InvalidTransition);
        assert_untouched(&api, &open).await;

        for field in ["status", "priority", "title", "description", "service", "labels", "note"] {
            let error = one(&api.patch(open.id, json!({ field: null })).await, Code::Validation);
            assert_eq!(error.field, field);
        }
        for (patch, field) in [
            (json!({ "title": "" }), "title"),
            (json!({ "title": "x".repeat(201) }), "title"),
            (json!({ "description": "x".repeat(20_001) }), "description"),
            (json!({ "service": "x".repeat(101) }), "service"),
            (json!({ "labels": { "": "x" } }), "labels"),
            (json!({ "labels": { "a": "x".repeat(501) } }), "labels.a"),
            (json!({ "labels": { "a": 5 } }), "labels.a"),
            (json!({ "note": "  " }), "note"),
            (json!({ "status": "done" }), "status"),
            (json!({ "priority": 3 }), "priority"),
            (json!({ "assigned_to": "dana" }), "assigned_to"),
            (json!({ "assigned_to": uuid::Uuid::now_v7() }), "assigned_to"),
            (json!({ "title": "a NUL \0" }), "title"),
        ] {
            let error = one(&api.patch(open.id, patch).await, Code::Validation);
            assert_eq!(error.field, field);
        }
        for (patch, field) in [
            (json!({ "colour": "red" }), "colour"),
            (json!({ "priority": "low", "version": 3 }), "version"),
            (json!({ "priority": "low", "expect": { "service": "x" } }), "expect.service"),
        ] {
            assert_eq!(one(&api.patch(open.id, patch).await, Code::UnknownField).field, field);
        }
        assert_untouched(&api, &open).await;
    }

    async fn guards_that_no_longer_hold_say_what_changed_who_did_it_and_when(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (api, admin) = (daemon.as_responder().await, daemon.as_admin().await);
        let before = api.create("Checkout is slow").await;
        let now: Incident = admin
            .patch(before.id, json!({ "status": "investigating", "priority": "critical" }))
            .await
            .ok();
        let timeline = api.timeline(before.id).await;
        let when = |kind: &str| {
            timeline.iter().find(|event| event.fact.event_type() == kind).unwrap().occurred_at
        };

        let stale = patch_under(&api, &before, "\"v1\"", &json!({ "title": "New" })).await;
        let error = one(&stale, Code::VersionMismatch);
        assert_eq!(error.actual, Some(json!(now.version)));
        assert_eq!(error.changed_by.unwrap().name, "admin");
        assert_eq!(error.changed_at, Some(timeline.last().unwrap().occurred_at));
        let odd = patch_under(&api, &before, "v1", &json!({ "title": "New" })).await;
        assert_eq!(one(&odd, Code::Validation).field, "If-Match");

        let expect = json!({ "status": "open", "priority": "medium", "title": before.title });
        let patch = json!({ "status": "investigating", "expect": expect });
        let failed = api.patch(before.id, patch).await.refused(Code::ExpectationFailed);
        let fields: Vec<&str> = failed.errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["status", "priority"], "the title still holds: {failed:?}");
        for (error, actual, kind) in [
            (&failed.errors[0], "investigating", "incident.status_changed"),
            (&failed.errors[1], "critical", "incident.updated"),
        ] {
            assert_eq!(error.actual, Some(json!(actual)));
            assert_eq!(error.changed_by.as_ref().unwrap().name, "admin");
            assert_eq!(error.changed_at, Some(when(kind)));
        }
        let me = admin.read("/v1/users/me").await.json();
        let assigned: Incident =
            admin.patch(before.id, json!({ "assigned_to": me["id"] })).await.ok();
        let patch = json!({ "note": "mine", "expect": { "assigned_to": null } });
        let error = one(&api.patch(before.id, patch).await, Code::ExpectationFailed);
        assert_eq!(error.actual, Some(json!({ "id": me["id"], "name": "admin" })));
        assert_eq!(error.version, Some(assigned.version));

        assert_untouched(&api, &assigned).await;
        let held = json!({ "title": "Held", "expect": { "status": "investigating" } });
        let etag = format!("\"v{}\"", assigned.version);
        assert_eq!(patch_under(&api, &before, &etag, &held).await.ok::<Incident>().title, "Held");
    }

    async fn who_may_not_and_what_is_not_there(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (api, viewer) = (daemon.as_responder().await, daemon.as_viewer().await);
        let incident = api.create("Checkout is slow").await;
        let path = format!("/v1/incidents/{}", incident.id);

        let writes = [
            (Method::POST, "/v1/incidents".to_owned(), json!({ "title": "x" })),
            (Method::PATCH, path.clone(), json!({ "priority": "low" })),
            (Method::POST, format!("{path}/comments"), json!({ "body": "x" })),
            (Method::POST, format!("{path}/logs"), json!({ "message": "x" })),
        ];
        for (method, path, body) in &writes {
            let refused = viewer.request(method.clone(), path).json(body).send().await;
            refused.refused(Code::Forbidden);
            let nobody = daemon.as_nobody().request(method.clone(), path).json(body).send().await;
            nobody.refused(Code::Unauthenticated);
            assert_eq!(nobody.header("www-authenticate"), "Bearer");
        }
        for token in ["wft_nothing", "x", "e30.e30.e30", &"k".repeat(32)] {
            daemon.as_holder_of(token).read(&path).await.refused(Code::Unauthenticated);
        }
        let basic = daemon.as_nobody().request(Method::GET, &path);
        let basic = basic.header("authorization", "Basic dGVzdDp0ZXN0").send().await;
        basic.refused(Code::Unauthenticated);
        // The token is asked for before anything else is looked at.
        daemon
            .as_nobody()
            .post("/v1/incidents", &json!({ "no": 1 }))
            .await
            .refused(Code::Unauthenticated);

        for name in
            [uuid::Uuid::now_v7().to_string(), "INC-999".into(), "nonsense".into(), "INC-".into()]
        {
            let path = format!("/v1/incidents/{name}");
            api.read(&path).await.refused(Code::NotFound);
            api.patch(&name, json!({ "priority": "low" })).await.refused(Code::NotFound);
            api.post(&format!("{path}/comments"), &json!({ "body": "x" }))
                .await
                .refused(Code::NotFound);
            api.post(&format!("{path}/logs"), &json!({ "message": "x" }))
                .await
                .refused(Code::NotFound);
            for part in ["timeline", "logs", "alerts"] {
                api.read(&format!("{path}/{part}")).await.refused(Code::NotFound);
            }
            let delete = daemon.as_admin().await.request(Method::DELETE, &path).send().await;
            delete.refused(Code::NotFound);
        }
        assert_untouched(&api, &incident).await;
    }

    async fn what_is_not_a_request_of_ours(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let json_body = |text: &str| {
            api.request(Method::POST, "/v1/incidents").body("application/json", text.to_owned())
        };
        for text in ["", "{", r#"{"title":"x"}}"#, "{\"title\":\"\u{1}\"}", "\u{feff}{}"] {
            json_body(text).send().await.refused(Code::MalformedJson);
        }
        let cases = [
            ("[]", Code::Validation, "body"),
            ("null", Code::Validation, "body"),
            ("{}", Code::Validation, "title"),
            (r#"{"title":1}"#, Code::Validation, "title"),
            (r#"{"title":"a","title":"b"}"#, Code::Validation, "title"),
            (r#"{"title":"a","status":"open"}"#, Code::UnknownField, "status"),
            (r#"{"title":"a","labels":null}"#, Code::Validation, "labels"),
        ];
        for (text, code, field) in cases {
            assert_eq!(one(&json_body(text).send().await, code).field, field, "{text}");
        }

        let put = api.request(Method::PUT, "/v1/incidents").send().await;
        put.refused(Code::MethodNotAllowed);
        let mut allowed: Vec<&str> = put.header("allow").split(',').map(str::trim).collect();
        allowed.sort_unstable();
        assert_eq!(allowed, ["GET", "HEAD", "POST"]);
        api.read("/v1/nothing").await.refused(Code::NotFound);
        let form = api.request(Method::POST, "/v1/incidents");
        form.body("application/x-www-form-urlencoded", "title=x")
            .send()
            .await
            .refused(Code::UnsupportedMediaType);
        let html = api.request(Method::GET, "/v1/incidents").header("accept", "text/html");
        html.send().await.refused(Code::NotAcceptable);
        let large = format!(r#"{{"title":"{}"}}"#, "x".repeat(1024 * 1024));
        let refused = json_body(&large).send().await;
        refused.refused(Code::PayloadTooLarge);
        // Else the next request on it would be lost.
        assert_eq!(refused.header("connection"), "close");
        let wide = api.request(Method::GET, "/v1/incidents").header("x-wide", "x".repeat(20_000));
        wide.send().await.refused(Code::HeadersTooLarge);

        for (path, code, field) in [
            ("/v1/incidents?colour=red", Code::UnknownField, "colour"),
            ("/v1/incidents?limit=1&limit=2", Code::Validation, "limit"),
            ("/v1/incidents/counts?x=1", Code::UnknownField, "x"),
            ("/v1/events?after=-1", Code::Validation, "after"),
        ] {
            assert_eq!(one(&api.read(path).await, code).field, field, "{path}");
        }
        let named = api.request(Method::GET, "/v1/incidents/x").header("x-request-id", "mine-1");
        assert_eq!(named.send().await.problem().request_id, "mine-1");
        assert_eq!(api.list("").await.total, 0, "none of these made an incident");
    }
}

/// The status machine over HTTP: every step there is, and none of the others.
#[tokio::test]
async fn only_the_steps_of_the_status_machine_are_taken() {
    let daemon = Daemon::start(Engine::Sqlite).await;
    let api = daemon.as_responder().await;
    let way = |to: Status| -> &[Status] {
        match to {
            Status::Open => &[],
            Status::Investigating => &[Status::Investigating],
            Status::Resolved => &[Status::Investigating, Status::Resolved],
            Status::Closed => &[Status::Investigating, Status::Resolved, Status::Closed],
        }
    };
    let legal = [
        (Status::Open, Status::Investigating),
        (Status::Investigating, Status::Open),
        (Status::Investigating, Status::Resolved),
        (Status::Resolved, Status::Investigating),
        (Status::Resolved, Status::Closed),
    ];
    for from in Status::ALL {
        for to in Status::ALL {
            let incident = api.create("Checkout is slow").await;
            for step in way(*from) {
                api.set_status(incident.id, *step).await;
            }
            let before = api.get(incident.id).await;
            let reply = api.patch(incident.id, json!({ "status": to })).await;
            if from == to {
                assert_eq!(reply.ok::<Incident>(), before, "equal values change nothing");
            } else if legal.contains(&(*from, *to)) {
                assert_eq!(reply.ok::<Incident>().status, *to);
            } else {
                reply.refused(Code::InvalidTransition);
                assert_untouched(&api, &before).await;
            }
        }
    }
}

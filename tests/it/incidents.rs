//! The life of an incident: created, changed, commented, deleted, and what its timeline says of it.

use reqwest::Method;
use serde_json::{Value, json};
use watchfire_shared::event::{Event, Fact, Source};
use watchfire_shared::incident::{Incident, Priority, Status};
use watchfire_shared::problem::Code;
use watchfire_shared::user::{Role, UserOut};
use watchfire_tests::{Api, Daemon, Reply, both_engines};

async fn get_known(api: &Api, incident: &Incident, tags: &str) -> Reply {
    let path = format!("/v1/incidents/{}", incident.id);
    api.request(Method::GET, &path).header("if-none-match", tags).send().await
}

fn kinds(timeline: &[Event]) -> Vec<&str> {
    timeline.iter().map(|event| event.fact.event_type()).collect()
}

/// The timeline is 1, 2, 3 … up to the incident, which is what its last fact says.
async fn assert_timeline_tells(api: &Api, incident: &Incident) -> Vec<Event> {
    let timeline = api.timeline(incident.id).await;
    let versions: Vec<i64> = timeline.iter().map(|event| event.version).collect();
    assert_eq!(versions, (1..=incident.version).collect::<Vec<_>>());
    for pair in timeline.windows(2) {
        assert!(pair[0].occurred_at <= pair[1].occurred_at, "time runs backwards");
    }
    let last = timeline.last().unwrap();
    assert_eq!(last.fact.incident(), Some(&incident.summary()));
    timeline
}

both_engines! {
    async fn a_new_incident_has_what_was_given_and_sound_defaults(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let me: UserOut = api.read("/v1/users/me").await.ok();

        let reply = api.post("/v1/incidents", &json!({ "title": "  Checkout is slow \n" })).await;
        let plain: Incident = reply.ok();
        assert_eq!((reply.status.as_u16(), reply.etag()), (201, "\"v1\""));
        assert_eq!(reply.header("location"), format!("/v1/incidents/{}", plain.id));
        assert_eq!(plain.title, "Checkout is slow");
        assert_eq!(plain.reference.to_string(), "INC-1");
        assert_eq!((plain.status, plain.priority), (Status::Open, Priority::Medium));
        assert_eq!(plain.description.as_deref(), Some(""));
        assert!(plain.service.is_empty() && plain.labels.is_empty() && plain.assigned_to.is_none());
        assert_eq!((plain.created_by.id, plain.source), (Some(me.id.0), Source::Api));
        assert_eq!(
            (plain.version, plain.log_count, plain.firing_alerts, plain.score),
            (1, 0, 0, None)
        );
        assert_eq!(plain.created_at, plain.updated_at);
        assert_eq!((plain.acknowledged_at, plain.resolved_at, plain.closed_at), (None, None, None));
        assert_eq!(api.read(reply.header("location")).await.ok::<Incident>(), plain);

        let full = api.create_with(json!({
            "title": "é".repeat(200), "description": "Since noon\n", "priority": "critical",
            "service": " checkout ", "labels": { "region": "eu", "команда": "" }, "assigned_to": me.id,
        })).await;
        assert_eq!(full.reference.to_string(), "INC-2");
        assert_eq!(full.priority, Priority::Critical);
        assert_eq!(full.service, "checkout");
        assert_eq!(full.description.as_deref(), Some("Since noon\n"));
        assert_eq!(json!(full.labels), json!({ "region": "eu", "команда": "" }));
        let assignee = full.assigned_to.clone().unwrap();
        assert_eq!((assignee.id, assignee.name.as_str()), (me.id, "responder"));
        assert_eq!(api.get("inc-2").await, full, "a reference in any case names it");

        let page = api.list("sort=reference").await;
        assert_eq!(page.items, [full.summary(), plain.summary()]);
        let text = api.read("/v1/incidents").await.text();
        assert!(!text.contains("description"), "a list leaves descriptions out: {text}");
        let unknown = json!({ "title": "x", "assigned_to": uuid::Uuid::now_v7() });
        let refused = api.post("/v1/incidents", &unknown).await.refused(Code::Validation);
        assert_eq!(refused.errors[0].field, "assigned_to");
        assert_eq!(
            api.create("Third").await.reference.to_string(),
            "INC-3",
            "no number is skipped"
        );
    }

    async fn absent_null_and_set_differ_and_equal_values_change_nothing(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let me: UserOut = api.read("/v1/users/me").await.ok();
        let first = api
            .create_with(json!({
                "title": "Checkout is slow", "description": "d", "service": "checkout",
                "labels": { "region": "eu" }, "assigned_to": me.id,
            }))
            .await;

        // Several facts of one command: each has its version, and they come together.
        let all = json!({
            "title": " Checkout is down ", "description": "", "service": "", "priority": "high",
            "labels": {}, "assigned_to": null, "status": "investigating", "note": "on it",
        });
        let reply = api.patch(first.id, all.clone()).await;
        let changed: Incident = reply.ok();
        assert_eq!(reply.etag(), "\"v4\"");
        assert_eq!(changed.version, 4);
        assert_eq!((changed.title.as_str(), changed.service.as_str()), ("Checkout is down", ""));
        assert_eq!(changed.description.as_deref(), Some(""));
        assert!(changed.labels.is_empty() && changed.assigned_to.is_none());
        assert_eq!(changed.status, Status::Investigating);
        assert!(changed.updated_at > first.updated_at);
        assert_eq!(changed.acknowledged_at, Some(changed.updated_at));
        let timeline = assert_timeline_tells(&api, &changed).await;
        let expected = [
            "incident.created",
            "incident.updated",
            "incident.assigned",
            "incident.status_changed",
        ];
        assert_eq!(kinds(&timeline), expected);
        let Fact::IncidentUpdated { changes, .. } = &timeline[1].fact else {
            panic!("{timeline:?}")
        };
        let names: Vec<&String> = changes.keys().collect();
        assert_eq!(names, ["description", "labels", "priority", "service", "title"]);
        assert_eq!(changes["priority"].from, json!("medium"));
        assert_eq!(changes["description"].from, json!({ "length": 1, "start": "d" }));
        let Fact::IncidentAssigned { from, to, .. } = &timeline[2].fact else {
            panic!("{timeline:?}")
        };
        assert_eq!((from.as_ref().unwrap().id, to), (me.id, &None));
        let Fact::IncidentStatusChanged { note, .. } = &timeline[3].fact else {
            panic!("{timeline:?}")
        };
        assert_eq!(note.as_deref(), Some("on it"), "the note belongs to the step");

        let mut equal = all;
        equal.as_object_mut().unwrap().remove("note");
        let reply = api.patch(first.id, equal).await;
        assert_eq!((reply.status.as_u16(), reply.etag()), (200, "\"v4\""));
        assert_eq!(reply.ok::<Incident>(), changed);
        assert_eq!(assert_timeline_tells(&api, &changed).await.len(), 4);

        // What is not named stays.
        let again: Incident = api.patch(first.id, json!({ "assigned_to": me.id })).await.ok();
        assert_eq!(again.assigned_to.as_ref().map(|user| user.id), Some(me.id));
        let expected = Incident {
            assigned_to: again.assigned_to.clone(),
            version: 5,
            updated_at: again.updated_at,
            ..changed
        };
        assert_eq!(again, expected);
    }

    async fn words_go_with_a_step_or_stand_alone(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let first = api.create("Checkout is slow").await;
        let noted: Incident = api.patch(first.id, json!({ "note": "seen" })).await.ok();
        // A note with an equal status is bound to no change: it is a comment.
        let equal = json!({ "status": "open", "note": "still" });
        api.patch(first.id, equal).await.ok::<Incident>();
        let comment = api.comment("INC-1", "a\nb").await;
        assert_eq!((comment.version, comment.incident_id), (4, first.id));
        assert_eq!((comment.body.as_str(), comment.author.name.as_str()), ("a\nb", "responder"));
        assert_eq!(noted.updated_at, first.updated_at, "words change nothing of the incident");

        let now = api.get(first.id).await;
        let timeline = assert_timeline_tells(&api, &now).await;
        let bodies: Vec<&str> = timeline
            .iter()
            .skip(1)
            .map(|event| match &event.fact {
                Fact::IncidentCommented { body, .. } => body.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(bodies, ["seen", "still", "a\nb"]);
        let Fact::IncidentCommented { comment_id, .. } = &timeline[3].fact else { unreachable!() };
        assert_eq!(*comment_id, comment.id);
        for (body, code) in [
            (json!({ "body": "" }), Code::Validation),
            (json!({ "body": "x".repeat(20_001) }), Code::Validation),
            (json!({ "body": "x", "author": "dana" }), Code::UnknownField),
        ] {
            api.post("/v1/incidents/INC-1/comments", &body).await.refused(code);
        }
    }

    async fn times_follow_the_status(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let id = api.create("Checkout is slow").await.id;
        let taken = api.acknowledge(id).await;
        let acknowledged = taken.acknowledged_at.unwrap();
        assert_eq!(acknowledged, taken.updated_at);
        let back = api.set_status(id, Status::Open).await;
        assert_eq!(
            back.acknowledged_at,
            Some(acknowledged),
            "handing back forgets no acknowledgement"
        );
        api.acknowledge(id).await;
        let resolved = api.resolve(id).await;
        assert_eq!(resolved.resolved_at, Some(resolved.updated_at));
        let reopened = api.set_status(id, Status::Investigating).await;
        assert_eq!((reopened.resolved_at, reopened.acknowledged_at), (None, Some(acknowledged)));
        api.resolve(id).await;
        let closed = api.close(id).await;
        assert!(closed.resolved_at.unwrap() < closed.closed_at.unwrap());
        let before = closed.updated_at;
        let commented = api.comment(id, "afterwards").await;
        let now = api.get(id).await;
        assert_eq!((now.version, now.updated_at), (commented.version, before));
        assert_timeline_tells(&api, &now).await;
    }

    async fn a_reader_who_has_the_version_gets_304(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await;
        for tags in ["\"v1\"", "W/\"v1\"", "\"v9\", \"v1\"", "*"] {
            let reply = get_known(&api, &incident, tags).await;
            assert_eq!((reply.status.as_u16(), reply.etag(), reply.body.len()), (304, "\"v1\"", 0));
        }
        api.acknowledge(incident.id).await;
        let reply = get_known(&api, &incident, "\"v1\"").await;
        assert_eq!((reply.ok::<Incident>().version, reply.etag()), (2, "\"v2\""));
        get_known(&api, &incident, "v2").await.refused(Code::Validation);
    }

    async fn a_deleted_incident_is_gone_with_all_that_hung_on_it_but_its_events(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (api, admin) = (daemon.as_responder().await, daemon.as_admin().await);
        // Not found is an answer that must not outlive the creation.
        api.read("/v1/incidents/INC-1").await.refused(Code::NotFound);
        let gone = api.create_with(json!({ "title": "Gone soon", "labels": { "a": "b" } })).await;
        let kept = api.create("Kept").await;
        assert_eq!(api.get("INC-1").await, gone);
        for id in [gone.id, kept.id] {
            api.attach(id, &json!([{ "message": "one" }, { "message": "two" }])).await;
        }
        let path = format!("/v1/incidents/{}", gone.id);
        api.request(Method::DELETE, &path).send().await.refused(Code::Forbidden);
        let deleted = admin.request(Method::DELETE, &path).send().await;
        assert_eq!((deleted.status.as_u16(), deleted.body.len()), (204, 0));

        for name in [gone.id.to_string(), "INC-1".to_owned()] {
            for part in ["", "/timeline", "/logs", "/alerts"] {
                api.read(&format!("/v1/incidents/{name}{part}")).await.refused(Code::NotFound);
            }
            api.patch(&name, json!({ "priority": "low" })).await.refused(Code::NotFound);
        }
        assert_eq!(api.list("").await.items, [api.get(kept.id).await.summary()]);
        assert_eq!(api.list("label=a:b").await.total, 0);
        assert_eq!(api.list("q=gone").await.total, 0);
        let lines: Value = api.read("/v1/logs").await.json();
        assert_eq!(lines["items"].as_array().unwrap().len(), 2, "only the other one's: {lines}");

        let journal = watchfire_tests::eventually(async || {
            let journal = api.journal().await;
            journal
                .iter()
                .any(|event| matches!(event.fact, Fact::IncidentDeleted { .. }))
                .then_some(journal)
        })
        .await;
        let of_it: Vec<Event> =
            journal.into_iter().filter(|event| event.aggregate_id == gone.id.0).collect();
        assert_eq!(kinds(&of_it), ["incident.created", "log.attached", "incident.deleted"]);
        assert_eq!(of_it.iter().map(|event| event.version).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(of_it[2].actor.name, "admin");
        assert_eq!(of_it[2].fact.incident().unwrap().title, "Gone soon");
        assert_eq!(
            api.create("Next").await.reference.to_string(),
            "INC-3",
            "a number is never reused"
        );
    }

    async fn work_is_given_to_active_people_only(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (api, admin) = (daemon.as_responder().await, daemon.as_admin().await);
        daemon.add_user("dana@example.test", "dana", Role::Viewer).await;
        let people = admin.read("/v1/users").await.json();
        let dana =
            people["items"].as_array().unwrap().iter().find(|user| user["name"] == "dana").unwrap();
        let incident = api.create("Checkout is slow").await;
        let given: Incident =
            api.patch(incident.id, json!({ "assigned_to": dana["id"] })).await.ok();
        assert_eq!(given.assigned_to.unwrap().name, "dana");
        let path = format!("/v1/users/{}", dana["id"].as_str().unwrap());
        assert_eq!(admin.request(Method::DELETE, &path).send().await.status, 204);
        let refused = api.patch(incident.id, json!({ "assigned_to": dana["id"] })).await;
        assert_eq!(refused.refused(Code::Validation).errors[0].field, "assigned_to");
        let refused =
            api.post("/v1/incidents", &json!({ "title": "x", "assigned_to": dana["id"] })).await;
        assert_eq!(refused.refused(Code::Validation).errors[0].field, "assigned_to");
    }
}

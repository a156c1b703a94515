//! People: what others see of them, how they change, and how they go.

use reqwest::Method;
use serde_json::{Value, json};
use watchfire_shared::event::Fact;
use watchfire_shared::incident::Status;
use watchfire_shared::page::Page;
use watchfire_shared::problem::Code;
use watchfire_shared::user::{Role, UserOut, UserStatus};
use watchfire_tests::people::PASSWORD;
use watchfire_tests::{Api, Daemon, Reply, both_engines};

async fn people(api: &Api) -> Vec<UserOut> {
    api.read("/v1/users").await.ok::<Page<UserOut>>().items
}

async fn named(api: &Api, name: &str) -> UserOut {
    people(api).await.into_iter().find(|user| user.name == name).unwrap()
}

async fn change(api: &Api, user: &UserOut, patch: Value) -> Reply {
    api.request(Method::PATCH, &format!("/v1/users/{}", user.id)).json(&patch).send().await
}

async fn delete(api: &Api, user: &UserOut) -> Reply {
    api.request(Method::DELETE, &format!("/v1/users/{}", user.id)).send().await
}

async fn sign_in(daemon: &Daemon, email: &str, password: &str) -> Reply {
    let login = json!({ "email": email, "password": password });
    daemon.as_nobody().post("/v1/auth/login", &login).await
}

/// The embedded owner is an admin too; without them a test's own admins are all there are.
async fn only_admin(daemon: &Daemon) -> (Api, UserOut) {
    let admin = daemon.as_admin().await;
    if !daemon.is_postgres() {
        let owner = named(&admin, "owner").await;
        assert_eq!(delete(&admin, &owner).await.status, 204);
    }
    let me = named(&admin, "admin").await;
    (admin, me)
}

both_engines! {
    async fn an_e_mail_is_seen_by_admins_and_by_oneself(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (viewer, admin) = (daemon.as_viewer().await, daemon.as_admin().await);
        let me: UserOut = viewer.read("/v1/users/me").await.ok();
        assert_eq!(me.email.as_deref(), Some("viewer@example.test"));
        assert_eq!((me.role, me.status), (Role::Viewer, UserStatus::Active));
        let own: UserOut = viewer.read(&format!("/v1/users/{}", me.id)).await.ok();
        assert_eq!(own.email, me.email);
        let text = viewer.read("/v1/users").await.text();
        assert!(
            text.contains("\"viewer\"") && !text.contains('@') && !text.contains("email"),
            "{text}"
        );
        assert!(people(&admin).await.iter().all(|user| user.email.is_some()));
        let whole = admin.read("/v1/users").await.text();
        assert!(!whole.contains("password") && !whole.contains("argon2"), "{whole}");
        let events = viewer.read("/v1/events").await.text();
        assert!(!events.contains("@example.test"), "{events}");
    }

    async fn people_are_added_and_changed_by_admins_and_a_little_by_themselves(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (admin, viewer) = (daemon.as_admin().await, daemon.as_viewer().await);
        let new = |email: &str| {
            json!({
            "email": email, "name": " dana ", "role": "responder", "password": "a password of hers" })
        };
        let reply = admin.post("/v1/users", &new("Dana@Example.test")).await;
        let dana: UserOut = reply.ok();
        assert_eq!((reply.status.as_u16(), dana.name.as_str()), (201, "dana"));
        assert_eq!(reply.header("location"), format!("/v1/users/{}", dana.id));
        assert_eq!(dana.email.as_deref(), Some("dana@example.test"));
        assert_eq!(dana.last_login_at, None);
        assert_eq!(admin.read(reply.header("location")).await.ok::<UserOut>(), dana);

        for taken in ["dana@example.test", "DANA@example.test ", "viewer@example.test"] {
            let refused = admin.post("/v1/users", &new(taken)).await.refused(Code::Conflict);
            assert_eq!(refused.errors[0].field, "email");
        }
        let refused = change(&admin, &dana, json!({ "email": "viewer@example.test" })).await;
        assert_eq!(refused.refused(Code::Conflict).errors[0].field, "email");
        for (patch, code, field) in [
            (json!({ "email": "nobody" }), Code::Validation, "email"),
            (json!({ "name": "  " }), Code::Validation, "name"),
            (json!({ "name": "a\nb" }), Code::Validation, "name"),
            (json!({ "name": null }), Code::Validation, "name"),
            (json!({ "role": "owner" }), Code::Validation, "role"),
            (json!({ "password": "elevenchars" }), Code::Validation, "password"),
            (json!({ "password": null }), Code::Validation, "password"),
            (json!({ "last_login_at": null }), Code::UnknownField, "last_login_at"),
        ] {
            let refused = change(&admin, &dana, patch.clone()).await.refused(code);
            assert_eq!(refused.errors[0].field, field, "{patch}");
            let mut whole = new("other@example.test");
            let (name, value) = patch.as_object().unwrap().iter().next().unwrap();
            whole[name] = value.clone();
            assert_eq!(admin.post("/v1/users", &whole).await.refused(code).errors[0].field, field);
        }
        change(&admin, &dana, json!({})).await.refused(Code::EmptyPatch);
        assert_eq!(admin.read(&format!("/v1/users/{}", dana.id)).await.ok::<UserOut>(), dana);

        let me: UserOut = viewer.read("/v1/users/me").await.ok();
        for patch in [
            json!({ "role": "admin" }),
            json!({ "email": "x@y" }),
            json!({ "status": "deactivated" }),
            json!({ "name": "fine", "role": "admin" }),
        ] {
            change(&viewer, &me, patch).await.refused(Code::Forbidden);
        }
        change(&viewer, &dana, json!({ "name": "x" })).await.refused(Code::Forbidden);
        viewer.read(&format!("/v1/users/{}", dana.id)).await.refused(Code::Forbidden);
        let patch = json!({ "name": "renamed", "password": "another password" });
        assert_eq!(change(&viewer, &me, patch).await.ok::<UserOut>().name, "renamed");
        assert_eq!(sign_in(&daemon, "viewer@example.test", "another password").await.status, 200);
        sign_in(&daemon, "viewer@example.test", PASSWORD).await.refused(Code::Unauthenticated);
        assert!(named(&admin, "renamed").await.last_login_at.is_some());
    }

    async fn a_new_name_stands_in_every_incident_at_once(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (api, admin) = (daemon.as_responder().await, daemon.as_admin().await);
        daemon.add_user("dana@example.test", "dana", Role::Responder).await;
        let dana = named(&admin, "dana").await;
        let incident = api.create_with(json!({ "title": "x", "assigned_to": dana.id })).await;
        for n in 0..5 {
            let name = format!("dana {n}");
            change(&admin, &dana, json!({ "name": name })).await.ok::<UserOut>();
            assert_eq!(api.get(incident.id).await.assigned_to.unwrap().name, name);
            assert_eq!(api.list("").await.items[0].assigned_to.as_ref().unwrap().name, name);
            let found =
                api.list(&format!("filter=assignee:%22{}%22", name.replace(' ', "%20"))).await;
            assert_eq!(found.total, 1);
        }
        let event = &api.timeline(incident.id).await[0];
        assert_eq!(event.fact.incident().unwrap().assigned_to.as_ref().unwrap().name, "dana");
    }

    async fn who_goes_loses_sessions_tokens_and_open_work_but_not_the_past(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (api, admin) = (daemon.as_responder().await, daemon.as_admin().await);
        daemon.add_user("dana@example.test", "dana", Role::Responder).await;
        let dana = named(&admin, "dana").await;
        let token = daemon.as_holder_of(&daemon.add_token("dana@example.test").await);
        let tokens = sign_in(&daemon, "dana@example.test", PASSWORD).await.json();
        let session = daemon.as_holder_of(tokens["access_token"].as_str().unwrap());
        let mut work = Vec::new();
        for steps in 0..4 {
            let incident = token.create_with(json!({ "title": "x", "assigned_to": dana.id })).await;
            for step in &[Status::Investigating, Status::Resolved, Status::Closed][..steps] {
                token.set_status(incident.id, *step).await;
            }
            work.push(incident.id);
        }
        assert_eq!(session.list("assigned_to=me").await.total, 4);
        assert_eq!(delete(&admin, &dana).await.status, 204);
        for api in [&token, &session] {
            api.read("/v1/users/me").await.refused(Code::Unauthenticated);
            api.post("/v1/incidents", &json!({ "title": "x" }))
                .await
                .refused(Code::Unauthenticated);
        }
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        daemon.as_nobody().post("/v1/auth/refresh", &refresh).await.refused(Code::Unauthenticated);
        sign_in(&daemon, "dana@example.test", PASSWORD).await.refused(Code::Unauthenticated);

        for (n, id) in work.iter().enumerate() {
            let now = api.get(id).await;
            let last = api.timeline(id).await.pop().unwrap();
            if now.status == Status::Closed {
                assert_eq!(now.assigned_to.unwrap().id, dana.id, "what is closed keeps who did it");
            } else {
                assert_eq!(now.assigned_to, None, "{n}");
                assert!(matches!(last.fact, Fact::IncidentAssigned { to: None, .. }), "{last:?}");
                assert_eq!((last.actor.name.as_str(), last.version), ("admin", now.version));
            }
            assert_eq!(now.created_by.name, "dana");
        }
        let gone = named(&api, "dana").await;
        assert_eq!(gone.status, UserStatus::Deactivated);
        assert_eq!(delete(&admin, &dana).await.status, 204, "gone is gone");

        // Who comes back starts anew: nothing of before works again.
        change(&admin, &dana, json!({ "status": "active" })).await.ok::<UserOut>();
        for api in [&token, &session] {
            api.read("/v1/users/me").await.refused(Code::Unauthenticated);
        }
        assert_eq!(sign_in(&daemon, "dana@example.test", PASSWORD).await.status, 200);
    }

    async fn the_last_admin_stays(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (admin, me) = only_admin(&daemon).await;
        for patch in [json!({ "role": "responder" }), json!({ "status": "deactivated" })] {
            change(&admin, &me, patch).await.refused(Code::Conflict);
        }
        delete(&admin, &me).await.refused(Code::Conflict);
        assert_eq!(named(&admin, "admin").await.role, Role::Admin);

        // Two who remove each other at once: one stays, each time.
        let (mut stays, mut who) = (admin, me);
        for round in 0..6 {
            let email = format!("admin{round}@example.test");
            daemon.add_user(&email, &email, Role::Admin).await;
            let other = daemon.as_holder_of(&daemon.add_token(&email).await);
            let them = named(&stays, &email).await;
            let (mine, theirs) = tokio::join!(delete(&stays, &them), delete(&other, &who));
            let won = [&mine, &theirs].into_iter().filter(|reply| reply.status == 204).count();
            assert_eq!(won, 1, "{} {}", mine.text(), theirs.text());
            for reply in [&mine, &theirs].into_iter().filter(|reply| reply.status != 204) {
                // Refused for being the last, or for being gone already.
                let code = reply.problem().code;
                assert!(matches!(code, Code::Conflict | Code::Unauthenticated), "{}", reply.text());
            }
            if theirs.status == 204 {
                (stays, who) = (other, them);
            }
            let admins = people(&stays)
                .await
                .into_iter()
                .filter(|user| user.role == Role::Admin && user.status == UserStatus::Active);
            assert_eq!(admins.map(|user| user.id).collect::<Vec<_>>(), [who.id]);
        }
    }
}

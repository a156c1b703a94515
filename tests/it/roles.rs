//! Who may do what: every route, for every role and for the keys of senders.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use watchfire_shared::incident::Incident;
use watchfire_shared::page::Page;
use watchfire_shared::user::{KeySource, Role, UserOut};
use watchfire_tests::people::PASSWORD;
use watchfire_tests::{Api, Daemon, Reply, both_engines};

/// Every route with the least role it asks for.
fn routes(incident: &Incident, user: &UserOut) -> Vec<(Role, Method, String, Value)> {
    let one = format!("/v1/incidents/{}", incident.id);
    let them = format!("/v1/users/{}", user.id);
    let nothing = uuid::Uuid::now_v7();
    let mut all = Vec::new();
    for path in [
        "/v1/users/me",
        "/v1/users",
        "/v1/incidents",
        "/v1/incidents/counts",
        "/v1/stats",
        "/v1/logs",
        "/v1/events",
        "/v1/admin/cache-stats",
        "/v1/admin/outbox",
    ] {
        all.push((Role::Viewer, Method::GET, path.to_owned(), Value::Null));
    }
    for part in ["", "/timeline", "/logs", "/alerts"] {
        all.push((Role::Viewer, Method::GET, format!("{one}{part}"), Value::Null));
    }
    let title = json!({ "title": "x" });
    all.extend([
        (Role::Responder, Method::POST, "/v1/incidents".into(), title.clone()),
        (Role::Responder, Method::PATCH, one.clone(), title),
        (Role::Responder, Method::POST, format!("{one}/comments"), json!({ "body": "x" })),
        (Role::Responder, Method::POST, format!("{one}/logs"), json!({ "message": "x" })),
        (Role::Admin, Method::GET, "/v1/admin/cache/keys".into(), Value::Null),
        (Role::Admin, Method::GET, "/v1/admin/cache/ttl?key=x".into(), Value::Null),
        (Role::Admin, Method::POST, "/v1/admin/cache/purge".into(), json!({ "old": true })),
        (Role::Admin, Method::GET, "/v1/admin/keys".into(), Value::Null),
        (Role::Admin, Method::GET, "/v1/admin/tokens".into(), Value::Null),
        (
            Role::Admin,
            Method::POST,
            "/v1/admin/keys".into(),
            json!({ "name": "k", "source": "logs" }),
        ),
        (
            Role::Admin,
            Method::POST,
            "/v1/admin/tokens".into(),
            json!({ "name": "t", "user_id": user.id }),
        ),
        (Role::Admin, Method::DELETE, format!("/v1/admin/keys/{nothing}"), Value::Null),
        (Role::Admin, Method::DELETE, format!("/v1/admin/tokens/{nothing}"), Value::Null),
        (Role::Admin, Method::POST, format!("/v1/admin/outbox/{nothing}/retry"), Value::Null),
        (Role::Admin, Method::GET, them.clone(), Value::Null),
        (Role::Admin, Method::PATCH, them.clone(), json!({ "role": "viewer" })),
        (
            Role::Admin,
            Method::POST,
            "/v1/users".into(),
            json!({
            "email": "new@example.test", "name": "new", "role": "viewer", "password": PASSWORD }),
        ),
        (Role::Admin, Method::DELETE, them, Value::Null),
        (Role::Admin, Method::DELETE, one, Value::Null),
    ]);
    all
}

/// One that says nothing, and is valid.
fn notification() -> Value {
    json!({ "version": "4", "groupKey": "g", "status": "firing", "receiver": "x", "groupLabels": {},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "alerts": [] })
}

async fn ask(api: &Api, method: &Method, path: &str, body: &Value) -> Reply {
    let request = api.request(method.clone(), path);
    if body.is_null() { request.send().await } else { request.json(body).send().await }
}

both_engines! {
    async fn each_role_may_do_what_it_may_and_a_key_nothing_but_send(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let admin = daemon.as_admin().await;
        let apis = [
            (Role::Viewer, daemon.as_viewer().await),
            (Role::Responder, daemon.as_responder().await),
            (Role::Admin, admin.clone()),
        ];
        daemon.add_user("dana@example.test", "dana", Role::Viewer).await;
        let people = admin.read("/v1/users").await.ok::<Page<UserOut>>().items;
        let dana = people.into_iter().find(|user| user.name == "dana").unwrap();
        let incident = admin.create("Checkout is slow").await;
        let routes = routes(&incident, &dana);
        // The mightiest last: what they do is done.
        for (has, api) in &apis {
            for (needs, method, path, body) in &routes {
                let status = ask(api, method, path, body).await.status.as_u16();
                let allowed = *has >= *needs;
                assert_eq!(status != 403, allowed, "{has} {method} {path}: {status}");
                assert!(status < 500 && status != 401, "{has} {method} {path}: {status}");
            }
        }
        // The page lists every route there is: none of them is open to a key by oversight.
        let incident = admin.create("Checkout is slow").await;
        let page = admin.read("/openapi.json").await.json();
        for source in [KeySource::Alertmanager, KeySource::Logs] {
            let key = daemon.as_holder_of(&daemon.add_key(source).await);
            let mut open = Vec::new();
            for (path, item) in page["paths"].as_object().unwrap() {
                let real = path.replace("{id}", &incident.id.to_string());
                let real = real.replace("{event_id}", &incident.id.to_string());
                let methods = item
                    .as_object()
                    .unwrap()
                    .keys()
                    .filter_map(|name| Method::from_bytes(name.to_uppercase().as_bytes()).ok());
                for method in
                    methods.filter(|method| !path.starts_with("/v1/auth/") && *method != "SUMMARY")
                {
                    let body = match (&method, path.as_str()) {
                        (&Method::GET, _) => Value::Null,
                        (_, "/v1/ingest/alertmanager") => notification(),
                        _ => json!({ "message": "x" }),
                    };
                    let status = ask(&key, &method, &real, &body).await.status.as_u16();
                    if status != 403 {
                        open.push(format!("{method} {path}"));
                    }
                }
            }
            open.retain(|route| {
                !["/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/health"]
                    .contains(&route.trim_start_matches("GET "))
            });
            let expected = match source {
                KeySource::Logs => vec!["POST /v1/incidents/{id}/logs"],
                _ => vec!["POST /v1/ingest/alertmanager"],
            };
            assert_eq!(open, expected, "{source}");
        }
    }

    async fn another_role_holds_from_the_next_request_on(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (viewer, admin) = (daemon.as_viewer().await, daemon.as_admin().await);
        let me: UserOut = viewer.read("/v1/users/me").await.ok();
        let path = format!("/v1/users/{}", me.id);
        for (role, status) in [("responder", 201), ("viewer", 403), ("admin", 201), ("viewer", 403)]
        {
            let patch = admin.request(Method::PATCH, &path).json(&json!({ "role": role }));
            assert_eq!(patch.send().await.status, 200);
            let made = viewer.post("/v1/incidents", &json!({ "title": "x" })).await;
            assert_eq!(made.status, status, "{role}");
        }
    }

    async fn rights_lost_while_the_body_arrives_are_lost(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let (responder, admin) = (daemon.as_responder().await, daemon.as_admin().await);
        let me: UserOut = responder.read("/v1/users/me").await.ok();
        let mut socket = TcpStream::connect(responder.host()).await.unwrap();
        let head = format!(
            "POST /v1/incidents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: 13\r\n\
             Expect: 100-continue\r\nConnection: close\r\n\r\n",
            responder.token().unwrap()
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut go_on = [0; 25];
        socket.read_exact(&mut go_on).await.unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n", "asked for, once the rights are known");

        let patch = admin.request(Method::PATCH, &format!("/v1/users/{}", me.id));
        assert_eq!(patch.json(&json!({ "role": "viewer" })).send().await.status, 200);
        // Time itself: what was answered about rights counts for a second.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        socket.write_all(b"{\"title\":\"x\"}").await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(admin.list("").await.items.is_empty());
    }
}

//! The live stream: what a screen hears, in order, without gap, and never older than what it reads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use watchfire_shared::event::{Fact, Heartbeat, Hello};
use watchfire_shared::incident::Incident;
use watchfire_shared::problem::Code;
use watchfire_shared::user::Role;
use watchfire_tests::people::PASSWORD;
use watchfire_tests::{Api, Daemon, Stream, both_engines};

const SOON: Duration = Duration::from_secs(10);
/// A heartbeat comes each 5 s, once the journal was read, which happens each second.
const BEAT: Duration = Duration::from_millis(6_500);

async fn resync(stream: &mut Stream) -> Hello {
    let message = stream.next_message(SOON).await.unwrap();
    assert_eq!(message.event, "resync", "{message:?}");
    serde_json::from_str(&message.data).unwrap()
}

/// The stream ends by itself; what still arrives before is no matter.
async fn assert_ends(mut stream: Stream, why: &str) {
    let ending = async { while stream.next_message(SOON).await.is_some() {} };
    tokio::time::timeout(BEAT, ending).await.unwrap_or_else(|_| panic!("still open: {why}"));
}

async fn sign_in(daemon: &Daemon, email: &str) -> Value {
    let login = json!({ "email": email, "password": PASSWORD });
    let reply = daemon.as_nobody().post("/v1/auth/login", &login).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

async fn streaming(api: &Api) -> Stream {
    let mut stream = api.stream(None).await;
    stream.hello(SOON).await;
    stream
}

both_engines! {
    async fn a_reader_resumes_where_it_was_without_gap_or_duplicate(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await;
        let mut stream = api.stream(None).await;
        let hello = stream.hello(SOON).await;
        for n in 0..5 {
            api.comment(incident.id, &format!("comment {n}")).await;
        }
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(stream.next_about(incident.id, SOON).await);
        }
        assert!(seen[0].position > Some(hello.position) || seen[0].version == 1);
        drop(stream);
        api.comment(incident.id, "while nobody listened").await;
        let last = seen.last().unwrap().position.unwrap();
        let mut stream = api.stream(Some(last)).await;
        let version = api.get(incident.id).await.version;
        while seen.last().unwrap().version < version {
            seen.push(stream.next_event(SOON).await);
        }
        assert_eq!(
            seen,
            api.timeline(incident.id).await[usize::try_from(version).unwrap() - seen.len()..]
        );

        // The same place, named in every way there is.
        let log_id = hello.log_id;
        for (query, header) in [
            (format!("?after={last}"), None),
            (format!("?after={last}&log_id={log_id}"), None),
            (String::new(), Some(format!("{log_id}:{last}"))),
            (format!("?after={}", last + 1), Some(last.to_string())),
        ] {
            let mut again = api.stream_at(&query, header.as_deref()).await;
            assert_eq!(&again.next_event(SOON).await, &seen[3], "{query} {header:?}");
        }
    }

    async fn a_place_that_is_not_in_this_journal_is_answered_with_resync(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        api.create("Checkout is slow").await;
        let hello = watchfire_tests::eventually(async || {
            let hello = api.stream(None).await.hello(SOON).await;
            (hello.position >= 2).then_some(hello)
        })
        .await;
        let foreign = uuid::Uuid::now_v7();
        for (query, header) in [
            (String::new(), Some(format!("{}", hello.position + 1_000))),
            (String::new(), Some(format!("{foreign}:1"))),
            (format!("?after=1&log_id={foreign}"), None),
        ] {
            let mut stream = api.stream_at(&query, header.as_deref()).await;
            let resync = resync(&mut stream).await;
            assert_eq!((resync.log_id, resync.position >= hello.position), (hello.log_id, true));
            // From there on it goes on like any other.
            let next = api.create("Another").await;
            assert_eq!(stream.next_event(SOON).await.aggregate_id, next.id.0);
        }
        for (query, header) in
            [("?after=x", None), ("?log_id=x", None), ("", Some("x:1")), ("", Some("-1"))]
        {
            let mut request = api.request(Method::GET, &format!("/v1/events/stream{query}"));
            if let Some(header) = header {
                request = request.header("last-event-id", header);
            }
            request.send().await.refused(Code::Validation);
        }
    }

    async fn a_heartbeat_comes_only_from_a_journal_that_is_read(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let mut stream = api.stream(None).await;
        let head = stream.next_about(api.create("Search is slow").await.id, SOON).await.position;
        let message = stream.next_message(BEAT).await.unwrap();
        assert_eq!(message.event, "heartbeat", "{message:?}");
        let beat: Heartbeat = serde_json::from_str(&message.data).unwrap();
        assert_eq!(Some(beat.position), head);

        daemon.behind("alter table events rename to elsewhere").await;
        let silence = tokio::time::timeout(BEAT, stream.next_message(SOON)).await;
        assert!(silence.is_err(), "a heartbeat without a journal: {silence:?}");
        daemon.behind("alter table elsewhere rename to events").await;
        assert_eq!(stream.next_message(SOON).await.unwrap().event, "heartbeat");
        let incident = api.create("Checkout is slow").await;
        assert_eq!(stream.next_event(SOON).await.aggregate_id, incident.id.0);
    }

    async fn a_stream_ends_with_its_authority_and_with_the_daemon(engine: Engine) {
        let mut daemon = Daemon::start(engine).await;
        let (api, admin) = (daemon.as_viewer().await, daemon.as_admin().await);
        for name in ["dana", "robin", "kim"] {
            daemon.add_user(&format!("{name}@example.test"), name, Role::Viewer).await;
        }
        let people = admin.read("/v1/users").await.json();
        let id_of = |name: &str| {
            let all = people["items"].as_array().unwrap();
            let found = all.iter().find(|user| user["name"] == name).unwrap();
            found["id"].as_str().unwrap().to_owned()
        };
        let dana = daemon.add_token("dana@example.test").await;
        let robin = sign_in(&daemon, "robin@example.test").await;
        let kim = sign_in(&daemon, "kim@example.test").await;
        let holder = |secret: &Value| daemon.as_holder_of(secret.as_str().unwrap());
        let by_token = streaming(&daemon.as_holder_of(&dana)).await;
        let by_session = streaming(&holder(&robin["access_token"])).await;
        let by_role = streaming(&holder(&kim["access_token"])).await;
        let lasting = streaming(&api).await;

        let tokens = admin.read("/v1/admin/tokens").await.json();
        let token = tokens["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|token| token["user"]["name"] == "dana")
            .unwrap();
        let revoke = format!("/v1/admin/tokens/{}", token["id"].as_str().unwrap());
        assert_eq!(admin.request(Method::DELETE, &revoke).send().await.status, 204);
        let refresh = json!({ "refresh_token": robin["refresh_token"] });
        assert_eq!(daemon.as_nobody().post("/v1/auth/logout", &refresh).await.status, 204);
        let path = format!("/v1/users/{}", id_of("kim"));
        let patch = admin.request(Method::PATCH, &path).json(&json!({ "role": "responder" }));
        assert_eq!(patch.send().await.status, 200);
        tokio::join!(
            assert_ends(by_token, "its token was revoked"),
            assert_ends(by_session, "its session was ended"),
            assert_ends(by_role, "its reader has another role"),
        );
        // The others go on, until the daemon itself ends.
        daemon.stop().await;
        assert_ends(lasting, "the daemon has ended").await;
    }

    async fn who_has_seen_a_version_never_reads_an_older_one(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await;
        let mut stream = streaming(&api).await;
        let path = format!("/v1/incidents/{}", incident.id);
        let done = AtomicBool::new(false);
        let writes = 250;
        let writer = async {
            for n in 0..writes {
                let priority = if n % 2 == 0 { "high" } else { "low" };
                let acknowledged: Incident =
                    api.patch(incident.id, json!({ "priority": priority })).await.ok();
                assert!(api.get(incident.id).await.version >= acknowledged.version);
            }
        };
        let watcher = async {
            let mut version = 1;
            while version < writes + 1 {
                let event = stream.next_event(SOON).await;
                // On PostgreSQL its creation may get its position only after the greeting.
                if (event.version, version) == (1, 1) {
                    continue;
                }
                assert_eq!(event.version, version + 1, "every version once, in order");
                version = event.version;
                let (one, page) = tokio::join!(api.read(&path), api.list("limit=5"));
                let read = one.ok::<Incident>().version;
                assert!(read >= version, "saw {version}, then read {read}");
                let listed = page.items[0].version;
                assert!(listed >= version, "saw {version}, then listed {listed}");
            }
            done.store(true, Ordering::SeqCst);
        };
        // Fills the cache at every moment, and goes back never.
        let reader = async || {
            let mut last = 1;
            while !done.load(Ordering::SeqCst) {
                let version = api.get(incident.id).await.version;
                assert!(version >= last, "read {last}, then {version}");
                last = version;
            }
        };
        tokio::join!(writer, watcher, reader(), reader(), reader());
    }

    async fn what_an_administration_command_does_is_seen_live(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let mut stream = streaming(&daemon.as_viewer().await).await;
        daemon.add_user("dana@example.test", "dana", Role::Viewer).await;
        loop {
            let event = stream.next_event(SOON).await;
            let Fact::UserCreated { user, .. } = &event.fact else { panic!("{event:?}") };
            if user.name == "dana" {
                assert_eq!((user.email.as_deref(), event.version), (None, 1));
                break;
            }
        }
    }
}

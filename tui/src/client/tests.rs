//! Calls against a server that cuts connections where the test wants it.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use watchfire_shared::dead_letter::DeadLetterState;
use watchfire_shared::ids::{DeadLetterId, IncidentId, IncidentRef};
use watchfire_shared::problem::{Code, Problem};

use super::session::Given;
use super::*;

async fn server() -> (TcpListener, Client, tempfile::TempDir) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let state = tempfile::tempdir().unwrap();
    let session =
        Session::new(state.path(), &base, Some(Given::by_variable(Secret::new("token"))), None);
    let client = Client::new(Arc::new(move || Ok(base.clone())), false, true, session);
    (listener, client.unwrap(), state)
}

/// The next connection, once the head of its request has come, and that head in lower case.
async fn accept(listener: &TcpListener) -> (TcpStream, String) {
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    (socket, String::from_utf8(head).unwrap().to_lowercase())
}

async fn comment(client: &Client) -> ClientError {
    let id = IncidentRef::Id(IncidentId(Uuid::from_u128(1)));
    client.comment(&id, "text").await.expect_err("no answer ever comes")
}

#[tokio::test]
async fn a_write_cut_off_and_then_refused_by_nobody_may_have_happened() {
    let (listener, client, _state) = server().await;
    let serve = async move {
        // Taken and cut off; then nobody listens any more.
        let (socket, _) = accept(&listener).await;
        drop(listener);
        drop(socket);
    };
    let (error, ()) = tokio::join!(comment(&client), serve);
    assert_eq!(error.kind, ErrorKind::Interrupted, "{error}");
    assert!(error.message.contains("may have happened"), "{error}");
}

#[tokio::test]
async fn a_write_cut_off_and_then_decided_is_decided() {
    let (listener, client, _state) = server().await;
    let serve = async move {
        drop(accept(&listener).await);
        let problem = Problem::new(Code::NotFound, "There is no such incident.", "r1");
        let body = serde_json::to_string(&problem).unwrap();
        answer(&listener, "404 Not Found", &body).await;
    };
    let (error, ()) = tokio::join!(comment(&client), serve);
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn a_write_that_never_left_was_not_sent() {
    let (listener, client, _state) = server().await;
    drop(listener);
    assert_eq!(comment(&client).await.kind, ErrorKind::Unreachable);
}

/// Takes one request, answers it, and gives back its head and its body.
async fn answer(listener: &TcpListener, status: &str, body: &str) -> (String, String) {
    let (mut socket, head) = accept(listener).await;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut sent = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    socket.read_exact(&mut sent).await.unwrap();
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    socket.write_all(answer.as_bytes()).await.unwrap();
    socket.shutdown().await.unwrap();
    (head, String::from_utf8(sent).unwrap())
}

#[tokio::test]
async fn a_decision_names_its_letter_and_its_reason() {
    let (listener, client, _state) = server().await;
    let id = DeadLetterId(Uuid::from_u128(7));
    let path = format!("post /v1/admin/dead-letters/{id}");
    let (done, (head, body)) =
        tokio::join!(client.redrive(id), answer(&listener, "202 Accepted", ""));
    done.unwrap();
    assert!(head.starts_with(&format!("{path}/redrive http/1.1\r\n")), "{head}");
    assert!(head.contains("\r\nidempotency-key: "), "{head}");
    assert_eq!(body, "");
    let (done, (head, body)) = tokio::join!(
        client.discard(id, "counted \"by hand\""),
        answer(&listener, "204 No Content", "")
    );
    done.unwrap();
    assert!(head.starts_with(&format!("{path}/discard http/1.1\r\n")), "{head}");
    assert_eq!(body, r#"{"reason":"counted \"by hand\""}"#);
}

#[tokio::test]
async fn dead_letters_are_asked_for_by_state_and_read_with_what_is_no_event() {
    let (listener, client, _state) = server().await;
    let page = r#"{"items": [{
        "id": "00000000-0000-0000-0000-000000000007", "kind": "undecodable", "state": "discarded",
        "consumer": "analysis", "event": null, "bytes": "bm8=", "cause": "no JSON", "attempts": 1,
        "place": {"topic": "incident.events", "partition": 3, "offset": 912},
        "parked_at": "2026-03-14T18:45:59Z",
        "discarded": {"by": {"kind": "user", "id": null, "name": "root"},
            "at": "2026-03-14T18:46:59Z", "reason": "by hand"}}],
        "next_cursor": "next"}"#;
    let query = DeadLetterQuery {
        state: Some(DeadLetterState::Discarded),
        limit: Some(5),
        cursor: Some("here".to_owned()),
    };
    let (letters, (head, _)) =
        tokio::join!(client.dead_letters(&query), answer(&listener, "200 OK", page));
    let letters = letters.unwrap();
    let path = "get /v1/admin/dead-letters?state=discarded&limit=5&cursor=here http/1.1\r\n";
    assert!(head.starts_with(path), "{head}");
    assert_eq!(letters.items[0].discarded.as_ref().unwrap().reason, "by hand");
    assert_eq!(letters.next_cursor.as_deref(), Some("next"));
}

#[tokio::test]
async fn an_analysis_is_asked_for_without_a_body() {
    let (listener, client, _state) = server().await;
    let assessment = r#"{"id": "00000000-0000-0000-0000-000000000008",
        "incident_id": "00000000-0000-0000-0000-000000000001", "component": "logs",
        "status": "in_progress", "progress": 0,
        "requested_by": {"kind": "user", "id": null, "name": "dana"},
        "started_at": "2026-03-14T18:45:59Z", "completed_at": null, "parameter_version": 1,
        "summary": null, "error": null}"#;
    let which: IncidentRef = "INC-42".parse().unwrap();
    let (assessment, (head, body)) =
        tokio::join!(client.assess(&which), answer(&listener, "202 Accepted", assessment));
    assert_eq!(assessment.unwrap().component, "logs");
    assert!(head.starts_with("post /v1/incidents/inc-42/assessments http/1.1\r\n"), "{head}");
    assert_eq!(body, "");
}

#[tokio::test]
async fn who_may_only_read_sends_no_change() {
    let state = tempfile::tempdir().unwrap();
    let session =
        Session::new(state.path(), "nowhere", Some(Given::by_variable(Secret::new("token"))), None);
    let nowhere = Arc::new(|| Err(ClientError::local("asked where the daemon is")));
    let client = Client::new(nowhere, false, true, session).unwrap().read_only(true);
    let refused = client.cache_demo().await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden);
    assert!(refused.message.contains("read_only"), "{refused}");
    let other = client.clone();
    client.set_read_only(false);
    let asked = other.cache_demo().await.unwrap_err();
    assert_eq!(asked.message, "asked where the daemon is", "for every clone at once");
    let asked = client.cache_stats().await.unwrap_err();
    assert_eq!(asked.message, "asked where the daemon is");
}

fn failed_inside() -> String {
    let code = Code::Internal;
    let problem = Problem::new(code, "Something failed.", "r7");
    serde_json::to_string(&problem).unwrap()
}

/// The key of a request's head.
fn key_of(head: &str) -> String {
    let key = head.lines().find_map(|line| line.strip_prefix("idempotency-key: "));
    key.expect("a write has a key").to_owned()
}

#[tokio::test]
async fn a_write_over_which_the_daemon_failed_is_repeated_under_its_key() {
    let (listener, client, _state) = server().await;
    let id = DeadLetterId(Uuid::from_u128(7));
    let serve = async {
        let (first, _) = answer(&listener, "500 Internal Server Error", &failed_inside()).await;
        let (again, _) = answer(&listener, "202 Accepted", "").await;
        assert_eq!(key_of(&first), key_of(&again));
    };
    let (done, ()) = tokio::join!(client.redrive(id), serve);
    done.unwrap();
}

#[tokio::test]
async fn a_write_over_which_the_daemon_fails_again_may_have_happened() {
    let (listener, client, _state) = server().await;
    let serve = async {
        for _ in 0..TRIES {
            answer(&listener, "500 Internal Server Error", &failed_inside()).await;
        }
    };
    let (error, ()) = tokio::join!(comment(&client), serve);
    assert_eq!(error.kind, ErrorKind::Failed, "{error}");
    assert!(error.message.contains("request r7; it may have happened"), "{error}");
}

#[tokio::test]
async fn a_read_over_which_the_daemon_failed_is_told_as_it_is() {
    let (listener, client, _state) = server().await;
    let body = failed_inside();
    let (read, _) =
        tokio::join!(client.me(), answer(&listener, "500 Internal Server Error", &body));
    let error = read.unwrap_err();
    assert!(!error.message.contains("may have happened"), "{error}");
}

#[tokio::test]
async fn a_token_that_is_refused_is_named_by_where_it_came_from() {
    let (listener, client, _state) = server().await;
    let problem = Problem::new(Code::Unauthenticated, "no", "r1");
    let body = serde_json::to_string(&problem).unwrap();
    let (error, _) = tokio::join!(comment(&client), answer(&listener, "401 Unauthorized", &body));
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    assert!(error.message.contains("WATCHFIRE_TOKEN: set another"), "{error}");
}

//! The stream against a server that says exactly what the test wants and hangs up when it wants.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::client::session::{Given, Session};
use crate::secret::Secret;

const LOG: &str = "00000000-0000-7000-8000-000000000001";
const OTHER_LOG: &str = "00000000-0000-7000-8000-000000000002";

struct Server {
    listener: TcpListener,
    _state: tempfile::TempDir,
}

impl Server {
    async fn start() -> (Self, Client) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = tempfile::tempdir().unwrap();
        let session =
            Session::new(state.path(), &base, Some(Given::by_variable(Secret::new("token"))), None);
        let client = Client::new(Arc::new(move || Ok(base.clone())), false, true, session);
        let server = Self { listener, _state: state };
        (server, client.unwrap())
    }

    /// The next connection and the head of its request, in lower case.
    async fn accept(&self) -> (TcpStream, String) {
        let (mut socket, _) = self.listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        (socket, String::from_utf8(head).unwrap().to_lowercase())
    }

    /// Answers one connection with these messages and hangs up; returns the request's head.
    async fn say(&self, messages: &str) -> String {
        let (mut socket, head) = self.accept().await;
        let answer =
            format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{messages}");
        socket.write_all(answer.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
        head
    }
}

fn hello(name: &str, log: &str, position: i64) -> String {
    format!("event: {name}\ndata: {{\"log_id\":\"{log}\",\"position\":{position}}}\n\n")
}

fn event(log: &str, position: i64) -> String {
    let incident = format!(
        r#"{{"id":"{LOG}","reference":"INC-1","title":"t","status":"open","priority":"high",
        "service":"","labels":{{}},"assigned_to":null,"created_by":{{"kind":"system","id":null,
        "name":"x"}},"source":"api","version":{position},"log_count":0,"firing_alerts":0,
        "score":null,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z",
        "acknowledged_at":null,"resolved_at":null,"closed_at":null}}"#
    );
    let data = format!(
        r#"{{"event_id":"{LOG}","event_type":"incident.created","payload":{{"incident":{incident}}},
        "schema_version":1,"log_id":"{log}","position":{position},"aggregate_type":"incident",
        "aggregate_id":"{LOG}","version":{position},"occurred_at":"2026-01-01T00:00:00Z",
        "source":"api","actor":{{"kind":"system","id":null,"name":"x"}},"request_id":"r",
        "caused_by":null}}"#
    );
    let data = data.replace('\n', "");
    format!("id: {position}\nevent: incident.created\ndata: {data}\n\n")
}

/// What the stream says next, in short.
async fn next(stream: &mut EventStream) -> String {
    match stream.next().await {
        Message::Connecting => Box::pin(next(stream)).await,
        Message::Hello(hello) => format!("hello {}", hello.position),
        Message::Resumed => "resumed".to_owned(),
        Message::Resync(hello) => format!("resync {}", hello.position),
        Message::Event(event) => format!("event {}", event.position.unwrap()),
        Message::Heartbeat { position } => format!("heartbeat {position}"),
        Message::Lost { error, .. } => format!("lost {:?}", error.kind),
    }
}

async fn expect(stream: &mut EventStream, said: &[&str]) {
    for expected in said {
        assert_eq!(next(stream).await, *expected);
    }
}

#[tokio::test]
async fn resumes_after_the_last_event_without_gap_or_duplicate() {
    let (server, client) = Server::start().await;
    let mut stream = EventStream::new(client, None);
    let first = [&hello("hello", LOG, 7), &event(LOG, 8), &event(LOG, 9), "id: 10\nevent: in"];
    let first = first.concat();
    let second =
        [event(LOG, 9), event(LOG, 10), "event: heartbeat\ndata: {\"position\":12}\n\n".into()];
    let second = second.concat();
    let serve = async {
        let head = server.say(&first).await;
        assert!(!head.contains("last-event-id"), "{head}");
        assert!(head.contains("authorization: bearer token"), "{head}");
        let head = server.say(&second).await;
        assert!(head.contains(&format!("last-event-id: {LOG}:9\r\n")), "{head}");
        let head = server.say("").await;
        assert!(
            head.contains(&format!("last-event-id: {LOG}:10\r\n")),
            "a heartbeat is no event: {head}"
        );
    };
    let said = [
        "hello 7",
        "event 8",
        "event 9",
        "lost Interrupted",
        "resumed",
        "event 10",
        "heartbeat 12",
        "lost Interrupted",
        "resumed",
    ];
    tokio::join!(serve, expect(&mut stream, &said));
}

#[tokio::test]
async fn a_type_of_a_newer_daemon_is_passed_over_but_not_asked_for_again() {
    let (server, client) = Server::start().await;
    let mut stream = EventStream::new(client, Some(3));
    let unknown = "id: 4\nevent: incident.sung_about\ndata: {\"song\":true}\n\n";
    let serve = async {
        server.say(unknown).await;
        let head = server.say(&event(LOG, 5)).await;
        assert!(head.contains("last-event-id: 4\r\n"), "{head}");
    };
    let said = ["resumed", "lost Interrupted", "resumed", "event 5"];
    tokio::join!(serve, expect(&mut stream, &said));
}

#[tokio::test]
async fn another_history_makes_everything_known_void() {
    let (server, client) = Server::start().await;
    let mut stream = EventStream::new(client, None);
    let said_aloud = [
        hello("hello", LOG, 100),
        hello("resync", LOG, 120),
        event(OTHER_LOG, 5),
        event(OTHER_LOG, 6),
    ]
    .concat();
    let said = ["hello 100", "resync 120", "resync 5", "event 6"];
    tokio::join!(server.say(&said_aloud), expect(&mut stream, &said));
    assert_eq!(stream.position(), Some(6));
}

#[tokio::test]
async fn a_refusal_says_why_and_is_tried_again() {
    let (server, client) = Server::start().await;
    let mut stream = EventStream::new(client, None);
    let serve = async {
        let (mut socket, _) = server.accept().await;
        let body = r#"{"type":"t","title":"t","status":401,"detail":"d","code":"unauthenticated","request_id":"r"}"#;
        let answer = format!(
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(answer.as_bytes()).await.unwrap();
        server.say(&hello("hello", LOG, 1)).await;
    };
    tokio::join!(serve, expect(&mut stream, &["lost Unauthenticated", "hello 1"]));
}

#[tokio::test]
async fn silence_ends_a_connection() {
    let (server, client) = Server::start().await;
    let mut stream = EventStream::new(client, Some(1));
    stream.silence = Duration::from_millis(300);
    let serve = async {
        let (mut socket, _) = server.accept().await;
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        socket.write_all(head).await.unwrap();
        // Stays open and says nothing.
        socket
    };
    let listen = async {
        expect(&mut stream, &["resumed"]).await;
        let before = Instant::now();
        expect(&mut stream, &["lost Interrupted"]).await;
        assert!(before.elapsed() >= stream.silence);
    };
    let (_socket, ()) = tokio::join!(serve, listen);
}

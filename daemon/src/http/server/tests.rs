//! The server over real sockets.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use watchfire_shared::problem::{Code, Problem};

use super::*;
use crate::http::extract::NoBody;
use crate::http::{finished, reply};

/// Longer than anything here takes; a test that waits for it fails.
const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    lifecycle: Lifecycle,
    serving: JoinHandle<()>,
    /// A request to `/slow` has arrived.
    arrived: Arc<Notify>,
    /// Lets it answer.
    release: Arc<Notify>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let lifecycle = Lifecycle::new();
        let (arrived, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (a, r) = (Arc::clone(&arrived), Arc::clone(&release));
        let slow = get(async move || {
            a.notify_one();
            r.notified().await;
            reply::ok("slow")
        });
        let stopping = lifecycle.stopping().clone();
        let stream = get(async move || {
            let parts = futures_util::stream::unfold((0, stopping), async |(count, stopping)| {
                if count > 0 {
                    stopping.cancelled().await;
                    return None;
                }
                Some((Ok::<_, io::Error>(Bytes::from("first")), (1, stopping)))
            });
            Body::from_stream(parts)
        });
        let router = finished(
            Router::new()
                .route("/ok", get(async || reply::ok("ok")))
                .route("/slow", slow)
                .route("/stream", stream)
                .route("/body", post(async |_: NoBody| StatusCode::NO_CONTENT)),
        )
        .with_state(limits);
        let serving = lifecycle.spawn("http", serve(listener, router, limits, lifecycle.clone()));
        Self { address, lifecycle, serving, arrived, release }
    }

    async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.expect("connects"))
    }
}

struct Client(TcpStream);

impl Client {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.expect("sends");
    }

    async fn get(&mut self, path: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    }

    /// Reads until `end` has arrived.
    async fn read_to(&mut self, end: &str) -> String {
        let mut text = Vec::new();
        let mut buffer = [0; 4096];
        let read = async {
            while !text.windows(end.len()).any(|window| window == end.as_bytes()) {
                let count = self.0.read(&mut buffer).await.expect("reads");
                assert_ne!(count, 0, "closed after {:?}", String::from_utf8_lossy(&text));
                text.extend_from_slice(&buffer[..count]);
            }
        };
        tokio::time::timeout(PATIENCE, read).await.expect("an answer in time");
        String::from_utf8(text).expect("text")
    }

    /// Reads until the server closes.
    async fn rest(&mut self) -> String {
        let mut text = String::new();
        let read = self.0.read_to_string(&mut text);
        tokio::time::timeout(PATIENCE, read).await.expect("a close in time").expect("no reset");
        text
    }
}

/// The problem of the last answer of a connection.
fn problem(answer: &str) -> Problem {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let problem: Problem = serde_json::from_str(body).expect(answer);
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with(&format!("http/1.1 {}", problem.status)), "{head}");
    assert!(head.contains("content-type: application/problem+json"), "{head}");
    assert!(head.contains(&format!("x-request-id: {}", problem.request_id)), "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    problem
}

fn limits() -> Limits {
    let header_deadline = Duration::from_millis(100);
    Limits { header_deadline, max_body: 1000, ..Limits::default() }
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let server = Server::start(limits()).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.get("/ok").await;
        assert!(client.read_to("\"ok\"").await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
    // Two at once, the second answered after the first.
    client.send("GET /ok HTTP/1.1\r\nhost: x\r\n\r\nGET /none HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let both = client.read_to("not_found").await;
    assert!(both.starts_with("HTTP/1.1 200 OK\r\n"), "{both}");
}

#[tokio::test]
async fn late_headers_are_refused() {
    let server = Server::start(limits()).await;
    let mut first = server.connect().await;
    first.send("GET /ok HTTP/1.1\r\nhost:").await;
    assert_eq!(problem(&first.rest().await).code, Code::RequestTimeout);

    let mut second = server.connect().await;
    second.get("/ok").await;
    second.read_to("\"ok\"").await;
    second.send("GET /ok HTTP/1.1\r\nhost:").await;
    assert_eq!(problem(&second.rest().await).code, Code::RequestTimeout);

    // Who never says anything is not answered.
    assert_eq!(server.connect().await.rest().await, "");
}

#[tokio::test]
async fn an_idle_connection_outlives_the_header_deadline_and_is_closed_later() {
    let limits = Limits { idle: Duration::from_millis(400), ..limits() };
    let server = Server::start(limits).await;
    let mut client = server.connect().await;
    client.get("/ok").await;
    client.read_to("\"ok\"").await;
    let idle_since = tokio::time::Instant::now();
    assert_eq!(client.rest().await, "");
    assert!(idle_since.elapsed() >= limits.idle);
}

#[tokio::test]
async fn a_slow_handler_is_not_a_slow_peer() {
    let limits = Limits {
        idle: Duration::from_millis(20),
        header_deadline: Duration::from_millis(20),
        ..limits()
    };
    let server = Server::start(limits).await;
    let mut client = server.connect().await;
    client.get("/slow").await;
    server.arrived.notified().await;
    let deadlines = tokio::time::timeout(limits.idle * 5, client.rest()).await;
    assert!(deadlines.is_err(), "closed while the handler ran");
    server.release.notify_one();
    assert!(client.read_to("\"slow\"").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn what_is_not_http_or_too_large_gets_a_problem() {
    let server = Server::start(limits()).await;
    let large = format!("GET /ok HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(17_000));
    let many = format!("GET /ok HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(150));
    let endless = format!("GET /{} ", "y".repeat(70_000));
    for (sent, code) in [
        ("\x16\x03\x01 hello\r\n\r\n", Code::Validation),
        (&large, Code::HeadersTooLarge),
        (&many, Code::HeadersTooLarge),
        (&endless, Code::HeadersTooLarge),
    ] {
        let mut client = server.connect().await;
        client.send(sent).await;
        assert_eq!(problem(&client.rest().await).code, code);
    }
}

#[tokio::test]
async fn a_refusal_reaches_a_peer_who_is_still_sending() {
    let server = Server::start(limits()).await;
    let mut client = server.connect().await;
    let length = 5_000_000;
    client
        .send(format!("POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n"))
        .await;
    client.send(vec![b'x'; length]).await;
    client.0.shutdown().await.expect("half closes");
    assert_eq!(problem(&client.rest().await).code, Code::PayloadTooLarge);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let server = Server::start(Limits { max_connections: 1, ..limits() }).await;
    let mut first = server.connect().await;
    first.get("/slow").await;
    server.arrived.notified().await;
    let mut second = server.connect().await;
    second.get("/ok").await;
    let early = tokio::time::timeout(Duration::from_millis(50), second.0.readable()).await;
    assert!(early.is_err(), "served beyond the limit");
    server.release.notify_one();
    first.read_to("\"slow\"").await;
    drop(first);
    second.read_to("\"ok\"").await;
}

#[tokio::test]
async fn stopping_finishes_what_was_begun() {
    let server = Server::start(Limits::default()).await;
    let (mut idle, mut busy, mut stream) =
        (server.connect().await, server.connect().await, server.connect().await);
    let mut half = server.connect().await;
    half.send("GET /ok HTTP/1.1\r\n").await;
    idle.get("/ok").await;
    idle.read_to("\"ok\"").await;
    stream.get("/stream").await;
    stream.read_to("first").await;
    busy.get("/slow").await;
    server.arrived.notified().await;

    server.lifecycle.stop();
    assert_eq!(idle.rest().await, "");
    let half = tokio::time::timeout(Limits::default().header_deadline / 2, half.rest()).await;
    half.expect("half a request does not hold up the end");
    assert!(stream.rest().await.ends_with("0\r\n\r\n"), "the stream has no proper end");
    assert!(TcpStream::connect(server.address).await.is_err(), "still listening");
    server.release.notify_one();
    let answer = busy.rest().await;
    assert!(answer.contains("connection: close") && answer.ends_with("\"slow\""), "{answer}");
    tokio::time::timeout(PATIENCE, server.serving).await.expect("ends").expect("no panic");
}

#[tokio::test]
async fn killing_drops_what_does_not_end() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect().await;
    client.get("/slow").await;
    server.arrived.notified().await;
    server.lifecycle.stop();
    server.lifecycle.finish(Duration::ZERO).await;
    tokio::time::timeout(PATIENCE, server.serving).await.expect("ends").expect("no panic");
    assert_eq!(client.rest().await, "");
}

#[test]
fn connections_leave_files_for_the_rest() {
    assert_eq!(affordable(10), 10);
    let files = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let most = affordable(u32::MAX) as u64;
    assert!(most <= files.saturating_sub(OTHER_FILES).max(1), "{most} of {files}");
}

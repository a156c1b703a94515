//! Calls against a server that cuts connections where the test wants it.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use watchfire_shared::ids::{IncidentId, IncidentRef};

use super::*;

async fn server() -> (TcpListener, Client, tempfile::TempDir) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let state = tempfile::tempdir().unwrap();
    let session = Session::new(state.path(), &base, Some(Secret::new("token")), None);
    let client = Client::new(Arc::new(move || Ok(base.clone())), false, true, session);
    (listener, client.unwrap(), state)
}

/// The next connection, once the head of its request has come.
async fn accept(listener: &TcpListener) -> TcpStream {
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    socket
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
        let socket = accept(&listener).await;
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
        let mut socket = accept(&listener).await;
        let problem = watchfire_shared::problem::Problem::new(
            watchfire_shared::problem::Code::NotFound,
            "There is no such incident.",
            "r1",
        );
        let body = serde_json::to_string(&problem).unwrap();
        let answer = format!(
            "HTTP/1.1 404 Not Found\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(answer.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
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

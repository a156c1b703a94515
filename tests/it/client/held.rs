//! A daemon seen through a wire whose live stream can be held back, as a slow network would.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use watchfire_tests::Daemon;

const STREAM: &[u8] = b"/v1/events/stream";

/// A wire to a daemon; everything but the stream always passes.
pub struct Wire {
    listener: TcpListener,
    daemon: String,
    held: watch::Sender<bool>,
}

impl Wire {
    pub async fn to(daemon: &Daemon) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let daemon = daemon.url().trim_start_matches("http://").to_owned();
        Self { listener, daemon, held: watch::Sender::new(false) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }

    /// From now on the stream brings nothing.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// The stream brings what was held back, and goes on.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// Passes everything on; ends only by being dropped.
    pub async fn pass(&self) {
        let mut connections = JoinSet::new();
        loop {
            let (client, _) = self.listener.accept().await.unwrap();
            let daemon = TcpStream::connect(&self.daemon).await.unwrap();
            connections.spawn(connect(client, daemon, self.held.subscribe()));
        }
    }
}

async fn connect(mut client: TcpStream, mut daemon: TcpStream, mut held: watch::Receiver<bool>) {
    let is_stream = AtomicBool::new(false);
    let (mut from_client, mut to_client) = client.split();
    let (mut from_daemon, mut to_daemon) = daemon.split();
    let up = async {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
            let asks = bytes[..count].windows(STREAM.len()).any(|part| part == STREAM);
            is_stream.fetch_or(asks, Ordering::Relaxed);
            if to_daemon.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    };
    let down = async {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from_daemon.read(&mut bytes).await {
            if is_stream.load(Ordering::Relaxed) && held.wait_for(|held| !held).await.is_err() {
                return;
            }
            if to_client.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    };
    // Either side that closes ends both.
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

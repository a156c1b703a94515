//! The network between a daemon and its database, in the hands of a test: it carries bytes while
//! [`Link::carry`] is driven, and freezes while it is not.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use watchfire_tests::postgres::Database;

pub struct Link {
    listener: TcpListener,
}

impl Link {
    /// One that leads to the test server.
    pub async fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        Self { listener: listener.expect("a port is free") }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound socket has an address")
    }

    /// Carries every connection to its end.
    pub async fn carry(&self) -> Infallible {
        let mut connections = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    let (near, _) = accepted.expect("the link accepts");
                    connections.push(relay(near));
                }
                Some(()) = connections.next() => {}
            }
        }
    }
}

async fn relay(mut near: TcpStream) {
    if let Ok(mut far) = TcpStream::connect(Database::server()).await {
        // Either side may end it as it likes.
        let _ = copy_bidirectional(&mut near, &mut far).await;
    }
}

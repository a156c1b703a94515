//! The network between a daemon and its database, in the hands of a test: it carries bytes while
//! [`Link::carry`] is driven, and freezes while it is not. [`Link::abandon`] freezes for ever what is
//! connected now.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use watchfire_tests::postgres::Database;

pub struct Link {
    listener: TcpListener,
    abandoned: watch::Sender<()>,
}

impl Link {
    /// One that leads to the test server.
    pub async fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        Self { listener: listener.expect("a port is free"), abandoned: watch::Sender::default() }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound socket has an address")
    }

    /// From now on nothing comes through on the connections there are, and nobody is told; new ones
    /// are carried.
    pub fn abandon(&self) {
        self.abandoned.send_replace(());
    }

    /// Carries every connection to its end.
    pub async fn carry(&self) -> Infallible {
        let mut connections = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    let (near, _) = accepted.expect("the link accepts");
                    connections.push(relay(near, self.abandoned.subscribe()));
                }
                Some(()) = connections.next() => {}
            }
        }
    }
}

async fn relay(mut near: TcpStream, mut abandoned: watch::Receiver<()>) {
    let Ok(mut far) = TcpStream::connect(Database::server()).await else { return };
    tokio::select! {
        // Either side may end it as it likes.
        _ = copy_bidirectional(&mut near, &mut far) => {}
        Ok(()) = abandoned.changed() => std::future::pending().await,
    }
}

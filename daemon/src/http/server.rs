//! The accept loop. `axum::serve` has no deadlines and no limits; this one has, and it ends
//! without losing an answer.

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};

use super::{Limits, connection};
use crate::lifecycle::Lifecycle;

/// After an error of the listener itself, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` until the process stops: then nothing more is accepted, requests in flight are
/// finished, streams end by themselves, and what is left is dropped when the process is killed.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, lifecycle: Lifecycle) {
    let stopping = lifecycle.stopping();
    let max = usize::try_from(limits.max_connections).unwrap_or(usize::MAX).max(1);
    let mut connections = JoinSet::new();
    let mut was_full = false;
    loop {
        let full = connections.len() >= max;
        if full && !was_full {
            tracing::warn!(max, "as many connections as allowed; more have to wait");
        }
        was_full = full;
        tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            Some(ended) = connections.join_next() => report(ended),
            (stream, peer) = accept(&listener), if !full => {
                let router = router.clone();
                let stopping = stopping.clone();
                connections.spawn(connection::serve(stream, peer.ip(), router, limits, stopping));
            }
        }
    }
    drop(listener);
    drain(connections, &lifecycle).await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and complete: nothing is gained by waiting for more.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "cannot set TCP_NODELAY");
                }
                return (stream, peer);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

async fn drain(mut connections: JoinSet<()>, lifecycle: &Lifecycle) {
    loop {
        tokio::select! {
            ended = connections.join_next() => match ended {
                Some(ended) => report(ended),
                None => return,
            },
            () = lifecycle.killed().cancelled() => {
                tracing::warn!(connections = connections.len(), "dropping connections");
                return connections.shutdown().await;
            }
        }
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}

//! The accept loop. `axum::serve` has no deadlines and no limits; this one has, and it ends
//! without losing an answer.

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};

use super::{Limits, connection};
use crate::lifecycle::Lifecycle;

/// Files the rest of the process may need: database, logs, sockets to others.
const OTHER_FILES: u64 = 256;
/// After an error of the listener itself, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` until the process stops: then nothing more is accepted, requests in flight are
/// finished, streams end by themselves, and what is left is dropped when the process is killed.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, lifecycle: Lifecycle) {
    let stopping = lifecycle.stopping();
    let max = affordable(limits.max_connections);
    let open = metrics::gauge!("http_connections");
    let mut connections = JoinSet::new();
    let mut was_full = false;
    loop {
        let full = connections.len() >= max;
        if full && !was_full {
            tracing::warn!(max, "as many connections as allowed; more have to wait");
        }
        was_full = full;
        #[expect(clippy::cast_precision_loss, reason = "a count of files is far below 2^52")]
        open.set(connections.len() as f64);
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

/// As many connections as asked for, or as the process may have files for; it is raised first.
fn affordable(wanted: u32) -> usize {
    let files = getrlimit(Resource::Nofile);
    let needed = u64::from(wanted).saturating_add(OTHER_FILES);
    let mut allowed = files.current.unwrap_or(u64::MAX);
    if allowed < needed {
        let raised = files.maximum.map_or(needed, |maximum| maximum.min(needed));
        let limit = Rlimit { current: Some(raised), maximum: files.maximum };
        match setrlimit(Resource::Nofile, limit) {
            Ok(()) => allowed = raised,
            Err(error) => tracing::warn!(%error, "cannot raise the limit of open files"),
        }
    }
    let affordable = allowed.saturating_sub(OTHER_FILES).clamp(1, u64::from(wanted).max(1));
    if affordable < u64::from(wanted) {
        tracing::warn!(wanted, affordable, "the limit of open files allows fewer connections");
    }
    usize::try_from(affordable).unwrap_or(usize::MAX)
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

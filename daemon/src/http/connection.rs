//! One connection: its deadlines, and a close that lets the peer read the last answer.
//!
//! The deadlines are kept here and not by hyper, which would set a timer for every request and has
//! one limit for a slow peer and an idle one.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::Service;
use watchfire_shared::problem::Code;

use super::Limits;
use super::auth::Peer;
use super::socket::{Watched, refusal};

/// Time, and bytes thrown away, for a peer that is still sending when its answer is ready. Closing
/// at once would reset the connection, and the answer could be lost on the way.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_MAX: usize = 32 * 1024 * 1024;
/// Time for headers that had begun to arrive when the process was told to stop.
const LAST_HEADERS: Duration = Duration::from_secs(1);

/// Serves requests until the peer closes, a deadline passes or the process stops.
pub(super) async fn serve(
    stream: TcpStream,
    peer: IpAddr,
    router: Router,
    limits: Limits,
    stopping: CancellationToken,
) {
    let progress = Arc::new(Progress::new());
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&progress)));
    let requests = Requests { router, peer: Peer(peer), progress: Arc::clone(&progress) };
    let mut connection =
        http1::Builder::new().max_header_size(limits.max_header).serve_connection(io, requests);
    let end = drive(&mut connection, &progress, &limits, &stopping).await;
    let mut stream = connection.into_parts().io.into_inner().stream;
    match end {
        End::Stalled => return,
        End::Served => {}
        End::HeadLate => {
            let seconds = limits.header_deadline.as_secs();
            let answer = refusal(
                Code::RequestTimeout,
                &format!("The headers did not arrive within {seconds} s."),
            );
            if stream.write_all(&answer).await.is_err() {
                return;
            }
        }
    }
    if stream.shutdown().await.is_ok() && !stopping.is_cancelled() {
        linger(stream).await;
    }
}

/// Why a connection is over.
enum End {
    /// The peer or HTTP ended it.
    Served,
    /// The headers of a request did not arrive in time.
    HeadLate,
    /// Nothing moved for too long.
    Stalled,
}

type Connection = http1::Connection<TokioIo<Watched>, Requests>;

async fn drive(
    connection: &mut Connection,
    progress: &Progress,
    limits: &Limits,
    stopping: &CancellationToken,
) -> End {
    let mut limits = *limits;
    let mut timer = pin!(tokio::time::sleep(limits.header_deadline));
    let mut draining = false;
    loop {
        tokio::select! {
            biased;
            served = poll_fn(|context| connection.poll_without_shutdown(context)) => {
                if let Err(error) = served {
                    tracing::debug!(%error, "connection ended");
                }
                return End::Served;
            }
            () = &mut timer => match progress.verdict(&limits) {
                Verdict::Wait(time) => timer.as_mut().reset(Instant::now() + time),
                Verdict::Over(end) => return end,
            },
            () = stopping.cancelled(), if !draining => {
                draining = true;
                Pin::new(&mut *connection).graceful_shutdown();
                limits.header_deadline = limits.header_deadline.min(LAST_HEADERS);
                timer.as_mut().reset(Instant::now());
            }
        }
    }
}

async fn linger(mut stream: TcpStream) {
    let mut sink = vec![0; 16 * 1024];
    let mut left = LINGER_MAX;
    let drain = async {
        while let Ok(read) = stream.read(&mut sink).await
            && read > 0
            && left > read
        {
            left -= read;
        }
    };
    // Whether the peer has closed or time is over: the connection is dropped next.
    let _ = tokio::time::timeout(LINGER, drain).await;
}

/// The requests of a connection, each handed to the router.
struct Requests {
    router: Router,
    peer: Peer,
    progress: Arc<Progress>,
}

impl hyper::service::Service<Request<Incoming>> for Requests {
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        self.progress.enter(Phase::Busy);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.peer);
        Answer { answer: self.router.clone().call(request), progress: Arc::clone(&self.progress) }
    }
}

struct Answer {
    answer: RouteFuture<Infallible>,
    progress: Arc<Progress>,
}

impl Future for Answer {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.answer).poll(context));
        self.progress.enter(Phase::Answered);
        Poll::Ready(answer)
    }
}

/// Where a connection stands. Only its own task writes it.
#[derive(Debug)]
pub(super) struct Progress {
    opened: Instant,
    phase: AtomicU8,
    /// Milliseconds from `opened` to the beginning of the phase, or to the last write.
    since: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Nothing has arrived yet.
    New,
    /// The headers of a request have begun to arrive.
    Head,
    /// A request is being handled.
    Busy,
    /// Its answer is known and not yet written.
    Answered,
    /// (A part of) the answer is written.
    Idle,
}

enum Verdict {
    /// Look again after this time.
    Wait(Duration),
    Over(End),
}

impl Progress {
    fn new() -> Self {
        Self {
            opened: Instant::now(),
            phase: AtomicU8::new(Phase::New as u8),
            since: AtomicU64::new(0),
        }
    }

    pub fn is(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Relaxed) == phase as u8
    }

    fn enter(&self, phase: Phase) {
        let since = self.opened.elapsed().as_millis();
        self.since.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub fn read(&self) {
        if self.is(Phase::New) || self.is(Phase::Idle) {
            self.enter(Phase::Head);
        }
    }

    pub fn wrote(&self) {
        if self.is(Phase::Answered) || self.is(Phase::Idle) {
            self.enter(Phase::Idle);
        }
    }

    fn verdict(&self, limits: &Limits) -> Verdict {
        if self.is(Phase::Busy) {
            return Verdict::Wait(limits.header_deadline);
        }
        let head = self.is(Phase::Head);
        let limit = if head || self.is(Phase::New) { limits.header_deadline } else { limits.idle };
        let since = Duration::from_millis(self.since.load(Ordering::Relaxed));
        let left = (since + limit).saturating_sub(self.opened.elapsed());
        if left.is_zero() {
            Verdict::Over(if head { End::HeadLate } else { End::Stalled })
        } else {
            // A request that begins meanwhile must not find us asleep past its deadline.
            Verdict::Wait(left.min(limits.header_deadline))
        }
    }
}

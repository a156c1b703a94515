//! One connection: deadlines, problem bodies for what HTTP itself refuses, and a close that lets
//! the peer read the last answer.
//!
//! The deadlines are kept here and not by hyper, which would set a timer for every request and has
//! one limit for a slow peer and an idle one.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use axum::routing::future::RouteFuture;
use bytes::{Buf, Bytes};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::Service;
use watchfire_shared::problem::{Code, Problem};

use super::Limits;
use super::auth::Peer;
use super::error::{self, PROBLEM_JSON};
use super::observe::RequestId;

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
    let io =
        TokioIo::new(Watched { stream, progress: Arc::clone(&progress), refusal: Bytes::new() });
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

/// An answer to what never became a request.
fn refusal(code: Code, detail: &str) -> Bytes {
    let id = RequestId::new();
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let body = error::body(&Problem::new(code, detail, id.as_str()));
    tracing::info!(status = status.as_u16(), request_id = id.as_str(), detail, "refused");
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {PROBLEM_JSON}\r\nx-request-id: {}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        id.as_str(),
        body.len()
    );
    let mut answer = head.into_bytes();
    answer.extend_from_slice(&body);
    Bytes::from(answer)
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
struct Progress {
    opened: Instant,
    phase: AtomicU8,
    /// Milliseconds from `opened` to the beginning of the phase, or to the last write.
    since: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
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

    fn is(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Relaxed) == phase as u8
    }

    fn enter(&self, phase: Phase) {
        let since = self.opened.elapsed().as_millis();
        self.since.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    fn read(&self) {
        if self.is(Phase::New) || self.is(Phase::Idle) {
            self.enter(Phase::Head);
        }
    }

    fn wrote(&self) {
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

/// A stream whose reads and writes are noted, and on which the bare answers that hyper gives to
/// what it cannot parse become problem bodies.
#[derive(Debug)]
struct Watched {
    stream: TcpStream,
    progress: Arc<Progress>,
    /// What is still to be written of a refusal.
    refusal: Bytes,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.progress.read();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.progress.is(Phase::Answered)
            && let Some((code, detail)) = slices.first().and_then(|head| bare_refusal(head))
        {
            self.refusal = refusal(code, detail);
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, slices))?;
        self.progress.wrote();
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, refusal, .. } = &mut *self;
        while !refusal.is_empty() {
            let written = ready!(Pin::new(&mut *stream).poll_write(context, refusal))?;
            refusal.advance(written);
        }
        Pin::new(stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The head of an empty error that hyper made itself. None of our answers has an empty body with
/// such a status, and JSON, which escapes line breaks, cannot look like one.
fn bare_refusal(head: &[u8]) -> Option<(Code, &'static str)> {
    let status = head.strip_prefix(b"HTTP/1.1 4")?;
    let line = status.iter().position(|byte| *byte == b'\r')?;
    if !status[line..].starts_with(b"\r\nconnection: close\r\ncontent-length: 0\r\n") {
        return None;
    }
    match &status[..2] {
        b"00" => Some((Code::Validation, "This is not an HTTP/1.1 request.")),
        b"14" => Some((Code::HeadersTooLarge, "The address is too long; send less in the query.")),
        b"31" => {
            Some((Code::HeadersTooLarge, "The headers are too large; send fewer or shorter ones."))
        }
        _ => None,
    }
}

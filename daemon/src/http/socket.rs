//! The socket of a connection: its reads and writes are noted, and the bare answers that hyper gives
//! to what it cannot parse become problem bodies.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::http::StatusCode;
use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use watchfire_shared::problem::{Code, Problem};

use super::connection::{Phase, Progress};
use super::error::{self, PROBLEM_JSON};
use super::observe::RequestId;

#[derive(Debug)]
pub(super) struct Watched {
    pub stream: TcpStream,
    progress: Arc<Progress>,
    /// What is still to be written of a refusal.
    refusal: Bytes,
}

impl Watched {
    pub const fn new(stream: TcpStream, progress: Arc<Progress>) -> Self {
        Self { stream, progress, refusal: Bytes::new() }
    }
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

/// An answer to what never became a request.
pub(super) fn refusal(code: Code, detail: &str) -> Bytes {
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

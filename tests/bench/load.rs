//! The load generator: HTTP/1.1 written and read by hand over kept-alive connections, on as many
//! threads as there are processors, so that it takes as little of the machine as it can.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Barrier};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::measure::{Result, quantile};

/// Before the clock runs, every connection is busy for this long.
const WARM_UP: Duration = Duration::from_millis(300);
/// A read takes at most so much; the head of an answer must fit.
const BUFFER: usize = 32 * 1024;

/// One request, sent again and again.
#[derive(Debug, Clone)]
pub struct Load {
    pub address: SocketAddr,
    /// All of it, head and body.
    pub request: Arc<[u8]>,
    pub connections: usize,
    /// What every answer must be.
    pub expected: Expected,
}

#[derive(Debug, Clone, Copy)]
pub struct Expected {
    pub status: u16,
    /// Bytes of the body; none where they vary.
    pub length: Option<usize>,
}

/// A request as the generator sends it.
pub fn request(method: &str, path: &str, token: &str, json: Option<&str>) -> Arc<[u8]> {
    let json = json.unwrap_or_default();
    let body = match json.len() {
        0 => String::new(),
        length => format!("content-type: application/json\r\ncontent-length: {length}\r\n"),
    };
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\
         accept: application/json\r\n{body}\r\n{json}"
    );
    text.into_bytes().into()
}

impl Load {
    /// Answers per second over the given time. An answer that is not as expected is an error.
    pub async fn rate(&self, time: Duration) -> Result<f64> {
        let load = self.clone();
        let answers = tokio::task::spawn_blocking(move || load.on_threads(time)).await??;
        #[expect(clippy::cast_precision_loss, reason = "a rate for a screen")]
        let answers = answers as f64;
        Ok(answers / time.as_secs_f64())
    }

    /// Milliseconds of a request, below which so many of a hundred are.
    pub async fn latency(&self, time: Duration, percentile: usize) -> Result<f64> {
        let mut running = JoinSet::new();
        for _ in 0..self.connections {
            let (load, end) = (self.clone(), Instant::now() + time);
            running.spawn(async move {
                let (mut connection, mut took) = (Connection::open(load.address).await?, vec![]);
                while Instant::now() < end {
                    let begun = Instant::now();
                    let (status, _) = connection.ask(&load.request).await?;
                    if status != load.expected.status {
                        return Err(io::Error::other(format!("a request was answered {status}")));
                    }
                    took.push(begun.elapsed().as_secs_f64() * 1000.0);
                }
                Ok(took)
            });
        }
        let mut took = Vec::new();
        while let Some(own) = running.join_next().await {
            took.extend(own??);
        }
        Ok(quantile(took, percentile))
    }

    /// Blocks for the whole time; the number of answers.
    fn on_threads(&self, time: Duration) -> io::Result<u64> {
        let threads = available_parallelism()?.get().min(self.connections).max(1);
        let connected = Barrier::new(threads);
        std::thread::scope(|scope| {
            let run = |number: usize| {
                let share =
                    self.connections / threads + usize::from(number < self.connections % threads);
                let connected = &connected;
                scope.spawn(move || self.on_thread(share, time, connected))
            };
            let running: Vec<_> = (0..threads).map(run).collect();
            running.into_iter().try_fold(0, |sum, thread| {
                let answers = thread.join().map_err(|_| io::Error::other("a thread panicked"))?;
                Ok(sum + answers?)
            })
        })
    }

    fn on_thread(&self, share: usize, time: Duration, connected: &Barrier) -> io::Result<u64> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        runtime.block_on(async {
            let mut connections = Vec::new();
            let mut failed = None;
            for _ in 0..share {
                match Connection::open(self.address).await {
                    Ok(connection) => connections.push(connection),
                    Err(error) => failed = Some(error),
                }
            }
            // Also by a thread that failed: the others wait for it. Nobody has sent anything yet.
            connected.wait();
            if let Some(error) = failed {
                return Err(error);
            }
            let from = Instant::now() + WARM_UP;
            let mut running = JoinSet::new();
            for connection in connections {
                let (request, expected) = (Arc::clone(&self.request), self.expected);
                running.spawn(connection.repeat(request, expected, from, from + time));
            }
            let mut sum = 0;
            while let Some(answers) = running.join_next().await {
                sum += answers.map_err(io::Error::other)??;
            }
            Ok(sum)
        })
    }
}

/// One kept-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Box<[u8]>,
}

/// What is looked at of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Bytes of the head with its blank line.
    before_body: usize,
    /// Bytes of the body.
    body: usize,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; BUFFER].into() })
    }

    /// Asks until `end`; the number of answers that came after `from`.
    async fn repeat(
        mut self,
        request: Arc<[u8]>,
        expected: Expected,
        from: Instant,
        end: Instant,
    ) -> io::Result<u64> {
        let mut answers = 0;
        loop {
            self.stream.write_all(&request).await?;
            let head = self.answer(|_| ()).await?;
            if head.status != expected.status || expected.length.is_some_and(|is| is != head.body) {
                return Err(io::Error::other(format!(
                    "an answer with status {} and {} bytes came where {expected:?} was to come",
                    head.status, head.body
                )));
            }
            let now = Instant::now();
            if now >= end {
                return Ok(answers);
            }
            answers += u64::from(now >= from);
        }
    }

    /// Asks once; the status and the whole answer, head and body.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        self.stream.write_all(request).await?;
        let mut whole = Vec::new();
        let head = self.answer(|bytes| whole.extend_from_slice(bytes)).await?;
        Ok((head.status, whole))
    }

    /// Reads one answer to its last byte and shows what comes to `look`.
    async fn answer(&mut self, mut look: impl FnMut(&[u8])) -> io::Result<Head> {
        let mut filled = 0;
        let head = loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some(head) = parse(&self.buffer[..filled])? {
                break head;
            }
        };
        look(&self.buffer[..filled]);
        let mut left = (head.before_body + head.body)
            .checked_sub(filled)
            .ok_or_else(|| io::Error::other("more came than the answer is long"))?;
        while left > 0 {
            let most = left.min(BUFFER);
            let read = self.stream.read(&mut self.buffer[..most]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            look(&self.buffer[..read]);
            left -= read;
        }
        Ok(head)
    }
}

/// The head of an answer, once it is there. Only answers with a length are understood.
fn parse(bytes: &[u8]) -> io::Result<Option<Head>> {
    const LENGTH: &[u8] = b"content-length:";
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let (mut line, mut status, mut length) = (0, None, None);
    while let Some(end) = bytes[line..].iter().position(|byte| *byte == b'\n') {
        let text = bytes[line..line + end].trim_ascii_end();
        line += end + 1;
        if status.is_none() {
            let code = text.strip_prefix(b"HTTP/1.1 ").and_then(|rest| number(rest.get(..3)?));
            status = Some(code.ok_or_else(|| wrong("this is not an HTTP/1.1 answer"))?);
        } else if text.is_empty() {
            let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
            let body = length.ok_or_else(|| wrong("an answer without a content-length came"))?;
            return Ok(Some(Head { status, before_body: line, body }));
        } else if text.len() > LENGTH.len() && text[..LENGTH.len()].eq_ignore_ascii_case(LENGTH) {
            length = number(text[LENGTH.len()..].trim_ascii());
        }
    }
    if bytes.len() == BUFFER {
        return Err(wrong("the head of an answer is too long"));
    }
    Ok(None)
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::get;
    use tokio::net::TcpListener;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 12\r\netag: \"v1\"\r\n\r\nbody";
        let head = Head { status: 201, before_body: answer.len() - 4, body: 12 };
        assert_eq!(parse(answer).unwrap(), Some(head));
        for cut in [0, 5, 20, 40, answer.len() - 5] {
            assert_eq!(parse(&answer[..cut]).unwrap(), None, "cut at {cut}");
        }
        assert!(parse(b"SSH-2.0\r\n").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err(), "an answer without a length");
    }

    #[tokio::test]
    async fn answers_are_counted_and_wrong_ones_found() {
        let body = "x".repeat(3 * BUFFER);
        let router = Router::new().route("/", get(async move || body.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let expected = Expected { status: 200, length: Some(3 * BUFFER) };
        let load =
            Load { address, request: request("GET", "/", "t", None), connections: 5, expected };
        let story = async {
            assert!(load.rate(Duration::from_millis(50)).await.unwrap() > 0.0);
            for wrong in [
                Load { expected: Expected { status: 201, ..expected }, ..load.clone() },
                Load { expected: Expected { length: Some(1), ..expected }, ..load.clone() },
            ] {
                let error = wrong.rate(Duration::from_millis(50)).await.unwrap_err().to_string();
                assert!(error.contains("status 200 and 98304 bytes"), "{error}");
            }
        };
        tokio::select! {
            () = async { axum::serve(listener, router).await.unwrap() } => {}
            () = story => {}
        }
    }
}

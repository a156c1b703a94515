//! The ceiling of HTTP: bare axum in a process of its own, which sends recorded bytes.

use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{ExitCode, Stdio};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::routing::get;
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::measure::Result;

/// A running bare server; gone with this value.
pub struct Bare {
    pub address: SocketAddr,
    process: Child,
    _answer: NamedTempFile,
}

impl Bare {
    /// Starts a server that answers `GET` of an incident and of the list with this answer, which
    /// is given as it came from the daemon, head and body.
    pub async fn start(answer: &[u8]) -> Result<Self> {
        let file = recorded(answer)?;
        let mut process = command(file.path())?.stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().ok_or("the bare server has no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        let address = line.trim().parse().map_err(|_| "the bare server did not start")?;
        Ok(Self { address, process, _answer: file })
    }

    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }
}

/// An answer in a file, for [`command`].
pub fn recorded(answer: &[u8]) -> Result<NamedTempFile> {
    let file = NamedTempFile::new()?;
    std::fs::write(file.path(), answer)?;
    Ok(file)
}

/// The bare server before its start: this same program.
pub fn command(answer: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    // It ends when its stdin does, so it cannot outlive us.
    command.arg("serve-bare").arg(answer).stdin(Stdio::piped()).kill_on_drop(true);
    Ok(command)
}

/// Serves until stdin closes, and says where as the first line of stdout.
#[tokio::main]
pub async fn serve(answer: &Path, address: SocketAddr) -> Result<ExitCode> {
    let (head, body) = split(&std::fs::read(answer)?)?;
    let send = async move || (head.clone(), body.clone());
    let router = Router::new()
        .route("/v1/incidents", get(send.clone()))
        .route("/v1/incidents/{id}", get(send));
    let listener = TcpListener::bind(address).await?;
    println!("{}", listener.local_addr()?);
    std::thread::spawn(|| {
        // Nothing is ever sent: this returns when the other end is gone.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    // Our own accept loop sets it, and so does anybody who serves small answers.
    axum::serve(
        axum::serve::ListenerExt::tap_io(listener, |stream| {
            let _ = stream.set_nodelay(true);
        }),
        router,
    )
    .await?;
    Ok(ExitCode::SUCCESS)
}

/// The headers hyper does not write by itself, and the body.
fn split(answer: &[u8]) -> Result<(HeaderMap, Bytes)> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").ok_or("no whole answer")?;
    let head = std::str::from_utf8(&answer[..end])?;
    let mut headers = HeaderMap::new();
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(':').ok_or("a header without a colon")?;
        let name: HeaderName = name.parse()?;
        if name != header::CONTENT_LENGTH && name != header::DATE {
            headers.insert(name, HeaderValue::from_str(value.trim())?);
        }
    }
    Ok((headers, Bytes::copy_from_slice(&answer[end + 4..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_answer_is_sent_with_its_own_headers() {
        let answer = b"HTTP/1.1 200 OK\r\netag: \"v1\"\r\ncontent-length: 2\r\ndate: x\r\n\r\n{}";
        let (headers, body) = split(answer).unwrap();
        assert_eq!(headers.len(), 1);
        assert_eq!(headers["etag"], "\"v1\"");
        assert_eq!(&body[..], b"{}");
        assert!(split(b"HTTP/1.1 200 OK\r\n").is_err());
    }
}

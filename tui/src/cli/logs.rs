//! `logs`: the newest lines of an incident, and those that come.

use watchfire_shared::event::Fact;
use watchfire_shared::ids::{IncidentId, IncidentRef, JournalId};
use watchfire_shared::log::LogEntry;
use watchfire_shared::page::MAX_LINES;

use super::args::Logs;
use super::output::{Out, Tone};
use super::{Done, Exit, Failure, events, note, words};
use crate::client::backoff::Backoff;
use crate::client::stream::{EventStream, Message};
use crate::client::{Client, ClientError, ErrorKind, LogQuery};
use crate::clock;

pub async fn logs(client: &Client, out: &mut Out, args: &Logs) -> Done {
    let query = LogQuery {
        min_level: args.min_level,
        q: args.grep.clone(),
        limit: Some(args.limit),
        ..LogQuery::default()
    };
    if args.follow {
        let incident = client.incident(&args.incident).await?;
        return follow(client, out, incident.id, query).await;
    }
    let page = client.logs(&args.incident, &query).await?;
    if out.json {
        return Ok(out.value(&page)?);
    }
    for entry in &page.items {
        line(out, entry)?;
    }
    Ok(())
}

/// How far the lines have been shown.
#[derive(Debug, Default)]
struct Shown {
    /// The last number; none before the first lines.
    seq: Option<i64>,
    log: Option<JournalId>,
    /// The stream told of lines up to here.
    told: i64,
    /// There may be more to read.
    due: bool,
}

impl Shown {
    /// The stream begins anew: in another log the numbers start again.
    fn enter(&mut self, log: JournalId) {
        if self.log.replace(log).is_some_and(|before| before != log) {
            self.seq = None;
            self.told = 0;
        }
        self.due = true;
    }

    /// Lines up to this number have come.
    fn hear(&mut self, last: i64) {
        self.told = self.told.max(last);
        self.due |= Some(last) > self.seq;
    }

    /// Everything told of has been read, also what a filter hides.
    fn read(&mut self) {
        self.seq = self.seq.max(Some(self.told));
        self.due = false;
    }
}

/// The stream says that lines came; they are read by number, so none is lost or shown twice. What
/// cannot be read now is read a little later.
async fn follow(client: &Client, out: &mut Out, id: IncidentId, newest: LogQuery) -> Done {
    let mut stream = EventStream::new(client.clone(), None);
    let mut shown = Shown::default();
    let mut backoff = Backoff::default();
    loop {
        if shown.due {
            match catch_up(client, out, id, &newest, &mut shown.seq).await {
                Ok(()) => {
                    shown.read();
                    backoff.reset();
                }
                Err(Failure::Client(error)) if is_passing(error.kind) => {
                    let wait = backoff.next(rand::random());
                    note(&format!("{error}; next try in {:.1} s", wait.as_secs_f64()));
                    tokio::time::sleep(wait).await;
                    continue;
                }
                Err(error) => return Err(error),
            }
        }
        match stream.next().await {
            Message::Hello(hello) | Message::Resync(hello) => shown.enter(hello.log_id),
            Message::Event(event) if event.incident_id() == Some(id) => match event.fact {
                Fact::LogAttached { last_seq, .. } => shown.hear(last_seq),
                Fact::IncidentDeleted { incident } => {
                    let message = format!("{} has been deleted", incident.reference);
                    return Err(Failure::said(Exit::NotFound, message));
                }
                _ => {}
            },
            Message::Lost { error, retry_in } => events::lost(error, retry_in.as_secs_f64())?,
            Message::Connecting
            | Message::Event(_)
            | Message::Resumed
            | Message::Heartbeat { .. } => {}
        }
    }
}

/// Whether trying again may help.
const fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Unreachable
            | ErrorKind::Interrupted
            | ErrorKind::Timeout
            | ErrorKind::Unavailable
    )
}

/// Prints what came after `seen`, or the newest lines at first, and moves it along line by line.
async fn catch_up(
    client: &Client,
    out: &mut Out,
    id: IncidentId,
    newest: &LogQuery,
    seen: &mut Option<i64>,
) -> Result<(), Failure> {
    let which = IncidentRef::Id(id);
    let mut query = newest.clone();
    let first = seen.is_none();
    if !first {
        query.limit = Some(MAX_LINES);
    }
    loop {
        query.after = *seen;
        let page = fetch(client, &which, &query).await?;
        for entry in &page {
            if out.json {
                out.record(entry)?;
            } else {
                line(out, entry)?;
            }
            *seen = Some(entry.seq.max(seen.unwrap_or(0)));
        }
        let full = u32::try_from(page.len()).unwrap_or(u32::MAX) >= MAX_LINES;
        if first || !full {
            return Ok(out.flush()?);
        }
    }
}

async fn fetch(
    client: &Client,
    which: &IncidentRef,
    query: &LogQuery,
) -> Result<Vec<LogEntry>, ClientError> {
    client.logs(which, query).await.map(|page| page.items)
}

fn line(out: &mut Out, entry: &LogEntry) -> Done {
    let time = words::time(entry.occurred_at, clock::now());
    let level = out.paint(words::level(entry.level), &format!("{:<5}", entry.level));
    let source = match entry.source.as_str() {
        "" => String::new(),
        source => format!("{} ", out.paint(Tone::Work, out.safe(source).as_str())),
    };
    let message = out.safe(&entry.message);
    let time = out.paint(Tone::Dim, &time);
    Ok(out.line(&format!("{time} {level} {source}{message}"))?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use uuid::Uuid;

    use super::*;
    use crate::client::session::{Given, Session};
    use crate::config::Config;
    use crate::secret::Secret;

    #[test]
    fn in_another_log_the_numbers_start_again() {
        let log = |number| JournalId(Uuid::from_u128(number));
        let mut shown = Shown::default();
        shown.enter(log(1));
        shown.hear(40);
        shown.read();
        shown.hear(40);
        assert!(!shown.due);
        shown.enter(log(1));
        assert_eq!((shown.seq, shown.due), (Some(40), true));
        shown.enter(log(2));
        assert_eq!((shown.seq, shown.due), (None, true));
        shown.read();
        assert_eq!(shown.seq, Some(0));
    }

    async fn accept(listener: &TcpListener) -> (TcpStream, String) {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        (socket, String::from_utf8(head).unwrap())
    }

    /// Answers one request for lines.
    async fn answer(listener: &TcpListener, status: &str, body: &str) {
        let (mut socket, head) = accept(listener).await;
        assert!(head.contains("/logs"), "{head}");
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        socket.write_all(answer.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
    }

    #[tokio::test]
    async fn following_goes_on_after_a_read_that_failed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = tempfile::tempdir().unwrap();
        let session =
            Session::new(state.path(), &base, Some(Given::by_variable(Secret::new("token"))), None);
        let client = Client::new(Arc::new(move || Ok(base.clone())), false, true, session).unwrap();
        let serve = async {
            let (mut stream, _) = accept(&listener).await;
            let hello = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: hello\ndata: \
                 {{\"log_id\":\"{}\",\"position\":1}}\n\n",
                Uuid::from_u128(1)
            );
            stream.write_all(hello.as_bytes()).await.unwrap();
            answer(&listener, "502 Bad Gateway", "").await;
            answer(&listener, "200 OK", r#"{"items":[],"next_cursor":null}"#).await;
            stream
        };
        let home = state.path().to_owned();
        let config = Config { state: home, mono: true, utf8: true, ..Config::default() };
        let mut out = Out::new(&config, false);
        let id = IncidentId(Uuid::from_u128(1));
        tokio::select! {
            done = follow(&client, &mut out, id, LogQuery::default()) => panic!("it ended: {done:?}"),
            _stream = serve => {}
        }
    }
}

//! The live stream of events: resumes by position, without gap and without duplicates.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use eventsource_stream::{EventStreamError, Eventsource};
use futures_util::{Stream, StreamExt};
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use watchfire_shared::event::{Event, Heartbeat, Hello};
use watchfire_shared::ids::JournalId;

use super::backoff::Backoff;
use super::{Client, ClientError, ErrorKind, header};

/// Heartbeats come each 5 s; after this long without a word the connection is given up.
pub const SILENCE: Duration = Duration::from_secs(12);
/// Until the daemon must have answered a new connection.
const CONNECT: Duration = Duration::from_secs(10);

/// What the stream tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A try has begun.
    Connecting,
    /// The first connection stands; load lists now and apply only newer versions.
    Hello(Hello),
    /// A later connection stands and goes on where the last one broke.
    Resumed,
    /// What was known is void: load everything anew.
    Resync(Hello),
    Event(Box<Event>),
    /// The daemon has read its journal: what is shown is current.
    Heartbeat {
        position: i64,
    },
    /// The connection is gone or was refused; the next try comes by itself.
    Lost {
        error: ClientError,
        retry_in: Duration,
    },
}

/// A place in one journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    log_id: Option<JournalId>,
    position: i64,
}

impl fmt::Display for Cursor {
    /// As `Last-Event-ID` says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.log_id {
            Some(log_id) => write!(f, "{log_id}:{}", self.position),
            None => write!(f, "{}", self.position),
        }
    }
}

type Wire = Pin<Box<dyn Stream<Item = Result<eventsource_stream::Event, &'static str>> + Send>>;

/// Endless: after a loss it comes back by itself.
pub struct EventStream {
    client: Client,
    cursor: Option<Cursor>,
    wire: Option<Wire>,
    backoff: Backoff,
    /// No try before this.
    next_try: Option<Instant>,
    silence: Duration,
    /// The try under way has been told.
    announced: bool,
}

impl EventStream {
    /// From now on (`hello` says where that is), or after a known position.
    pub fn new(client: Client, after: Option<i64>) -> Self {
        Self {
            client,
            cursor: after.map(|position| Cursor { log_id: None, position }),
            wire: None,
            backoff: Backoff::default(),
            next_try: None,
            silence: SILENCE,
            announced: false,
        }
    }

    /// The last position seen.
    pub fn position(&self) -> Option<i64> {
        self.cursor.map(|cursor| cursor.position)
    }

    /// Tries at once instead of at the end of the wait.
    pub fn retry_now(&mut self) {
        self.next_try = None;
    }

    /// The next message. May be dropped and asked again at any time.
    pub async fn next(&mut self) -> Message {
        loop {
            let Some(wire) = &mut self.wire else {
                if let Some(at) = self.next_try {
                    tokio::time::sleep_until(at).await;
                    self.next_try = None;
                }
                if !std::mem::replace(&mut self.announced, true) {
                    return Message::Connecting;
                }
                match self.connect().await {
                    Ok(()) if self.cursor.is_some() => return Message::Resumed,
                    Ok(()) => continue,
                    Err(error) => return self.lost(error),
                }
            };
            let said = tokio::time::timeout(self.silence, wire.next()).await;
            let error = match said {
                Ok(Some(Ok(event))) => match self.read(&event) {
                    Some(message) => return message,
                    None => continue,
                },
                Ok(Some(Err(cause))) => format!("The live stream broke: {cause}"),
                Ok(None) => "The daemon ended the live stream".to_owned(),
                Err(_) => format!("No word from the daemon for {} s", self.silence.as_secs()),
            };
            return self.lost(ClientError::new(ErrorKind::Interrupted, error));
        }
    }

    fn lost(&mut self, error: ClientError) -> Message {
        self.wire = None;
        self.announced = false;
        let retry_in = self.backoff.next(rand::random());
        self.next_try = Some(Instant::now() + retry_in);
        Message::Lost { error, retry_in }
    }

    async fn connect(&mut self) -> Result<(), ClientError> {
        let opened = tokio::time::timeout(CONNECT, open(&self.client, self.cursor));
        let wire = opened.await.unwrap_or_else(|_| Err(ClientError::timeout(CONNECT)))?;
        self.wire = Some(wire);
        Ok(())
    }

    /// What one message means; `None` for what the consumer need not know.
    fn read(&mut self, raw: &eventsource_stream::Event) -> Option<Message> {
        self.backoff.reset();
        match raw.event.as_str() {
            "hello" | "resync" => {
                let hello: Hello = parse(&raw.data)?;
                self.cursor = Some(Cursor { log_id: Some(hello.log_id), position: hello.position });
                Some(if raw.event == "hello" {
                    Message::Hello(hello)
                } else {
                    Message::Resync(hello)
                })
            }
            "heartbeat" => {
                let Heartbeat { position } = parse(&raw.data)?;
                Some(Message::Heartbeat { position })
            }
            _ => self.read_event(raw),
        }
    }

    fn read_event(&mut self, raw: &eventsource_stream::Event) -> Option<Message> {
        let position: i64 = raw.id.parse().ok()?;
        let event: Option<Event> = parse(&raw.data);
        let known = self.cursor.and_then(|cursor| cursor.log_id);
        if let Some(event) = &event
            && known.is_some_and(|log_id| log_id != event.log_id)
        {
            // Another history: positions and versions may be used a second time.
            let hello = Hello { log_id: event.log_id, position };
            self.cursor = Some(Cursor { log_id: Some(event.log_id), position });
            return Some(Message::Resync(hello));
        }
        if self.position().is_some_and(|seen| position <= seen) {
            return None;
        }
        let log_id = event.as_ref().map(|event| event.log_id).or(known);
        self.cursor = Some(Cursor { log_id, position });
        // What cannot be read is nothing to show, but nothing to ask for again either.
        event.map(|event| Message::Event(Box::new(event)))
    }
}

fn parse<T: DeserializeOwned>(data: &str) -> Option<T> {
    serde_json::from_str(data).ok()
}

async fn open(client: &Client, after: Option<Cursor>) -> Result<Wire, ClientError> {
    let mut renewed = false;
    loop {
        let error = match try_open(client, after).await {
            Ok(wire) => return Ok(wire),
            Err(error) => error,
        };
        let expired = error.kind == ErrorKind::Unauthenticated && client.session().can_renew();
        if renewed || !expired {
            return Err(error);
        }
        renewed = true;
        client.session().renew(client, true).await?;
    }
}

async fn try_open(client: &Client, after: Option<Cursor>) -> Result<Wire, ClientError> {
    let base = (client.locate)()?;
    let mut request =
        client.http.get(format!("{base}/v1/events/stream")).header(ACCEPT, "text/event-stream");
    if let Some(authorization) = client.authorization(&super::Auth::Session).await? {
        request = request.header(AUTHORIZATION, authorization);
    }
    if let Some(cursor) = after {
        request = request.header("last-event-id", header(&cursor.to_string())?);
    }
    let broken = |error: reqwest::Error| ClientError::transport(&base, &error.without_url());
    let response = request.send().await.map_err(broken)?;
    let status = response.status();
    if !status.is_success() {
        let body = response.bytes().await.map_err(broken)?;
        let error = ClientError::answer(&base, status.as_u16(), &body);
        return Err(client.session().explain(error));
    }
    let events = response.bytes_stream().eventsource();
    Ok(Box::pin(events.map(|event| event.map_err(|error| broke(&error)))))
}

/// In words for a person: what the libraries say about a cut connection helps nobody.
fn broke<E>(error: &EventStreamError<E>) -> &'static str {
    match error {
        EventStreamError::Transport(_) => "the connection was cut",
        EventStreamError::Utf8(_) | EventStreamError::Parser(_) => "what came was no event stream",
    }
}

#[cfg(test)]
mod tests;

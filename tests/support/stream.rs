//! The live stream as a client sees it.

use std::pin::Pin;
use std::time::Duration;

use eventsource_stream::{EventStreamError, Eventsource};
use futures_util::StreamExt;
use reqwest::header::CONTENT_TYPE;
use watchfire_shared::event::{Event, Hello};
use watchfire_shared::ids::IncidentId;

/// A server-sent message: `id` is the last position so far, empty before the first.
pub type Message = eventsource_stream::Event;

type Messages = Pin<
    Box<dyn futures_util::Stream<Item = Result<Message, EventStreamError<reqwest::Error>>> + Send>,
>;

/// An open stream; closed with this value.
pub struct Stream(Messages);

impl Stream {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        let kind = response.headers().get(CONTENT_TYPE);
        assert!(
            kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")),
            "not a stream: {} {:?}",
            response.status(),
            kind
        );
        Self(Box::pin(response.bytes_stream().eventsource()))
    }

    /// Whatever comes next; none when the stream has ended, properly or by a cut connection.
    pub async fn next_message(&mut self, limit: Duration) -> Option<Message> {
        tokio::time::timeout(limit, self.0.next())
            .await
            .unwrap_or_else(|_| panic!("nothing on the stream for {limit:?}"))
            .and_then(Result::ok)
    }

    /// The greeting of a stream that was opened without a position.
    pub async fn hello(&mut self, limit: Duration) -> Hello {
        let message = self.next_message(limit).await.expect("the stream is open");
        assert_eq!(message.event, "hello", "{message:?}");
        serde_json::from_str(&message.data).expect("hello has its shape")
    }

    /// The next fact, with heartbeats and the greeting passed over. Its `id` and `event` lines must
    /// say what the envelope says.
    pub async fn next_event(&mut self, limit: Duration) -> Event {
        tokio::time::timeout(limit, self.try_next_event(limit))
            .await
            .unwrap_or_else(|_| panic!("no event on the stream for {limit:?}"))
            .expect("the stream is open")
    }

    /// The next fact; none when the stream has ended. Fails when nothing at all, not even a
    /// heartbeat, comes within `silence`.
    pub async fn try_next_event(&mut self, silence: Duration) -> Option<Event> {
        loop {
            let message = self.next_message(silence).await?;
            match message.event.as_str() {
                "heartbeat" | "hello" => {}
                "resync" => panic!("the daemon asks to start over: {}", message.data),
                _ => return Some(fact(&message)),
            }
        }
    }

    /// The next fact about an incident; those about people and other incidents are passed over.
    pub async fn next_about(&mut self, incident: IncidentId, limit: Duration) -> Event {
        loop {
            let event = self.next_event(limit).await;
            if event.incident_id() == Some(incident) {
                return event;
            }
        }
    }
}

fn fact(message: &Message) -> Event {
    let event: Event = serde_json::from_str(&message.data)
        .unwrap_or_else(|error| panic!("not an event ({error}): {}", message.data));
    assert_eq!(message.event, event.fact.event_type());
    assert_eq!(Some(message.id.as_str()), event.position.map(|p| p.to_string()).as_deref());
    event
}

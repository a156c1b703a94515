//! The live stream as the model hears it.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc};

use crate::client::stream::{EventStream, Message};
use crate::client::{Client, ErrorKind};
use crate::event::{Event, StreamEvent};

/// Tells the model what the stream says, until nobody listens. `wake` ends a wait: the next try
/// begins at once.
pub async fn listen(client: Client, to: mpsc::Sender<Event>, wake: Arc<Notify>) {
    let mut stream = EventStream::new(client, None);
    let mut down = false;
    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            // Only between two tries: a key must not start a try anew that is under way.
            () = wake.notified(), if down => {
                stream.retry_now();
                continue;
            }
        };
        down = matches!(message, Message::Lost { .. });
        let said = said(message);
        let signed_out = matches!(said, StreamEvent::Unauthenticated);
        if to.send(Event::Stream(said)).await.is_err() {
            return;
        }
        if signed_out {
            // Trying again helps nobody before somebody has signed in.
            wake.notified().await;
            stream.retry_now();
        }
    }
}

fn said(message: Message) -> StreamEvent {
    match message {
        Message::Connecting => StreamEvent::Connecting,
        Message::Hello(hello) => StreamEvent::Hello(hello),
        Message::Resumed => StreamEvent::Resumed,
        Message::Resync(hello) => StreamEvent::Resync(hello),
        Message::Event(event) => StreamEvent::Event(event),
        Message::Heartbeat { position } => StreamEvent::Heartbeat { position },
        Message::Lost { error, .. } if error.kind == ErrorKind::Unauthenticated => {
            StreamEvent::Unauthenticated
        }
        Message::Lost { error, retry_in } => StreamEvent::Lost { reason: error.message, retry_in },
    }
}

//! The live stream as the model hears it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Notify, mpsc};

use crate::client::stream::{EventStream, Message};
use crate::client::{Client, ErrorKind};
use crate::event::{Event, StreamEvent};

/// Before a stream that failed inside begins anew.
const AGAIN: Duration = Duration::from_secs(5);

/// Keeps the stream: when it fails inside, the model hears that it is lost, and it begins anew.
/// Nobody may take the silence of a task that is gone for a quiet day.
pub async fn keep<F: Future<Output = ()>>(to: mpsc::Sender<Event>, listen: impl Fn() -> F) {
    while AssertUnwindSafe(listen()).catch_unwind().await.is_err() {
        let reason = "The client failed inside over the live stream; please report it".to_owned();
        let lost = StreamEvent::Lost { reason, retry_in: AGAIN };
        if to.send(Event::Stream(lost)).await.is_err() {
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

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
        let signed_out = matches!(said, StreamEvent::Unauthenticated { .. });
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
            StreamEvent::Unauthenticated { reason: error.message }
        }
        Message::Lost { error, retry_in } => StreamEvent::Lost { reason: error.message, retry_in },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_stream_that_fails_inside_is_told_as_lost_and_begins_anew() {
        let (to, mut heard) = mpsc::channel(4);
        let begun = AtomicUsize::new(0);
        let listen = || async {
            assert_ne!(begun.fetch_add(1, Ordering::Relaxed), 0, "it fails the first time");
        };
        keep(to, listen).await;
        assert_eq!(begun.load(Ordering::Relaxed), 2);
        let Some(Event::Stream(StreamEvent::Lost { reason, retry_in })) = heard.recv().await else {
            panic!("nobody was told");
        };
        assert!(reason.contains("failed inside") && retry_in == AGAIN, "{reason}");
        assert!(heard.recv().await.is_none(), "the second time went well");
    }
}

//! What is typed. The terminal is read by a thread of its own, which cannot be stopped at once: who
//! lends the terminal waits until that thread has let go of it.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use crossterm::event::{self, Event, EventStream};
use futures_util::Stream;
use futures_util::task::AtomicWaker;
use rustix::termios::{QueueSelector, tcflush};
use tokio::sync::oneshot;

/// The terminal, while it is ours to read.
pub struct Input {
    stream: EventStream,
    relay: Arc<Relay>,
    /// Ends when nobody holds the relay any more.
    let_go: oneshot::Receiver<Infallible>,
}

/// Wakes whoever waits for a key. The reading thread holds it from when it is asked to wait for one
/// until it has, so that its end tells that the thread is through: nothing else does.
struct Relay {
    to: AtomicWaker,
    _held: oneshot::Sender<Infallible>,
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.to.wake();
    }
}

impl Input {
    pub fn open() -> Self {
        let (held, let_go) = oneshot::channel();
        let relay = Arc::new(Relay { to: AtomicWaker::new(), _held: held });
        Self { stream: EventStream::new(), relay, let_go }
    }

    /// None when there will be nothing any more.
    pub async fn next(&mut self) -> Option<io::Result<Event>> {
        let waker = Waker::from(Arc::clone(&self.relay));
        poll_fn(|context| {
            self.relay.to.register(context.waker());
            Pin::new(&mut self.stream).poll_next(&mut Context::from_waker(&waker))
        })
        .await
    }

    /// Stops reading, and waits until that is so; for ever where the terminal is gone. Somebody who
    /// read before would take the news that it is to stop from the thread: it would keep the
    /// terminal until the next key, and nobody could begin to read again.
    pub async fn release(self) {
        let Self { stream, relay, let_go } = self;
        drop((stream, relay));
        // It says so by going.
        let _ = let_go.await;
    }
}

/// Drops what was typed and not read yet: it was meant for another program. Nobody may be reading.
pub fn forget() -> io::Result<()> {
    // A thread that had its key already leaves the news that it is to stop to whoever reads next; the
    // keys behind it are not seen then.
    drop_read()?;
    tcflush(io::stdin(), QueueSelector::IFlush)?;
    drop_read()
}

fn drop_read() -> io::Result<()> {
    while event::poll(Duration::ZERO)? {
        event::read()?;
    }
    Ok(())
}

//! The network between two programs, in the hands of a test: a [`Link`] carries bytes to one server
//! and may be frozen, cut, made slow, told to hold answers back, and healed.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What is read at once, and how many of these may be on their way.
const CHUNK: usize = 16 * 1024;
const ON_THEIR_WAY: usize = 64;

/// What a question is known by: an id as it is sent in binary.
pub type Needle = [u8; 16];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Every byte arrives so much later, in either direction.
    Carries(Duration),
    /// Each arrives later, up to so much: connections overtake each other.
    Strays(Duration),
    /// Answers stay away on connections that asked with these bytes since then; each time has its number.
    Holds(Needle, u64),
    Frozen,
    Cut,
}

#[derive(Debug, Clone, Copy)]
struct Condition {
    state: State,
    /// Connections of an earlier age carry nothing any more.
    age: u64,
    /// How often answers were held.
    holds: u64,
}

/// A way to a server; gone with this value, and its connections with it.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    condition: watch::Sender<Condition>,
    /// How many answers are held back.
    held: watch::Sender<usize>,
    /// Ends with this value.
    _carrier: JoinSet<()>,
}

impl Link {
    /// One that leads to this host and port.
    pub async fn to(server: (String, u16)) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let healthy = Condition { state: State::Carries(Duration::ZERO), age: 0, holds: 0 };
        let condition = watch::Sender::new(healthy);
        let held = watch::Sender::new(0);
        let mut carrier = JoinSet::new();
        carrier.spawn(carry(listener, server, condition.subscribe(), held.clone()));
        Self { address, condition, held, _carrier: carrier }
    }

    /// Whoever connects to it reaches the server.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    fn becomes(&self, state: State) {
        self.condition.send_modify(|condition| condition.state = state);
    }

    /// Nothing comes through, and nobody is told.
    pub fn freeze(&self) {
        self.becomes(State::Frozen);
    }

    /// Connections are closed, new ones refused.
    pub fn cut(&self) {
        self.becomes(State::Cut);
    }

    /// Everything takes so much longer, each way.
    pub fn delay(&self, time: Duration) {
        self.becomes(State::Carries(time));
    }

    /// Everything takes longer, each way, by chance and up to so much.
    pub fn stray(&self, most: Duration) {
        self.becomes(State::Strays(most));
    }

    /// Holds the answers to whoever asks with these bytes from now on; questions arrive, and so do
    /// the answers of other connections.
    pub fn hold(&self, needle: Needle) {
        self.held.send_replace(0);
        self.condition.send_modify(|condition| {
            condition.holds += 1;
            condition.state = State::Holds(needle, condition.holds);
        });
    }

    /// Returns once an answer is held back: the server has done what it was asked.
    pub async fn holds_one(&self) {
        self.holds_at_least(1).await;
    }

    /// Returns once so many answers are held back.
    pub async fn holds_at_least(&self, number: usize) {
        let mut held = self.held.subscribe();
        held.wait_for(|held| *held >= number).await.expect("the link is there");
    }

    /// As at the beginning. What was held back arrives.
    pub fn heal(&self) {
        self.becomes(State::Carries(Duration::ZERO));
    }

    /// From now on nothing comes through on the connections there are, and nobody is told; new ones
    /// are carried.
    pub fn abandon(&self) {
        self.condition.send_modify(|condition| condition.age += 1);
    }
}

type Conditions = watch::Receiver<Condition>;

/// Waits until the state is what it should be; for ever when the link is gone.
async fn until(conditions: &mut Conditions, wanted: impl FnMut(&Condition) -> bool) {
    if conditions.wait_for(wanted).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn carry(
    listener: TcpListener,
    server: (String, u16),
    mut conditions: Conditions,
    held: watch::Sender<usize>,
) {
    let address = listener.local_addr().expect("a bound socket has an address");
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let Some(open) = &listener else {
            until(&mut conditions, |condition| condition.state != State::Cut).await;
            let again = TcpListener::bind(address).await;
            listener = Some(again.expect("nobody has taken the port meanwhile"));
            continue;
        };
        tokio::select! {
            accepted = open.accept() => {
                let (near, _) = accepted.expect("the link accepts");
                let way = (conditions.clone(), held.clone());
                connections.spawn(connection(near, server.clone(), way));
            }
            () = until(&mut conditions, |condition| condition.state == State::Cut) => {
                listener = None;
                connections.shutdown().await;
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Carries a connection until either side ends it, as it likes.
async fn connection(
    near: TcpStream,
    server: (String, u16),
    (conditions, held): (Conditions, watch::Sender<usize>),
) {
    let Ok(far) = TcpStream::connect(server).await else { return };
    let delays = [near.set_nodelay(true), far.set_nodelay(true)];
    if delays.iter().any(Result::is_err) {
        return;
    }
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    // What it asked at an earlier time does not count.
    let (asked, counted) = (AtomicU64::new(0), AtomicBool::new(false));
    let listen = |state, bytes: &[u8]| {
        if let State::Holds(needle, time) = state
            && bytes.windows(needle.len()).any(|window| window == needle)
        {
            asked.store(time, Ordering::SeqCst);
            counted.store(false, Ordering::SeqCst);
        }
        true
    };
    let answer = |state, _: &[u8]| {
        let holds = matches!(state, State::Holds(_, time) if asked.load(Ordering::SeqCst) == time);
        if holds && !counted.swap(true, Ordering::SeqCst) {
            held.send_modify(|held| *held += 1);
        }
        !holds
    };
    tokio::select! {
        () = pump(near_in, far_out, conditions.clone(), listen) => {}
        () = pump(far_in, near_out, conditions, answer) => {}
    }
}

/// One direction, of bytes that may go on. They wait for their time in a queue, so that many of them
/// wait together.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut conditions: Conditions,
    may: impl Fn(State, &[u8]) -> bool,
) {
    let age = conditions.borrow().age;
    let (queue, mut queued) = mpsc::channel::<(Instant, Vec<u8>)>(ON_THEIR_WAY);
    let read = async move {
        let mut buffer = vec![0; CHUNK];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            if queue.send((Instant::now(), buffer[..length].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let write = async {
        while let Some((read, bytes)) = queued.recv().await {
            let mut delay = Duration::ZERO;
            until(&mut conditions, |condition| {
                delay = match condition.state {
                    State::Carries(time) => time,
                    State::Strays(most) => most.mul_f64(rand::random()),
                    State::Holds(..) => Duration::ZERO,
                    State::Frozen | State::Cut => return false,
                };
                condition.age == age && may(condition.state, &bytes)
            })
            .await;
            tokio::time::sleep_until(read + delay).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    // The queue ends with the reader, and the writer when it has written all of it.
    let ((), ()) = tokio::join!(read, write);
}

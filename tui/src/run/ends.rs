//! What ends the program from outside: signals, and a terminal that is gone.

use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::screen;

/// An interrupt this soon after the end of the editor was typed into it.
const NOT_OURS: Duration = Duration::from_millis(200);
/// The loop has this long to end once it was asked to: the editor's last words and the last commands
/// are over before.
const PATIENCE: Duration = Duration::from_secs(8);
/// Putting back a terminal that takes nothing would take for ever.
const LAST_TRY: Duration = Duration::from_millis(200);

/// What asks the program to end.
pub struct Ends {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    interrupts_count_from: Instant,
    /// The terminal is gone; the kernel does not always send a signal about it.
    gone: CancellationToken,
    /// Holds the last resort, until the program has ended well.
    last: JoinSet<()>,
}

impl Ends {
    /// Listens from now on, and makes sure that the program ends, whatever its loop stands in: a
    /// write to a terminal that takes nothing, or a read of one that is gone. Needs a runtime around
    /// it.
    pub fn new() -> std::io::Result<Self> {
        let gone = CancellationToken::new();
        let tell = gone.clone();
        thread::Builder::new().name("hang-up".to_owned()).spawn(move || {
            if hung_up() {
                tell.cancel();
            }
        })?;
        let mut ends = Self::of(gone.clone())?;
        ends.last.spawn(last_resort(Self::of(gone)?));
        Ok(ends)
    }

    fn of(gone: CancellationToken) -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            interrupts_count_from: Instant::now(),
            gone,
            last: JoinSet::new(),
        })
    }

    /// What ends a program even while another one has the terminal.
    pub async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
            () = self.gone.cancelled() => {}
        }
    }

    /// An interrupt typed into the program that had the terminal until now is not for us, though it
    /// may arrive after that program's end.
    pub fn forget_interrupts(&mut self) {
        self.interrupts_count_from = Instant::now() + NOT_OURS;
    }

    pub async fn any(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.hang_up.recv() => return,
                () = self.gone.cancelled() => return,
                _ = self.interrupt.recv() => {
                    if Instant::now() >= self.interrupts_count_from {
                        return;
                    }
                }
            }
        }
    }
}

/// Ends the program when its loop does not, though it was asked to.
async fn last_resort(mut ends: Ends) {
    ends.end().await;
    sleep(PATIENCE).await;
    thread::spawn(screen::restore);
    sleep(LAST_TRY).await;
    std::process::exit(1);
}

/// Waits until nobody is at the other end of the terminal; false where that cannot be known.
fn hung_up() -> bool {
    let stdin = std::io::stdin();
    loop {
        // That it hung up is told without being asked for.
        let mut terminal = [PollFd::new(&stdin, PollFlags::empty())];
        match poll(&mut terminal, None) {
            Ok(_) => return terminal[0].revents().intersects(PollFlags::HUP | PollFlags::ERR),
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

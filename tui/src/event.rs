//! Everything that can happen to the client, as one type: keys, time, the live stream and finished
//! requests. The runner makes these, [`crate::update`] answers them with effects.
//!
//! The runner's side of the contract:
//! - it calls `update` for each event and performs every effect it gets back;
//! - it draws when [`crate::model::Model::take_dirty`] says so, never otherwise;
//! - it sends [`Event::Tick`] when [`crate::model::Model::wake_at`] has passed, not on a beat;
//! - each request is answered by exactly one [`Event::Done`], a failure or a time-out too.

use std::time::Duration;

use watchfire_shared::alert::Alert;
use watchfire_shared::assessment::Assessment;
use watchfire_shared::cache::{CacheDemo, CacheStats};
use watchfire_shared::dead_letter::DeadLetter;
use watchfire_shared::event::{Event as Fact, Hello};
use watchfire_shared::health::Health;
use watchfire_shared::incident::{Comment, Incident};
use watchfire_shared::log::LogEntry;
use watchfire_shared::outbox::OutboxStatus;
use watchfire_shared::page::{IncidentPage, Page};
use watchfire_shared::problem::{Code, Problem};
use watchfire_shared::process::Fleet;
use watchfire_shared::stats::Counts;
use watchfire_shared::user::UserOut;

use crate::effect::RequestId;
use crate::handover::Shift;

/// One thing that happened. The time comes beside it, as an argument of `update`.
#[derive(Debug, Clone)]
pub enum Event {
    Key(KeyInput),
    /// Text pasted into the terminal; it never triggers a binding.
    Paste(String),
    /// Comes only while the terminal was asked for it.
    Mouse(Mouse),
    /// Columns and rows.
    Resize(u16, u16),
    /// Time has passed: a visible age, a flash, a timer.
    Tick,
    Stream(StreamEvent),
    /// So many lines of an export are written.
    Progress {
        request: RequestId,
        lines: i64,
    },
    /// The answer to a request of [`crate::effect::Effect`].
    Done {
        request: RequestId,
        outcome: Outcome,
    },
}

/// A key press. Key releases are not sent; a repeat is another press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyInput {
    pub code: KeyCode,
    pub ctrl: bool,
    pub alt: bool,
    /// Only for keys that are not characters: `Char('G')` says shift itself. Shift-tab arrives as
    /// `Tab` with `shift` (terminals call it back-tab).
    pub shift: bool,
}

/// The keys we know. Others are dropped by the runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    Char(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    PageUp,
    PageDown,
}

impl KeyInput {
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    pub const fn ctrl(c: char) -> Self {
        Self { ctrl: true, ..Self::char(c) }
    }

    /// The character a text field would take; none for keys and chords that mean something.
    pub fn text(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl && !self.alt && !c.is_control() => Some(c),
            _ => None,
        }
    }
}

/// What was done with the mouse, and where; columns and rows count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    pub deed: MouseDeed,
    pub column: u16,
    pub row: u16,
}

/// Of the left button, and of the wheel. Others are dropped by the runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseDeed {
    Press,
    /// Moved while the button is held.
    Drag,
    Release,
    WheelUp,
    WheelDown,
}

/// What the live stream says. Positions, resuming and the back-off are the stream's own business.
#[derive(Debug, Clone)]
pub enum StreamEvent {
    /// An attempt has begun.
    Connecting,
    /// A stream from the head of the journal: what is shown must be loaded now.
    Hello(Hello),
    /// A stream that goes on after the last event seen: nothing was missed.
    Resumed,
    /// A fact, in order, without gap and without duplicate.
    Event(Box<Fact>),
    /// The daemon is there and has nothing new.
    Heartbeat { position: i64 },
    /// The daemon cannot go on from where we were: everything must be loaded again.
    Resync(Hello),
    /// The stream is down.
    Lost {
        /// One sentence without a full stop: `connection refused`.
        reason: String,
        /// Until the next attempt begins.
        retry_in: Duration,
    },
    /// The daemon does not know who we are. The stream waits for a new sign-in.
    Unauthenticated {
        /// One sentence without a full stop.
        reason: String,
    },
}

/// The answer to one request.
#[derive(Debug, Clone)]
pub enum Outcome {
    Incidents(Box<IncidentPage>),
    Counts(Counts),
    Incident(Box<Incident>),
    /// By version, the oldest first.
    Timeline(Page<Fact>),
    Alerts(Page<Alert>),
    /// The newest first.
    Assessments(Page<Assessment>),
    /// By number, the newest last.
    Logs(Page<LogEntry>),
    CacheStats(Box<CacheStats>),
    CacheDemo(Box<CacheDemo>),
    Health(Box<Health>),
    Outbox(Box<OutboxStatus>),
    Processes(Fleet),
    /// The oldest first.
    DeadLetters(Page<DeadLetter>),
    Me(UserOut),
    Users(Page<UserOut>),
    /// A patch was accepted or an incident created: how the incident stands now.
    Changed(Box<Incident>),
    Commented(Box<Comment>),
    /// An assessment was asked for, or is under way.
    Assessed(Box<Assessment>),
    /// What was to become of a dead letter was accepted.
    Decided,
    /// A person was added or changed: how they are now.
    Person(Box<UserOut>),
    Handover(Box<Shift>),
    /// The file that was written, with its folder.
    Saved(String),
    /// So many lines were written to the file, told with its folder.
    Exported {
        file: String,
        lines: i64,
    },
    /// There is such a file already; nothing was written.
    Exists(String),
    /// What the editor left in the file, and in a sentence what was wrong with how it ended.
    Written {
        text: String,
        trouble: Option<String>,
    },
    /// A program of the person's own has ended, or could not begin.
    Ran(Ran),
    /// The runner holds the new tokens and has started the stream again.
    SignedIn,
    Failed(Failure),
}

/// What a program said, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// In a few words: `exit status: 1`.
    pub end: String,
    pub good: bool,
    /// As it came, from outside.
    pub output: String,
}

/// Why a request has no result.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub kind: FailureKind,
    /// One sentence without a full stop, for a person: `watchfired does not answer on 127.0.0.1:4911`.
    pub message: String,
    /// What the daemon said, where it said something.
    pub problem: Option<Box<Problem>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// It never reached the daemon: nothing has changed.
    Offline,
    /// No answer in time: a command may or may not have happened.
    TimedOut,
    /// 401: signing in helps.
    Unauthenticated,
    /// Any other 4xx: `problem` says why.
    Refused,
    /// 5xx after the retries the daemon asked for.
    Unavailable,
    /// An answer we cannot read: the daemon is of another version, or it is not ours.
    Unreadable,
}

impl Failure {
    /// What was asked about does not exist any more.
    pub fn is_gone(&self) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.code == Code::NotFound)
    }

    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), problem: None }
    }
}

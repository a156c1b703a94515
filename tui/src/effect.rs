//! What the client wants done, as data. The runner performs it; each request is answered by one
//! [`crate::event::Event::Done`].
//!
//! Loads may overtake each other and may be dropped; [`Effect::Command`] travels in a lane of its own
//! and never waits behind loads, nor behind another command unless that is about the same thing. The
//! runner adds the idempotency key and repeats a command with the same key when the answer was lost.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use watchfire_shared::ids::{DeadLetterId, EventId, IncidentId, LogEntryId, UserId};
use watchfire_shared::incident::{IncidentPatch, NewComment, NewIncident};
use watchfire_shared::log::Level;
use watchfire_shared::page::Sort;
use watchfire_shared::user::{UserIn, UserPatch};

use crate::sift::Wanted;

/// Never used twice; so an answer that comes after a newer question is known and dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Load {
        request: RequestId,
        load: Load,
    },
    Command {
        request: RequestId,
        command: Command,
    },
    /// Signs in and, on success, starts the stream again; answered by `SignedIn` or a failure.
    SignIn {
        request: RequestId,
        email: String,
        password: Secret,
    },
    /// Hand a text to the terminal for its clipboard; nobody can know whether it takes it.
    Copy(String),
    /// Write a file into the folder the client was started in, if it is not there yet; answered by
    /// `Saved` or a failure.
    Save {
        request: RequestId,
        name: String,
        text: String,
    },
    /// Append a table to the configuration, if all of it is right with it; answered by `Saved` or a
    /// failure.
    SaveView {
        request: RequestId,
        text: String,
    },
    /// Write log lines to a file, page by page; says how far it is by `Progress`
    /// and is answered by `Exported`, `Exists` or a failure.
    Export {
        request: RequestId,
        export: Export,
    },
    /// Give the terminal to the person's editor with this text in a file of this name; answered by
    /// `Written` or a failure.
    Write {
        request: RequestId,
        name: String,
        text: String,
    },
    /// Run a program that the person configured; answered by `Ran` or a failure.
    Run {
        request: RequestId,
        program: Program,
    },
    /// Go to the daemon of this context, or to the one that is asked when none is named; the model
    /// ends when one has got there.
    Go(Option<String>),
    /// Do not go there after all.
    Stay,
    /// Keep this for the next run of the client.
    Remember(Remembered),
    /// Tell somebody who looks elsewhere.
    Notify {
        notify: Notify,
        text: String,
    },
    /// Try the stream now instead of waiting for the back-off; nothing happens when it is up. A
    /// daemon of the person's own that is gone is started.
    Reconnect,
    /// Try the stream now, and nothing else.
    Wake,
    /// Leave: restore the terminal and end. Commands still under way are waited for, briefly.
    Quit,
}

/// What was asked and run by name, as it is kept in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// Queries, the newest last.
    pub queries: Vec<String>,
    /// What was run by name, the newest first.
    pub run: Vec<String>,
}

/// Which lines go where.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    pub lines: Lines,
    /// As it was typed: from the folder the client was started in, or from home with `~/`.
    pub file: String,
    /// Whether a file that is there already may go.
    pub replace: bool,
    pub wanted: Wanted,
}

/// Of what lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// Of an incident, up to this number.
    Of { incident: IncidentId, last: i64 },
    /// Of all incidents, up to the newest.
    OfAll,
}

/// A program with its arguments, which nothing splits or expands any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    pub argv: Vec<String>,
    pub way: Way,
}

/// Where a program runs, and what becomes of its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// In the background, no longer than `limit`; `page` says whether its output is shown at once.
    Background { limit: Duration, page: bool },
    /// It has the terminal.
    Terminal,
}

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Load {
    /// A page of the list (`GET /v1/incidents`).
    Incidents {
        /// The query bar's text, as the `filter` parameter; left out when empty.
        filter: String,
        sort: Sort,
        cursor: Option<String>,
        limit: u32,
    },
    Counts,
    Incident(IncidentId),
    /// A page of the timeline: the facts after a version, or after those of the page before.
    Timeline {
        id: IncidentId,
        after: i64,
        cursor: Option<String>,
        limit: u32,
    },
    /// A page of the alerts.
    Alerts {
        id: IncidentId,
        cursor: Option<String>,
    },
    /// The newest assessments.
    Assessments {
        id: IncidentId,
        limit: u32,
    },
    /// Lines by number; with neither bound the newest.
    Logs {
        id: IncidentId,
        before: Option<i64>,
        after: Option<i64>,
        min_level: Option<Level>,
        /// Substring; left out when empty.
        q: String,
        limit: u32,
    },
    /// Lines of all incidents, by the ids of lines; with neither bound the newest.
    AllLogs {
        before: Option<LogEntryId>,
        after: Option<LogEntryId>,
        min_level: Option<Level>,
        q: String,
        limit: u32,
    },
    /// All that is open, and what ended since then.
    Handover {
        since: DateTime<Utc>,
    },
    /// These, whatever became of them; `since` says which of them are new.
    HandoverOf {
        ids: Vec<IncidentId>,
        since: DateTime<Utc>,
    },
    CacheStats,
    /// Has the cache measured; takes some seconds.
    CacheDemo,
    Health,
    Outbox,
    Processes,
    /// Those that wait or are being redriven, the oldest first.
    DeadLetters {
        limit: u32,
    },
    Me,
    Users,
}

/// Something to change. Patches carry `expect`: what the person saw.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Answered by `Changed`.
    Patch { id: IncidentId, patch: Box<IncidentPatch> },
    /// Answered by `Commented`.
    Comment { id: IncidentId, body: NewComment },
    /// Answered by `Assessed`.
    Assess(IncidentId),
    /// Answered by `Changed`.
    Create(Box<NewIncident>),
    /// Answered by `Decided`.
    Redrive(DeadLetterId),
    /// Have a failed event published again; answered by `Decided`.
    Retry(EventId),
    /// Answered by `Decided`.
    Discard { id: DeadLetterId, reason: String },
    /// Answered by `Person`.
    AddPerson(Box<UserIn>),
    /// Answered by `Person`.
    ChangePerson { id: UserId, patch: Box<UserPatch> },
}

/// A password on its way; never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Notify {
    pub bell: bool,
    pub desktop: Option<Desktop>,
}

/// The way in which a terminal takes a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desktop {
    /// iTerm2, `WezTerm`, kitty, Ghostty, Windows Terminal.
    Osc9,
    /// rxvt, foot, VTE.
    Osc777,
}

impl Desktop {
    pub const ALL: [Self; 2] = [Self::Osc9, Self::Osc777];

    /// As `config.toml` names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Osc9 => "osc9",
            Self::Osc777 => "osc777",
        }
    }
}

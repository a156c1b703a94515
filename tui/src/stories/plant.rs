//! The daemon's own workings: the way of events, the processes, and what could not be handled.

use uuid::Uuid;
use watchfire_shared::alert::AlertStatus;
use watchfire_shared::dead_letter::{DeadLetter, DeadLetterKind, DeadLetterState, Place};
use watchfire_shared::event::Fact;
use watchfire_shared::ids::{CommentId, DeadLetterId, EventId, ProcessId};
use watchfire_shared::outbox::{FailedEvent, OutboxStatus};
use watchfire_shared::page::Page;
use watchfire_shared::process::{
    Figures, Fleet, Process, ProcessKind, RelayFigures, WorkerFigures,
};

use super::client::Client;
use super::world::*;
use crate::effect::Load;
use crate::event::Outcome;

/// What an embedded daemon says.
pub fn journal() -> OutboxStatus {
    OutboxStatus { transport: "journal".to_owned(), ..OutboxStatus::default() }
}

/// What a daemon with Kafka says in a busy minute.
pub fn kafka() -> OutboxStatus {
    OutboxStatus {
        pending: 12,
        unpositioned: 0,
        published: 120_431,
        failed: 2,
        oldest_pending_seconds: Some(4.2),
        rate_1m: 41.25,
        transport: "kafka".to_owned(),
        leader: Some("eu-1:4711".to_owned()),
        items: Vec::new(),
    }
}

pub fn process(number: u128, kind: ProcessKind, name: &str) -> Process {
    Process {
        id: ProcessId(Uuid::from_u128(400 + number)),
        kind,
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        started_at: ago(90_000),
        seen_at: ago(1),
        figures: Figures::default(),
    }
}

pub fn worker(lag: i64) -> WorkerFigures {
    WorkerFigures {
        source: "kafka".to_owned(),
        lag,
        rate_1m: 40.0,
        handled: 99_120,
        ..WorkerFigures::default()
    }
}

/// One daemon, which does everything itself.
pub fn alone() -> Fleet {
    let figures = WorkerFigures { source: "journal".to_owned(), rate_1m: 0.4, ..worker(0) };
    Fleet {
        items: vec![Process {
            figures: Figures { relay: None, worker: Some(figures), cache: None },
            ..process(1, ProcessKind::Daemon, "laptop:311")
        }],
    }
}

/// Two daemons and two workers, one of which does not get on.
pub fn fleet() -> Fleet {
    let leading = RelayFigures { leading: true, rate_1m: 41.25, trouble: None };
    let stuck =
        WorkerFigures { trouble: Some("the broker does not answer".to_owned()), ..worker(28) };
    Fleet {
        items: vec![
            Process {
                figures: Figures { relay: Some(leading), worker: None, cache: None },
                ..process(1, ProcessKind::Daemon, "eu-1:4711")
            },
            process(2, ProcessKind::Daemon, "eu-2:12"),
            Process {
                figures: Figures { relay: None, worker: Some(worker(3)), cache: None },
                ..process(3, ProcessKind::Worker, "eu-3:99")
            },
            Process {
                figures: Figures { relay: None, worker: Some(stuck), cache: None },
                ..process(4, ProcessKind::Worker, "eu-4:7")
            },
        ],
    }
}

pub fn letter_id(number: u128) -> DeadLetterId {
    DeadLetterId(Uuid::from_u128(700 + number))
}

/// A parked event of `INC-204`, its version the number.
pub fn letter(number: u32) -> DeadLetter {
    let mut incident = incidents()[0].clone();
    incident.version = i64::from(number);
    let fact = Fact::AlertFired { incident, alert: alert(1, AlertStatus::Firing) };
    DeadLetter {
        id: letter_id(u128::from(number)),
        kind: DeadLetterKind::Parked,
        state: DeadLetterState::Waiting,
        consumer: "analysis".to_owned(),
        event: Some(told(fact, actor("alertmanager"), 900)),
        bytes: None,
        cause: "the database did not answer within 30 s while the lines of the incident were \
                counted; five tries, the last of them 14 minutes ago"
            .to_owned(),
        attempts: 5,
        place: Some(Place { topic: "incident.events".to_owned(), partition: 3, offset: 912 }),
        parked_at: ago(840),
        discarded: None,
    }
}

/// A later one of the same incident, and one that nobody can read.
pub fn letters() -> Vec<DeadLetter> {
    let undecodable = DeadLetter {
        kind: DeadLetterKind::Undecodable,
        event: None,
        bytes: Some("bm8ganNvbg==".to_owned()),
        cause: "expected value at line 1 column 1".to_owned(),
        attempts: 1,
        parked_at: ago(7_300),
        ..letter(11)
    };
    let follows = DeadLetter {
        cause: "an earlier event of its incident is parked".to_owned(),
        attempts: 0,
        state: DeadLetterState::Redriving,
        parked_at: ago(100),
        ..letter(13)
    };
    vec![undecodable, letter(12), follows]
}

/// A comment on `INC-203` that the broker does not take, its version the number.
pub fn failed(number: u32) -> FailedEvent {
    let mut incident = incidents()[1].clone();
    incident.version = i64::from(number);
    let body = "a whole core dump".to_owned();
    let comment_id = CommentId(Uuid::from_u128(5));
    let fact = Fact::IncidentCommented { incident, comment_id, body };
    let mut event = told(fact, actor("robin"), 600);
    event.event_id = EventId(Uuid::from_u128(800 + u128::from(number)));
    let cause = "the message is larger than the topic takes (1,048,588 bytes)".to_owned();
    FailedEvent { event, cause, attempts: 3, failed_at: ago(540) }
}

/// What a daemon with Kafka answers when these failed.
pub fn outbox_with(items: &[FailedEvent]) -> Outcome {
    let failed = i64::try_from(items.len()).expect("few");
    Outcome::Outbox(Box::new(OutboxStatus { failed, items: items.to_vec(), ..kafka() }))
}

pub fn letters_page(items: Vec<DeadLetter>) -> Outcome {
    Outcome::DeadLetters(Page { items, next_cursor: None })
}

/// What a daemon with Kafka and parked events answers.
pub fn busy(load: &Load) -> Option<Outcome> {
    Some(match load {
        Load::Outbox => Outcome::Outbox(Box::new(kafka())),
        Load::Processes => Outcome::Processes(fleet()),
        Load::DeadLetters { .. } => letters_page(letters()),
        other => return usual(other),
    })
}

/// On the events screen, an admin, with these letters.
pub fn deciding(letters: &[DeadLetter]) -> Client {
    let mut client = Client::new();
    client.stream(hello());
    client.press("5");
    client.answer_all(|load| answer(load, letters));
    client
}

/// What a daemon answers an admin when these letters wait.
pub fn answer(load: &Load, letters: &[DeadLetter]) -> Option<Outcome> {
    match load {
        Load::Me => Some(Outcome::Me(admin())),
        Load::DeadLetters { .. } => Some(letters_page(letters.to_vec())),
        other => busy(other),
    }
}

//! What writers asked for and what they were told: whatever was acknowledged must be stored, and
//! what was not may be, as a whole.

use std::cell::RefCell;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use watchfire_shared::ids::{IncidentId, UserId};
use watchfire_shared::problem::{Code, Problem};
use watchfire_tests::{Api, Reply};

/// One command of a writer.
#[derive(Debug, Clone)]
pub enum Command {
    Create,
    /// Title, assignee and note at once: one transaction that makes two or three facts true.
    Patch {
        incident: IncidentId,
        assigned_to: Option<UserId>,
    },
    Comment {
        incident: IncidentId,
    },
    Attach {
        incident: IncidentId,
        lines: i64,
    },
}

/// A command with the mark by which its effects are found again: it is the request id and the
/// idempotency key, and stands in every text that the command writes.
#[derive(Debug, Clone)]
pub struct Write {
    pub mark: String,
    pub command: Command,
}

impl Write {
    pub fn method(&self) -> Method {
        if matches!(self.command, Command::Patch { .. }) { Method::PATCH } else { Method::POST }
    }

    pub fn path(&self) -> String {
        match &self.command {
            Command::Create => "/v1/incidents".to_owned(),
            Command::Patch { incident, .. } => format!("/v1/incidents/{incident}"),
            Command::Comment { incident } => format!("/v1/incidents/{incident}/comments"),
            Command::Attach { incident, .. } => format!("/v1/incidents/{incident}/logs"),
        }
    }

    pub fn body(&self) -> Value {
        let mark = &self.mark;
        match &self.command {
            Command::Create => json!({ "title": mark, "description": mark }),
            Command::Patch { assigned_to, .. } => {
                json!({ "title": mark, "assigned_to": assigned_to, "note": mark })
            }
            Command::Comment { .. } => json!({ "body": mark }),
            Command::Attach { lines, .. } => {
                (0..*lines).map(|line| json!({ "message": self.line(line) })).collect()
            }
        }
    }

    /// The text of a log line of this write.
    pub fn line(&self, line: i64) -> String {
        format!("{}/{line}", self.mark)
    }

    async fn send(&self, api: &Api) -> reqwest::Result<Reply> {
        let request = api.request(self.method(), &self.path()).json(&self.body());
        let request = request.header("x-request-id", &self.mark);
        request.header("idempotency-key", &self.mark).try_send().await
    }
}

/// How a write was acknowledged.
#[derive(Debug, Clone)]
pub enum Ack {
    /// With this body.
    Body(Value),
    /// Only the status line of a success was read.
    Status,
}

/// How an attempt ended.
#[derive(Debug)]
pub enum Outcome {
    Acknowledged,
    /// 503 with a reason.
    Unavailable(Problem),
    /// No answer: nobody can say.
    Cut,
}

/// All writes of a campaign by how they ended.
#[derive(Debug, Clone, Default)]
pub struct Book {
    pub acknowledged: Vec<(Write, Ack)>,
    /// Refused with 503 or not answered.
    pub doubtful: Vec<Write>,
}

#[derive(Debug)]
pub struct Ledger {
    book: RefCell<Book>,
    marks: RefCell<u64>,
    acknowledged: watch::Sender<usize>,
}

impl Ledger {
    pub fn new() -> Self {
        Self {
            book: RefCell::default(),
            marks: RefCell::default(),
            acknowledged: watch::Sender::new(0),
        }
    }

    /// A command with a mark nobody else has.
    pub fn write(&self, command: Command) -> Write {
        *self.marks.borrow_mut() += 1;
        Write { mark: format!("m{:06}", self.marks.borrow()), command }
    }

    pub fn book(&self) -> std::cell::Ref<'_, Book> {
        self.book.borrow()
    }

    /// Returns when `more` further writes have been acknowledged.
    pub async fn acknowledged(&self, more: usize) {
        let mut count = self.acknowledged.subscribe();
        let enough = *count.borrow() + more;
        count.wait_for(|count| *count >= enough).await.expect("the ledger lives");
    }

    pub fn acknowledge(&self, write: Write, ack: Ack) {
        self.book.borrow_mut().acknowledged.push((write, ack));
        self.acknowledged.send_modify(|count| *count += 1);
    }

    pub fn doubt(&self, write: Write) {
        self.book.borrow_mut().doubtful.push(write);
    }

    /// Sends a write and notes how it ended. Nothing but a success and 503 is in order.
    pub async fn attempt(&self, api: &Api, write: Write) -> Outcome {
        match write.send(api).await {
            Ok(reply) if reply.status.is_success() => {
                self.acknowledge(write, Ack::Body(reply.json()));
                Outcome::Acknowledged
            }
            Ok(reply) => {
                self.doubt(write);
                Outcome::Unavailable(unavailable(&reply))
            }
            Err(_) => {
                self.doubt(write);
                Outcome::Cut
            }
        }
    }

    /// Sends what is in doubt once more under the same key, until nothing is: at most `limit`
    /// of them, the latest first.
    pub async fn settle(&self, api: &Api, limit: usize) {
        for _ in 0..limit {
            let Some(write) = self.book.borrow_mut().doubtful.pop() else { return };
            let mark = write.mark.clone();
            let outcome = self.attempt(api, write).await;
            assert!(matches!(outcome, Outcome::Acknowledged), "{mark} again: {outcome:?}");
        }
    }
}

/// A refusal that says why, and when to try again.
#[track_caller]
pub fn unavailable(reply: &Reply) -> Problem {
    let problem = reply.refused(Code::Unavailable);
    let seconds: u32 = reply.header("retry-after").parse().expect("Retry-After is in seconds");
    assert!((1..=60).contains(&seconds), "Retry-After: {seconds}");
    problem
}

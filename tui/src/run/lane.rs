//! The lane of commands, over connections of its own, apart from the loads. Commands run side by
//! side, so that a person waits for nobody else's answer; two about the same thing arrive in the
//! order given. How many of a batch are under way is up to the batch.

use std::collections::HashMap;

use tokio::sync::mpsc;
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::task::{JoinSet, spawn_blocking};
use watchfire_shared::ids::{DeadLetterId, EventId, IncidentId, IncidentRef, UserId};

use super::effects::answer;
use crate::client::{Client, ClientError};
use crate::effect::{Command, RequestId};
use crate::event::{Event, Outcome};

pub type Sent = (RequestId, Command);

/// What a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum About {
    Incident(IncidentId),
    Letter(DeadLetterId),
    Event(EventId),
    Person(UserId),
}

impl About {
    /// None for what is not there before.
    const fn of(command: &Command) -> Option<Self> {
        match command {
            Command::Patch { id, .. } | Command::Comment { id, .. } | Command::Assess(id) => {
                Some(Self::Incident(*id))
            }
            Command::Redrive(id) | Command::Discard { id, .. } => Some(Self::Letter(*id)),
            Command::Retry(id) => Some(Self::Event(*id)),
            Command::ChangePerson { id, .. } => Some(Self::Person(*id)),
            Command::Create(_) | Command::AddPerson(_) => None,
        }
    }
}

/// Performs what comes until nobody can send any more, and all of that has been answered.
pub async fn keep(
    client: Client,
    to: mpsc::Sender<Event>,
    mut waiting: mpsc::UnboundedReceiver<Sent>,
) {
    // Reading the machine's certificates for it takes a while, which nobody waits for at the start.
    let shared = client.clone();
    let own = spawn_blocking(move || client.apart()).await;
    // What made the first connections makes these.
    let own = own.ok().and_then(Result::ok).unwrap_or(shared);
    // The last command about each thing, whose sender goes when it was answered.
    let mut last: HashMap<About, oneshot::Receiver<()>> = HashMap::new();
    let mut tasks = JoinSet::new();
    while let Some((request, command)) = waiting.recv().await {
        while tasks.try_join_next().is_some() {}
        last.retain(|_, ended| ended.try_recv() == Err(TryRecvError::Empty));
        let (end, ended) = oneshot::channel();
        let before = About::of(&command).and_then(|about| last.insert(about, ended));
        let (own, to) = (own.clone(), to.clone());
        tasks.spawn(async move {
            if let Some(before) = before {
                // It says so by going.
                let _ = before.await;
            }
            answer(&to, request, perform(&own, command)).await;
            drop(end);
        });
    }
    while tasks.join_next().await.is_some() {}
}

async fn perform(client: &Client, command: Command) -> Result<Outcome, ClientError> {
    Ok(match command {
        Command::Patch { id, patch } => {
            let changed = client.patch(&IncidentRef::Id(id), &patch).await?;
            Outcome::Changed(Box::new(changed))
        }
        Command::Comment { id, body } => {
            let comment = client.comment(&IncidentRef::Id(id), &body.body).await?;
            Outcome::Commented(Box::new(comment))
        }
        Command::Assess(id) => {
            let assessment = client.assess(&IncidentRef::Id(id)).await?;
            Outcome::Assessed(Box::new(assessment))
        }
        Command::Redrive(id) => {
            client.redrive(id).await?;
            Outcome::Decided
        }
        Command::Retry(id) => {
            client.retry(id).await?;
            Outcome::Decided
        }
        Command::Discard { id, reason } => {
            client.discard(id, &reason).await?;
            Outcome::Decided
        }
        Command::AddPerson(user) => Outcome::Person(Box::new(client.add_user(&user).await?)),
        Command::ChangePerson { id, patch } => {
            Outcome::Person(Box::new(client.change_user(id, &patch).await?))
        }
        Command::Create(incident) => Outcome::Changed(Box::new(client.create(&incident).await?)),
    })
}

//! `watchfire demo`: a story told through the public API, so that there is something to look at.
//!
//! Everything it makes is marked: titles begin with `[demo]`, labels hold `demo=true`. What an
//! Alertmanager would send goes through its own route under an ingest key made for the occasion and
//! revoked at the end, however the story ends.

mod story;

use std::time::Duration;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use watchfire_shared::event::Fact;
use watchfire_shared::field::Field;
use watchfire_shared::ids::{IncidentRef, UserId};
use watchfire_shared::incident::{Expect, Incident, IncidentPatch, NewIncident, Status};
use watchfire_shared::log::LogsAccepted;
use watchfire_shared::user::{IngestKey, IngestKeyIn, KeySource, WithSecret};

use crate::cli::args::Speed;
use crate::cli::output::{Out, Tone};
use crate::cli::{Failure, words};
use crate::client::stream::{EventStream, Message};
use crate::client::{Client, ClientError, ErrorKind, LogFormat};
use crate::clock;
use crate::secret::Secret;
use story::Alerts;

/// Until a notification must have become an incident.
const PATIENCE: Duration = Duration::from_secs(10);

/// Plays the story from beginning to end.
pub async fn play(client: &Client, out: &mut Out, speed: Speed) -> Result<(), Failure> {
    let started = clock::now();
    let me = client.me().await?.id;
    let key = key(client).await?;
    let mut player = Player {
        client,
        out,
        pause: pause(speed),
        key: Secret::new(key.secret.clone()),
        alerts: Alerts::new(started),
        me,
        made: Vec::new(),
    };
    let told = tokio::select! {
        told = player.tell() => told,
        () = told_to_end() => Err(Failure::interrupted()),
    };
    let made = std::mem::take(&mut player.made);
    let revoked = client.revoke_key(key.item.id).await;
    told?;
    revoked?;
    close(out, &made)
}

/// A key that nobody revokes would stay good: the usual signals end the story in order.
async fn told_to_end() {
    let (Ok(mut hangup), Ok(mut terminate)) =
        (signal(SignalKind::hangup()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = hangup.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Only an admin may make one; the embedded owner is.
async fn key(client: &Client) -> Result<WithSecret<IngestKey>, ClientError> {
    let wanted =
        IngestKeyIn { name: "Alertmanager [demo]".to_owned(), source: KeySource::Alertmanager };
    client.create_key(&wanted).await.map_err(|mut error| {
        if error.kind == ErrorKind::Forbidden {
            "The demo makes an ingest key, which only an admin may".clone_into(&mut error.message);
        }
        error
    })
}

const fn pause(speed: Speed) -> Duration {
    match speed {
        Speed::Slow => Duration::from_secs(8),
        Speed::Normal => Duration::from_secs(2),
        Speed::Fast => Duration::ZERO,
    }
}

fn close(out: &mut Out, made: &[Incident]) -> Result<(), Failure> {
    let references: Vec<String> = made.iter().map(|one| one.reference.to_string()).collect();
    if out.json {
        return Ok(out.value(&json!({ "incidents": references }))?);
    }
    let first = references.first().map_or("INC-1", String::as_str);
    out.line("")?;
    for line in [
        "The story is told. To look at:".to_owned(),
        "  watchfire                          the screen; / then label:demo=true".to_owned(),
        format!("  {:<35}its alerts and what happened", format!("watchfire show {first}")),
        format!("  {:<35}what its services said", format!("watchfire logs {first}")),
        "  watchfire events                   the same as facts, in order".to_owned(),
    ] {
        out.line(&line)?;
    }
    Ok(())
}

struct Player<'a> {
    client: &'a Client,
    out: &'a mut Out,
    pause: Duration,
    key: Secret,
    alerts: Alerts,
    me: UserId,
    made: Vec<Incident>,
}

impl Player<'_> {
    async fn tell(&mut self) -> Result<(), Failure> {
        let checkout = self.fire().await?;
        self.open_others().await?;
        self.investigate(&checkout).await?;
        self.find_the_cause(&checkout).await?;
        self.recover(&checkout).await
    }

    /// An Alertmanager notifies; its group becomes an incident.
    async fn fire(&mut self) -> Result<Incident, Failure> {
        let mut stream = EventStream::new(self.client.clone(), None);
        // The stream must stand before the alert is sent, or its event is never seen.
        loop {
            match stream.next().await {
                Message::Hello(_) => break,
                Message::Lost { error, .. } => return Err(error.into()),
                _ => {}
            }
        }
        let body = self.alerts.firing();
        self.client.ingest_alertmanager(&self.key, &body).await?;
        let opened = tokio::time::timeout(PATIENCE, self.opened(&mut stream)).await;
        let incident = opened.map_err(|_| {
            let message = "The alert was accepted, but its incident did not show on the stream";
            ClientError::new(ErrorKind::Timeout, message)
        })?;
        self.made.push(incident.clone());
        let said = format!("Alertmanager: 2 alerts of one group → {}", incident.reference);
        self.say(&said).await?;
        self.attach(&incident, &story::first_logs(clock::now())).await?;
        Ok(incident)
    }

    /// The incident that our alerts belong to, by the stream that the screens follow.
    async fn opened(&self, stream: &mut EventStream) -> Incident {
        loop {
            if let Message::Event(event) = stream.next().await
                && let Fact::AlertFired { incident, alert } = event.fact
                && self.alerts.is_ours(&alert.labels)
            {
                return incident;
            }
        }
    }

    async fn open_others(&mut self) -> Result<(), Failure> {
        for incident in story::others() {
            let made = self.create(&incident).await?;
            self.say(&format!("opened {}: {}", made.reference, made.title)).await?;
        }
        Ok(())
    }

    async fn investigate(&mut self, checkout: &Incident) -> Result<(), Failure> {
        let patch = IncidentPatch {
            assigned_to: Field::Set(self.me),
            ..step(Status::Open, Status::Investigating, "looking at the last deploy")
        };
        self.change(checkout, &patch).await?;
        self.say(&format!("{} is under investigation", checkout.reference)).await?;
        // The alerts repeat, as they do: nothing new happens, only a counter moves.
        for _ in 0..3 {
            self.client.ingest_alertmanager(&self.key, &self.alerts.firing()).await?;
        }
        self.say("Alertmanager repeats itself: the same two alerts, counted").await?;
        self.attach(checkout, &story::more_logs(clock::now())).await
    }

    async fn find_the_cause(&mut self, checkout: &Incident) -> Result<(), Failure> {
        for comment in story::COMMENTS {
            self.client.comment(&which(checkout), comment).await?;
            self.say(&format!("comment on {}: {comment}", checkout.reference)).await?;
        }
        let Some(payments) = self.made.get(1).cloned() else {
            return Ok(());
        };
        let patch = step(Status::Open, Status::Investigating, "follows from the checkout");
        self.change(&payments, &patch).await?;
        self.attach(&payments, &story::payment_logs(clock::now())).await?;
        self.say(&format!("{} is under investigation", payments.reference)).await
    }

    /// The alerts end at their source; the system takes the incident to resolved.
    async fn recover(&mut self, checkout: &Incident) -> Result<(), Failure> {
        self.attach(checkout, &story::last_logs(clock::now())).await?;
        let body = self.alerts.resolved(clock::now());
        self.client.ingest_alertmanager(&self.key, &body).await?;
        let now = self.client.incident(&which(checkout)).await?;
        self.say(&format!("Alertmanager: both resolved → {} is {}", now.reference, now.status))
            .await?;
        if let Some(payments) = self.made.get(1).cloned() {
            let patch = step(Status::Investigating, Status::Resolved, "retries are back to normal");
            self.change(&payments, &patch).await?;
            self.say(&format!("{} is resolved", payments.reference)).await?;
        }
        Ok(())
    }

    async fn create(&mut self, incident: &NewIncident) -> Result<Incident, ClientError> {
        let made = self.client.create(incident).await?;
        self.made.push(made.clone());
        Ok(made)
    }

    async fn change(&self, incident: &Incident, patch: &IncidentPatch) -> Result<(), ClientError> {
        self.client.patch(&which(incident), patch).await.map(drop)
    }

    async fn attach(&mut self, incident: &Incident, lines: &str) -> Result<(), Failure> {
        let bytes = lines.to_owned().into();
        let answer = self.client.attach_logs(&which(incident), LogFormat::Ndjson, bytes).await?;
        let LogsAccepted { accepted, .. } = answer;
        let lines = words::count(accepted, "log line");
        self.say(&format!("{lines} attached to {}", incident.reference)).await
    }

    /// Tells what has just happened and waits a beat.
    async fn say(&mut self, text: &str) -> Result<(), Failure> {
        if !self.out.json {
            let now = clock::now();
            let time = self.out.paint(Tone::Dim, &words::time(now, now));
            let text = self.out.safe(text);
            self.out.line(&format!("{time} {text}"))?;
            self.out.flush()?;
        }
        tokio::time::sleep(self.pause).await;
        Ok(())
    }
}

const fn which(incident: &Incident) -> IncidentRef {
    IncidentRef::Id(incident.id)
}

fn step(from: Status, to: Status, note: &str) -> IncidentPatch {
    IncidentPatch {
        status: Field::Set(to),
        note: Field::Set(note.to_owned()),
        expect: Some(Expect { status: Some(from), ..Expect::default() }),
        ..IncidentPatch::default()
    }
}

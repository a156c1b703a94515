//! What a plan makes of incidents: facts, each on the incident it is about, stored together.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use watchfire_shared::alert::{Alert, AlertStatus};
use watchfire_shared::event::{Actor, Event, Fact, Source};
use watchfire_shared::field::Field;
use watchfire_shared::ids::{AlertId, CommentId, IncidentId};
use watchfire_shared::incident::rules::PatchContext;
use watchfire_shared::incident::{Incident, IncidentPatch, Labels, Priority, Status};

use super::plan::{NewEpisode, Place, Plan};
use super::{Ingest, Locked};
use crate::clock;
use crate::service::{Author, Result, alertmanager};
use crate::store::alert_groups::{self, AlertGroup};
use crate::store::alerts::{self, NewAlert};
use crate::store::incidents::{self, Stored};
use crate::store::{StoreError, Tx, outbox};

/// Incidents under lock, as they change.
pub(super) struct Changes(BTreeMap<IncidentId, Change>);

struct Change {
    stored: Stored,
    /// Not stored yet.
    is_new: bool,
    labels_before: Labels,
    firing_before: i64,
    now: DateTime<Utc>,
    facts: Vec<Fact>,
}

impl Change {
    fn of(stored: Stored, is_new: bool) -> Self {
        Self {
            is_new,
            labels_before: stored.incident.labels.clone(),
            firing_before: stored.incident.firing_alerts,
            now: stored.next_time(),
            facts: Vec::new(),
            stored,
        }
    }

    const fn is_over(&self) -> bool {
        matches!(self.stored.incident.status, Status::Resolved | Status::Closed)
    }
}

impl Changes {
    pub fn of(locked: Locked) -> Self {
        let found = locked.into_iter().filter_map(|(id, stored)| Some((id, stored?)));
        Self(found.map(|(id, stored)| (id, Change::of(stored, false))).collect())
    }

    /// Stores ends; an alert that fired until now resolves.
    pub async fn end(&mut self, tx: &mut Tx, plan: &Plan<'_>) -> Result<()> {
        if plan.endings.is_empty() {
            return Ok(());
        }
        let ends: Vec<_> = plan.endings.iter().map(|ending| ending.end).collect();
        let ended = alerts::end(tx, &ends).await?;
        let mut ended: HashMap<AlertId, Alert> =
            ended.into_iter().map(|alert| (alert.id, alert)).collect();
        for ending in plan.endings.iter().filter(|ending| ending.resolves) {
            let change = ending.incident.and_then(|id| self.0.get_mut(&id));
            if let (Some(change), Some(alert)) = (change, ended.remove(&ending.end.id)) {
                change.facts.push(change.stored.incident.alert_resolved(alert, true));
            }
        }
        Ok(())
    }

    /// Stores new episodes, with an incident for them where there is news and none takes it.
    pub async fn begin(
        &mut self,
        tx: &mut Tx,
        ingest: &Ingest,
        group: AlertGroup,
        plan: &Plan<'_>,
    ) -> Result<()> {
        if plan.new.is_empty() {
            return Ok(());
        }
        let takes = |id: &IncidentId| self.0.get(id).is_some_and(|change| !change.is_over());
        let open = group.incident_id.filter(takes);
        let incident = match plan.place(open.is_some()) {
            Place::Group => open,
            Place::NewIncident => Some(self.open(tx, ingest, group, plan).await?),
            Place::Nowhere => None,
        };
        let new: Vec<_> = plan.new.iter().map(|new| row(new, incident)).collect();
        alerts::insert(tx, &new).await.map_err(|error| match error {
            // Another group brought one of them first: it is no longer new.
            StoreError::Taken(_) => StoreError::Contended,
            error => error,
        })?;
        if let Some(change) = incident.and_then(|id| self.0.get_mut(&id)) {
            let incident = &mut change.stored.incident;
            let alerts = new.into_iter().filter_map(NewAlert::alert);
            change.facts.extend(alerts.map(|alert| match alert.status {
                AlertStatus::Firing => incident.alert_fired(alert),
                AlertStatus::Resolved => incident.alert_resolved(alert, false),
            }));
        }
        Ok(())
    }

    /// Opens the group's next incident. Its row comes before its alerts' rows, its facts follow.
    async fn open(
        &mut self,
        tx: &mut Tx,
        ingest: &Ingest,
        group: AlertGroup,
        plan: &Plan<'_>,
    ) -> Result<IncidentId> {
        let fires = plan.new.iter().filter(|new| new.ends_at.is_none());
        let priority = alertmanager::priority(fires.map(|new| new.signal.severity.as_str()));
        let reference = incidents::next_reference(tx).await?;
        let incident = incident(ingest, reference, priority.unwrap_or(Priority::Medium));
        let (id, now) = (incident.id, incident.created_at);
        let stored = Stored { incident, priority_chosen: false, last_fact_at: now };
        incidents::insert(tx, &stored).await?;
        alert_groups::set_incident(tx, group.id, id).await?;
        let mut change = Change::of(stored, true);
        let incident = change.stored.incident.summary();
        change.facts.push(Fact::IncidentCreated { incident });
        self.0.insert(id, change);
        Ok(id)
    }

    /// What follows for each incident, then its row and its facts.
    pub async fn finish(self, tx: &mut Tx, ingest: &Ingest) -> Result<()> {
        let mut events = Vec::new();
        for (id, mut change) in self.0 {
            if change.facts.is_empty() {
                continue;
            }
            if !change.is_new {
                let firing = alerts::firing(tx, id).await?;
                change.reprioritise(&firing, &ingest.author.actor)?;
            }
            let first = events.len();
            for fact in std::mem::take(&mut change.facts) {
                events.push(ingest.author.incident(fact, change.now)?);
            }
            if ingest.auto_resolve {
                let cause =
                    events.get(first..).and_then(<[Event]>::last).map(|event| event.event_id);
                let system = Author { caused_by: cause, ..ingest.author.system() };
                for fact in change.resolve()? {
                    events.push(system.incident(fact, change.now)?);
                }
            }
            change.stored.last_fact_at = change.now;
            incidents::update(tx, &change.stored, &change.labels_before).await?;
        }
        outbox::append(tx, events).await?;
        Ok(())
    }
}

impl Change {
    /// The highest severity that fires counts, until a person chose the priority or it is over.
    fn reprioritise(&mut self, firing: &[(String, i64)], actor: &Actor) -> Result<()> {
        let severities = firing.iter().map(|(severity, _)| severity.as_str());
        let Some(priority) = alertmanager::priority(severities) else {
            return Ok(());
        };
        if self.stored.priority_chosen || self.is_over() {
            return Ok(());
        }
        let patch = IncidentPatch { priority: Field::Set(priority), ..IncidentPatch::default() };
        let comment_id = CommentId(clock::new_id());
        let context = PatchContext { actor, now: self.now, assignee: None, comment_id };
        self.facts.extend(self.stored.incident.apply(&patch, &context)?);
        Ok(())
    }

    /// The system's steps to resolved, when the last alert that fired has just ended.
    fn resolve(&mut self) -> Result<Vec<Fact>> {
        let incident = &mut self.stored.incident;
        let has_ended = self.firing_before > 0 && incident.firing_alerts == 0;
        let Some(steps) = incident.status.steps_to_resolved().filter(|_| has_ended) else {
            return Ok(Vec::new());
        };
        let step = |to: &Status| Ok(incident.step(*to, &Actor::system(), self.now, None)?);
        steps.iter().map(step).collect()
    }
}

fn incident(
    ingest: &Ingest,
    reference: watchfire_shared::ids::Reference,
    priority: Priority,
) -> Incident {
    let notification = &ingest.notification;
    let now = clock::now();
    Incident {
        id: IncidentId(clock::new_id()),
        reference,
        title: notification.title(),
        description: Some(notification.description()),
        status: Status::Open,
        priority,
        service: notification.service(),
        labels: notification.common_labels.clone(),
        assigned_to: None,
        created_by: ingest.author.actor.clone(),
        source: Source::Alertmanager,
        version: 1,
        log_count: 0,
        firing_alerts: 0,
        score: None,
        created_at: now,
        updated_at: now,
        acknowledged_at: None,
        resolved_at: None,
        closed_at: None,
    }
}

/// The row a new episode becomes. Without an incident only what tells its copies apart is kept.
fn row(new: &NewEpisode<'_>, incident: Option<IncidentId>) -> NewAlert {
    let signal = new.signal;
    let kept = |labels: &Labels| incident.map(|_| labels.clone()).unwrap_or_default();
    let text = |text: &str| incident.map(|_| text.to_owned()).unwrap_or_default();
    NewAlert {
        id: AlertId(clock::new_id()),
        incident_id: incident,
        source: Source::Alertmanager,
        fingerprint: signal.fingerprint.clone(),
        starts_at: signal.starts_at,
        ends_at: new.ends_at,
        over_until: new.over_until,
        severity: text(&signal.severity),
        labels: kept(&signal.labels),
        annotations: kept(&signal.annotations),
        generator_url: text(&signal.generator_url),
        last_seen_at: clock::now(),
    }
}

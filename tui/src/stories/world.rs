//! A small world: a fixed clock, incidents, facts, and a daemon that answers.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;
use watchfire_shared::alert::{Alert, AlertStatus};
use watchfire_shared::assessment::{Assessment, AssessmentStatus, LogSummary, TopMessage};
use watchfire_shared::event::{
    Actor, ActorKind, AggregateType, Event as Told, Fact, Hello, SCHEMA_VERSION, Source,
};
use watchfire_shared::health::{Health, HealthStatus, Part, Parts};
use watchfire_shared::ids::{
    AlertId, AssessmentId, EventId, IncidentId, JournalId, LogEntryId, Reference, UserId,
};
use watchfire_shared::incident::{Incident, Labels, Priority, Status};
use watchfire_shared::log::{Level, LogEntry};
use watchfire_shared::page::{IncidentPage, Page};
use watchfire_shared::stats::Counts;
use watchfire_shared::user::{Role, UserOut, UserRef, UserStatus};

use super::cached;
use super::plant::{alone, journal, letters_page};
use crate::effect::Load;
use crate::event::{Failure, FailureKind, Outcome, StreamEvent};
use crate::handover::Scope;

/// 20:45:59 in the zone of the tests.
pub fn clock() -> DateTime<Utc> {
    "2026-03-14T18:45:59Z".parse().expect("a time")
}

pub fn ago(seconds: i64) -> DateTime<Utc> {
    clock() - TimeDelta::seconds(seconds)
}

pub fn me() -> UserOut {
    UserOut {
        id: UserId(Uuid::from_u128(1)),
        email: Some("dana@example.com".to_owned()),
        name: "dana".to_owned(),
        role: Role::Responder,
        status: UserStatus::Active,
        created_at: ago(1_000_000),
        updated_at: ago(1_000_000),
        last_login_at: None,
    }
}

/// Somebody who may decide about dead letters too.
pub fn admin() -> UserOut {
    UserOut { role: Role::Admin, ..me() }
}

pub fn robin() -> UserRef {
    UserRef { id: UserId(Uuid::from_u128(2)), name: "robin".to_owned() }
}

pub fn id(number: i64) -> IncidentId {
    IncidentId(Uuid::from_u128(1000 + u128::from(number.unsigned_abs())))
}

pub fn actor(name: &str) -> Actor {
    Actor { kind: ActorKind::User, id: Some(Uuid::from_u128(2)), name: name.to_owned() }
}

/// An open incident of medium priority, opened ten minutes ago.
pub fn incident(number: i64, title: &str) -> Incident {
    Incident {
        id: id(number),
        reference: Reference(number),
        title: title.to_owned(),
        description: None,
        status: Status::Open,
        priority: Priority::Medium,
        service: "checkout".to_owned(),
        labels: Labels::new(),
        assigned_to: None,
        created_by: Actor { kind: ActorKind::Key, id: None, name: "alertmanager".to_owned() },
        source: Source::Alertmanager,
        version: 1,
        log_count: 0,
        firing_alerts: 0,
        score: None,
        created_at: ago(600),
        updated_at: ago(600),
        acknowledged_at: None,
        resolved_at: None,
        closed_at: None,
    }
}

/// A list of ordinary variety, in the order of the default sort.
pub fn incidents() -> Vec<Incident> {
    vec![
        Incident {
            priority: Priority::Critical,
            created_at: ago(130),
            firing_alerts: 2,
            log_count: 1204,
            ..incident(204, "Checkout latency p99 over 4 s")
        },
        Incident {
            priority: Priority::High,
            status: Status::Investigating,
            created_at: ago(14 * 60),
            acknowledged_at: Some(ago(12 * 60)),
            assigned_to: Some(UserRef { id: me().id, name: me().name }),
            service: "payments".to_owned(),
            score: Some(78.4),
            labels: Labels::from([
                ("region".to_owned(), "eu".to_owned()),
                ("team".to_owned(), "payments".to_owned()),
            ]),
            ..incident(203, "Payment retries climbing since the last deploy of the gateway")
        },
        Incident {
            priority: Priority::High,
            created_at: ago(41 * 60),
            firing_alerts: 1,
            service: "storage".to_owned(),
            ..incident(199, "監視: disk 91 % on db-eu-3")
        },
        Incident {
            created_at: ago(3 * 3600),
            status: Status::Resolved,
            resolved_at: Some(ago(3000)),
            firing_alerts: 1,
            assigned_to: Some(robin()),
            service: "search".to_owned(),
            ..incident(201, "Search index lags behind")
        },
        Incident {
            priority: Priority::Low,
            created_at: ago(5 * 86_400),
            service: String::new(),
            ..incident(150, "Certificate of the old intranet ends in 20 days")
        },
    ]
}

/// Text that tries everything.
pub fn hostile() -> String {
    if let Some(text) = super::hostile::next() {
        return text;
    }
    format!(
        "\u{1b}[2J\r\u{9b}31m\u{202e}gpj.exe\u{2066}\u{200b}\u{feff}e{}監視 👨\u{200d}👩\u{200d}👧 \n{}",
        "\u{301}".repeat(30),
        "long ".repeat(60)
    )
}

pub fn page(items: Vec<Incident>) -> Outcome {
    let total = i64::try_from(items.len()).expect("few");
    Outcome::Incidents(Box::new(IncidentPage {
        items,
        next_cursor: None,
        total,
        total_exact: true,
    }))
}

pub fn counts() -> Counts {
    Counts {
        by_status: BTreeMap::from([
            (Status::Open, 12),
            (Status::Investigating, 4),
            (Status::Resolved, 7),
        ]),
        by_priority: BTreeMap::from([(Priority::Critical, 3), (Priority::High, 5)]),
        unresolved_by_priority: BTreeMap::from([(Priority::Critical, 2), (Priority::High, 5)]),
    }
}

/// A fact about an incident, as the stream and the timeline tell it.
pub fn told(fact: Fact, by: Actor, seconds_ago: i64) -> Told {
    let incident = fact.incident().expect("about an incident").clone();
    Told {
        event_id: EventId(Uuid::from_u128(5000 + u128::from(incident.version.unsigned_abs()))),
        fact,
        schema_version: SCHEMA_VERSION,
        log_id: log(),
        position: Some(incident.version),
        aggregate_type: AggregateType::Incident,
        aggregate_id: incident.id.0,
        version: incident.version,
        occurred_at: ago(seconds_ago),
        source: Source::Api,
        actor: by,
        request_id: "r".to_owned(),
        caused_by: None,
    }
}

pub fn log() -> JournalId {
    JournalId(Uuid::from_u128(77))
}

pub fn hello() -> StreamEvent {
    StreamEvent::Hello(Hello { log_id: log(), position: 100 })
}

/// An incident with a higher version and a change.
pub fn next(incident: &Incident, change: impl FnOnce(&mut Incident)) -> Incident {
    let mut next = incident.clone();
    next.version += 1;
    change(&mut next);
    next
}

pub fn status_event(incident: &Incident, to: Status) -> StreamEvent {
    let from = incident.status;
    let incident = next(incident, |incident| incident.status = to);
    let fact = Fact::IncidentStatusChanged { incident, from, to, note: None };
    StreamEvent::Event(Box::new(told(fact, actor("robin"), 0)))
}

pub fn created_event(incident: Incident) -> StreamEvent {
    let fact = Fact::IncidentCreated { incident };
    StreamEvent::Event(Box::new(told(fact, Actor::system(), 0)))
}

/// The incident as it is now, after some change.
pub fn updated_event(incident: &Incident) -> StreamEvent {
    let fact = Fact::IncidentUpdated { incident: incident.clone(), changes: BTreeMap::new() };
    StreamEvent::Event(Box::new(told(fact, actor("robin"), 0)))
}

/// Somebody's account has changed.
pub fn people_event() -> StreamEvent {
    let about = told(Fact::IncidentCreated { incident: incident(1, "x") }, actor("root"), 0);
    let fact = Fact::UserUpdated { user: me(), changes: BTreeMap::new() };
    StreamEvent::Event(Box::new(Told {
        fact,
        aggregate_type: AggregateType::User,
        aggregate_id: me().id.0,
        ..about
    }))
}

pub fn deleted_event(incident: &Incident) -> StreamEvent {
    let fact = Fact::IncidentDeleted { incident: next(incident, |_| {}) };
    StreamEvent::Event(Box::new(told(fact, actor("root"), 0)))
}

pub fn alert(number: u128, status: AlertStatus) -> Alert {
    let labels = [("alertname", "CheckoutSlow"), ("instance", "i-a"), ("region", "eu")];
    let map = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    Alert {
        id: AlertId(Uuid::from_u128(9000 + number)),
        incident_id: id(204),
        source: Source::Alertmanager,
        fingerprint: format!("{number:016x}"),
        starts_at: ago(300),
        ends_at: (status == AlertStatus::Resolved).then(|| ago(20)),
        status,
        severity: "critical".to_owned(),
        labels: map(&labels),
        annotations: map(&[("summary", "p99 over 4 s for 10 minutes")]),
        generator_url: String::new(),
        repeats: 199,
        last_seen_at: ago(5),
    }
}

pub fn timeline() -> Vec<Told> {
    let mut incident = incidents()[0].clone();
    let mut facts = Vec::new();
    let mut add = |incident: &mut Incident, by: Actor, seconds, fact: &dyn Fn(Incident) -> Fact| {
        facts.push(told(fact(incident.clone()), by, seconds));
        incident.version += 1;
    };
    add(&mut incident, Actor::system(), 90_000, &|incident| Fact::IncidentCreated { incident });
    add(&mut incident, actor("alertmanager"), 290, &|incident| Fact::AlertFired {
        incident,
        alert: alert(1, AlertStatus::Firing),
    });
    add(&mut incident, actor("dana"), 229, &|mut incident| {
        incident.status = Status::Investigating;
        Fact::IncidentStatusChanged {
            incident,
            from: Status::Open,
            to: Status::Investigating,
            note: None,
        }
    });
    add(&mut incident, actor("loki"), 100, &|incident| Fact::LogAttached {
        incident,
        first_seq: 1,
        last_seq: 1204,
        counts: BTreeMap::from([(Level::Error, 812), (Level::Warn, 391), (Level::Info, 1)]),
        sources: vec!["api".to_owned()],
    });
    add(&mut incident, actor("dana"), 60, &|incident| Fact::IncidentCommented {
        incident,
        comment_id: watchfire_shared::ids::CommentId(Uuid::from_u128(3)),
        body: "rolling back 1.42\nthe new pool size is the likely cause, as the first two \
                   instances show the same numbers"
            .to_owned(),
    });
    facts
}

/// An assessment of INC-204, begun so long ago.
pub fn assessment(number: u128, seconds_ago: i64, status: AssessmentStatus) -> Assessment {
    let over = status != AssessmentStatus::InProgress;
    Assessment {
        id: AssessmentId(Uuid::from_u128(30_000 + number)),
        incident_id: id(204),
        component: "logs".to_owned(),
        status,
        progress: if over { 100 } else { 0 },
        requested_by: actor("dana"),
        started_at: ago(seconds_ago),
        completed_at: over.then(|| ago(seconds_ago - 2)),
        parameter_version: 1,
        summary: (status == AssessmentStatus::Completed).then(log_summary),
        error: (status == AssessmentStatus::Failed)
            .then(|| "the worker gave up after five attempts: the database was away".to_owned()),
    }
}

fn log_summary() -> LogSummary {
    let top =
        |level, count, message: &str| TopMessage { level, message: message.to_owned(), count };
    LogSummary {
        lines: 1_204,
        counts: BTreeMap::from([(Level::Error, 812), (Level::Warn, 391), (Level::Info, 1)]),
        first_at: Some(ago(600)),
        last_at: Some(ago(120)),
        top_messages: vec![
            top(Level::Error, 412, "timeout after 4003 ms"),
            top(Level::Error, 400, "pool exhausted (20 of 20)"),
            top(Level::Warn, 391, "retry 3 of 3"),
            top(
                Level::Info,
                1,
                "\u{76e3}\u{8996} started with a configuration of many words: \
                 pool.size=20 pool.wait=4s retries=3 region=eu-central-1 zone=b",
            ),
        ],
    }
}

/// The newest first.
pub fn assessments() -> Vec<Assessment> {
    vec![
        assessment(2, 88, AssessmentStatus::Completed),
        assessment(1, 900, AssessmentStatus::Failed),
    ]
}

pub fn line(seq: i64, level: Level, message: &str) -> LogEntry {
    LogEntry {
        id: LogEntryId(Uuid::from_u128(20_000 + u128::from(seq.unsigned_abs()))),
        incident_id: id(204),
        seq,
        level,
        message: message.to_owned(),
        source: "api".to_owned(),
        occurred_at: ago(120 - seq),
        fields: serde_json::Map::from_iter([("attempt".to_owned(), json!(seq))]),
    }
}

pub fn logs() -> Vec<LogEntry> {
    (1..=40)
        .map(|seq| match seq % 3 {
            0 => line(seq, Level::Error, "timeout after 4003 ms"),
            1 => line(seq, Level::Warn, "retry 3 of 3"),
            _ => line(seq, Level::Info, "pool exhausted (20 of 20)"),
        })
        .collect()
}

pub fn health() -> Health {
    let part = |kind: &str| Part {
        status: HealthStatus::Healthy,
        kind: kind.to_owned(),
        reason: None,
        since: ago(1000),
        last_trouble: None,
    };
    Health {
        status: HealthStatus::Degraded,
        version: "0.1.0".to_owned(),
        parts: Parts {
            database: part("sqlite"),
            cache: part("memory"),
            cache_integrity: part("memory"),
            broker: part("journal"),
            worker: Part {
                status: HealthStatus::Degraded,
                reason: Some("no heartbeat since 20:40".to_owned()),
                ..part("task")
            },
        },
    }
}

pub fn offline() -> Failure {
    Failure::new(FailureKind::Offline, "watchfired does not answer on 127.0.0.1:4911")
}

/// What a daemon in good order answers.
pub fn usual(load: &Load) -> Option<Outcome> {
    let all = incidents();
    Some(match load {
        Load::Incidents { .. } => page(all),
        Load::Counts => Outcome::Counts(counts()),
        Load::Incident(id) => {
            let mut incident = all.into_iter().find(|incident| incident.id == *id)?;
            incident.description =
                Some("Users see timeouts.\nThe runbook is under /runbooks/checkout.".to_owned());
            Outcome::Incident(Box::new(incident))
        }
        Load::Timeline { .. } => Outcome::Timeline(Page { items: timeline(), next_cursor: None }),
        Load::Alerts { .. } => Outcome::Alerts(Page {
            items: vec![alert(1, AlertStatus::Firing), alert(2, AlertStatus::Resolved)],
            next_cursor: None,
        }),
        Load::Assessments { .. } => {
            Outcome::Assessments(Page { items: assessments(), next_cursor: None })
        }
        Load::Logs { after: None, .. } => Outcome::Logs(Page { items: logs(), next_cursor: None }),
        Load::AllLogs { before: None, after: None, .. } => {
            Outcome::Logs(Page { items: logs(), next_cursor: None })
        }
        Load::Logs { .. } | Load::AllLogs { .. } => {
            Outcome::Logs(Page { items: Vec::new(), next_cursor: None })
        }
        Load::Handover { since } => Outcome::Handover(Box::new(super::handover::shift(*since))),
        Load::HandoverOf { since, ids } => {
            let mut shift = super::handover::shift(*since);
            shift.scope = Scope::Chosen;
            shift.open.retain(|entry| ids.contains(&entry.incident.id));
            shift.over.retain(|entry| ids.contains(&entry.incident.id));
            Outcome::Handover(Box::new(shift))
        }
        Load::CacheStats => Outcome::CacheStats(Box::new(cached::in_memory())),
        Load::CacheDemo => Outcome::Failed(offline()),
        Load::Health => Outcome::Health(Box::new(health())),
        Load::Outbox => Outcome::Outbox(Box::new(journal())),
        Load::Processes => Outcome::Processes(alone()),
        Load::DeadLetters { .. } => letters_page(Vec::new()),
        Load::Me => Outcome::Me(me()),
        Load::Users => Outcome::Users(Page {
            items: vec![me(), UserOut { id: robin().id, name: robin().name, ..me() }],
            next_cursor: None,
        }),
    })
}

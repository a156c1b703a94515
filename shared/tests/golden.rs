//! Freezes the envelope and every stable event type: other programs read these bytes. A file that
//! changes is a new `schema_version`, or a mistake.
//!
//! `WATCHFIRE_GOLDEN=write cargo test -p watchfire-shared --test golden` writes the files anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;
use watchfire_shared::alert::{Alert, AlertStatus};
use watchfire_shared::assessment::{Assessment, AssessmentStatus, LogSummary, TopMessage};
use watchfire_shared::event::{
    Actor, ActorKind, AggregateType, Event, Fact, FromTo, SCHEMA_VERSION, Source,
};
use watchfire_shared::ids::{
    AlertId, AssessmentId, CommentId, EventId, IncidentId, JournalId, Reference, UserId,
};
use watchfire_shared::incident::{Incident, Priority, Status};
use watchfire_shared::log::Level;
use watchfire_shared::user::{Role, UserOut, UserRef, UserStatus};

/// One list for the examples and for the match that makes it complete: a new fact does not compile
/// until it has an entry here, and then fails until it has a file.
macro_rules! golden {
    ($($variant:ident $fields:tt),+ $(,)?) => {
        fn examples() -> Vec<Fact> {
            vec![$(Fact::$variant $fields),+]
        }

        #[expect(dead_code, reason = "it is there to be compiled")]
        const fn every_fact_has_an_example(fact: &Fact) {
            match fact {
                $(Fact::$variant { .. } => {})+
                // Has no shape of its own.
                Fact::Other(_) => {}
            }
        }
    };
}

golden! {
    IncidentCreated { incident: incident() },
    IncidentUpdated {
        incident: incident(),
        changes: BTreeMap::from([
            change("description", json!({"length": 0, "start": ""}), json!({"length": 4, "start": "slow"})),
            change("labels", json!({}), json!({"region": "eu"})),
            change("priority", json!("medium"), json!("critical")),
            change("service", json!(""), json!("checkout")),
            change("title", json!("Checkout"), json!("Checkout 監視 \u{1b}[31m")),
        ]),
    },
    IncidentStatusChanged {
        incident: incident(),
        from: Status::Open,
        to: Status::Investigating,
        note: Some("rolling back".to_owned()),
    },
    IncidentAssigned { incident: incident(), from: None, to: Some(person()) },
    IncidentCommented {
        incident: incident(),
        comment_id: CommentId(id(5)),
        body: "two\nlines".to_owned(),
    },
    IncidentDeleted { incident: bare_incident() },
    LogAttached {
        incident: incident(),
        first_seq: 1_201,
        last_seq: 1_204,
        counts: BTreeMap::from([(Level::Warn, 1), (Level::Error, 3)]),
        sources: vec!["api".to_owned(), "lb".to_owned()],
    },
    AlertFired { incident: incident(), alert: alert(None) },
    AlertResolved { incident: incident(), alert: alert(Some(at("2026-02-03T04:20:00Z"))) },
    BatchCompleted {
        incident: incident(),
        kind: "logs".to_owned(),
        accepted: 1_204,
        rejected: 0,
        duration_ms: 42,
    },
    AssessmentRequested { incident: incident(), assessment: assessment(None) },
    AssessmentCompleted { incident: incident(), assessment: assessment(Some(summary())) },
    UserCreated {
        user: user(),
        changes: BTreeMap::from([change("role", Value::Null, json!("responder"))]),
    },
    UserUpdated {
        user: UserOut { status: UserStatus::Deactivated, ..user() },
        changes: BTreeMap::from([change("status", json!("active"), json!("deactivated"))]),
    },
}

fn change(field: &str, from: Value, to: Value) -> (String, FromTo) {
    (field.to_owned(), FromTo { from, to })
}

/// An id of version 7, as all of ours are.
fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x019c_2000_0000_7000_8000_0000_0000_0000 | number)
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect(text).to_utc()
}

fn person() -> UserRef {
    UserRef { id: UserId(id(3)), name: "dana".to_owned() }
}

fn actor() -> Actor {
    Actor { kind: ActorKind::User, id: Some(id(3)), name: "dana".to_owned() }
}

fn user() -> UserOut {
    UserOut {
        id: UserId(id(3)),
        email: None,
        name: "dana".to_owned(),
        role: Role::Responder,
        status: UserStatus::Active,
        created_at: at("2026-02-01T08:00:00Z"),
        updated_at: at("2026-02-03T04:05:06.123456Z"),
        last_login_at: None,
    }
}

/// Everything an incident can hold, but for the description, which stays out of events.
fn incident() -> Incident {
    Incident {
        id: IncidentId(id(1)),
        reference: Reference(204),
        title: "Checkout 監視 \u{1b}[31m".to_owned(),
        description: None,
        status: Status::Closed,
        priority: Priority::Critical,
        service: "checkout".to_owned(),
        labels: BTreeMap::from([("region".to_owned(), "eu".to_owned())]),
        assigned_to: Some(person()),
        created_by: Actor { kind: ActorKind::Key, id: Some(id(4)), name: "prometheus".to_owned() },
        source: Source::Alertmanager,
        version: 7,
        log_count: 1_204,
        firing_alerts: 2,
        score: Some(78.5),
        created_at: at("2026-02-03T04:00:00Z"),
        updated_at: at("2026-02-03T04:05:06.123456Z"),
        acknowledged_at: Some(at("2026-02-03T04:01:00Z")),
        resolved_at: Some(at("2026-02-03T04:04:00.5Z")),
        closed_at: Some(at("2026-02-03T04:05:06.123456Z")),
    }
}

/// As little as an incident can hold: what is not there is written as null.
fn bare_incident() -> Incident {
    Incident {
        title: "x".to_owned(),
        status: Status::Open,
        service: String::new(),
        labels: BTreeMap::new(),
        assigned_to: None,
        log_count: 0,
        firing_alerts: 0,
        score: None,
        acknowledged_at: None,
        resolved_at: None,
        closed_at: None,
        ..incident()
    }
}

fn alert(ends_at: Option<DateTime<Utc>>) -> Alert {
    let status = ends_at.map_or(AlertStatus::Firing, |_| AlertStatus::Resolved);
    Alert {
        id: AlertId(id(6)),
        incident_id: IncidentId(id(1)),
        source: Source::Alertmanager,
        fingerprint: "00c0ffee00c0ffee".to_owned(),
        starts_at: at("2026-02-03T03:59:30Z"),
        ends_at,
        status,
        severity: "page".to_owned(),
        labels: BTreeMap::from([("alertname".to_owned(), "CheckoutSlow".to_owned())]),
        annotations: BTreeMap::from([("summary".to_owned(), "p99 over 4 s".to_owned())]),
        generator_url: "http://prometheus.example/graph".to_owned(),
        repeats: 200,
        last_seen_at: at("2026-02-03T04:19:00Z"),
    }
}

fn assessment(summary: Option<LogSummary>) -> Assessment {
    let done = summary.is_some();
    Assessment {
        id: AssessmentId(id(7)),
        incident_id: IncidentId(id(1)),
        component: "logs".to_owned(),
        status: if done { AssessmentStatus::Completed } else { AssessmentStatus::InProgress },
        progress: if done { 100 } else { 0 },
        requested_by: Actor::system(),
        started_at: at("2026-02-03T04:05:06.123456Z"),
        completed_at: done.then(|| at("2026-02-03T04:05:07Z")),
        parameter_version: 1,
        summary,
        error: None,
    }
}

fn summary() -> LogSummary {
    LogSummary {
        lines: 1_204,
        counts: BTreeMap::from([(Level::Warn, 1_200), (Level::Error, 4)]),
        first_at: Some(at("2026-02-03T03:59:00Z")),
        last_at: Some(at("2026-02-03T04:05:00Z")),
        top_messages: vec![TopMessage {
            level: Level::Warn,
            message: "retry 3 of 3".to_owned(),
            count: 1_200,
        }],
    }
}

fn event(fact: Fact) -> Event {
    let about_a_person = fact.incident().is_none();
    let (aggregate_type, aggregate_id) = if about_a_person {
        (AggregateType::User, id(3))
    } else {
        (AggregateType::Incident, id(1))
    };
    // One that the system made because of another, not positioned yet.
    let caused = matches!(fact, Fact::AlertResolved { .. });
    Event {
        event_id: EventId(id(0x10)),
        fact,
        schema_version: SCHEMA_VERSION,
        log_id: JournalId(id(2)),
        position: if caused { None } else { Some(9_001) },
        aggregate_type,
        aggregate_id,
        version: 7,
        occurred_at: at("2026-02-03T04:05:06.123456Z"),
        source: if caused { Source::System } else { Source::Api },
        actor: if caused { Actor::system() } else { actor() },
        request_id: "0190-request".to_owned(),
        caused_by: caused.then(|| EventId(id(0xf))),
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn text_of(event: &Event) -> String {
    let text = serde_json::to_string_pretty(event).expect("an event is JSON");
    text + "\n"
}

#[test]
fn every_fact_is_written_as_its_golden_file_and_read_back() {
    for fact in examples() {
        let event = event(fact);
        let path = folder().join(format!("{}.json", event.fact.event_type()));
        let text = text_of(&event);
        if option_env!("WATCHFIRE_GOLDEN") == Some("write") {
            fs::write(&path, &text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        let golden = fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!("{}: {error}; WATCHFIRE_GOLDEN=write makes it", path.display())
        });
        assert_eq!(text, golden, "{}", path.display());
        let read: Event = serde_json::from_str(&golden).expect("the golden file is an event");
        assert_eq!(read, event, "{}", path.display());
    }
}

#[test]
fn the_folder_holds_the_files_of_the_facts_and_no_others() {
    let expected: BTreeSet<String> =
        examples().iter().map(|fact| format!("{}.json", fact.event_type())).collect();
    let entries = fs::read_dir(folder()).expect("the folder is there");
    let found: BTreeSet<String> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_list_of_types_is_that_of_the_facts() {
    let facts = examples();
    let types: Vec<&str> = facts.iter().map(Fact::event_type).collect();
    assert_eq!(types, Fact::TYPES);
}

#[test]
fn a_fact_of_tomorrow_travels_unchanged_with_the_incident_it_carries() {
    let mut value = serde_json::to_value(event(examples().remove(0))).expect("an event is JSON");
    value["event_type"] = json!("incident.foretold");
    value["payload"]["odds"] = json!([0.25, null, {"who": "dana"}]);
    let read: Event = serde_json::from_value(value.clone()).expect("an unknown type is no error");
    assert_eq!(read.fact.event_type(), "incident.foretold");
    assert_eq!(read.fact.incident(), Some(&incident()));
    assert_eq!(serde_json::to_value(&read).expect("an event is JSON"), value);

    value["payload"] = json!("of no shape");
    let read: Event = serde_json::from_value(value.clone()).expect("nor is an unknown payload");
    assert_eq!(read.fact.incident(), None);
    assert_eq!(serde_json::to_value(&read).expect("an event is JSON"), value);
}

#[test]
fn a_known_fact_that_cannot_be_read_is_an_error() {
    let mut value = serde_json::to_value(event(examples().remove(0))).expect("an event is JSON");
    value["payload"] = json!({});
    let error = serde_json::from_value::<Event>(value).expect_err("it has no incident");
    assert!(error.to_string().contains("missing field `incident`"), "{error}");
}

#[test]
fn the_envelope_has_exactly_its_fields() {
    let fields = [
        "event_id",
        "event_type",
        "schema_version",
        "log_id",
        "position",
        "aggregate_type",
        "aggregate_id",
        "version",
        "occurred_at",
        "source",
        "actor",
        "request_id",
        "caused_by",
        "payload",
    ];
    for fact in examples() {
        let event_type = fact.event_type().to_owned();
        let value = serde_json::to_value(event(fact)).expect("an event is JSON");
        let envelope = value.as_object().expect("an object");
        let found: BTreeSet<&str> = envelope.keys().map(String::as_str).collect();
        assert_eq!(found, BTreeSet::from(fields), "{event_type}");
        assert_eq!(envelope["event_type"], event_type);
        let payload = envelope["payload"].as_object().expect("an object");
        assert!(payload.contains_key("incident") || payload.contains_key("user"), "{event_type}");
        let incident = payload.get("incident").and_then(Value::as_object);
        assert!(incident.is_none_or(|it| !it.contains_key("description")), "{event_type}");
    }
}

#[test]
fn a_reader_of_today_understands_fields_of_tomorrow() {
    for fact in examples() {
        let event = event(fact);
        let mut value = serde_json::to_value(&event).expect("an event is JSON");
        value["tomorrow"] = json!({"a": [1]});
        value["payload"]["tomorrow"] = json!(null);
        value["actor"]["tomorrow"] = json!("x");
        let read: Event = serde_json::from_value(value).expect("more fields do no harm");
        assert_eq!(read, event);
    }
}

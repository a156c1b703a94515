//! What the client says of the daemon's parts.

use watchfire_shared::health::{Health, HealthStatus, Part, Trouble};
use watchfire_shared::problem::{Code, Problem};

use super::client::Client;
use super::world::*;
use crate::effect::Load;
use crate::event::{Failure, FailureKind, Outcome, StreamEvent};
use crate::model::{Look, Screen};

const SMALL: (u16, u16) = (80, 24);
const WIDE: (u16, u16) = (200, 60);
const NARROW: (u16, u16) = (60, 16);
const COLOUR: Look = Look { colour: true, unicode: true };
const PLAIN: Look = Look { colour: false, unicode: false };

fn ill(status: HealthStatus, kind: &str, reason: &str, since: i64) -> Part {
    let trouble = Trouble { reason: reason.to_owned(), at: ago(1) };
    Part {
        status,
        kind: kind.to_owned(),
        reason: Some(reason.to_owned()),
        since: ago(since),
        last_trouble: Some(Box::new(trouble)),
    }
}

/// PostgreSQL is away, and with it everybody who could be asked.
fn away() -> Health {
    let mut health = health();
    health.status = HealthStatus::Unhealthy;
    let silent = "nobody can be asked: the database does not answer";
    health.parts.database =
        ill(HealthStatus::Unhealthy, "postgres", "connection refused by db-eu-1:5432", 95);
    health.parts.cache =
        ill(HealthStatus::Degraded, "redis", "no answer within 50 ms, five times in a row", 4_000);
    health.parts.broker = ill(HealthStatus::Degraded, "kafka", silent, 95);
    health.parts.worker = ill(HealthStatus::Degraded, "unknown", silent, 95);
    health
}

/// All is well again, and what was not is remembered.
fn well() -> Health {
    let mut health = health();
    health.status = HealthStatus::Healthy;
    health.parts.worker = health.parts.broker.clone();
    let reason = "the database did not answer within 5 s".to_owned();
    health.parts.database.last_trouble = Some(Box::new(Trouble { reason, at: ago(7_300) }));
    health
}

fn says(health: Health) -> impl Fn(&Load) -> Option<Outcome> {
    move |load| match load {
        Load::Health => Some(Outcome::Health(Box::new(health.clone()))),
        other => usual(other),
    }
}

fn fails(failure: Failure) -> impl Fn(&Load) -> Option<Outcome> {
    move |load| match load {
        Load::Health => Some(Outcome::Failed(failure.clone())),
        other => usual(other),
    }
}

fn forbidden() -> Failure {
    let detail = "Your role does not allow this.";
    let problem = Problem::new(Code::Forbidden, detail, "r");
    Failure { problem: Some(Box::new(problem)), ..Failure::new(FailureKind::Refused, detail) }
}

fn shows(health: Health, look: Look, size: (u16, u16)) -> Client {
    let mut client = Client::with(|start| start.look = look).connected(&incidents());
    client.resize(size.0, size.1);
    client.press("6");
    client.answer_all(says(health));
    client
}

#[test]
fn the_health_screen_of_every_kind() {
    for (name, health, look, size) in [
        ("well", well(), COLOUR, SMALL),
        ("degraded", health(), COLOUR, SMALL),
        ("away", away(), COLOUR, SMALL),
        ("away_200", away(), COLOUR, WIDE),
        ("away_narrow", away(), COLOUR, NARROW),
        ("away_plain", away(), PLAIN, SMALL),
    ] {
        insta::assert_snapshot!(format!("health_{name}"), shows(health, look, size).screen());
    }
}

#[test]
fn every_part_is_named_where_there_is_hardly_room() {
    let screen = shows(away(), COLOUR, NARROW).screen();
    for text in ["database", "cache", "integrity", "broker", "worker", "connection refused"] {
        assert!(screen.contains(text), "{text}\n{screen}");
    }
}

#[test]
fn the_last_good_answer_stays_with_its_age_and_is_not_vouched_for() {
    for failure in [offline(), forbidden()] {
        let mut client = shows(well(), COLOUR, SMALL);
        client.wait(2_100);
        client.answer_all(fails(failure.clone()));
        client.wait(3_000);
        let screen = client.screen();
        assert!(screen.contains("was healthy"), "{screen}");
        assert!(screen.contains("◌ 5 s old: "));
        assert!(screen.contains("✓ database   healthy"), "{screen}");
        // And it recovers by itself.
        client.wait(2_000);
        client.answer_all(says(away()));
        let screen = client.screen();
        assert!(screen.contains("✗ unhealthy") && !screen.contains("s old"), "{screen}");
    }
}

#[test]
fn without_any_answer_nothing_is_said_to_be_well() {
    for failure in [offline(), forbidden()] {
        let mut client = Client::live();
        client.press("6");
        client.answer_all(fails(failure.clone()));
        let screen = client.screen();
        assert!(screen.contains(&failure.message) && screen.contains("ctrl-r tries again"));
        assert!(!screen.contains("healthy"), "{screen}");
        client.press("ctrl-r");
        client.answer_all(says(well()));
        assert!(client.screen().contains("✓ healthy"), "{}", client.screen());
    }
}

#[test]
fn ages_tick_and_the_screen_is_read_again_only_while_it_is_seen() {
    let mut client = shows(away(), COLOUR, SMALL);
    assert!(client.screen().contains("unhealthy   1m"), "{}", client.screen());
    client.stream(StreamEvent::Heartbeat { position: 1 });
    client.wait(30_000);
    assert!(client.screen().contains("unhealthy   2m"), "{}", client.screen());
    client.press("1");
    client.answer_all(usual);
    client.wait(4_000);
    assert!(!client.loads().iter().any(|(_, load)| *load == Load::Health));
    client.press("-");
    assert_eq!(client.model.screen, Screen::Health);
    assert!(client.model.health.asked.is_some());
}

#[test]
fn a_daemon_of_another_version_is_no_reason_to_fail() {
    let old = serde_json::json!({
        "status": "healthy", "kind": "sqlite", "since": "2026-03-14T18:00:00Z", "more": 1
    });
    let part: Part = serde_json::from_value(old).expect("what an older or newer daemon says");
    assert_eq!((part.kind.as_str(), part.last_trouble), ("sqlite", None));
}

mod laws;

use uuid::Uuid;

use super::*;
use crate::event::Source;
use crate::ids::{IncidentId, Reference, UserId};
use crate::incident::{Labels, NewIncident, Priority, TITLE_MAX};

/// Microseconds since 1970 become an instant.
fn at(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).expect("a time within reach")
}

fn person(number: u128) -> UserRef {
    UserRef { id: UserId(Uuid::from_u128(number)), name: format!("person {number}") }
}

fn actor(kind: ActorKind) -> Actor {
    Actor { kind, id: None, name: kind.to_string() }
}

fn incident() -> Incident {
    Incident {
        id: IncidentId(Uuid::from_u128(1)),
        reference: Reference(1),
        title: "Checkout is slow".to_owned(),
        description: Some(String::new()),
        status: Status::Open,
        priority: Priority::Medium,
        service: String::new(),
        labels: Labels::new(),
        assigned_to: None,
        created_by: actor(ActorKind::User),
        source: Source::Api,
        version: 1,
        log_count: 0,
        firing_alerts: 0,
        score: None,
        created_at: at(1_000),
        updated_at: at(1_000),
        acknowledged_at: None,
        resolved_at: None,
        closed_at: None,
    }
}

fn apply(
    incident: &mut Incident,
    patch: &IncidentPatch,
    assignee: Option<UserRef>,
    kind: ActorKind,
    now: DateTime<Utc>,
) -> Result<Vec<Fact>, Refusal> {
    let context = PatchContext {
        actor: &actor(kind),
        now,
        assignee,
        comment_id: CommentId(Uuid::from_u128(9)),
    };
    incident.apply(patch, &context)
}

fn apply_plain(incident: &mut Incident, patch: &IncidentPatch) -> Result<Vec<Fact>, Refusal> {
    apply(incident, patch, None, ActorKind::User, at(5_000))
}

/// A patch from the JSON a client would send.
fn patch(json: Value) -> IncidentPatch {
    serde_json::from_value(json).expect("a patch")
}

#[test]
fn the_machine_has_exactly_five_steps() {
    use Status::{Closed, Investigating, Open, Resolved};
    let legal = [
        (Open, Investigating),
        (Investigating, Open),
        (Investigating, Resolved),
        (Resolved, Investigating),
        (Resolved, Closed),
    ];
    for from in Status::ALL {
        for to in Status::ALL {
            let expected = legal.contains(&(*from, *to));
            assert_eq!(from.can_become(*to), expected, "{from} → {to}");
            let mut incident = Incident { status: *from, ..incident() };
            let before = incident.clone();
            match incident.step(*to, &Actor::system(), at(2_000), None) {
                Ok(_) => assert_eq!((expected, incident.status), (true, *to), "{from} → {to}"),
                Err(refusal) => {
                    let transition = Refusal::Transition { from: *from, to: *to };
                    assert_eq!((expected, refusal), (false, transition));
                    assert_eq!(incident, before, "a refused step changes nothing");
                }
            }
        }
    }
    assert!(Closed.next().is_empty(), "closed is final");
}

#[test]
fn the_steps_to_resolved_are_legal_and_end_there() {
    for from in Status::ALL {
        let Some(steps) = from.steps_to_resolved() else {
            assert!(matches!(from, Status::Resolved | Status::Closed), "{from}");
            continue;
        };
        let mut incident = Incident { status: *from, ..incident() };
        for to in steps {
            incident
                .step(*to, &Actor::system(), at(2_000), None)
                .unwrap_or_else(|refusal| panic!("{from}: {refusal:?}"));
        }
        assert_eq!(incident.status, Status::Resolved, "{from}");
        assert_eq!(incident.acknowledged_at, None, "the system acknowledges nothing");
        assert_eq!(incident.resolved_at, Some(at(2_000)));
    }
}

#[test]
fn a_patch_that_names_nothing_is_empty() {
    for nothing in [json!({}), json!({"expect": {}}), json!({"expect": {"status": "closed"}})] {
        let mut incident = incident();
        let refused = apply_plain(&mut incident, &patch(nothing));
        assert_eq!(refused, Err(Refusal::Empty));
    }
}

#[test]
fn null_is_allowed_for_the_assignee_alone() {
    for field in ["status", "priority", "title", "description", "service", "labels", "note"] {
        let mut incident = incident();
        // Next to a change, so that a null cannot pass as "nothing said".
        let change = if field == "priority" { "service" } else { "priority" };
        let mut body = json!({field: null});
        body[change] = json!("high");
        match apply_plain(&mut incident, &patch(body)) {
            Err(Refusal::Invalid(errors)) => {
                assert_eq!(errors, [FieldError::new(field, "must not be null")]);
            }
            other => panic!("{field}: {other:?}"),
        }
        assert_eq!(incident, self::incident(), "{field}");
    }
    let mut incident = Incident { assigned_to: Some(person(2)), ..incident() };
    let facts = apply_plain(&mut incident, &patch(json!({"assigned_to": null}))).expect("allowed");
    assert!(
        matches!(&facts[..], [Fact::IncidentAssigned { from: Some(_), to: None, .. }]),
        "{facts:?}"
    );
    assert_eq!(incident.assigned_to, None);
}

#[test]
fn an_id_without_its_person_is_refused_and_never_means_nobody() {
    let held = Incident { assigned_to: Some(person(2)), ..incident() };
    for found in [None, Some(person(2))] {
        let mut incident = held.clone();
        let wanted = patch(json!({"assigned_to": person(3).id, "priority": "high"}));
        match apply(&mut incident, &wanted, found, ActorKind::User, at(5_000)) {
            Err(Refusal::Invalid(errors)) => assert_eq!(errors[0].field, "assigned_to"),
            other => panic!("{other:?}"),
        }
        assert_eq!(incident, held);
    }
    // Who already has it may keep it, whatever became of them.
    let mut incident = held.clone();
    let same = patch(json!({"assigned_to": person(2).id}));
    assert_eq!(apply_plain(&mut incident, &same), Ok(Vec::new()));
}

#[test]
fn values_out_of_bounds_name_their_field() {
    let long = |length: usize| "é".repeat(length);
    let many: Labels = (0..51).map(|n| (n.to_string(), String::new())).collect();
    let cases = [
        (json!({"title": "  "}), "title"),
        (json!({"title": long(201)}), "title"),
        (json!({"title": "a\0"}), "title"),
        (json!({"description": long(20_001)}), "description"),
        (json!({"service": long(101)}), "service"),
        (json!({"labels": many}), "labels"),
        (json!({"labels": {"": "x"}}), "labels"),
        (json!({"labels": {long(101): "x"}}), "labels"),
        (json!({"labels": {"a": long(501)}}), "labels.a"),
        (json!({"note": " \n"}), "note"),
        (json!({"note": long(20_001)}), "note"),
    ];
    for (body, field) in cases {
        let mut incident = incident();
        match apply_plain(&mut incident, &patch(body)) {
            Err(Refusal::Invalid(errors)) => assert_eq!(errors[0].field, field, "{errors:?}"),
            other => panic!("{field}: {other:?}"),
        }
    }
    let full = json!({
        "title": format!(" {} ", long(TITLE_MAX)), "service": format!(" {} ", long(100)),
        "description": long(20_000), "note": long(20_000), "labels": {long(100): long(500)},
    });
    let mut incident = incident();
    apply_plain(&mut incident, &patch(full)).expect("exactly at the bounds");
    assert_eq!(incident.title, long(TITLE_MAX), "trimmed");
    assert_eq!(incident.service, long(100), "trimmed");

    let new = |title: &str| NewIncident::titled(title).check();
    assert_eq!(new(&format!(" {} ", long(TITLE_MAX))), Ok(()));
    assert!(matches!(new(" "), Err(Refusal::Invalid(_))));
    assert!(matches!(new(&long(TITLE_MAX + 1)), Err(Refusal::Invalid(_))));
}

#[test]
fn a_note_belongs_to_the_status_change_and_alone_it_is_a_comment() {
    let mut incident = incident();
    let bound = patch(json!({"status": "investigating", "priority": "high", "note": "mine"}));
    match &apply_plain(&mut incident, &bound).expect("legal")[..] {
        [Fact::IncidentUpdated { .. }, Fact::IncidentStatusChanged { note, .. }] => {
            assert_eq!(note.as_deref(), Some("mine"));
        }
        other => panic!("{other:?}"),
    }
    // The status is what it was: the words are kept as a comment.
    let equal = patch(json!({"status": "investigating", "note": "still mine"}));
    match &apply_plain(&mut incident, &equal).expect("legal")[..] {
        [Fact::IncidentCommented { body, .. }] => assert_eq!(body, "still mine"),
        other => panic!("{other:?}"),
    }
    let alone = patch(json!({"note": "alone"}));
    match &apply_plain(&mut incident, &alone).expect("legal")[..] {
        [Fact::IncidentCommented { body, .. }] => assert_eq!(body, "alone"),
        other => panic!("{other:?}"),
    }
    assert_eq!(incident.version, 5);
}

#[test]
fn a_change_of_text_is_cut_for_the_fact() {
    let mut incident = incident();
    let body = json!({"description": "é".repeat(300), "title": " New "});
    match &apply_plain(&mut incident, &patch(body)).expect("legal")[..] {
        [Fact::IncidentUpdated { changes, incident }] => {
            assert_eq!(changes["description"].from, json!({"length": 0, "start": ""}));
            let start = "é".repeat(200);
            assert_eq!(changes["description"].to, json!({"length": 300, "start": start}));
            assert_eq!(changes["title"].to, json!("New"));
            assert_eq!(changes.len(), 2, "{changes:?}");
            assert_eq!(incident.description, None, "no description in an event");
        }
        other => panic!("{other:?}"),
    }
}

//! Names and shapes of what is cached.

use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;
use watchfire_shared::event::{Event, Fact};
use watchfire_shared::filter::{Assignee, Comparison, Filter, Term, Test};
use watchfire_shared::ids::{IncidentId, JournalId, Reference, UserId};
use watchfire_shared::incident::{Incident, Priority, Status};
use watchfire_shared::page::{Sort, SortKey};
use watchfire_shared::stats::{Counts, Stats};
use watchfire_shared::user::{Role, UserOut, UserStatus};

use super::key::{self, Guard, keys_of};
use super::sheet::Sheet;
use super::value::Cacheable;
use crate::clock;
use crate::store::listing::{IdPage, Place, Query};

const LOG: JournalId = JournalId(Uuid::from_u128(1));

/// Few values, so that queries that are almost the same are common; words that look like the ends of
/// terms.
fn words() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "\"", "a\", \"b", ")", "a:b", "1/2", "Word(\"a\")", "ä"])
        .prop_map(str::to_owned)
}

fn comparisons() -> impl Strategy<Value = Comparison> {
    use Comparison::{AtLeast, AtMost, Equal, Greater, Less};
    prop::sample::select(vec![Less, AtMost, Equal, AtLeast, Greater])
}

fn tests() -> impl Strategy<Value = Test> {
    prop_oneof![
        prop::sample::select(Status::ALL.to_vec()).prop_map(Test::Status),
        (comparisons(), prop::sample::select(Priority::ALL.to_vec()))
            .prop_map(|(comparison, priority)| Test::Priority(comparison, priority)),
        (comparisons(), 0..3_i64).prop_map(|(comparison, seconds)| Test::Age(comparison, seconds)),
        words().prop_map(Test::Service),
        (words(), words()).prop_map(|(name, value)| Test::Label { name, value }),
        words().prop_map(Test::Word),
        words().prop_map(|name| Test::Assignee(Assignee::Named(name))),
        (0..3_u128).prop_map(|id| Test::Assignee(Assignee::Id(UserId(Uuid::from_u128(id))))),
        Just(Test::Assignee(Assignee::Nobody)),
    ]
}

fn queries() -> impl Strategy<Value = Query> {
    let terms = prop::collection::vec((any::<bool>(), tests()), 0..3);
    let sort = (prop::sample::select(SortKey::ALL.to_vec()), any::<bool>());
    let after = prop::option::of((0..3_i64, 0..3_u128));
    (terms, sort, after, 1..4_i64).prop_map(|(terms, (by, reversed), after, limit)| Query {
        filter: Filter::new(terms.into_iter().map(|(negated, test)| Term { negated, test })),
        sort: Sort { by, reversed },
        after: after.map(|(key, id)| Place { key, id: IncidentId(Uuid::from_u128(id)) }),
        limit,
        now: clock::now(),
    })
}

/// Every parameter but the moment.
fn same(a: &Query, b: &Query) -> bool {
    (&a.filter, a.sort.by, a.sort.reversed, a.after, a.limit)
        == (&b.filter, b.sort.by, b.sort.reversed, b.after, b.limit)
}

fn name(query: &Query) -> String {
    key::incident_list(query).text(LOG)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn queries_share_a_key_when_they_are_the_same_and_else_never(a in queries(), b in queries()) {
        prop_assert_eq!(name(&a) == name(&b), same(&a, &b), "{} and {}", name(&a), name(&b));
    }

    /// One parameter after the other is exchanged, and nothing else.
    #[test]
    fn no_parameter_is_left_out_of_the_key(a in queries(), b in queries()) {
        let own = name(&a);
        let others = [
            Query { filter: b.filter, ..a.clone() },
            Query { sort: Sort { by: b.sort.by, ..a.sort }, ..a.clone() },
            Query { sort: Sort { reversed: b.sort.reversed, ..a.sort }, ..a.clone() },
            Query { after: b.after, ..a.clone() },
            Query { limit: b.limit, ..a.clone() },
        ];
        for other in others {
            prop_assert_eq!(own == name(&other), same(&a, &other), "{} and {}", own, name(&other));
        }
        prop_assert_eq!(own, name(&Query { now: clock::now(), ..a }), "a moment is no parameter");
    }
}

#[test]
fn names_say_journal_shape_type_and_what_it_is_of() {
    let id = Uuid::from_u128(0xabc);
    let log = "00000000000000000000000000000001";
    let hex = "00000000000000000000000000000abc";
    for (text, expected) in [
        (key::incident(IncidentId(id)).text(LOG), format!("wf:{log}:1:incident:{hex}")),
        (key::user(UserId(id)).text(LOG), format!("wf:{log}:1:user:{hex}")),
        (key::reference(Reference(42)).text(LOG), format!("wf:{log}:1:reference:42")),
        (key::counts().text(LOG), format!("wf:{log}:2:counts:")),
        (key::stats().text(LOG), format!("wf:{log}:1:stats:")),
    ] {
        assert_eq!(text, expected);
    }
}

/// Every fact there is, as its golden file has it; `lists` says whether a filter or an order can see
/// what it changed.
#[test]
fn each_fact_makes_stale_what_it_changed_and_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/tests/golden");
    let mut read = 0;
    for file in std::fs::read_dir(folder).expect("there are golden files") {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let event: Event = serde_json::from_str(&text).expect("it is an event");
        let name = path.file_stem().expect("a name").to_str().expect("text").to_owned();
        let incident = event.incident_id().map(Guard::Incident);
        let user = || Guard::User(UserId(event.aggregate_id));
        let expected = match (name.as_str(), incident) {
            ("incident.created", Some(incident)) => {
                let reference = event.fact.incident().expect("it holds the incident").reference;
                vec![incident, Guard::Reference(reference), Guard::Lists]
            }
            (
                "incident.updated"
                | "incident.status_changed"
                | "incident.assigned"
                | "incident.deleted",
                Some(incident),
            ) => vec![incident, Guard::Lists],
            (
                "incident.commented"
                | "log.attached"
                | "alert.fired"
                | "alert.resolved"
                | "batch.completed"
                | "assessment.requested",
                Some(incident),
            ) => vec![incident],
            ("assessment.completed", Some(incident)) => {
                let score = event.fact.incident().and_then(|incident| incident.score);
                assert!(score.is_some(), "the golden one has a score, which orders lists");
                vec![incident, Guard::Lists]
            }
            ("user.created" | "user.updated", None) => vec![user()],
            other => panic!("a new fact: say here what it makes stale: {other:?}"),
        };
        assert_eq!(keys_of(&event), expected, "{name}");
        read += 1;
        // Of a type that only a newer version knows, nobody can say what it changed.
        let mut unknown: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        unknown["event_type"] = format!("{name}.later").into();
        let unknown: Event = serde_json::from_value(unknown).expect("it is an event");
        let expected = incident.map_or_else(|| vec![user()], |it| vec![it, Guard::Lists]);
        assert_eq!(keys_of(&unknown), expected, "{name}, by a newer version");
        if let Fact::AssessmentCompleted { mut incident, assessment } = event.fact.clone() {
            incident.score = Some(12.5);
            let its = vec![Guard::Incident(incident.id), Guard::Lists];
            let scored = Fact::AssessmentCompleted { incident, assessment };
            assert_eq!(keys_of(&Event { fact: scored, ..event }), its, "it changed the order");
        }
    }
    assert_eq!(read, 14, "each fact has its golden file");
}

/// What a type looks like in Redis is kept in a file that is named after its schema: who changes the
/// shape raises the number, and writes the file with `WATCHFIRE_GOLDEN=write cargo test`.
fn assert_golden<T: Cacheable>(value: &T) {
    let mut body = Vec::new();
    value.encode(&mut body);
    let written = body.escape_ascii().to_string();
    let file = format!("{}.{}.txt", T::TYPE, T::SCHEMA);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cache/golden").join(&file);
    if crate::config::environment("WATCHFIRE_GOLDEN").as_deref() == Some("write") {
        std::fs::write(&path, format!("{written}\n")).expect("a file can be written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let advice = "a changed shape needs a new SCHEMA and a new golden file";
    assert_eq!(written, golden.trim_end(), "{file}: {advice}");
    let back = T::decode(value.version(), Bytes::from(body.clone())).expect("it can be decoded");
    let mut again = Vec::new();
    back.encode(&mut again);
    assert_eq!(again, body, "{file}: what is read is what was written");
}

fn incident() -> Incident {
    serde_json::from_value(json!({
        "id": "01890000-0000-7000-8000-000000000001", "reference": "INC-7",
        "title": "Checkout is slow", "description": "since the deploy", "status": "open",
        "priority": "high", "service": "checkout", "labels": {"region": "eu"},
        "assigned_to": {"id": "01890000-0000-7000-8000-000000000002", "name": "Dana"},
        "created_by": {"kind": "system", "id": null, "name": "watchfire"},
        "source": "api", "version": 3, "log_count": 2, "firing_alerts": 1, "score": 12.5,
        "created_at": "2026-01-02T03:04:05.000006Z", "updated_at": "2026-01-02T03:04:05Z",
        "acknowledged_at": "2026-01-02T03:04:05Z", "resolved_at": "2026-01-02T03:04:05Z",
        "closed_at": "2026-01-02T03:04:05Z"
    }))
    .expect("an incident")
}

#[test]
fn a_shape_changes_with_its_schema_only() {
    let id = IncidentId(Uuid::from_u128(0xabc));
    assert_golden(&Sheet::new(incident()).expect("JSON"));
    assert_golden(&id);
    assert_golden(&IdPage { ids: vec![id], next: Some(Place { key: 3, id }), total: 2 });
    let (as_of, by_status) = (incident().created_at, [(Status::Open, 2)].into());
    let by_priority = [(Priority::High, 2)].into();
    let unresolved_by_priority = [(Priority::High, 1)].into();
    assert_golden(&Counts { by_status, by_priority, unresolved_by_priority });
    assert_golden(&Stats {
        as_of,
        by_status: [(Status::Open, 2)].into(),
        by_priority: [(Priority::High, 2)].into(),
        created_24h: 3,
        firing_alerts: 4,
        mtta_seconds: Some(1.5),
        mttr_seconds: None,
    });
    assert_golden(&UserOut {
        id: UserId(id.0),
        email: Some("dana@example.test".to_owned()),
        name: "Dana".to_owned(),
        role: Role::Admin,
        status: UserStatus::Active,
        created_at: as_of,
        updated_at: as_of,
        last_login_at: None,
    });
}

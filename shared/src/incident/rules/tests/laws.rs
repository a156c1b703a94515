//! Laws of the status machine and of patches under random incidents.

use proptest::prelude::*;

use super::*;
use crate::incident::Expect;

fn statuses() -> impl Strategy<Value = Status> {
    prop::sample::select(Status::ALL)
}

fn kinds() -> impl Strategy<Value = ActorKind> {
    prop::sample::select(ActorKind::ALL)
}

fn priorities() -> impl Strategy<Value = Priority> {
    prop::sample::select(Priority::ALL)
}

fn people() -> impl Strategy<Value = Option<UserRef>> {
    prop::option::of((1_u128..4).prop_map(person))
}

fn titles() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["slow", "Checkout is slow", "監視"]).prop_map(str::to_owned)
}

fn labels() -> impl Strategy<Value = Labels> {
    prop::collection::btree_map("[ab]", "[xy]?", 0..3)
}

fn fields<T: Clone + std::fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Field<T>> {
    prop::option::of(value).prop_map(|value| value.map_or(Field::Absent, Field::Set))
}

prop_compose! {
    /// An incident some legal steps after its creation, with small alphabets so that patches meet
    /// equal values often.
    fn incidents()(
        walk in prop::collection::vec((statuses(), kinds(), 0_i64..10_000), 0..8),
        title in titles(),
        description in prop::option::of("[de]{0,2}"),
        service in "[fg]{0,1}",
        labels in labels(),
        priority in priorities(),
        assigned_to in people(),
    ) -> Incident {
        let mut incident =
            Incident { title, description, priority, service, labels, assigned_to, ..incident() };
        for (to, kind, micros) in walk {
            // Illegal steps are refused and change nothing; another test says so.
            let _ = incident.step(to, &actor(kind), at(micros), None);
        }
        incident
    }
}

prop_compose! {
    fn patches()(
        status in fields(statuses()),
        priority in fields(priorities()),
        assigned in prop::option::of(people()),
        title in fields((titles(), 0_usize..2).prop_map(|(t, n)| " ".repeat(n) + &t + &" ".repeat(n))),
        description in fields("[de]{0,2}"),
        service in fields("[fg]{0,1} ?"),
        labels in fields(labels()),
        note in fields("n{1,2}"),
    ) -> (IncidentPatch, Option<UserRef>) {
        let assigned_to = match &assigned {
            None => Field::Absent,
            Some(user) => Field::from(user.as_ref().map(|user| user.id)),
        };
        let patch = IncidentPatch {
            status, priority, assigned_to, title, description, service, labels, note, expect: None,
        };
        (patch, assigned.flatten())
    }
}

/// The patch that says what is already so.
fn nothing_new(incident: &Incident) -> IncidentPatch {
    IncidentPatch {
        status: Field::Set(incident.status),
        priority: Field::Set(incident.priority),
        assigned_to: Field::from(incident.assigned_to.as_ref().map(|user| user.id)),
        title: Field::Set(incident.title.clone()),
        description: Field::Set(incident.description.clone().unwrap_or_default()),
        service: Field::Set(incident.service.clone()),
        labels: Field::Set(incident.labels.clone()),
        note: Field::Absent,
        expect: None,
    }
}

/// What must hold after any patch that was not refused.
fn check_laws(before: &Incident, after: &Incident, facts: &[Fact]) -> Result<(), TestCaseError> {
    let count = i64::try_from(facts.len()).expect("few facts");
    prop_assert_eq!(after.version, before.version + count);
    prop_assert!(after.updated_at >= before.updated_at);
    for (fact, version) in facts.iter().zip(before.version + 1..) {
        let incident = fact.incident().expect("a fact about an incident");
        prop_assert_eq!(incident.version, version);
        prop_assert_eq!(&incident.description, &None);
    }
    if let Some(last) = facts.last().and_then(Fact::incident) {
        prop_assert_eq!(last, &after.summary());
    } else {
        prop_assert_eq!(before, after);
    }
    prop_assert_eq!(
        after.resolved_at.is_some(),
        matches!(after.status, Status::Resolved | Status::Closed)
    );
    prop_assert_eq!(after.closed_at.is_some(), after.status == Status::Closed);
    prop_assert_eq!(after.title.trim(), &after.title);
    prop_assert_eq!(after.service.trim(), &after.service);
    Ok(())
}

proptest! {
    #[test]
    fn a_walk_never_skips_a_status_and_keeps_its_times(
        walk in prop::collection::vec((statuses(), kinds(), 0_i64..10_000), 0..12),
    ) {
        let mut incident = incident();
        let mut acknowledged = None;
        for (to, kind, micros) in walk {
            let before = incident.clone();
            let Ok(fact) = incident.step(to, &actor(kind), at(micros), None) else {
                prop_assert_eq!(&incident, &before);
                continue;
            };
            check_laws(&before, &incident, &[fact])?;
            prop_assert!(before.status.can_become(to));
            prop_assert!(to != Status::Resolved || before.status == Status::Investigating);
            prop_assert!(to != Status::Closed || before.status == Status::Resolved);
            let user = to == Status::Investigating && kind == ActorKind::User;
            if user && acknowledged.is_none() {
                acknowledged = Some(incident.updated_at);
            }
            prop_assert_eq!(incident.acknowledged_at, acknowledged);
        }
    }

    #[test]
    fn a_patch_is_applied_whole_with_a_version_for_each_fact_or_not_at_all(
        before in incidents(),
        (patch, assignee) in patches(),
        kind in kinds(),
        micros in 0_i64..10_000,
    ) {
        let mut after = before.clone();
        match apply(&mut after, &patch, assignee.clone(), kind, at(micros)) {
            Ok(facts) => {
                check_laws(&before, &after, &facts)?;
                // A comment changes nothing of the incident itself.
                let comment = |fact: &Fact| matches!(fact, Fact::IncidentCommented { .. });
                let moved = !facts.iter().all(comment);
                let now = if moved { at(micros) } else { before.updated_at };
                prop_assert_eq!(after.updated_at, before.updated_at.max(now));
                if let Field::Set(status) = patch.status {
                    prop_assert_eq!(after.status, status);
                }
                if let Field::Set(priority) = patch.priority {
                    prop_assert_eq!(after.priority, priority);
                }
                if let Field::Set(title) = &patch.title {
                    prop_assert_eq!(&after.title, title.trim());
                }
                if patch.assigned_to.said().is_some() {
                    prop_assert_eq!(&after.assigned_to, &assignee);
                }
                // Said again, it is already so.
                let again = IncidentPatch { note: Field::Absent, ..patch.clone() };
                let mut twice = after.clone();
                if !again.is_empty() {
                    let repeated = apply(&mut twice, &again, assignee, kind, at(micros));
                    prop_assert_eq!(repeated, Ok(Vec::new()));
                    prop_assert_eq!(twice, after);
                }
            }
            Err(refusal) => {
                prop_assert_eq!(&after, &before);
                match refusal {
                    Refusal::Empty => prop_assert_eq!(patch, IncidentPatch::default()),
                    Refusal::Transition { from, to } => {
                        prop_assert_eq!(Field::Set(to), patch.status);
                        prop_assert!(from == before.status && from != to && !from.can_become(to));
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }
    }

    #[test]
    fn equal_values_are_no_change(mut incident in incidents(), micros in 0_i64..20_000) {
        let before = incident.clone();
        let same = nothing_new(&before);
        // Nobody was looked up: an equal assignee must not need it.
        let facts = apply(&mut incident, &same, None, ActorKind::User, at(micros));
        prop_assert_eq!(facts, Ok(Vec::new()));
        prop_assert_eq!(incident, before);
    }

    #[test]
    fn an_expectation_holds_or_nothing_happens_and_the_actual_value_is_named(
        before in incidents(),
        (patch, assignee) in patches(),
        status in prop::option::of(statuses()),
        priority in prop::option::of(priorities()),
        title in prop::option::of(titles()),
        holder in prop::option::of(people()),
    ) {
        prop_assume!(!patch.is_empty());
        let held = before.assigned_to.as_ref().map(|user| user.id);
        let expected = holder.map(|user| user.map(|user| user.id));
        let mut wrong = Vec::new();
        if status.is_some_and(|status| status != before.status) {
            wrong.push(("status", json!(before.status)));
        }
        if priority.is_some_and(|priority| priority != before.priority) {
            wrong.push(("priority", json!(before.priority)));
        }
        if title.as_ref().is_some_and(|title| *title != before.title) {
            wrong.push(("title", json!(before.title)));
        }
        if expected.is_some_and(|expected| expected != held) {
            wrong.push(("assigned_to", json!(before.assigned_to)));
        }
        let assigned_to = expected.map_or(Field::Absent, Field::from);
        let expect = Expect { status, priority, assigned_to, title };
        let guarded = IncidentPatch { expect: Some(expect), ..patch.clone() };

        let mut after = before.clone();
        let result = apply(&mut after, &guarded, assignee.clone(), ActorKind::User, at(5_000));
        if wrong.is_empty() {
            let mut free = before.clone();
            let unguarded = apply(&mut free, &patch, assignee, ActorKind::User, at(5_000));
            prop_assert_eq!(result, unguarded);
            prop_assert_eq!(after, free);
        } else {
            prop_assert_eq!(&after, &before);
            let Err(Refusal::Unexpected(errors)) = result else {
                return Err(TestCaseError::fail(format!("{result:?}")));
            };
            let named: Vec<_> = errors
                .iter()
                .map(|error| (error.field.as_str(), error.actual.clone().unwrap_or_default()))
                .collect();
            prop_assert_eq!(named, wrong);
            prop_assert!(errors.iter().all(|error| error.version == Some(before.version)));
        }
    }
}

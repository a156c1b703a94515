use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::subsequence;
use uuid::Uuid;
use watchfire_shared::ids::{AlertId, IncidentId};

use super::{Place, Plan, Signal, since};
use crate::store::alerts::{End, Known};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn fires(fingerprint: &str, start: i64) -> Signal {
    Signal {
        fingerprint: fingerprint.to_owned(),
        starts_at: at(start),
        over_at: None,
        severity: "critical".to_owned(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        generator_url: String::new(),
    }
}

fn over(fingerprint: &str, start: i64, end: i64) -> Signal {
    Signal { over_at: Some(at(end)), ..fires(fingerprint, start) }
}

fn incident() -> IncidentId {
    IncidentId(Uuid::from_u128(1))
}

/// What the store would hold, and what would have been said about it.
#[derive(Default)]
struct World {
    rows: BTreeMap<(String, DateTime<Utc>), Known>,
    copies: BTreeMap<AlertId, usize>,
    fired: Vec<(String, DateTime<Utc>)>,
    resolved: Vec<(String, DateTime<Utc>)>,
}

impl World {
    /// As `store::alerts::known` answers: the row before each earliest start, and all since.
    fn known(&self, signals: &[Signal]) -> Vec<Known> {
        let mut known = Vec::new();
        for (fingerprint, since) in since(signals) {
            let of_it = || self.rows.values().filter(|row| row.fingerprint == fingerprint);
            known.extend(of_it().rfind(|row| row.starts_at < since).cloned());
            known.extend(of_it().filter(|row| row.starts_at >= since).cloned());
        }
        known
    }

    /// Whether anything became true.
    fn post(&mut self, signals: &[Signal]) -> bool {
        let known = self.known(signals);
        let plan = Plan::of(signals, &known);
        for id in &plan.repeats {
            *self.copies.entry(*id).or_default() += 1;
        }
        for ending in &plan.endings {
            let row = self.rows.values_mut().find(|row| row.id == ending.end.id).unwrap();
            assert!(row.ends_at.is_none() || ending.end.ends_at.is_some(), "fires again");
            (row.ends_at, row.over_until) = (ending.end.ends_at, ending.end.over_until);
            if ending.resolves {
                self.resolved.push((row.fingerprint.clone(), row.starts_at));
            }
        }
        for new in &plan.new {
            let key = (new.signal.fingerprint.clone(), new.signal.starts_at);
            let row = Known {
                id: AlertId(Uuid::from_u128(self.rows.len() as u128 + 1)),
                incident_id: Some(incident()),
                fingerprint: key.0.clone(),
                starts_at: key.1,
                ends_at: new.ends_at,
                over_until: new.over_until,
            };
            let news = if new.ends_at.is_none() { &mut self.fired } else { &mut self.resolved };
            news.push(key.clone());
            assert!(self.rows.insert(key, row).is_none(), "an episode has one row");
        }
        !plan.new.is_empty() || plan.endings.iter().any(|ending| ending.resolves)
    }

    fn posted(notifications: &[Vec<Signal>]) -> Self {
        let mut world = Self::default();
        for signals in notifications {
            world.post(signals);
        }
        world
    }

    /// Ends by episode; none fires.
    fn states(&self) -> BTreeMap<(String, DateTime<Utc>), Option<DateTime<Utc>>> {
        let state = |(key, row): (&(String, DateTime<Utc>), &Known)| (key.clone(), row.ends_at);
        self.rows.iter().map(state).collect()
    }

    fn ends(&self, fingerprint: &str, start: i64) -> Option<DateTime<Utc>> {
        self.rows[&(fingerprint.to_owned(), at(start))].ends_at
    }
}

#[test]
fn a_repeat_counts_and_says_nothing() {
    let mut world = World::default();
    assert!(world.post(&[fires("a", 0), fires("b", 1)]));
    for _ in 0..200 {
        assert!(!world.post(&[fires("a", 0), fires("b", 1)]));
    }
    assert_eq!(world.copies.values().collect::<Vec<_>>(), [&200, &200]);
    assert_eq!((world.fired.len(), world.resolved.len()), (2, 0));
}

#[test]
fn a_firing_copy_that_comes_late_does_not_fire_again() {
    let world = World::posted(&[vec![fires("a", 0)], vec![over("a", 0, 9)], vec![fires("a", 0)]]);
    assert_eq!(world.ends("a", 0), Some(at(9)));
    assert_eq!((world.fired.len(), world.resolved.len()), (1, 1));
}

#[test]
fn an_end_that_comes_before_its_episode_is_kept() {
    let world = World::posted(&[vec![over("a", 0, 9)], vec![fires("a", 0)]]);
    assert_eq!(world.ends("a", 0), Some(at(9)));
    assert_eq!((world.fired.len(), world.resolved.len()), (0, 1));
}

#[test]
fn a_newer_episode_ends_the_older_one_whichever_comes_first() {
    for order in [[0, 20], [20, 0]] {
        let world = World::posted(&order.map(|start| vec![fires("a", start)]));
        assert_eq!(world.ends("a", 0), Some(at(20)), "{order:?}");
        assert_eq!(world.ends("a", 20), None, "{order:?}");
    }
}

#[test]
fn an_alert_no_longer_listed_has_not_resolved() {
    let world = World::posted(&[vec![fires("a", 0), fires("b", 0)], vec![fires("a", 0)]]);
    assert_eq!(world.ends("b", 0), None);
}

#[test]
fn one_end_closes_the_same_episode_seen_by_two_monitors() {
    let world = World::posted(&[vec![fires("a", 5)], vec![fires("a", 0)], vec![over("a", 0, 60)]]);
    assert_eq!(world.ends("a", 0), Some(at(5)));
    assert_eq!(world.ends("a", 5), Some(at(60)));
}

#[test]
fn the_end_of_an_old_episode_leaves_a_newer_one_firing() {
    let world = World::posted(&[vec![fires("a", 20)], vec![over("a", 0, 9)]]);
    assert_eq!(world.ends("a", 0), Some(at(9)));
    assert_eq!(world.ends("a", 20), None);
}

#[test]
fn the_same_episode_twice_in_one_notification_is_one() {
    let world = World::posted(&[vec![fires("a", 0), over("a", 0, 9), fires("a", 0)]]);
    assert_eq!(world.ends("a", 0), Some(at(9)));
    assert_eq!(world.rows.len(), 1);
}

#[test]
fn only_what_fires_and_is_new_opens_an_incident() {
    let place = |signals: &[Signal], known: &[Known], takes| Plan::of(signals, known).place(takes);
    let known = World::posted(&[vec![fires("a", 0)]]).known(&[fires("a", 0)]);
    assert_eq!(place(&[fires("a", 0)], &[], false), Place::NewIncident);
    assert_eq!(place(&[fires("a", 0)], &[], true), Place::Group);
    assert_eq!(place(&[over("a", 0, 9)], &[], false), Place::Nowhere);
    assert_eq!(place(&[fires("a", 0)], &known, false), Place::Group);
    assert_eq!(place(&[over("b", 0, 9), fires("c", 0)], &[], false), Place::NewIncident);
}

#[test]
fn the_earliest_start_named_is_where_to_look_from() {
    let signals = [fires("a", 7), fires("a", 3), fires("b", 5)];
    assert_eq!(since(&signals), BTreeMap::from([("a", at(3)), ("b", at(5))]));
}

#[test]
fn an_end_is_stored_with_what_was_stated() {
    let known = World::posted(&[vec![fires("a", 0)]]).known(&[fires("a", 0)]);
    let signals = [over("a", 0, 9)];
    let plan = Plan::of(&signals, &known);
    let ending = plan.endings[0];
    assert!(ending.resolves);
    assert_eq!(ending.incident, Some(incident()));
    let (id, end) = (known[0].id, Some(at(9)));
    assert_eq!(ending.end, End { id, ends_at: end, over_until: end });
    assert_eq!(plan.resolving().into_iter().collect::<Vec<_>>(), [incident()]);
}

prop_compose! {
    fn signal()(name in "[ab]", start in 0..6_i64, length in proptest::option::of(1..5_i64)) -> Signal {
        match length {
            // Ends between starts too, not only on them.
            Some(length) => Signal { over_at: Some(at(start * 2 + length)), ..fires(&name, start * 2) },
            None => fires(&name, start * 2),
        }
    }
}

fn notifications() -> impl Strategy<Value = Vec<Vec<Signal>>> {
    prop::collection::vec(prop::collection::vec(signal(), 1..4), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_and_copies_do_not_matter(
        (sent, arrived) in notifications().prop_flat_map(|sent| {
            let all = sent.clone();
            let again = subsequence(sent.clone(), 0..=sent.len());
            let arrived = again.prop_flat_map(move |again| {
                let every: Vec<_> = all.iter().cloned().chain(again).collect();
                Just(every).prop_shuffle()
            });
            (Just(sent), arrived)
        })
    ) {
        let (sent, arrived) = (World::posted(&sent), World::posted(&arrived));
        prop_assert_eq!(sent.states(), arrived.states());
    }

    #[test]
    fn split_or_joined_is_the_same(sent in notifications()) {
        let joined = World::posted(&[sent.concat()]);
        let split: Vec<_> = sent.concat().into_iter().map(|signal| vec![signal]).collect();
        prop_assert_eq!(joined.states(), World::posted(&split).states());
    }

    #[test]
    fn what_was_posted_before_says_nothing_new(sent in notifications()) {
        let mut world = World::posted(&sent);
        let said = (world.fired.clone(), world.resolved.clone());
        for signals in &sent {
            prop_assert!(!world.post(signals));
        }
        prop_assert_eq!(said, (world.fired, world.resolved));
    }

    #[test]
    fn one_episode_of_a_fingerprint_fires_at_most_and_it_is_the_newest(sent in notifications()) {
        let world = World::posted(&sent);
        for (key, row) in &world.rows {
            prop_assert!(row.ends_at.is_none_or(|end| end > row.starts_at));
            let newer = world.rows.keys().any(|other| other.0 == key.0 && other.1 > key.1);
            prop_assert!(!newer || row.ends_at.is_some());
        }
    }

    #[test]
    fn an_episode_fires_once_and_resolves_once(sent in notifications()) {
        let mut world = World::posted(&sent);
        for list in [&mut world.fired, &mut world.resolved] {
            let length = list.len();
            list.sort();
            list.dedup();
            prop_assert_eq!(length, list.len());
        }
        let firing = world.states().into_iter().filter(|(_, end)| end.is_none()).map(|(key, _)| key);
        let mut still: Vec<_> = world.fired.into_iter().filter(|key| !world.resolved.contains(key)).collect();
        still.sort();
        prop_assert_eq!(firing.collect::<Vec<_>>(), still);
    }
}

#[test]
fn a_second_end_moves_the_end_without_news() {
    let mut world = World::posted(&[vec![fires("a", 0)], vec![over("a", 0, 9)]]);
    assert!(!world.post(&[over("a", 0, 12)]));
    assert_eq!(world.ends("a", 0), Some(at(12)));
    assert!(!world.post(&[over("a", 0, 9)]));
    assert_eq!(world.ends("a", 0), Some(at(9) + TimeDelta::seconds(3)));
}

//! How much is held.

use uuid::Uuid;
use watchfire_shared::filter::Filter;
use watchfire_shared::ids::{IncidentId, Reference};
use watchfire_shared::page::{Sort, SortKey};

use super::*;
use crate::cache::key;
use crate::clock;
use crate::store::listing::{IdPage, Query};

fn id(number: u128) -> IncidentId {
    IncidentId(Uuid::from_u128(number))
}

/// A reference and what it stands for.
fn keep(memory: &Memory, number: i64) {
    let key = key::reference(Reference(number));
    let generation = memory.generation(key.subject.guard());
    let stored = memory.store(&key, 1, generation, Some(Arc::new(id(7))));
    assert_eq!(stored, Filled::Stored);
}

#[test]
fn it_holds_as_many_bytes_as_it_may_and_counts_what_has_to_go_for_that() {
    let one = (OVERHEAD + 16 + key::reference(Reference(1)).subject.weight()) as u64;
    let memory = Memory::new(one * 10);
    for number in 1..=10 {
        keep(&memory, number);
    }
    assert_eq!(memory.size(), Size { entries: 10, bytes: one * 10, evictions: 0 });
    for number in 11..=1_000 {
        keep(&memory, number);
        memory.size();
    }
    assert_eq!(memory.size(), Size { entries: 10, bytes: one * 10, evictions: 990 });
}

#[test]
fn what_is_heavier_than_all_there_is_room_for_is_not_kept_and_takes_nothing_with_it() {
    let memory = Memory::new(1_000);
    keep(&memory, 1);
    let page = IdPage { ids: (0..100).map(id).collect(), next: None, total: 100 };
    let query = Query {
        filter: Filter::new([]),
        sort: Sort { by: SortKey::Reference, reversed: false },
        after: None,
        limit: 100,
        now: clock::now(),
    };
    let list = key::incident_list(&query);
    memory.store(&list, 1, memory.generation(list.subject.guard()), Some(Arc::new(page)));
    let Size { entries, evictions, .. } = memory.size();
    assert_eq!((entries, evictions), (1, 1));
    assert!(matches!(memory.look(&list, 1, None, Instant::now()), Look::Miss));
    let reference = key::reference(Reference(1));
    assert!(matches!(memory.look(&reference, 1, None, Instant::now()), Look::Hit(Some(_))));
}

#[test]
fn what_nobody_reads_any_more_is_removed_and_nothing_else() {
    let memory = Memory::new(1 << 20);
    keep(&memory, 1);
    keep(&memory, 2);
    memory.forget(key::reference(Reference(1)).subject.guard());
    let (removed, bytes) = memory.purge(1, Instant::now());
    assert_eq!((removed, bytes), (1, memory.size().bytes), "both weigh the same");
    let left = memory.look(&key::reference(Reference(2)), 1, None, Instant::now());
    assert!(matches!(left, Look::Hit(Some(_))));
    // In another epoch nothing of this one is read.
    assert_eq!(memory.purge(2, Instant::now()).0, 1);
    assert_eq!(memory.size().entries, 0);
}

#[test]
fn whoever_asks_for_what_is_not_there_pushes_nothing_out() {
    let memory = Memory::new(64 << 20);
    let mut kept = 0;
    for number in 0..30_000 {
        let key = key::reference(Reference(number));
        let generation = memory.generation(key.subject.guard());
        kept += u32::from(memory.store(&key, 1, generation, None) == Filled::Stored);
    }
    assert_eq!(kept, 10_000);
}

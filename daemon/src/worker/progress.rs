//! How far each partition may be committed: up to its lowest event that is not finished, however
//! many later ones are.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub struct Progress {
    partitions: BTreeMap<i32, Partition>,
}

#[derive(Debug, Default)]
struct Partition {
    open: BTreeSet<i64>,
    /// Behind the highest offset begun.
    end: i64,
    committed: i64,
}

impl Partition {
    /// The lowest offset that is not finished.
    fn low(&self) -> i64 {
        self.open.first().copied().unwrap_or(self.end)
    }
}

impl Progress {
    pub fn begin(&mut self, partition: i32, offset: i64) {
        let partition = self.partitions.entry(partition).or_default();
        partition.open.insert(offset);
        partition.end = partition.end.max(offset + 1);
    }

    pub fn finish(&mut self, partition: i32, offset: i64) {
        if let Some(partition) = self.partitions.get_mut(&partition) {
            partition.open.remove(&offset);
        }
    }

    /// It is another's now.
    pub fn forget(&mut self, partition: i32) {
        self.partitions.remove(&partition);
    }

    /// The lowest offset of a partition that is not finished, where something of it was begun.
    pub fn low(&self, partition: i32) -> Option<i64> {
        self.partitions.get(&partition).map(Partition::low)
    }

    /// Whether [`Self::commits`] would name any.
    pub fn is_behind(&self) -> bool {
        self.partitions.values().any(|partition| partition.low() > partition.committed)
    }

    /// What is finished and not yet committed: partitions, each with the offset to go on from.
    pub fn commits(&self) -> Vec<(i32, i64)> {
        let moved = self.partitions.iter().filter(|(_, it)| it.low() > it.committed);
        moved.map(|(partition, it)| (*partition, it.low())).collect()
    }

    pub fn committed(&mut self, commits: &[(i32, i64)]) {
        for (partition, offset) in commits {
            if let Some(partition) = self.partitions.get_mut(partition) {
                partition.committed = partition.committed.max(*offset);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_finished_holds_back_its_partition_alone() {
        let mut progress = Progress::default();
        for offset in 5..9 {
            progress.begin(0, offset);
            progress.begin(1, offset);
        }
        for offset in [5, 7, 8] {
            progress.finish(0, offset);
        }
        for offset in 5..9 {
            progress.finish(1, offset);
        }
        let commits = progress.commits();
        assert_eq!(commits, [(0, 6), (1, 9)]);
        progress.committed(&commits);
        assert!(!progress.is_behind());
        progress.finish(0, 6);
        assert_eq!(progress.commits(), [(0, 9)]);
        progress.forget(0);
        assert_eq!(progress.commits(), []);
    }

    proptest! {
        /// Whatever the order of finishing: nothing at or above an unfinished offset is committed,
        /// everything below the lowest one is, and in the end all of it.
        #[test]
        fn commits_never_pass_what_is_unfinished(order in Just((0..40_i64).collect::<Vec<_>>()).prop_shuffle()) {
            let mut progress = Progress::default();
            for offset in 0..40 {
                progress.begin(3, offset);
            }
            let mut open: BTreeSet<i64> = (0..40).collect();
            for offset in order {
                progress.finish(3, offset);
                open.remove(&offset);
                let commits = progress.commits();
                progress.committed(&commits);
                let low = open.first().copied().unwrap_or(40);
                prop_assert_eq!(progress.partitions[&3].committed, low);
            }
        }
    }
}

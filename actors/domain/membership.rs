//! Which processes share the clinics' EMRs with this one. Nothing is agreed upon: each counts those it knows to live, and
//! takes its part only once the others have counted it.

use std::collections::BTreeSet;

use crate::domain::ids::ClinicId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Processes that may ask an EMR: this one, its predecessor that drains, and those of other nodes.
    pub processes: u32,
    /// Those, and whoever is gone so lately that an EMR may still be at work for it: places are divided among so many.
    pub sharers: u32,
    /// Whether all of them make do with a part that leaves room for this one.
    pub is_counted: bool,
    /// Where another process has more in flight than its part, from when that was larger.
    pub crowded: BTreeSet<ClinicId>,
}

impl Membership {
    /// Nothing is known of the others yet.
    pub const UNCOUNTED: Self =
        Self { processes: 1, sharers: 1, is_counted: false, crowded: BTreeSet::new() };

    /// How many of an EMR's places are this process's. With more sharers than places each has one.
    pub fn part_of(&self, places: u32) -> usize {
        let part = if self.is_counted { (places / self.sharers.max(1)).max(1) } else { 0 };
        usize::try_from(part).unwrap_or(usize::MAX)
    }
}

//! Which processes share the clinics' EMRs with this one. Nothing is agreed upon: each counts those it knows to live, and
//! takes its part only once the others have counted it.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Processes that may ask an EMR: this one, its predecessor that drains, and those of other nodes.
    pub processes: u32,
    /// Whether all of them make do with a part that leaves room for this one.
    pub is_counted: bool,
}

impl Membership {
    /// Nothing is known of the others yet.
    pub const UNCOUNTED: Self = Self { is_counted: false, ..Self::ALONE };
    pub const ALONE: Self = Self { processes: 1, is_counted: true };
}

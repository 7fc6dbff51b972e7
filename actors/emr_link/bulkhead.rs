//! How many requests are in flight to one clinic's EMR. It outlives the connection's actor, because a write of an earlier
//! life is still at the EMR.
//!
//! It counts and knows no bound: the bound is named by who enters and may have changed since the last time, and then
//! those who are inside stay.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub struct Bulkhead(Mutex<usize>);

/// A request in flight, for as long as this lives.
#[derive(Debug)]
pub struct Underway(Arc<Bulkhead>);

impl Bulkhead {
    /// The bound is asked for while nobody else can look: whoever has lowered it and then counts, counts all who came in by
    /// the old one.
    pub fn enter(self: &Arc<Self>, most: impl FnOnce() -> usize) -> Option<Underway> {
        let mut inside = self.inside();
        if *inside >= most() {
            return None;
        }
        *inside += 1;
        drop(inside);
        Some(Underway(Arc::clone(self)))
    }

    pub fn in_flight(&self) -> usize {
        *self.inside()
    }

    fn inside(&self) -> MutexGuard<'_, usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        *self.0.inside() -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_shrinks_cuts_nobody_short_and_lets_nobody_in() {
        let bulkhead = Arc::<Bulkhead>::default();
        let mut inside: Vec<_> = std::iter::from_fn(|| bulkhead.enter(|| 4)).collect();
        assert_eq!(inside.len(), 4);
        assert!(bulkhead.enter(|| 2).is_none());
        inside.truncate(2);
        assert!(bulkhead.enter(|| 2).is_none(), "two are inside");
        inside.truncate(1);
        inside.extend(bulkhead.enter(|| 2));
        assert_eq!(bulkhead.in_flight(), 2);
        assert!(bulkhead.enter(|| 3).is_some(), "it may grow at any time");
        drop(inside);
        assert_eq!(bulkhead.in_flight(), 0);
    }
}

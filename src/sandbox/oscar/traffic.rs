//! Counts what a server is asked, and how many ask at once; remembers of the latest when they came.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

/// So many arrivals are remembered.
const LATEST: usize = 4_096;

#[derive(Debug, Default)]
pub(super) struct Traffic {
    requests: Mutex<BTreeMap<&'static str, u64>>,
    arrivals: Mutex<VecDeque<(&'static str, Instant)>>,
    present: AtomicUsize,
    most: AtomicUsize,
}

/// A request being worked on, for as long as this lives.
pub(super) struct Visit(Arc<Traffic>);

impl Traffic {
    pub(super) fn enter(self: &Arc<Self>) -> Visit {
        let present = self.present.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(present, Ordering::Relaxed);
        Visit(Arc::clone(self))
    }

    pub(super) fn count(&self, operation: &'static str) {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default() += 1;
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.push_back((operation, Instant::now()));
        if arrivals.len() > LATEST {
            arrivals.pop_front();
        }
    }

    /// In order.
    pub(super) fn arrivals(&self) -> Vec<(&'static str, Instant)> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    pub(super) fn requests(&self) -> BTreeMap<&'static str, u64> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn present(&self) -> usize {
        self.present.load(Ordering::Relaxed)
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.present.fetch_sub(1, Ordering::Relaxed);
    }
}

//! What rarely changes about a clinic's EMR, kept for a short while and served stale, marked as such, when the EMR is
//! away. Never appointments.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::time::Ts;

/// A value and when it was read.
#[derive(Debug)]
pub struct Dated<T> {
    pub value: Arc<T>,
    pub as_of: Ts,
    /// Older than its time; served because the EMR could not be asked.
    pub stale: bool,
}

impl<T> Clone for Dated<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), ..*self }
    }
}

/// How long an entry counts as fresh, and how long it may stand in for an EMR that is away.
const FRESH: Duration = Duration::from_mins(5);
const USABLE: Duration = Duration::from_hours(24);

/// At the bound the oldest entry goes.
#[derive(Debug)]
pub struct Cache<K, T> {
    entries: HashMap<K, Entry<T>>,
    bound: usize,
}

#[derive(Debug)]
struct Entry<T> {
    value: Arc<T>,
    as_of: Ts,
    read_at: Instant,
}

impl<K: Eq + Hash + Clone, T> Cache<K, T> {
    pub fn bounded(bound: usize) -> Self {
        Self { entries: HashMap::new(), bound }
    }

    pub fn fresh(&self, key: &K, now: Instant) -> Option<Dated<T>> {
        self.within(key, now, FRESH, false)
    }

    pub fn stale(&self, key: &K, now: Instant) -> Option<Dated<T>> {
        self.within(key, now, USABLE, true)
    }

    fn within(&self, key: &K, now: Instant, age: Duration, stale: bool) -> Option<Dated<T>> {
        let entry = self.entries.get(key).filter(|entry| now.duration_since(entry.read_at) <= age)?;
        Some(Dated { value: Arc::clone(&entry.value), as_of: entry.as_of, stale })
    }

    pub fn put(&mut self, key: K, value: T, as_of: Ts, now: Instant) -> Dated<T> {
        if self.entries.len() >= self.bound && !self.entries.contains_key(&key) {
            let oldest =
                self.entries.iter().min_by_key(|(_, entry)| entry.read_at).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| self.entries.remove(&oldest));
        }
        let value = Arc::new(value);
        self.entries.insert(key, Entry { value: Arc::clone(&value), as_of, read_at: now });
        Dated { value, as_of, stale: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_fresh_then_only_stale_then_gone() {
        let (mut cache, start) = (Cache::bounded(2), Instant::now());
        cache.put(1, "a", Ts(7), start);
        assert!(cache.fresh(&1, start + FRESH).is_some_and(|dated| !dated.stale && dated.as_of == Ts(7)));
        let later = start + FRESH + Duration::from_secs(1);
        assert!(cache.fresh(&1, later).is_none());
        assert!(cache.stale(&1, later).is_some_and(|dated| dated.stale));
        assert!(cache.stale(&1, start + USABLE + Duration::from_secs(1)).is_none());
    }

    #[test]
    fn at_its_bound_it_forgets_the_oldest() {
        let (mut cache, start) = (Cache::bounded(2), Instant::now());
        for key in 1..=3 {
            cache.put(key, key, Ts(0), start + Duration::from_secs(key));
        }
        assert!(cache.fresh(&1, start).is_none());
        assert!(cache.fresh(&2, start + Duration::from_secs(3)).is_some());
        assert!(cache.fresh(&3, start + Duration::from_secs(3)).is_some());
    }
}

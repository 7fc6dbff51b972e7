//! Requests that wait for a place in the bulkhead or for budget. Bounded; writes go before reads; what can no longer be
//! answered in time is shed, not served late.

use std::collections::VecDeque;

use tokio::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Write,
    Read,
}

#[derive(Debug)]
pub struct Queue<T> {
    writes: VecDeque<Waiting<T>>,
    reads: VecDeque<Waiting<T>>,
    bound: usize,
}

#[derive(Debug)]
struct Waiting<T> {
    deadline: Instant,
    item: T,
}

impl<T> Queue<T> {
    pub const fn bounded(bound: usize) -> Self {
        Self { writes: VecDeque::new(), reads: VecDeque::new(), bound }
    }

    pub fn len(&self) -> usize {
        self.writes.len() + self.reads.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// At the bound the newcomer is given back: those before it have waited longer.
    pub fn push(&mut self, class: Class, deadline: Instant, item: T) -> Result<(), T> {
        if self.len() >= self.bound {
            return Err(item);
        }
        self.line(class).push_back(Waiting { deadline, item });
        Ok(())
    }

    /// What could not start after all goes back to where it was.
    pub fn put_back(&mut self, class: Class, deadline: Instant, item: T) {
        self.line(class).push_front(Waiting { deadline, item });
    }

    /// Everything whose time has run out.
    pub fn shed(&mut self, now: Instant) -> Vec<T> {
        let mut late = Vec::new();
        for line in [&mut self.writes, &mut self.reads] {
            for _ in 0..line.len() {
                match line.pop_front() {
                    Some(waiting) if waiting.deadline <= now => late.push(waiting.item),
                    Some(waiting) => line.push_back(waiting),
                    None => {}
                }
            }
        }
        late
    }

    pub fn pop(&mut self) -> Option<T> {
        self.writes.pop_front().or_else(|| self.reads.pop_front()).map(|waiting| waiting.item)
    }

    const fn line(&mut self, class: Class) -> &mut VecDeque<Waiting<T>> {
        match class {
            Class::Write => &mut self.writes,
            Class::Read => &mut self.reads,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn writes_go_first_the_late_are_shed_and_the_bound_holds() {
        let now = Instant::now();
        let soon = now + Duration::from_secs(1);
        let mut queue = Queue::bounded(3);
        assert_eq!(queue.push(Class::Read, soon, "r1"), Ok(()));
        assert_eq!(queue.push(Class::Read, now, "late"), Ok(()));
        assert_eq!(queue.push(Class::Write, soon, "w1"), Ok(()));
        assert_eq!(queue.push(Class::Write, soon, "w2"), Err("w2"));
        assert_eq!(queue.shed(now), ["late"]);
        assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some("w1"), Some("r1"), None));
    }

    #[test]
    fn shedding_keeps_the_order_of_those_who_stay() {
        let now = Instant::now();
        let mut queue = Queue::bounded(10);
        for n in 0..6u64 {
            let _ = queue.push(Class::Read, now + Duration::from_secs(n % 2), n);
        }
        assert_eq!(queue.shed(now), [0, 2, 4]);
        assert_eq!(std::iter::from_fn(|| queue.pop()).collect::<Vec<_>>(), [1, 3, 5]);
    }
}

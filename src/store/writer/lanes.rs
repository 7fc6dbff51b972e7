//! The queues before one writer: bounded for each clinic, served in turn.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::ports::store::{StoreError, StoreResult};

use super::Lane;
use super::member::Member;

pub(super) struct Lanes {
    bound: usize,
    queues: Mutex<Queues>,
    wake: Notify,
}

#[derive(Default)]
struct Queues {
    house: VecDeque<Member>,
    clinics: HashMap<ClinicId, VecDeque<Member>>,
    /// The clinics that have something queued, each once, in the order of their turns.
    turns: VecDeque<ClinicId>,
    retention: VecDeque<Member>,
    closed: bool,
}

impl Lanes {
    pub(super) fn bounded(bound: usize) -> Self {
        Self { bound, queues: Mutex::default(), wake: Notify::new() }
    }

    pub(super) fn push(&self, lane: Lane<'_>, member: Member) -> StoreResult<()> {
        let mut queues = self.queues();
        if queues.closed {
            return Err(StoreError::Unavailable("it is closed".to_owned()));
        }
        let Queues { house, clinics, turns, retention, .. } = &mut *queues;
        let queue = match lane {
            Lane::House => house,
            Lane::Retention(_) => retention,
            Lane::Clinic(clinic) => clinics.entry(clinic.clone()).or_insert_with(|| {
                turns.push_back(clinic.clone());
                VecDeque::new()
            }),
        };
        if queue.len() >= self.bound {
            return Err(StoreError::Busy);
        }
        queue.push_back(member);
        drop(queues);
        self.wake.notify_one();
        Ok(())
    }

    /// The next batch: what is there, without waiting for more. `None` when closed and empty.
    pub(super) async fn next(&self, most: usize) -> Option<Vec<Member>> {
        loop {
            {
                let mut queues = self.queues();
                let batch = queues.take(most);
                if !batch.is_empty() {
                    return Some(batch);
                }
                if queues.closed {
                    return None;
                }
            }
            self.wake.notified().await;
        }
    }

    pub(super) fn close(&self) {
        self.queues().closed = true;
        self.wake.notify_one();
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queues {
    fn take(&mut self, most: usize) -> Vec<Member> {
        let urgent = self.house.len().min(most);
        let mut batch: Vec<Member> = self.house.drain(..urgent).collect();
        while batch.len() < most {
            let Some(member) = self.next_turn() else { break };
            batch.push(member);
        }
        // One at a time: these are long, and everybody else's commit would wait for them.
        if batch.len() < most {
            batch.extend(self.retention.pop_front());
        }
        batch
    }

    /// One member of the clinic whose turn it is; the clinic then waits behind the others.
    fn next_turn(&mut self) -> Option<Member> {
        let clinic = self.turns.pop_front()?;
        let queue = self.clinics.get_mut(&clinic)?;
        let member = queue.pop_front();
        if queue.is_empty() {
            self.clinics.remove(&clinic);
        } else {
            self.turns.push_back(clinic);
        }
        member
    }
}

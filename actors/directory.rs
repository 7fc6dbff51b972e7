//! Who is where: refs of living actors by role and id. Written by those who start them, asked at each use, cached by
//! nobody, so that no actor's restart forces another's.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use dashmap::DashMap;
use ractor::{ActorId, ActorRef};
use tokio::sync::Semaphore;

use crate::call::CallMsg;
use crate::desk::DeskMsg;
use crate::domain::ids::{CallKey, ClinicId};
use crate::emr_link::EmrLinkMsg;
use crate::emr_link::bulkhead::Bulkhead;
use crate::mailbox::Mailbox;
use crate::supervisor::SupervisorMsg;

#[derive(Default)]
pub struct Directory {
    clinics: ArcSwapOption<ActorRef<SupervisorMsg>>,
    links: DashMap<ClinicId, Mailbox<EmrLinkMsg>>,
    desks: DashMap<ClinicId, Mailbox<DeskMsg>>,
    calls_of: DashMap<ClinicId, ActorRef<SupervisorMsg>>,
    calls: DashMap<CallKey, Mailbox<CallMsg>>,
    /// What of a clinic outlives its actors: the places of its bulkhead and the tally of its running sagas.
    cells: DashMap<ClinicId, Arc<Cell>>,
}

/// Kept across restarts of a clinic's actors, and when it is declared anew: what is under way is under way still.
pub struct Cell {
    pub bulkhead: Arc<Bulkhead>,
    pub sagas: Arc<Semaphore>,
}

impl Cell {
    pub fn new(sagas: usize) -> Self {
        Self { bulkhead: Arc::default(), sagas: Arc::new(Semaphore::new(sagas)) }
    }
}

macro_rules! entries {
    ($($field:ident: $key:ty => $value:ty, $get:ident, $enter:ident, $leave:ident, $cell:expr;)+) => {$(
        pub fn $get(&self, key: &$key) -> Option<$value> {
            self.$field.get(key).map(|entry| entry.value().clone())
        }

        pub fn $enter(&self, key: $key, value: $value) {
            self.$field.insert(key, value);
        }

        /// Strikes the entry, unless a later life has taken it.
        pub fn $leave(&self, key: &$key, actor: ActorId) {
            let id: fn(&$value) -> ActorId = $cell;
            self.$field.remove_if(key, |_, value| id(value) == actor);
        }
    )+};
}

impl Directory {
    entries! {
        links: ClinicId => Mailbox<EmrLinkMsg>, link, enter_link, leave_link, |m| m.actor().get_id();
        desks: ClinicId => Mailbox<DeskMsg>, desk, enter_desk, leave_desk, |m| m.actor().get_id();
        calls_of: ClinicId => ActorRef<SupervisorMsg>, calls, enter_calls, leave_calls, |a| a.get_id();
        calls: CallKey => Mailbox<CallMsg>, call, enter_call, leave_call, |m| m.actor().get_id();
    }

    pub fn clinics(&self) -> Option<ActorRef<SupervisorMsg>> {
        self.clinics.load().as_deref().cloned()
    }

    pub fn enter_clinics(&self, clinics: ActorRef<SupervisorMsg>) {
        self.clinics.store(Some(Arc::new(clinics)));
    }

    pub fn cell(&self, clinic: &ClinicId, make: impl FnOnce() -> Cell) -> Arc<Cell> {
        Arc::clone(self.cells.entry(clinic.clone()).or_insert_with(|| Arc::new(make())).value())
    }

    /// Whether any EMR is at work for this process.
    pub fn has_in_flight(&self) -> bool {
        self.cells.iter().any(|cell| cell.bulkhead.in_flight() > 0)
    }

    /// How many requests of this process are in flight to a clinic's EMR.
    pub fn in_flight(&self, clinic: &ClinicId) -> usize {
        self.cells.get(clinic).map_or(0, |cell| cell.bulkhead.in_flight())
    }

    /// The calls of a clinic that have an actor.
    pub fn calls_of(&self, clinic: &ClinicId) -> Vec<Mailbox<CallMsg>> {
        let of_clinic = self.calls.iter().filter(|entry| entry.key().clinic == *clinic);
        let by_id: BTreeMap<_, _> =
            of_clinic.map(|entry| (entry.key().clone(), entry.value().clone())).collect();
        by_id.into_values().collect()
    }

    pub fn live_calls(&self) -> usize {
        self.calls.len()
    }
}

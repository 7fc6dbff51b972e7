//! One pretend OSCAR server, and everything that can be done to it from outside: the control port calls
//! these methods, and a test in the same process may call them too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::faults::{Drawn, FaultPlan, FaultRule, Touches, UnusableRule};
use super::profile::{Build, Profile};
use super::traffic::Traffic;
use super::world::{Appointment, NoSuchAppointment, Overlap, StaffBooking, StaffChange, World};

/// Where the wall time comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

pub struct Oscar {
    clock: Clock,
    world: Mutex<World>,
    faults: Mutex<FaultPlan>,
    clearings: watch::Sender<u64>,
    pub(super) traffic: Arc<Traffic>,
    errands: Errands,
}

/// Work that outlives its request, until the house closes.
#[derive(Clone, Default)]
pub(super) struct Errands {
    pub(super) running: TaskTracker,
    pub(super) closing: CancellationToken,
}

/// Everything an observer may want to compare with what was told on the telephone.
#[derive(Debug, Serialize)]
pub struct State {
    pub profile: Profile,
    /// Grows with every restart, which voids every token.
    pub token_generation: u32,
    pub appointments: Vec<Appointment>,
    /// How many earlier versions of appointments are in the archive.
    pub archived: usize,
    pub requests: BTreeMap<&'static str, u64>,
    pub most_concurrent: usize,
}

impl Oscar {
    pub(super) fn new(mut world: World, clock: Clock, errands: Errands) -> Self {
        world.logins.start(clock());
        Self {
            faults: Mutex::new(FaultPlan::new(world.seed)),
            world: Mutex::new(world),
            clearings: watch::Sender::new(0),
            traffic: Arc::default(),
            clock,
            errands,
        }
    }

    /// Looks at the database, or changes it behind everybody's back, while every request waits.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut lock(&self.world))
    }

    pub fn state(&self) -> State {
        let world = lock(&self.world);
        State {
            profile: world.profile,
            token_generation: world.logins.restarts(),
            appointments: world.book.iter().cloned().collect(),
            archived: world.book.archive().len(),
            requests: self.traffic.requests(),
            most_concurrent: self.traffic.most_at_once(),
        }
    }

    /// How many requests are being worked on, those that hang included.
    pub fn present(&self) -> usize {
        self.traffic.present()
    }

    /// What was asked for lately, and when it came.
    pub fn arrivals(&self) -> Vec<(&'static str, Instant)> {
        self.traffic.arrivals()
    }

    pub fn overlaps(&self) -> Vec<Overlap> {
        lock(&self.world).overlaps()
    }

    pub fn add_fault(&self, rule: FaultRule) -> Result<(), UnusableRule> {
        lock(&self.faults).add(rule)
    }

    /// Forgets every fault and lets hanging requests go on.
    pub fn clear_faults(&self) {
        let clearings = lock(&self.faults).clear();
        self.clearings.send_replace(clearings);
    }

    pub fn staff_book(&self, booking: StaffBooking) -> i32 {
        let now = self.now();
        self.with_world(|world| world.staff_book(booking, world.wall(now)))
    }

    pub fn staff_change(&self, id: i32, change: StaffChange) -> Result<(), NoSuchAppointment> {
        let now = self.now();
        self.with_world(|world| world.staff_change(id, change, world.wall(now)))
    }

    /// Takes a provider off the schedule for a day; false if there was nothing to take off.
    pub fn staff_remove_day(&self, provider_no: &str, date: Date) -> bool {
        lock(&self.world).schedule.remove_day(provider_no, date)
    }

    pub fn restart(&self) {
        let now = self.now();
        lock(&self.world).logins.restart(now);
    }

    pub(super) fn build(&self) -> &'static Build {
        lock(&self.world).build()
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(super) fn draw_faults(&self, operation: &str, touches: Touches) -> Drawn {
        lock(&self.faults).draw(operation, touches)
    }

    /// Waits until the plan was cleared more often than `clearings` times.
    pub(super) async fn faults_cleared(&self, clearings: u64) {
        let mut watched = self.clearings.subscribe();
        // The sender lives as long as this server, so there is always an answer.
        let _ = watched.wait_for(|now| *now > clearings).await;
    }

    /// Runs work that goes on when its client has left. None when the house closed first.
    pub(super) async fn run_to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let closing = self.errands.closing.clone();
        self.errands.running.spawn(closing.run_until_cancelled_owned(work)).await.ok().flatten()
    }

    /// Starts work nobody waits for.
    pub(super) fn run_later(&self, work: impl Future<Output = ()> + Send + 'static) {
        let closing = self.errands.closing.clone();
        self.errands.running.spawn(closing.run_until_cancelled_owned(work));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! What every actor of one process is given: the ports, the clinics, the directory, the counters. One value, passed as an
//! argument; two houses in one process share nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::crashpoint::{Crashpoint, Crashpoints};
use crate::directory::Directory;
use crate::domain::census::Pace;
use crate::domain::clinic::{Clinic, Roster};
use crate::domain::ids::{ClinicId, Generation};
use crate::domain::membership::Membership;
use crate::domain::time::{Moment, Ts};
use crate::hearsay::Hearsay;
use crate::meters::Meters;
use crate::ports::emr::EmrConnector;
use crate::ports::store::Keep;
use crate::ports::{CallReports, Clock, Luck, SmsGateway, Store, VoiceControl};
use crate::rest::Rest;

pub struct House {
    /// The number of this process's life.
    pub generation: Generation,
    pub store: Arc<dyn Store>,
    pub emr: Arc<dyn EmrConnector>,
    pub sms: Arc<dyn SmsGateway>,
    pub voice: Arc<dyn VoiceControl>,
    pub reports: Arc<dyn CallReports>,
    pub clock: Arc<dyn Clock>,
    pub luck: Arc<Luck>,
    pub roster: Arc<ArcSwap<Roster>>,
    pub directory: Directory,
    /// With whom the EMRs' budgets are shared.
    pub membership: watch::Sender<Membership>,
    /// Which declarations of the clinics the store has by now: a number that grows with each change.
    pub declared: watch::Sender<i64>,
    /// Another process has called this one dead: it has to end.
    pub usurped: watch::Sender<bool>,
    pub hearsay: Hearsay,
    pub meters: Arc<Meters>,
    /// Called while the node is passed on.
    pub rest: Rest,
    pub settings: HouseSettings,
    pub crashpoints: Crashpoints,
}

/// Times and bounds of the whole house; a clinic's own are in its declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HouseSettings {
    pub live_calls_per_clinic: usize,
    pub mailbox: usize,
    /// A call nobody asks anything of for so long leaves memory; its row stays and is adopted again.
    pub call_idle: Duration,
    /// How long an ended call waits for late messages.
    pub call_linger: Duration,
    /// Kept back from a tool call's deadline for saying so when time runs out.
    pub answer_margin: Duration,
    pub sagas_per_clinic: usize,
    /// How long a write may still arrive after its time limit: proxies and queues hold requests, too.
    pub arrival_horizon: Duration,
    /// How often the journal is looked at.
    pub look_every: Duration,
    /// A write that cannot be read for so long is handed to staff.
    pub give_up_reading: Duration,
    /// How long an absent write is watched for turning up late.
    pub watch_absent: Duration,
    pub duty_every: Duration,
    pub role_lasts: Duration,
    pub pace: Pace,
    pub keep: Keep,
}

impl Default for HouseSettings {
    fn default() -> Self {
        let days = |days: u64| Duration::from_hours(24 * days);
        Self {
            live_calls_per_clinic: 1_000,
            mailbox: 256,
            call_idle: Duration::from_mins(30),
            call_linger: Duration::from_secs(30),
            answer_margin: Duration::from_millis(150),
            sagas_per_clinic: 64,
            arrival_horizon: Duration::from_secs(5),
            look_every: Duration::from_secs(1),
            give_up_reading: Duration::from_hours(24),
            watch_absent: Duration::from_hours(2),
            duty_every: Duration::from_secs(1),
            role_lasts: Duration::from_secs(10),
            pace: Pace { dead_after: Duration::from_secs(10) },
            keep: Keep {
                ended_calls: days(30),
                tool_calls: days(2),
                events: days(90),
                settled_effects: days(400),
                sent_sms: days(30),
            },
        }
    }
}

impl House {
    pub fn now(&self) -> Ts {
        self.clock.now()
    }

    /// Now, by both clocks.
    pub fn moment(&self) -> Moment {
        Moment { wall: self.now(), own: Instant::now() }
    }

    pub fn clinic(&self, id: &ClinicId) -> Option<Arc<Clinic>> {
        self.roster.load().clinic(id).cloned()
    }

    /// Whoever takes a part of what is shared hears of it only when it has changed.
    pub fn share(&self, membership: Membership) {
        self.membership.send_if_modified(|shared| {
            let is_news = *shared != membership;
            *shared = membership;
            is_news
        });
    }

    /// At which clinics' EMRs more is in flight than this process's part: others have to wait for theirs.
    pub fn crowds(&self) -> BTreeSet<ClinicId> {
        // A copy: who enters a bulkhead looks at the membership, so it is not kept while bulkheads are looked at.
        let membership = self.membership.borrow().clone();
        let is_crowded = |clinic: &&Arc<Clinic>| {
            self.directory.in_flight(&clinic.id) > membership.part_of(clinic.limits.max_in_flight)
        };
        self.roster.load().clinics().filter(is_crowded).map(|clinic| clinic.id.clone()).collect()
    }

    /// Resolves when another process has called this one dead.
    pub async fn usurped(&self) {
        // The sender is ours: it is never gone.
        let _ = self.usurped.subscribe().wait_for(|usurped| *usurped).await;
    }

    pub fn pass(&self, point: Crashpoint) {
        self.crashpoints.pass(point);
    }
}

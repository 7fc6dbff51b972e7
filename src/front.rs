//! The door: the HTTP front that voice webhooks come in by.
//!
//! ```text
//! listener -> routes -> reception ─┬─ body      how much, how fast
//!                                  ├─ auth      who sends it          (gatebook)
//!                                  ├─ envelope  what it says          (wire, asked)
//!                                  ├─ binding   for which clinic      (law I-2)
//!                                  ├─ limits    may it, now           (law I-1)
//!                                  ├─ tools, messages -> the switchboard -> answers
//!                                  └─ requests  answered from the clinic's declaration
//! ```
//!
//! It authenticates, reads, dispatches and always answers (law C-1). It owns nothing but limits and counters.

mod answers;
mod asked;
mod auth;
mod binding;
mod body;
mod digest;
mod envelope;
mod gatebook;
mod limits;
pub mod listener;
mod messages;
mod meters;
mod proof;
mod reception;
mod refusal;
mod requests;
mod routes;
mod tools;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use ipnet::IpNet;
use vitarad_actors::domain::bucket::Rate;
use vitarad_actors::ports::{Clock, Luck};
use vitarad_actors::switchboard::Switchboard;

pub use self::auth::BadCredential;
use self::body::BodyReader;
pub use self::gatebook::{BadGatebook, Gatebook};
pub use self::limits::ClinicLimits;
use self::limits::{Allowances, Sources};
pub use self::messages::found::report_of;
pub use self::meters::DoorMeters;
pub use self::proof::Proof;

#[derive(Debug, Clone)]
pub struct DoorSettings {
    /// From a tool call's arrival to its answer.
    pub tool_deadline: Duration,
    /// From a message's arrival to the word that it is kept.
    pub message_deadline: Duration,
    /// How long a body may take to arrive.
    pub body_deadline: Duration,
    pub clinic_limits: ClinicLimits,
    /// How often one source may fail to show a valid credential.
    pub failures: Rate,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Lets everybody in where no credential is configured. Only for a door that listens on loopback: whoever sets this
    /// has made sure of that.
    pub insecure_no_auth: bool,
}

impl Default for DoorSettings {
    fn default() -> Self {
        Self {
            tool_deadline: Duration::from_millis(4500),
            message_deadline: Duration::from_secs(10),
            body_deadline: Duration::from_secs(10),
            clinic_limits: ClinicLimits::default(),
            failures: Rate { per_minute: 60, burst: 30 },
            trusted_proxies: Vec::new(),
            insecure_no_auth: false,
        }
    }
}

pub struct Door {
    switchboard: Arc<dyn Switchboard>,
    gatebook: Arc<ArcSwap<Gatebook>>,
    clock: Arc<dyn Clock>,
    luck: Arc<Luck>,
    meters: DoorMeters,
    proof: Proof,
    bodies: BodyReader,
    sources: Sources,
    allowances: Allowances,
    settings: DoorSettings,
}

impl Door {
    pub fn new(
        switchboard: Arc<dyn Switchboard>,
        gatebook: Arc<ArcSwap<Gatebook>>,
        clock: Arc<dyn Clock>,
        luck: Arc<Luck>,
        meters: DoorMeters,
        settings: DoorSettings,
    ) -> Self {
        Self {
            bodies: BodyReader::new(settings.body_deadline),
            sources: Sources::new(settings.failures, settings.trusted_proxies.clone()),
            allowances: Allowances::new(settings.clinic_limits),
            proof: Proof::default(),
            switchboard,
            gatebook,
            clock,
            luck,
            meters,
            settings,
        }
    }

    pub fn proof(&self) -> Proof {
        self.proof.clone()
    }
}

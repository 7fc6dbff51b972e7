//! The settings of one process: read from three layers, typed, checked, and each told with where it comes from.
//!
//! ```text
//! layers    default.toml < the file of --config < VITARAD_ variables
//! tree      all of it merged; every value knows its layer
//! typed     tables of it as Rust types, with everything that is wrong
//! sections  what each table means, and what production refuses
//! reading   both, section by section
//! origins   the settings as they may be shown
//! report    problems and settings, for people
//! ```

mod key;
mod layers;
mod nearest;
mod origins;
mod problem;
mod reading;
pub mod report;
mod secrets;
pub mod sections;
mod tree;
mod typed;

use std::path::Path;

use serde::Deserialize;
use vitarad_actors::domain::booking_rules::BookingRules;
use vitarad_actors::domain::clinic::{Clinic, EmrLimits};
use vitarad_actors::domain::slot_offer::SlotOffers;
use vitarad_actors::house::HouseSettings;

use self::layers::manual::Manual;
pub use self::origins::{Effective, Origins};
use self::problem::Findings;
pub use self::problem::{Problem, Problems};
use self::sections::crypto::CryptoSettings;
use self::sections::health::HealthSettings;
use self::sections::http::HttpSettings;
use self::sections::log::LogSettings;
use self::sections::metrics::MetricsSettings;
use self::sections::node::NodeSettings;
use self::sections::sms::SmsSettings;
use self::sections::store::StoreSettings;
use self::sections::voice::VoiceApi;
use crate::access::{ClinicAccess, WebhookCredential};

/// Whether this is for trying things out or for patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    Development,
    Production,
}

impl Profile {
    pub fn is_production(self) -> bool {
        self == Self::Production
    }
}

/// Settings that may be used: whatever is wrong with them has been refused.
pub struct Settings {
    pub profile: Profile,
    pub node: NodeSettings,
    pub http: HttpSettings,
    pub store: StoreSettings,
    pub crypto: CryptoSettings,
    /// The platform's; they serve the clinics that have none of their own.
    pub webhook: Vec<WebhookCredential>,
    /// Where the platform is asked for what it did not tell; unset: nowhere.
    pub voice: Option<VoiceApi>,
    pub log: LogSettings,
    pub health: HealthSettings,
    pub metrics: MetricsSettings,
    pub sms: SmsSettings,
    pub house: HouseSettings,
    /// What a clinic that says nothing else gets. Those of the list below have it already.
    pub booking: BookingRules,
    pub limits: EmrLimits,
    pub slot_offers: SlotOffers,
    pub clinics: Vec<(Clinic, ClinicAccess)>,
}

pub struct Loaded {
    pub settings: Settings,
    pub origins: Origins,
    /// What production should not have, but may.
    pub warnings: Vec<Problem>,
}

impl Settings {
    /// The environment is passed in so that two loads in one process cannot disturb each other.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Loaded, Problems> {
        let only = |problem| Problems(vec![problem]);
        let manual = Manual::read().map_err(only)?;
        let mut problems = Vec::new();
        let mut tree = layers::merged(&manual, file, environment, &mut problems).map_err(only)?;
        let mut findings = Findings::default();
        let settings = reading::settings(&mut tree, &manual, &mut findings);
        let (refusals, warnings) = findings.traced(&tree);
        problems.extend(refusals);
        match settings {
            Some(settings) if problems.is_empty() => {
                Ok(Loaded { settings, origins: Origins::of(&tree), warnings })
            }
            _ => Err(Problems(problems)),
        }
    }
}

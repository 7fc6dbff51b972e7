//! From the merged tree to checked settings, section by section, so that one bad section does not hide what is wrong in
//! another.

use serde::de::DeserializeOwned;
use vitarad_actors::domain::booking_rules::BookingRules;
use vitarad_actors::domain::clinic::EmrLimits;
use vitarad_actors::domain::slot_offer::SlotOffers;

use super::key::Key;
use super::layers::manual::Manual;
use super::nearest::nearest;
use super::problem::Findings;
use super::sections::clinics;
use super::sections::crypto::CryptoTable;
use super::sections::health::HealthSettings;
use super::sections::house::HouseTable;
use super::sections::http::HttpSettings;
use super::sections::log::LogSettings;
use super::sections::metrics::MetricsSettings;
use super::sections::node::NodeSettings;
use super::sections::sms::SmsSettings;
use super::sections::store::StoreTable;
use super::sections::voice::VoiceTable;
use super::sections::webhook::{self, WebhookTable};
use super::tree::Tree;
use super::{Profile, Settings, typed};

/// `None` only when something was refused.
pub(super) fn settings(tree: &mut Tree, manual: &Manual, findings: &mut Findings) -> Option<Settings> {
    let mut reader = Reader { tree, manual, findings };
    reader.refuse_unknown_sections();
    let tables = reader.tables();
    let profile = tables.profile?;
    let house = tables.booking.clone().unwrap_or_default();
    let clinics = clinics::read(tree, profile, manual, &house, findings);
    clinics::check_contests(&clinics, findings);
    tables.checked(profile, clinics, findings)
}

/// The sections as they were read; those that could not even be mended are missing.
struct Tables {
    profile: Option<Profile>,
    node: Option<NodeSettings>,
    http: Option<HttpSettings>,
    store: Option<StoreTable>,
    crypto: Option<CryptoTable>,
    webhook: Option<WebhookTable>,
    voice: Option<VoiceTable>,
    log: Option<LogSettings>,
    health: Option<HealthSettings>,
    metrics: Option<MetricsSettings>,
    sms: Option<SmsSettings>,
    house: Option<HouseTable>,
    booking: Option<BookingRules>,
    limits: Option<EmrLimits>,
    slot_offers: Option<SlotOffers>,
}

struct Reader<'a> {
    tree: &'a mut Tree,
    manual: &'a Manual,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn refuse_unknown_sections(&mut self) {
        for name in self.tree.names(&Key::root()) {
            if self.manual.sections().all(|known| known != name) {
                let meant = nearest(&name, self.manual.sections()).unwrap_or_default();
                self.findings.refuse(name.as_str(), "no such setting", format!("did you mean {meant}?"));
            }
        }
    }

    fn tables(&mut self) -> Tables {
        Tables {
            profile: self.section("profile"),
            node: self.section("node"),
            http: self.section("http"),
            store: self.section("store"),
            crypto: self.section("crypto"),
            webhook: self.section("webhook"),
            voice: self.section("voice"),
            log: self.section("log"),
            health: self.section("health"),
            metrics: self.section("metrics"),
            sms: self.section("sms"),
            house: self.section("house"),
            booking: self.section("booking"),
            limits: self.defaults("limits"),
            slot_offers: self.defaults("slot_offers"),
        }
    }

    fn section<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let key = Key::from(name);
        let mut value = typed::or_empty(self.tree.get(&key));
        typed::read(&mut value, &key, self.manual, self.findings)
    }

    /// A section whose values serve the clinics that have none of their own. Mended first: what is wrong here should not
    /// be told once more for every clinic.
    fn defaults<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let key = Key::from(name);
        let mut value = typed::or_empty(self.tree.get(&key));
        let defaults = typed::read(&mut value, &key, self.manual, self.findings);
        self.tree.lay_under_clinics(name, &value);
        defaults
    }
}

impl Tables {
    fn checked(
        self,
        profile: Profile,
        clinics: Vec<clinics::Declared>,
        findings: &mut Findings,
    ) -> Option<Settings> {
        let (node, http, log) = (self.node?, self.http?, self.log?);
        let (health, metrics, sms) = (self.health?, self.metrics?, self.sms?);
        node.check(findings);
        http.check(profile, findings);
        let store = self.store?.checked(profile, findings);
        let crypto = self.crypto?.checked(profile, findings);
        let place = Key::from("webhook").child("credentials");
        let webhook = webhook::checked(self.webhook?.credentials, &place, profile, findings);
        webhook::check_coverage(&webhook, &clinics, profile, findings);
        let voice = self.voice?.checked(profile, findings);
        log.check(findings);
        health.check(profile, findings);
        sms.check(profile, findings);
        let house = self.house?.checked(findings);
        Some(Settings {
            profile,
            node,
            http,
            store: store?,
            crypto,
            webhook,
            voice,
            log,
            health,
            metrics,
            sms,
            house,
            booking: self.booking?,
            limits: self.limits?,
            slot_offers: self.slot_offers?,
            clinics: clinics.into_iter().map(clinics::Declared::seed).collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::layers::manual::tests::assert_complete;
    use super::*;

    #[test]
    fn the_manual_shows_every_setting_of_every_section() {
        let manual = Manual::read().unwrap();
        let shown = |section: &str| manual.specimen(&Key::from(section)).cloned().unwrap();
        assert_complete::<NodeSettings>(&shown("node"));
        assert_complete::<HttpSettings>(&shown("http"));
        assert_complete::<StoreTable>(&shown("store"));
        assert_complete::<CryptoTable>(&shown("crypto"));
        assert_complete::<WebhookTable>(&shown("webhook"));
        assert_complete::<VoiceTable>(&shown("voice"));
        assert_complete::<LogSettings>(&shown("log"));
        assert_complete::<HealthSettings>(&shown("health"));
        assert_complete::<MetricsSettings>(&shown("metrics"));
        assert_complete::<SmsSettings>(&shown("sms"));
        assert_complete::<HouseTable>(&shown("house"));
        assert_complete::<BookingRules>(&shown("booking"));
        assert_complete::<EmrLimits>(&shown("limits"));
        assert_complete::<SlotOffers>(&shown("slot_offers"));
    }
}

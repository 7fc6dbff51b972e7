//! The Maple clinic with other ways into its EMR than the usual one.

use vitarad::access::Credential;
use vitarad::boot;
use vitarad::config::Settings;
use vitarad::sandbox::oscar::{Flavour, Profile, World, demo};
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::time::Ts;

use crate::premises::Premises;
use crate::stage::Stage;
use crate::town::{Town, world};

pub(crate) struct Ways {
    pub(crate) profile: Profile,
    pub(crate) soap: bool,
    pub(crate) prefer_rest: bool,
    /// Whether the clinic has said when its providers usually work.
    pub(crate) usual_hours: bool,
}

pub(crate) const REST_ONLY: Ways =
    Ways { profile: Profile::KaiLike, soap: false, prefer_rest: false, usual_hours: true };
pub(crate) const BOTH: Ways =
    Ways { profile: Profile::Oscar19, soap: true, prefer_rest: false, usual_hours: false };

impl Ways {
    /// With REST approved, too.
    pub(crate) async fn opened(&self) -> Stage {
        let premises = self.premises().await;
        approve(&premises).await;
        Stage::on(premises).await
    }

    pub(crate) async fn premises(&self) -> Premises {
        let maple = World::clinic(self.profile, crate::town::zone(), crate::town::today(), 7, Flavour::Maple);
        let town = Town::of(vec![("maple", maple), ("cedar", world(Flavour::Cedar))]).await;
        let premises = Premises::around(town);
        premises.write_config(&self.config(&premises));
        premises
    }

    fn config(&self, premises: &Premises) -> String {
        let login = format!("username = \"{}\", password = \"{}\"", demo::LOGIN, demo::PASSWORD);
        let oauth = format!(
            "oauth = {{ consumer_key = \"{}\", consumer_secret = \"{}\", token_lifetime_seconds = -1, \
             callback = \"{}/emr/oauth/callback\" }}",
            demo::CONSUMER_KEY,
            demo::CONSUMER_SECRET,
            demo::CALLBACK
        );
        let ways = if self.soap { format!("{login}, {oauth}") } else { oauth };
        let day = "[\"09:00-12:00\", \"13:00-17:00\"]";
        let grid = format!(
            "work_grid = {{ slot_minutes = 15, hours = {{ monday = {day}, tuesday = {day}, wednesday = {day}, \
             thursday = {day}, friday = {day} }} }}, "
        );
        let chow = "{ provider_no = \"101\", ";
        let hours = if self.usual_hours { grid } else { String::new() };
        let maple = format!("id = \"maple\"\nprefer_rest = {}", self.prefer_rest);
        let config = premises.config().replacen("id = \"maple\"", &maple, 1);
        config.replacen(&login, &ways, 1).replacen(chow, &format!("{chow}{hours}"), 1)
    }
}

/// As if somebody at the clinic had approved.
pub(crate) async fn approve(premises: &Premises) {
    let grant = premises.town.maple().0.with_world(|world| {
        world.rest.grant(demo::CONSUMER_KEY, demo::PROVIDER_NO, vitarad::clock::now()).expect("registered")
    });
    let environment = premises.environment.clone().into_iter();
    let loaded = Settings::load(Some(&premises.config_file()), environment).expect("settings");
    let store = boot::open(&loaded.settings).await.expect("a store");
    let maple = ClinicId::parse("maple").expect("a clinic");
    let token = Credential { key: grant.token, secret: grant.secret.into() };
    store.keep_emr_token(&maple, &token, Ts(0), None).await.expect("a token kept");
    store.close().await;
}

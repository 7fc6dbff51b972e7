//! The daemon inside the test: the same assembly as the real process, without a process of its own.

use vitarad::boot::App;
use vitarad::config::Settings;
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::root::Ended;

use crate::premises::Premises;
use crate::voice::Platform;

pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) platform: Platform,
}

impl House {
    pub(crate) async fn open(premises: &Premises) -> Self {
        let environment = premises.environment.clone().into_iter();
        let loaded = Settings::load(Some(&premises.config_file()), environment).expect("settings");
        let app = App::begin(&loaded.settings, Crashpoints::default()).await.expect("a house that begins");
        let platform = Platform::of(app.addr());
        Self { app, platform }
    }

    pub(crate) async fn close(self) {
        assert_eq!(self.app.stop().await, Ended::InOrder);
    }
}

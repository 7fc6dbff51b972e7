//! What the voice platform tells of a call, read as the door reads its messages.

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use vitarad_actors::domain::clinic::Roster;
use vitarad_actors::domain::ids::CallKey;
use vitarad_actors::ports::Luck;
use vitarad_actors::ports::reports::{Asked, CallReports, NobodyToAsk};

use super::clinics::ClinicBook;
use crate::config::Settings;
use crate::config::sections::voice::VoiceApi;
use crate::front::report_of;
use crate::voice::{Answer, Calls};

struct FromPlatform {
    calls: Calls,
    roster: Arc<ArcSwap<Roster>>,
    luck: Arc<Luck>,
}

/// Nobody is asked without a key.
pub fn of(settings: &Settings, clinics: &ClinicBook, luck: &Arc<Luck>) -> Arc<dyn CallReports> {
    let Some(VoiceApi { url, key }) = settings.voice.clone() else { return Arc::new(NobodyToAsk) };
    let calls = Calls::new(url, key);
    Arc::new(FromPlatform { calls, roster: clinics.roster(), luck: Arc::clone(luck) })
}

#[async_trait]
impl CallReports for FromPlatform {
    fn is_ready(&self) -> bool {
        self.calls.is_ready()
    }

    async fn report(&self, key: &CallKey) -> Asked {
        match self.calls.call(&key.call, &self.luck).await {
            Answer::Found(text) => report_of(&self.roster.load(), key, text.reveal()),
            Answer::Unknown => Asked::Unknown,
            Answer::Unreadable => Asked::Unreadable,
            Answer::Away => Asked::Away,
        }
    }
}

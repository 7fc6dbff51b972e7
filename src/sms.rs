//! Text messages. The only gateway so far sends nothing and says so.

use async_trait::async_trait;
use vitarad_actors::ports::SmsGateway;
use vitarad_actors::ports::sms::{SmsMessage, SmsOutcome};

/// Takes every message and logs that it did, without a word of it. Nobody is told to expect one.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogOnly;

#[async_trait]
impl SmsGateway for LogOnly {
    async fn send(&self, message: &SmsMessage) -> SmsOutcome {
        let characters = message.body.reveal().chars().count();
        tracing::info!(
            sms.characters = characters,
            "a text was due; no gateway is configured, so it was not sent"
        );
        SmsOutcome::Accepted
    }

    fn delivers(&self) -> bool {
        false
    }
}

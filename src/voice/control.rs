//! Live call control at the voice platform.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, redirect, retry};
use serde_json::json;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::ports::voice::{ControlUrl, VoiceControl};

const PATIENCE: Duration = Duration::from_secs(5);

/// Follows nobody elsewhere and says nothing twice.
pub struct LiveControl(Option<Client>);

impl LiveControl {
    pub fn new() -> Self {
        let client = Client::builder()
            .timeout(PATIENCE)
            .https_only(true)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .build();
        Self(client.ok())
    }
}

impl Default for LiveControl {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl VoiceControl for LiveControl {
    /// The library's errors name the address, which is a secret: only whether it was taken is told.
    async fn say(&self, call: &ControlUrl, line: &Phi<String>) -> bool {
        let Some(client) = &self.0 else { return false };
        let message = json!({ "type": "say", "content": line.reveal(), "endCallAfterSpoken": false });
        let sent = client.post(call.reveal()).json(&message).send().await;
        sent.is_ok_and(|answer| answer.status().is_success())
    }
}

//! Live call control at the voice platform.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, ClientBuilder, redirect, retry};
use serde_json::{Value, json};
use vitarad_actors::domain::transfer::destination;
use vitarad_actors::ports::voice::{ControlUrl, LiveOrder, Obeyed, VoiceControl};

const PATIENCE: Duration = Duration::from_secs(5);

/// Follows nobody elsewhere and says nothing twice.
pub struct LiveControl(Option<Client>);

impl LiveControl {
    pub fn new() -> Self {
        Self::over(Client::builder())
    }

    /// Over connections that somebody else has begun to describe: which names lead where, which authorities count.
    pub fn over(connections: ClientBuilder) -> Self {
        let client = connections
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
    /// The library's errors name the address, which is a secret: only what became of it is told.
    async fn order(&self, call: &ControlUrl, order: &LiveOrder) -> Obeyed {
        let Some(client) = &self.0 else { return Obeyed::Refused };
        match client.post(call.reveal()).json(&message(order)).send().await {
            Ok(answer) if answer.status().is_success() => Obeyed::Yes,
            Ok(answer) if answer.status().is_client_error() => Obeyed::Refused,
            Err(failure) if failure.is_connect() => Obeyed::Refused,
            Ok(_) | Err(_) => Obeyed::Unknown,
        }
    }
}

fn message(order: &LiveOrder) -> Value {
    match order {
        LiveOrder::Say(line) => {
            json!({ "type": "say", "content": line.reveal(), "endCallAfterSpoken": false })
        }
        LiveOrder::Transfer { to, say } => {
            json!({ "type": "transfer", "destination": destination(to), "content": say.reveal() })
        }
        LiveOrder::End => json!({ "type": "end-call" }),
    }
}
